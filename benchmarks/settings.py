"""Starcast's settings where they are a choice, made on validation rows of ML-1M.

A race to a given RMSE runs every one of the epochs; nothing is looked at on the way.
"""

from typing import Any, NamedTuple

from benchmarks.serving import FACTOR


class Settings(NamedTuple):
    """A name for the table, a model's name, and what differs from its defaults."""

    label: str
    model: str
    config: dict[str, Any]


QUICK_8 = Settings(
    "Starcast, SGD, d 8",
    FACTOR,
    {"optimizer": "SGD", "dimension": 8, "learning_rate": 0.03, "epochs": 15},
)
"""Against Cornac's 8 factors (test RMSE 0.8555)."""

QUICK_32 = Settings(
    "Starcast, SGD, d 32",
    FACTOR,
    {"optimizer": "SGD", "dimension": 32, "learning_rate": 0.03, "epochs": 16},
)
"""Against Cornac's 32 factors (test RMSE 0.8487)."""

ACCURATE = Settings(
    "Starcast, Bayesian, d 32",
    "bayesian-factorization-model",
    {"likelihood": "gaussian", "dimension": 32, "samples": 30, "burn_in": 10, "chains": 2},
)
"""Against myFM's posterior mean (test RMSE 0.8385)."""
