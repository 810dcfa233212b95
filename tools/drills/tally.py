"""How often something was tried, and what did not survive."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SUPPORT = REPOSITORY / "tests" / "support"
FIXTURES = REPOSITORY / "tests" / "fixtures" / "artifacts-format-1"
CASES = REPOSITORY / "tests" / "cases" / "files"

_PATIENCE = 60.0  # seconds after which a trial hangs

sys.path.insert(0, str(SUPPORT))  # for the tests' own modules

from processes import command as command  # noqa: E402
from processes import environment as environment  # noqa: E402
from processes import killed_command as killed_command  # noqa: E402


@dataclass
class Tally:
    """A drill while it runs.

    Attributes:
        place: a folder of its own.
        seed: of everything random.
        most: tries.
        seconds: after which no other try is begun.
        tried: tries that were made.
        failures: what did not survive, a line each.
        notes: what else is to be told.
    """

    place: Path
    seed: int
    most: int
    seconds: float
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._begun = time.monotonic()
        self.chance = random.Random(self.seed)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._begun

    def tries(self) -> Iterator[int]:
        """Numbers of tries, while there is time."""
        for n in range(self.most):
            if self.elapsed > self.seconds:
                self.notes.append("out of time")
                return
            yield n

    def count(self, fault: str, n: int = 1) -> None:
        """Tries that were made, and what went wrong; "" if nothing did."""
        self.tried += n
        if fault:
            self.failures.append(fault)


def run_trials(tally: Tally, kind: str) -> None:
    """Trials of `drills.trials` in a child process, and in another where that one dies."""
    start, peak = 0, 0
    while start < tally.most and tally.elapsed < tally.seconds:
        status, said, why = _child(tally, kind, start)
        for _, megabytes, fault in said:
            tally.count(fault)
            peak = max(peak, int(megabytes))
        if status == 0:
            break
        start = int(said[-1][0]) + 1 if said else start
        tally.count(f"try {start}: the process ended with {status}: {why}")
        start += 1
    tally.notes.append(f"at most {peak} MB more")


def _child(tally: Tally, kind: str, start: int) -> tuple[int, list[list[str]], str]:
    """How a child ended that made trials, what it said of each, and its last words."""
    left = tally.seconds - tally.elapsed
    argv = [sys.executable, "-m", "drills.trials", kind, tally.place, tally.seed, start, tally.most,
            left]  # fmt: skip
    path = os.pathsep.join([str(SUPPORT), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        errors="replace", cwd=REPOSITORY / "tools", env=environment() | {"PYTHONPATH": path},
    ) as process:  # fmt: skip
        hung = threading.Timer(left + _PATIENCE, process.kill)
        hung.start()
        said, complaints = process.communicate()
        hung.cancel()
    lines = [line.split("\t") for line in said.splitlines() if line.count("\t") == 2]
    return process.returncode, lines, (complaints.strip().splitlines() or ["no word"])[-1]
