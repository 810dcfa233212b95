"""A report on disk: made whole beside its place, then moved in."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from starcast.errors import ConfigError
from starcast.evaluation.comparison.charts import draw
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.page import render
from starcast.evaluation.comparison.results_file import Provenance, as_record, to_csv, to_json


def write(comparison: Comparison, folder: Path, provenance: Provenance) -> Path:
    """Write `index.html`, four charts, `results.json` and `results.csv`.

    Nothing is touched before everything is made; other files in the folder stay.

    Args:
        comparison: what to report.
        folder: where to; made if it is not there.
        provenance: where and how the comparison was made.
    Returns: the page.
    Raises: ConfigError: the folder cannot be written; what was there is untouched.
    """
    record = as_record(comparison, provenance)
    charts = draw(comparison)
    contents = {f"{name}.png": chart.png for name, chart in charts.items()}
    contents["results.json"] = to_json(record).encode()
    contents["results.csv"] = to_csv(record).encode()
    contents["index.html"] = render(record, charts).encode()
    try:
        _move_in(contents, folder)
    except OSError as error:
        raise ConfigError(
            f"cannot write the report to {folder}: {error.strerror or error}; choose another --out"
        ) from None
    return folder / "index.html"


def _move_in(contents: Mapping[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    in_the_way = [name for name in contents if (folder / name).is_dir()]
    if in_the_way:
        raise IsADirectoryError(f"{in_the_way[0]} is a folder there")
    fresh = Path(tempfile.mkdtemp(prefix=".report.", dir=folder))
    try:
        for name, content in contents.items():
            (fresh / name).write_bytes(content)
        for name in contents:
            (fresh / name).replace(folder / name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
