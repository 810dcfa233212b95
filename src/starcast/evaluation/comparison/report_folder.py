"""A report on disk: made whole beside its place, then put there in one step."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from starcast.disk.replacement import replace_folder
from starcast.errors import ConfigError
from starcast.evaluation.charts.style import lines
from starcast.evaluation.comparison.charts import draw
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.markdown import to_markdown
from starcast.evaluation.comparison.page import render
from starcast.evaluation.comparison.results_file import Provenance, as_record, to_csv, to_json


def write(comparison: Comparison, folder: Path, provenance: Provenance) -> Path:
    """Write `index.html`, charts (PNG, SVG, PDF), `report.md`, `results.json` and `results.csv`.

    The folder is replaced whole or not at all; other files in it stay.

    Args:
        comparison: what to report.
        folder: where to; made if it is not there.
        provenance: where and how the comparison was made.
    Returns: the page.
    Raises:
        ConfigError: the folder cannot be written; what was there is untouched.
        BusyError: another run is writing it.
    """
    record = as_record(comparison, provenance)
    charts = draw(comparison)
    colours = [line.variable for line in lines(comparison.shown)]
    contents = {
        f"{name}.{ending}": content
        for name, chart in charts.items()
        for ending, content in {"png": chart.png, **chart.drawings}.items()
    }
    contents["results.json"] = to_json(record).encode()
    contents["results.csv"] = to_csv(record).encode()
    contents["report.md"] = to_markdown(comparison, provenance, charts).encode()
    contents["index.html"] = render(record, charts, colours).encode()
    try:
        _move_in(contents, folder)
    except OSError as error:
        raise ConfigError(
            f"cannot write the report to {folder}: {error.strerror or error}; choose another --out"
        ) from None
    return folder / "index.html"


def _move_in(contents: Mapping[str, bytes], folder: Path) -> None:
    in_the_way = [name for name in contents if (folder / name).is_dir()]
    if in_the_way:
        raise IsADirectoryError(f"{in_the_way[0]} is a folder there")
    with replace_folder(folder) as fresh:
        for other in folder.iterdir() if folder.exists() else ():
            if other.name not in contents:
                _keep(other, fresh / other.name)
        for name, content in contents.items():
            (fresh / name).write_bytes(content)


def _keep(other: Path, place: Path) -> None:
    """Have a file or folder in a second place, without copying what is in it."""
    if other.is_dir() and not other.is_symlink():
        shutil.copytree(other, place, symlinks=True, copy_function=_link)
    else:
        _link(other, place)


def _link(file: str | Path, place: str | Path) -> None:
    try:
        os.link(file, place, follow_symlinks=False)
    except OSError:  # a file system without links, or a file of somebody else
        shutil.copy2(file, place, follow_symlinks=False)
