"""One contestant in a process of its own: prepares once, then runs a round whenever told to.

The parent writes a job and then a line per round; the answers are lines of JSON. Whatever a library
prints goes to standard error, so that it cannot be taken for an answer.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Outcome = dict[str, float]
"""Figures of one round by name; "time" is seconds per piece of work."""
Round = Callable[[], Outcome]


def clocked(work: Callable[[], object], pieces: float = 1) -> float:
    """Seconds that `work` takes, per piece of it."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / pieces


def peak_memory() -> float:
    """The most memory this process has had so far, GB.

    On Linux from the process's own status: what getrusage says begins with the parent's peak.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii").splitlines()
        peak = next(line for line in status if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 / 1e9
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9  # macOS counts bytes


def memory_now() -> float:
    """The memory that this process has now, GB; from here on the peak is counted anew.

    Where the system cannot forget the peak, it is the peak so far.
    """
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    return peak_memory()


def main() -> None:
    """Take a job from standard input and serve its rounds until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.loads(sys.stdin.readline())
    module, _, name = job["task"].partition(":")
    prepare = getattr(importlib.import_module(f"benchmarks.contestants.{module}"), name)
    run: Round = prepare(threads=job["threads"], **job["settings"])
    print(json.dumps({"ready": 1}), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(run()), file=answers, flush=True)


if __name__ == "__main__":
    main()
