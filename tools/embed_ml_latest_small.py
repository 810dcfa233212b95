"""Build the embedded data set from GroupLens's archive: the same archive gives the same bytes.

    python tools/embed_ml_latest_small.py ml-latest-small.zip

Writes ml-latest-small.parquet and README.txt, with the licence, into src/starcast/data/embedded/.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

from starcast.data import parquet
from starcast.data.movielens import parse

NAME = "ml-latest-small"
EMBEDDED = Path(__file__).parents[1] / "src" / "starcast" / "data" / "embedded"


def embed(archive: Path, target: Path) -> None:
    """Write the ratings and the README of an archive into a folder.

    Args:
        archive: ml-latest-small.zip.
        target: the folder.
    """
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(archive) as files:
        for name in ("ratings.csv", "movies.csv", "links.csv", "README.txt"):
            files.extract(f"{NAME}/{name}", scratch)
        folder = Path(scratch) / NAME
        ratings = parse.read(folder, NAME)
        target.mkdir(parents=True, exist_ok=True)
        parquet.write(target / f"{NAME}.parquet", ratings)
        (target / "README.txt").write_bytes((folder / "README.txt").read_bytes())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/embed_ml_latest_small.py ml-latest-small.zip")
    embed(Path(sys.argv[1]), EMBEDDED)
