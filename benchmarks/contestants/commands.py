"""Commands, from their start to their end."""

import subprocess
import sys
from pathlib import Path

from benchmarks.worker import Round, clocked


def starcast(arguments: list[str], threads: int) -> Round:
    """A command of Starcast's."""
    return _command(str(Path(sys.executable).with_name("starcast")), *arguments)


def importing(package: str, threads: int) -> Round:
    """Importing a package, which is what its users wait for first."""
    return _command(sys.executable, "-c", f"import {package}")


def _command(*command: str) -> Round:
    def run() -> None:
        subprocess.run(command, capture_output=True, check=True)

    run()  # byte code is compiled and files are in memory
    return lambda: {"time": clocked(run)}
