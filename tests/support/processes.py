"""Starting `starcast` as a process of its own, and looking at what it left."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_START = "from starcast.cli import main; main()"

_KILLED = """
import signal, sys
left = int(sys.argv.pop(1))
def count(event, arguments):
    global left
    left -= ".starcast-" in str(arguments)
    if left == 0:
        signal.raise_signal(signal.SIGKILL)
sys.addaudithook(count)
from starcast.cli import main
main()
"""


Starcast = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs `starcast ARGUMENTS` in an empty folder and gives back what it said."""


def command(*arguments: object) -> list[str]:
    """The argv that runs `starcast ARGUMENTS`."""
    return [sys.executable, "-c", _START, *map(str, arguments)]


def killed_command(step: int, *arguments: object) -> list[str]:
    """The same, killed (SIGKILL) before the `step`-th thing it does with a temporary name."""
    return [sys.executable, "-c", _KILLED, str(step), *map(str, arguments)]


def environment() -> dict[str, str]:
    """Ours, without what would change what is printed."""
    hidden = ("STARCAST_MIRROR", "STARCAST_DATA_DIR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def write_ratings(path: Path, *columns: Any) -> Path:
    """A CSV of user ids, item ids and ratings."""
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    lines = [f"{user},{item},{stars:g}\n" for user, item, stars in rows]
    path.write_text("user_id,item_id,rating\n" + "".join(lines), encoding="utf-8")
    return path


def tree(folder: Path) -> list[str]:
    """Every file and folder below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
