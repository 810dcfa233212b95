"""The defaults that everybody gets: which they are, and what they bring on data always at hand.

Whoever tunes a model changes a line here too, and says in CHANGELOG what it was tuned on.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from starcast.data.load import load
from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.data.units import FIVE_STARS, Units
from starcast.models import MODELS, Model
from starcast.training.fit import fit

# Of each model the default optimizer first, as engines/tuned.py and the classes in
# engines/settings.py have them: once more, by hand, so that a slip of a digit is seen.
_FACTOR = "dimension 64, epochs 120, regularization_factor 0.04"
_NETWORK = "dimension 32, epochs 60, regularization_factor 1.0, averaging 0.9, patience 5"
_WARM = "dimension 32, epochs 30, regularization_factor 0.04, averaging 0.0, patience 3"
_LAYERS = "layers [64, 32, 16, 8, 1], dropout_rate 0.0, features [], loss mse, network "
_BRANCH = "factor_dimension"
_BATCHES = "batch_size 1000, learning_rate"
_NETWORKS = [
    f"Adam: {_NETWORK}, {_BATCHES} 0.003, {_LAYERS}",
    f"RMSProp: {_NETWORK}, {_BATCHES} 0.001, {_LAYERS}",
    f"GradientDescent: {_NETWORK}, {_BATCHES} 0.0001, {_LAYERS}",
]
DEFAULTS = {
    "latent-factor-model": [
        f"SGD: {_FACTOR}, averaging 0.7, patience 15, learning_rate 0.01",
        "ALS: dimension 64, epochs 40, regularization_factor 0.1, averaging 0.0, patience 8",
        f"Adam: {_FACTOR}, averaging 0.0, patience 8, {_BATCHES} 0.001",
        f"RMSProp: {_FACTOR}, averaging 0.0, patience 8, {_BATCHES} 0.001",
        f"GradientDescent: {_FACTOR}, averaging 0.0, patience 8, {_BATCHES} 0.005",
    ],
    "deep-neural-network-model": _NETWORKS,
    "ensemble-no-transfer-learning": [f"{one}, {_BRANCH} 32" for one in _NETWORKS],
    "ensemble-transfer-learning": [
        f"Adam: {_WARM}, {_BATCHES} 1e-05, {_LAYERS}, {_BRANCH} 64, transfer_weight 0.7",
        f"RMSProp: {_WARM}, {_BATCHES} 1e-05, {_LAYERS}, {_BRANCH} 64, transfer_weight 0.7",
        f"GradientDescent: {_WARM}, {_BATCHES} 1e-06, {_LAYERS}, {_BRANCH} 64, transfer_weight 0.7",
    ],
    "bayesian-factorization-model": [
        "Gibbs: dimension 32, epochs None, samples 300, burn_in 10, chains 2, kept 60, "
        "until_converged False, likelihood probit, features [histories], day_length 86400",
    ],
    "autoencoder-model": [
        "L-BFGS: dimension 256, epochs 40, regularization_factor 5.5, averaging 0.0, patience 5, "
        "presence 3.0, input_penalty 3.0, steps_per_epoch 5",
    ],
    "item-item-model": [
        "Cholesky: regularization_factor 3.2, interest_weight 0.5, activity_exponent 0.25, "
        "nearness 300.0, popularity_exponent 0.3, dropped_share 0.3, core_items 20000",
    ],
    "implicit-factor-model": [
        "iALS: dimension 64, epochs 16, patience 3, regularization_factor 0.006, "
        "unobserved_weight 0.5, frequency_exponent 1.0, interest_weight 0.5, activity_exponent 0.5",
    ],
    "most-popular": ["Counting: "],
    "means": ["Counting: "],
}  # fmt: skip


def written(model: Model) -> list[str]:
    """The defaults of each of its optimizers, a line each."""
    every = [model.settings(optimizer=name).written() for name in model.defaults]
    return [
        f"{one.pop('optimizer')}: " + ", ".join(f"{name} {value}" for name, value in one.items())
        for one in every
    ]


def _given(ratings: Ratings) -> Callable[[], Ratings]:
    return lambda: ratings


def test_every_model_has_the_defaults_that_were_tuned() -> None:
    assert {name: written(model) for name, model in MODELS.items()} == DEFAULTS


@cache
def small() -> Split:
    """The embedded ml-latest-small: 610 users, 9,724 films, half stars."""
    return SplitPlan(seed=42).divide(load("ml-latest-small", Path("nowhere")))


def whole_stars() -> Ratings:
    """On ML-1M's scale."""
    stars = np.tile(np.arange(1, 6, dtype=np.float32), 4)
    return Ratings.from_columns(np.repeat(np.arange(4), 5), np.tile(np.arange(5), 4), stars)


@pytest.mark.parametrize("name", MODELS)
def test_stars_by_whole_and_by_half_get_these_very_defaults(name: str) -> None:
    """They were tuned on MovieLens's two scales, in whose stars rates and penalties are."""
    model = MODELS[name]
    for ratings in (small().train, whole_stars()):
        assert Units.of(ratings) == FIVE_STARS
        suited = model.suit(model.settings(), _given(ratings)) if model.suit else None
        assert suited in (None, (model.settings(), ""))


# What three epochs by each default leave of the loss on the training rows. Recorded, not derived;
# a rate ten times as large or small is 2 to 25 % beside it, most penalties are too. The means alone
# leave 0.54 (and a penalty more).
LOSSES = {
    ("latent-factor-model", "SGD"): 0.3883,
    ("latent-factor-model", "ALS"): 0.2897,
    ("latent-factor-model", "Adam"): 0.4568,
    ("latent-factor-model", "RMSProp"): 0.4667,
    ("latent-factor-model", "GradientDescent"): 0.4077,
    ("deep-neural-network-model", "Adam"): 0.3699,
    ("ensemble-no-transfer-learning", "Adam"): 0.3726,
    ("bayesian-factorization-model", "Gibbs"): 0.3514,
    ("autoencoder-model", "L-BFGS"): 0.6260,
    ("implicit-factor-model", "iALS"): 0.2203,
}


@pytest.mark.parametrize(("name", "optimizer"), LOSSES)
def test_three_epochs_by_the_defaults_get_as_far_as_they_did(name: str, optimizer: str) -> None:
    model = MODELS[name]
    engine = model.engine(model.settings(optimizer=optimizer), small().train, 42, units=FIVE_STARS)
    loss = [engine.run_epoch().loss for _ in range(3)][-1]
    assert loss == pytest.approx(LOSSES[name, optimizer], rel=0.015)


def validated(name: str, figure: str, **given: object) -> float:
    last = fit(small(), name, MODELS[name].settings(**given), seed=42).history[-1]
    return float(last["validation"][figure])


def test_defaults_for_stars_beat_the_means_of_the_embedded_ratings() -> None:
    """0.851 and 0.873 known, after two sweeps of burning in and three of keeping."""
    few = validated("bayesian-factorization-model", "rmse", samples=6, burn_in=2, kept=6)
    assert few < validated("means", "rmse") - 0.01


def test_defaults_for_lists_are_twice_as_good_as_counting_on_the_embedded_ratings() -> None:
    """NDCG@10 of 0.165 and 0.082 known."""
    assert validated("item-item-model", "ndcg@10") > 1.8 * validated("most-popular", "ndcg@10")
