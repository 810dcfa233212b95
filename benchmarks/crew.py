"""Workers as the parent sees them: started, told to run a round, asked what it took."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from benchmarks.worker import Outcome

HOUSE = Path(__file__).parents[1]
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "LK_NUM_THREADS",
)
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore", "KERAS_BACKEND": "tensorflow"}

_FAREWELL = 60.0  # seconds; longer than a contestant waits for a server of its own


def cores() -> int:
    """How many processors there are to run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerFailed(Exception):
    """A worker ended before its time; the message is the last thing it said."""


@final
class Worker:
    """A process that holds one prepared contestant.

    Args:
        task: "module:function" in `benchmarks.contestants`.
        settings: handed to the function, besides `threads`.
        threads: at most so many; on all processors the libraries are left as they are.

    Raises: WorkerFailed: it could not be prepared.
    """

    def __init__(self, task: str, settings: Mapping[str, Any], threads: int) -> None:
        limits = {} if threads >= cores() else dict.fromkeys(_THREADS, str(threads))
        self._complaints = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            cwd=HOUSE,
            env=os.environ | _QUIET | limits,
            text=True,
        )
        try:
            self._ask(json.dumps({"task": task, "settings": settings, "threads": threads}))
        except BaseException:
            self.close()
            raise

    def run(self) -> Outcome:
        """One round. Raises: WorkerFailed."""
        return self._ask("round")

    def close(self) -> None:
        """End the process: by itself, so that it stops what it started, or else by force.

        The second time there is nothing to do.
        """
        if not self._complaints.closed:
            try:
                self._process.communicate(timeout=_FAREWELL)  # the end of its input is its end
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.communicate()
            self._complaints.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, line: str) -> Outcome:
        assert self._process.stdin
        assert self._process.stdout
        try:
            print(line, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise WorkerFailed(self._last_words())
        outcome: Outcome = json.loads(answer)
        return outcome

    def _last_words(self) -> str:
        code = self._process.wait()
        self._complaints.seek(0)
        lines = [line.strip() for line in self._complaints if line.strip()]
        return lines[-1] if lines else f"it ended with status {code}"
