"""The folder in which commands of the pages run: small sets under the names that pages use.

Everything is cut from ml-latest-small, which may be passed on.
"""

import csv
import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from doc_pages import DOCS, HOUSE
from processes import command, environment

import starcast as sc

N_USERS = 120
USERS = {42, 414, *range(1, N_USERS + 1)}
NAMED = {1, 6, 260, 527, 1196, 1198, 1210, 2571}  # items that pages speak of
N_ITEMS = 1200
TRAINED = (
    ("--dataset", "ml-1m", "--model", "item-item-model"),
    ("--dataset", "ml-1m", "--model", "latent-factor-model", "--epochs", "3"),
    ("--dataset", "ml-1m", "--model", "autoencoder-model", "--epochs", "2", "--dimension", "8"),
    ("--dataset", "ml-1m", "--model", "bayesian-factorization-model", "--samples", "8",
     "--burn-in", "2", "--dimension", "8"),
)  # fmt: skip

Row = tuple[int, int, float, int]


def build(folder: Path) -> Path:
    """Write the files, and train the models that pages take for granted."""
    ratings = sc.load("ml-latest-small")
    items = ratings.items.ids[ratings.item_rows].tolist()
    kept = {*(item for item, _ in Counter(items).most_common(N_ITEMS)), *NAMED}
    columns = (
        ratings.users.ids[ratings.user_rows].tolist(),
        ratings.items.ids[ratings.item_rows].tolist(),
        ratings.stars.tolist(),
        [] if ratings.timestamps is None else ratings.timestamps.tolist(),
    )
    rows = [row for row in zip(*columns, strict=True) if row[0] in USERS and row[1] in kept]
    titles = dict(zip(ratings.items.ids.tolist(), ratings.titles.tolist(), strict=True))
    _tables(folder, rows, {item: titles[item] for item in sorted(kept)})
    _archive(folder / "datasets", "ml-1m", _of_ml_1m(rows, titles, kept))
    _archive(folder / "datasets", "ml-100k", _of_ml_100k(rows, titles, kept))
    _sources(folder)
    for arguments in TRAINED:
        say(folder, "train", *arguments)
    model = ("--ratings", "ratings.csv", "--items", "films.csv", "--model", "item-item-model")
    say(folder, "train", *model, "--out", "made")
    (folder / "made/ratings/item-item-model").rename(folder / "MODEL")
    return folder


def say(folder: Path, *arguments: object) -> None:
    """Run `starcast ARGUMENTS` there."""
    done = subprocess.run(
        command(*arguments), cwd=folder, env=environment(), capture_output=True, check=False
    )
    assert not done.returncode, done.stderr.decode()


def _write(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        writer.writerows(rows)


def _tables(folder: Path, rows: Sequence[Row], titles: dict[int, str]) -> None:
    """Ratings, items, lists of ids, under every name that a page has for them."""
    heads = ("user", "item", "rating", "time")
    _write(folder / "ratings.csv", heads, rows)
    _write(folder / "FILE", heads, rows)
    _write(folder / "shop.csv", heads, rows[: len(rows) // 2])
    _write(folder / "train.csv", heads, (row for n, row in enumerate(rows) if n % 5))
    _write(folder / "test.csv", heads, (row for n, row in enumerate(rows) if n % 5 == 0))
    _write(folder / "since-yesterday.csv", heads, [(900, 1, 5, 2**31), (1, 260, 4.5, 2**31)])
    films = [
        (item, title, "Comedy|Drama" if item % 2 else "Documentary", f"director {item % 50}")
        for item, title in titles.items()
    ]
    for name in ("films.csv", "products.csv"):
        _write(folder / name, ("item", "title", "genres", "director"), films)
    _write(folder / "pairs.csv", ("user", "item"), [row[:2] for row in rows[:20]])
    (folder / "users.txt").write_text("1\n2\n42\n", encoding="utf-8")
    (folder / "bought.csv").write_text("item\n6\n260\n", encoding="utf-8")
    _write(folder / "mine.csv", ("title", "rating"), [("Heat (1995)", 5), ("Toy Story (1995)", 4)])
    scores = [(f"U{row[0]}", 132000 + row[1] % 90, n % 3, n % 3, n % 3) for n, row in
              enumerate({(row[0], row[1] % 90): row for row in rows}.values())]  # fmt: skip
    asked = ("userID", "placeID", "rating", "food_rating", "service_rating")
    _write(folder / "rating_final.csv", asked, scores)
    diary = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-01,Heat,1995,x,5\n"
    with zipfile.ZipFile(folder / "letterboxd.zip", "w") as archive:
        archive.writestr("ratings.csv", diary)
    import polars as pl

    pl.read_csv(folder / "ratings.csv").write_parquet(folder / "ratings.parquet")


def _of_ml_1m(rows: Sequence[Row], titles: dict[int, str], kept: set[int]) -> dict[str, str]:
    def lines(*columns: Iterable[object]) -> str:
        return "".join("::".join(map(str, row)) + "\n" for row in zip(*columns, strict=True))

    users, items, stars, times = zip(*rows, strict=True)
    films, people = sorted(kept), sorted({row[0] for row in rows})
    return {
        "ratings.dat": lines(users, items, (max(1, int(star)) for star in stars), times),
        "movies.dat": lines(films, (titles[one] for one in films), ["Comedy|Drama"] * len(films)),
        "users.dat": lines(people, ["F"] * len(people), (1 + one % 50 for one in people),
                           (one % 20 for one in people), ["00000"] * len(people)),
    }  # fmt: skip


def _of_ml_100k(rows: Sequence[Row], titles: dict[int, str], kept: set[int]) -> dict[str, str]:
    ratings = [f"{user}\t{item}\t{max(1, int(stars))}\t{time}" for user, item, stars, time in rows]
    films = [f"{one}|{titles[one]}|||||{'|'.join('10' * 9)}|0" for one in sorted(kept)]
    people = [f"{one}|{20 + one % 50}|F|writer|00000" for one in sorted({row[0] for row in rows})]
    texts = {"u.data": ratings, "u.item": films, "u.user": people}
    return {name: "\n".join(lines) + "\n" for name, lines in texts.items()}


def _archive(folder: Path, name: str, files: dict[str, str]) -> None:
    """An archive as GroupLens makes them, with its sum beside it."""
    folder.mkdir(exist_ok=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in files.items():
            archive.writestr(f"{name}/{file}", text.encode("latin-1", "replace"))
    (folder / f"{name}.zip").write_bytes(packed.getvalue())
    digits = hashlib.md5(packed.getvalue()).hexdigest()
    (folder / f"{name}.zip.md5").write_text(f"{digits}  {name}.zip\n")


def _sources(folder: Path) -> None:
    """Files that pages show, and what of the repository they use."""
    page = (DOCS / "own-network.md").read_text(encoding="utf-8")
    source = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    (folder / "my_network.py").write_text(source, encoding="utf-8")
    for name in ("main.py", "tools", "deploy"):
        (folder / name).symlink_to(HOUSE / name)


# `starcast serve` goes to the background once it is ready, and `curl` asks wherever it listens;
# all else in a script is as on the page.
PRELUDE = r"""
set -euo pipefail
export STARCAST_SERVE_PORT=0
port=none
ended() { kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; }
trap ended EXIT
python() { "$PYTHON" "$@"; }
starcast() {
  if [ "$1" != serve ]; then "$PYTHON" -m starcast "$@"; return; fi
  ended
  said=$(mktemp); "$PYTHON" -m starcast "$@" >"$said" &
  until grep -q '^ready in' "$said"; do kill -0 $! 2>/dev/null || return 1; sleep 0.1; done
  port=$(grep -o '[0-9]*$' "$said")
}
curl() { command curl --silent --show-error --fail-with-body --max-time 60 "${@//:8000/:$port}"; }
"""


def script(commands: Iterable[tuple[str, bool]]) -> str:
    """A page's commands as Bash runs them, each told of before it is run.

    Args:
        commands: each with whether the page shows that it fails.
    """
    lines = [PRELUDE]
    for text, fails in commands:
        lines.append(f"echo '##' {_quoted(text)} >&2")
        lines.append(
            f"if {{\n{text}\n}}; then echo 'it does not fail' >&2; exit 1; fi" if fails else text
        )
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def run(folder: Path, commands: Iterable[tuple[str, bool]]) -> None:
    """Run a page's commands in a folder. Raises: AssertionError: one fails; says which and why."""
    with subprocess.Popen(
        ["bash"], cwd=folder, env=environment() | {"PYTHON": sys.executable}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as shell:  # fmt: skip
        try:
            said, told = shell.communicate(script(commands), timeout=900)
        finally:  # what it started ends with it, whatever ended it
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    last = told.rpartition("\n## ")[2] or told
    assert shell.returncode == 0, f"## {last[-3000:]}\n{said[-500:]}"
