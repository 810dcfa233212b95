"""Where trials run: in this process, or side by side in processes of their own."""

import multiprocessing as mp
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple, Protocol, Self, final

from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.settings import Settings
from starcast.errors import TrainingError
from starcast.evaluation.metrics import Objective
from starcast.training.tuning.sampling import pruner_of
from starcast.training.tuning.study import Reporter, open_storage
from starcast.training.tuning.trial import Ended, run_trial

_THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")
_PATIENCE = 5.0  # seconds in which a process that is told to end has to


@final
class Job(NamedTuple):
    """A trial that is to be run.

    Attributes:
        model, number: which.
        config: all its settings.
        objective: of the model.
        seconds_left: after which it is ended; None for no bound.
    """

    model: str
    number: int
    config: Settings
    objective: Objective
    seconds_left: float | None


@final
class Bench(NamedTuple):
    """What all trials have in common.

    Attributes:
        split: which rows train and which validate.
        file: the database of the studies.
        seed: of the trainings.
        pruner: its name.
        parents: trained ones, by name.
    """

    split: Split
    file: Path
    seed: int
    pruner: str
    parents: Mapping[str, Artifact]


class Workers(Protocol):
    """Run trials."""

    @property
    def idle(self) -> bool:
        """Whether one more can be begun."""
        ...

    def begin(self, job: Job) -> None:
        """Begin a trial."""
        ...

    def next_ended(self) -> tuple[Job, Ended]:
        """Wait for one that was begun."""
        ...


@final
class Here:
    """Runs trials in this process, one after the other, with all its threads."""

    def __init__(self, bench: Bench) -> None:
        self._run, self._job = _Runner(bench), None

    _job: Job | None

    @property
    def idle(self) -> bool:
        """Whether the one that was begun has ended."""
        return self._job is None

    def begin(self, job: Job) -> None:
        """Put it by: it runs when its end is waited for."""
        self._job = job

    def next_ended(self) -> tuple[Job, Ended]:
        """Run it."""
        job, self._job = self._job, None
        assert job is not None
        return job, self._run(job)


@final
class SideBySide:
    """Processes, each with its share of the threads; they end with this one.

    Args:
        bench: what trials have in common.
        n_jobs: how many processes.
    """

    def __init__(self, bench: Bench, n_jobs: int) -> None:
        self._busy: dict[Connection, Job] = {}
        self._idle: list[Connection] = []
        self._processes: list[mp.process.BaseProcess] = []
        spawning = mp.get_context("spawn")  # a fork would inherit locks of threads
        with _threads_each(max(1, (os.cpu_count() or 1) // n_jobs)):
            for _ in range(n_jobs):
                ours, theirs = spawning.Pipe()
                process = spawning.Process(target=_work, args=(theirs, bench), daemon=True)
                process.start()
                theirs.close()
                self._idle.append(ours)
                self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """End the processes, whatever they do."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()

    @property
    def idle(self) -> bool:
        """Whether a process has nothing to do."""
        return bool(self._idle)

    def begin(self, job: Job) -> None:
        """Hand it to an idle process."""
        connection = self._idle.pop()
        self._busy[connection] = job
        try:
            connection.send(job)
        except OSError:
            raise TrainingError(_lost(job)) from None

    def next_ended(self) -> tuple[Job, Ended]:
        """Wait for any. Raises: TrainingError: its process is gone."""
        (connection, *_) = wait(list(self._busy))
        assert isinstance(connection, Connection)
        job = self._busy.pop(connection)
        try:
            ended: Ended = connection.recv()
        except (EOFError, OSError):
            raise TrainingError(_lost(job)) from None
        self._idle.append(connection)
        return job, ended


@contextmanager
def workers_for(bench: Bench, n_jobs: int) -> Iterator[Workers]:
    """As many workers as jobs."""
    if n_jobs == 1:
        yield Here(bench)
    else:
        with SideBySide(bench, n_jobs) as workers:
            yield workers


@final
class _Runner:
    """Runs jobs on a bench, in whichever process."""

    def __init__(self, bench: Bench) -> None:
        self._bench, self._storage = bench, open_storage(bench.file)

    def __call__(self, job: Job) -> Ended:
        bench, began = self._bench, time.monotonic()

        def out_of_time() -> str:
            if mp.parent_process() and not _has_parent():
                return "the process that began it is gone"
            is_late = job.seconds_left is not None and time.monotonic() - began > job.seconds_left
            return "the minutes are over" if is_late else ""

        pruner = pruner_of(bench.pruner, job.config.epochs)
        return run_trial(
            bench.split, job.model, job.config, job.objective, seed=bench.seed,
            parents=bench.parents, out_of_time=out_of_time,
            report=Reporter(self._storage, job.model, pruner, job.number),
        )  # fmt: skip


def _work(connection: Connection, bench: Bench) -> None:
    """The life of a process: job after job, until there is nobody to give one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; who began them ends them
    run = _Runner(bench)
    try:
        while True:
            job: Job = connection.recv()
            connection.send(run(job))
    except (EOFError, OSError):
        return


def _has_parent() -> bool:
    parent = mp.parent_process()
    return parent is not None and parent.is_alive()


@contextmanager
def _threads_each(n: int) -> Iterator[None]:
    """A context in which a process that is begun takes that many threads."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(n)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _lost(job: Job) -> str:
    return (
        f"a process was ended as it trained {job.model} (trial {job.number}), perhaps for want of "
        "memory; the same command goes on"
    )
