"""Runs that are ended, by a signal or by a kill, at a moment that the tests choose."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from processes import command, environment

_AT_A_CHECKPOINT = """
import os, signal, sys
left, number = int(sys.argv.pop(1)), int(sys.argv.pop(1))
def count(event, arguments):
    global left
    if event == "os.rename" and str(arguments[1]).endswith(".checkpoint"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), number)
sys.addaudithook(count)
from starcast.cli import main
main()
"""


class Ended(NamedTuple):
    """What a run was ended with, and what it said on standard error."""

    status: int
    said: str


def ended_at_checkpoint(n: int, number: int, folder: Path, *arguments: object) -> Ended:
    """Run `starcast ARGUMENTS`, and send it a signal before it puts its n-th checkpoint in place.

    So SIGKILL leaves n - 1, and others come within an epoch that is run to its end.
    """
    argv = [sys.executable, "-c", _AT_A_CHECKPOINT, str(n), str(number), *map(str, arguments)]
    done = subprocess.run(
        argv, cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False,
        timeout=300,
    )  # fmt: skip
    return Ended(done.returncode, done.stderr)


def killed_when(is_time: Callable[[], object], folder: Path, *arguments: object) -> Ended:
    """Run it, and kill it (SIGKILL) as soon as it is time: in the middle of whatever it does."""
    process = subprocess.Popen(
        command(*arguments), cwd=folder, env=environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    with process:
        while not is_time() and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=300)
        return Ended(process.returncode, said)
