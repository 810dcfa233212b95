"""The first run on a machine: loops are compiled once, by a process beside while models train."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starcast.data.split import Split

_SHORT = {"epochs": 1, "samples": 2, "burn_in": 0, "kept": 1}  # settings of a run that compiles
_N_USERS, _N_ITEMS = 60, 40


def tell_first_run() -> bool:
    """Whether loops are still to be compiled on this machine; if so, a line says what takes long.

    Where no machine code can be kept every run compiles, and nothing is said.
    """
    from starcast.cli.show import console
    from starcast.engines.compiled import is_nothing_kept

    if not is_nothing_kept():
        return False
    console.print("the first run compiles loops for this machine, once; later runs begin at once")
    return True


@contextmanager
def beside(names: Sequence[str]) -> Iterator[None]:
    """On a first run, a context in which another process compiles what models need.

    It begins with the last of them, so that this process, which trains the first, meets it half
    way. What it compiles it keeps on disk, where this one finds it; should it fail, this process
    compiles what it needs, as without it.

    Args:
        names: of the models, in the order in which they are trained.
    """
    if not tell_first_run() or len(names) < 2 or (os.cpu_count() or 1) < 2:
        yield
        return
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(
        [sys.executable, "-m", "starcast.cli.compiling", *reversed(names)],
        stdin=nowhere, stdout=nowhere, stderr=nowhere,
    ) as compiling:  # fmt: skip
        try:
            yield
        finally:
            compiling.kill()  # what was kept was put in its place whole


def compile_for(names: Sequence[str]) -> None:
    """Compile what training and judging models takes, by training each on next to nothing."""
    from starcast import models
    from starcast.evaluation.report import evaluate
    from starcast.training.plan import Recipe, train_all

    split = _next_to_nothing()
    for name in names:
        model = models.find(name)
        config = model.settings(**model.solvers.having(_SHORT))
        trained = train_all(split, {name: config}, Recipe(seed=0))[name]
        evaluate(trained).figures()


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
    compile_for(sys.argv[1:])
