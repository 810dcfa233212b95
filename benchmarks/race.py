"""A race: its contestants take turns, one at a time, each in its own process."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, final

from benchmarks.crew import Worker, WorkerFailed, cores
from benchmarks.results import TIME, Entry, Race, Target
from benchmarks.worker import Outcome

REST = 0.3  # seconds between rounds: thread pools spin for a while after their work
Tell = Callable[[str], None]


@final
@dataclass(frozen=True, kw_only=True)
class Contestant:
    """Who runs, and how.

    Attributes:
        name: in the table.
        task: "module:function" in `benchmarks.contestants`.
        settings: handed to the function.
        rounds: how often it runs; slow contestants run less often.
        threads: numbers of threads to try before the race, the quickest of which runs it;
            all processors if not given.
        fresh: a new process for every round.
        note: what to know about it.
    """

    name: str
    task: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    rounds: int = 5
    threads: tuple[int, ...] = ()
    fresh: bool = False
    note: str = ""


ONE_OR_ALL = (1, cores()) if cores() > 1 else (1,)
"""For contestants of whom it is not known beforehand whether threads help them."""


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """A race yet to be run; see `results.Race`."""

    title: str
    unit: str
    contestants: tuple[Contestant, ...]
    targets: tuple[Target, ...] = ()
    note: str = ""


def order(rounds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Whose turn it is: pairs of round and contestant, both counted from 0.

    Everybody runs once a round, and each round begins one contestant later, so that nobody always
    follows the same one. Who has few rounds leaves when they are over.

    Args:
        rounds: how many each contestant has.

    >>> list(order([2, 2, 1]))
    [(0, 0), (0, 1), (0, 2), (1, 1), (1, 0)]
    """
    for turn in range(max(rounds, default=0)):
        for place in range(len(rounds)):
            contestant = (turn + place) % len(rounds)
            if turn < rounds[contestant]:
                yield turn, contestant


def run(plan: Plan, tell: Tell) -> Race:
    """Run a race; who cannot take part is listed with the reason.

    Args:
        plan: the race.
        tell: told of every round.
    """
    with ExitStack() as workers:
        runners = [_Runner(contestant, workers) for contestant in plan.contestants]
        for runner in runners:
            tell(f"{plan.title}: {runner.contestant.name} prepares")
            runner.prepare()
        for turn, place in order([runner.rounds for runner in runners]):
            time.sleep(REST)
            runners[place].run()
            tell(f"{plan.title}: round {turn + 1}, {runners[place].said()}")
    return Race(
        title=plan.title,
        unit=plan.unit,
        entries=tuple(runner.entry() for runner in runners),
        targets=plan.targets,
        note=plan.note,
    )


@final
class _Runner:
    """A contestant in a race, with its worker and what it did so far."""

    def __init__(self, contestant: Contestant, workers: ExitStack) -> None:
        self.contestant, self._workers = contestant, workers
        self._threads = contestant.threads or (cores(),)
        self._worker: Worker | None = None
        self._outcomes: list[Outcome] = []
        self._failed = ""

    @property
    def rounds(self) -> int:
        """How many rounds it will run."""
        return 0 if self._failed else self.contestant.rounds

    def prepare(self) -> None:
        """Settle the number of threads, and warm up who has more than one round to run."""
        try:
            if self.contestant.fresh:
                self._threads = self._threads[-1:]
                return
            trials = [self._trial(threads) for threads in self._threads]
        except WorkerFailed as failure:
            self._failed = str(failure)
            return
        _, self._worker, threads = min(trials, key=lambda trial: trial[0])
        self._threads = (threads,)
        for _, worker, _ in trials:
            if worker is not self._worker:
                worker.close()

    def run(self) -> None:
        """One round."""
        if self._failed:
            return
        try:
            if self._worker:
                self._outcomes.append(self._worker.run())
            else:
                with self._start(self._threads[0]) as worker:
                    self._outcomes.append(worker.run())
        except WorkerFailed as failure:
            self._failed = str(failure)

    def said(self) -> str:
        """The last round in a line."""
        name = self.contestant.name
        if self._failed:
            return f"{name} failed: {self._failed}"
        return f"{name}: " + ", ".join(
            f"{figure} {value:.4g}" for figure, value in self._outcomes[-1].items()
        )

    def entry(self) -> Entry:
        """All rounds."""
        names = self._outcomes[0] if self._outcomes and not self._failed else ()
        return Entry(
            name=self.contestant.name,
            threads=self._threads[0],
            figures={name: tuple(one[name] for one in self._outcomes) for name in names},
            note=self.contestant.note,
            failed=self._failed,
        )

    def _start(self, threads: int) -> Worker:
        return Worker(self.contestant.task, self.contestant.settings, threads)

    def _trial(self, threads: int) -> tuple[float, Worker, int]:
        worker = self._workers.enter_context(self._start(threads))
        if self.contestant.rounds == 1 and len(self._threads) == 1:
            return 0.0, worker, threads
        time.sleep(REST)
        return worker.run()[TIME], worker, threads
