"""Starcast: train, compare, explain and serve recommenders learned from star ratings.

In a notebook, the way from ratings to recommendations is a verb a step (docs/python.md):

    import starcast as sc

    ratings = sc.load("ml-latest-small")
    split = sc.split(ratings, test=0.2, seed=42)
    model = sc.train(split, "latent-factor-model")
    sc.evaluate(model)
    model.recommend(414)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starcast.api import compare as compare
    from starcast.api import evaluate as evaluate
    from starcast.api import load as load
    from starcast.api import open as open
    from starcast.api import split as split
    from starcast.api import train as train
    from starcast.api.over_time import update as update
    from starcast.api.repeating import repeat as repeat
    from starcast.api.tuning import tune as tune

__all__ = [
    "compare",
    "evaluate",
    "load",
    "repeat",
    "split",
    "train",
    "tune",
    "update",
]  # a star must not hide Python's `open`

_VERBS = dict.fromkeys([*__all__, "open"], "starcast.api") | {
    "repeat": "starcast.api.repeating",
    "tune": "starcast.api.tuning",
    "update": "starcast.api.over_time",
}


def __getattr__(name: str) -> Any:
    """A verb, fetched when it is first used: importing Starcast loads nothing."""
    if name not in _VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_VERBS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_VERBS})
