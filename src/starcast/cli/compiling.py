"""The first run on a machine: loops are compiled once, by a process beside while models train."""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Thread
from typing import IO, TYPE_CHECKING, final

if TYPE_CHECKING:
    from starcast.cli.show import Compiling
    from starcast.data.split import Split
    from starcast.training.fit import Observe, Run
    from starcast.training.loop import Observer

_SHORT = {"epochs": 1, "samples": 2, "burn_in": 0, "kept": 1, "core_items": 20}
"""Settings of a run that compiles: short, and with items in the tail, as large catalogues have."""
_N_USERS, _N_ITEMS = 60, 40


@contextmanager
def first_run(n_models: int | None = None) -> Iterator["Step | None"]:
    """Say that this is the first run on this machine, and show what is compiled meanwhile.

    Where no machine code can be kept every run compiles, and nothing is said.

    Args:
        n_models: what another process compiles for; None where there is none.
    Yields: the step of the progress; None if this is no first run.
    """
    from starcast.cli.show import compiling, console
    from starcast.engines.compiled import is_nothing_kept, told_of_compiling

    if not is_nothing_kept():
        yield None
        return
    console.print("the first run compiles loops for this machine, once; later runs begin at once")
    with compiling() as show:
        step = Step(show, n_models)
        with told_of_compiling(step.here):
            yield step


@final
class Step:
    """Compiling as a step of the progress: shown while this process is at it, or another one.

    Args:
        show: what to call with the models done, all there are, and whether it is going on.
        n_models: that another process compiles for.
    """

    def __init__(self, show: "Compiling", n_models: int | None) -> None:
        self._show, self._n_models, self._done, self._is_here = show, n_models, 0, False

    def here(self, now: bool) -> None:
        """This process begins to compile, or is done."""
        self._is_here = now
        self._tell()

    def beside(self, done: int) -> None:
        """The other process is done with so many models."""
        self._done = done
        self._tell()

    def _tell(self) -> None:
        is_beside = self._done < (self._n_models or 0)
        self._show(self._done, self._n_models, self._is_here or is_beside)


@contextmanager
def beside(names: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """On a first run, a context in which another process compiles what models need.

    It begins with the last of them, so that this process, which trains the first, meets it half
    way. What it compiles it keeps on disk, where this one finds it; should it fail, this process
    compiles what it needs, as without it.

    Args:
        names: of the models, in the order in which they are trained.
    Yields: what to call with the name of each as its training begins, which the other leaves out.
    """
    is_worth_it = len(names) > 1 and (os.cpu_count() or 1) > 1
    with first_run(len(names) if is_worth_it else None) as step:
        if step is None or not is_worth_it:
            yield lambda name: None
            return
        with subprocess.Popen(
            [sys.executable, "-m", "starcast.cli.compiling", *reversed(names)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0,
        ) as other:  # fmt: skip
            following = Thread(target=_follow, args=(other.stdout, step, len(names)), daemon=True)
            following.start()
            try:
                yield partial(_say, other.stdin)
            finally:
                other.kill()  # what was kept was put in its place whole
                following.join()


def telling(begun: Callable[[str], None], observe: "Observe") -> "Observe":
    """The same observers of every run, whose model is told of as it begins."""

    def observers(run: "Run") -> "Sequence[Observer]":
        begun(run.model.name)
        return observe(run)

    return observers


def _say(pipe: IO[bytes] | None, name: str) -> None:
    """Tell the other process what this one trains."""
    with suppress(OSError):  # it is done
        if pipe:
            pipe.write(f"{name}\n".encode())


def _follow(pipe: IO[bytes] | None, step: Step, n_models: int) -> None:
    """Show what the other process is done with, a line for each model, until it ends."""
    step.beside(0)
    for done, _ in enumerate(pipe or (), 1):
        step.beside(done)
    step.beside(n_models)


def compile_for(names: Sequence[str], begun: Callable[[], Collection[str]] = tuple) -> None:
    """Compile what training and judging models takes, by training each on next to nothing.

    Args:
        names: of the models; a line on stdout tells that one is done.
        begun: gives the models that are compiled for elsewhere, by now: they and those of the same
            settings, which need the same loops, are left out.
    """
    from starcast import models
    from starcast.evaluation.report import evaluate
    from starcast.training.plan import Recipe, train_all

    split = _next_to_nothing()
    for name in names:
        model = models.find(name)
        config = model.settings(**model.solvers.having(_SHORT))
        if type(config) not in {type(models.find(other).settings()) for other in begun()}:
            trained = train_all(split, {name: config}, Recipe(seed=0))[name]
            evaluate(trained).figures()
        print(name, flush=True)


def _said() -> Callable[[], Collection[str]]:
    """What gives the names that stdin has said so far, a line each."""
    said = bytearray()

    def now() -> Collection[str]:
        while select.select([0], [], [], 0)[0] and (more := os.read(0, 1 << 16)):
            said.extend(more)
        return said.decode().split()

    return now


def _next_to_nothing() -> "Split":
    """Ratings with times, of users and items by numbers, as data sets have them."""
    import numpy as np

    from starcast.data.ratings import Ratings
    from starcast.data.split import SplitPlan

    rng = np.random.default_rng(0)
    pairs = np.flatnonzero(rng.random(_N_USERS * _N_ITEMS) < 0.4)
    stars = rng.integers(1, 11, len(pairs)) / 2
    ratings = Ratings.from_columns(
        pairs // _N_ITEMS, pairs % _N_ITEMS, stars, timestamps=np.arange(len(pairs))
    )
    return SplitPlan.parse("random").divide(ratings)


if __name__ == "__main__":
    compile_for(sys.argv[1:], _said())
