"""Starcast: train, compare, explain and serve recommenders learned from star ratings.

In a notebook, the way from ratings to recommendations is a verb a step (docs/python.md):

    import starcast as sc

    ratings = sc.load("ml-latest-small")
    split = sc.split(ratings, test=0.2, seed=42)
    model = sc.train(split, "latent-factor-model")
    sc.evaluate(model)
    model.recommend(414)
"""

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from starcast.notebook import compare, evaluate, load, open, split, train

# OpenMP's threads spin for up to milliseconds while they wait for each other. Beside another busy
# program that is time taken from the very thread that is waited for: an epoch of a network took
# 12 times as long. Some microseconds of spinning bridge the gap between two loops, then they sleep:
# 3 times as long, and as quick as ever on an idle machine. Read once, when OpenMP is first loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "3000")

__all__ = ["compare", "evaluate", "load", "open", "split", "train"]


@final
class _Verb:
    """A name of the package, fetched when it is first used: importing Starcast loads nothing.

    A module's `__getattr__` would not do. Importing the module `starcast.split` sets the attribute
    `split` of the package; here that is let pass, so that `starcast.split` stays the verb.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, package: object, owner: type | None = None) -> Any:
        return getattr(import_module("starcast.notebook"), self._name)

    def __set__(self, package: object, module: object) -> None:
        pass


class _Package(ModuleType):
    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


for _name in __all__:
    setattr(_Package, _name, _Verb(_name))
sys.modules[__name__].__class__ = _Package
