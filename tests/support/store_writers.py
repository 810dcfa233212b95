"""Processes of their own that write into one store at the same time."""

import subprocess
import sys
from collections.abc import Sequence

_START = "import sys; from starcast.data.store.ratings_store import RatingsStore\n"


def run_together(programs: Sequence[str], *arguments: str) -> list[str]:
    """What Python programs say that run at once; they know `RatingsStore`, and `sys.argv`."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _START + program, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for program in programs
    ]  # fmt: skip
    said = [process.communicate(timeout=60) for process in started]
    for process, (_, complaints) in zip(started, said, strict=True):
        assert process.returncode == 0, complaints
    return [told for told, _ in said]
