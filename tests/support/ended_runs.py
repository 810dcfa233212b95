"""Runs that are ended, by a signal or by a kill, at a moment that the tests choose."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from processes import command, environment

_AT = """
import os, sys
what, ending, left, number = (sys.argv.pop(1) for _ in range(4))
left, number = int(left), int(number)
def count(event, arguments):
    global left
    if event == what and any(str(one).endswith(ending) for one in arguments):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), number)
sys.addaudithook(count)
from starcast.cli import main
main()
"""


_IN_A_TERMINAL = """
import os
os.close(os.open(os.ttyname(0), os.O_RDWR))  # it becomes that of this session
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
    return ended_at("os.rename", ".checkpoint", n, number, folder, *arguments)


def ended_at(
    event: str, ending: str, n: int, number: int, folder: Path, *arguments: object
) -> Ended:
    """Run it, and send it a signal before the n-th audit event with an argument that ends so."""
    argv = [sys.executable, "-c", _AT, event, ending, n, number, *arguments]
    done = subprocess.run(
        list(map(str, argv)), cwd=folder, env=environment(), capture_output=True, encoding="utf-8",
        check=False, timeout=300,
    )  # fmt: skip
    return Ended(done.returncode, done.stderr)


def left_alone_when(is_time: Callable[[], object], folder: Path, *arguments: object) -> int:
    """Run it in a terminal of its own, and close this when it is time; the status it ends with."""
    terminal, inside = os.openpty()
    argv = [sys.executable, "-c", _IN_A_TERMINAL, *map(str, arguments)]
    with subprocess.Popen(
        argv, cwd=folder, env=environment(), stdin=inside, stdout=inside, stderr=inside,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(inside)
        while not is_time() and process.poll() is None:
            pass
        os.close(terminal)
        return process.wait(timeout=300)


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
