"""Trained models small enough to work with by hand, and reports of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.engines.settings import MiniBatchSettings, NetworkSettings
from starcast.evaluation.report import Report, evaluate

N_USERS, N_ITEMS = 40, 6


def split(n_users: int = N_USERS, *, name: str = "tiny", scheme: str = "by hand") -> Split:
    """Every user rates six items; items 0 to 2 train, item 3 validates, items 4 and 5 test."""
    users = np.repeat(np.arange(n_users), N_ITEMS)
    items = np.tile(np.arange(N_ITEMS), n_users)
    stars = 1.0 + (users + items) % 5
    ratings = Ratings.from_columns(users, items, stars, name=name)
    parts = np.array([TRAIN, TRAIN, TRAIN, VALIDATION, TEST, TEST], np.uint8)[items]
    return Split(ratings, parts, scheme)


def artifact(of: Split | None = None, *, mean: float = 3.0, **given: Any) -> Artifact:
    """A latent factor model that predicts `mean` for every pair."""
    of = of or split()
    zeros = np.zeros
    weights = {
        "mean": np.float32(mean) * np.ones((), np.float32),
        "user_factors": zeros((of.ratings.n_users, 32), np.float32),
        "item_factors": zeros((of.ratings.n_items, 32), np.float32),
        "user_bias": zeros(of.ratings.n_users, np.float32),
        "item_bias": zeros(of.ratings.n_items, np.float32),
    }
    settings: dict[str, Any] = {
        "model": "latent-factor-model",
        "config": MiniBatchSettings(),
        "seed": 42,
        "weights": weights,
        "weights_before_refit": weights,
        "split": of,
        "best_epoch": 2,
        "history": history(1.5, 1.25, 1.3),
        "versions": {"starcast": "0.1.0"},
    }
    return Artifact(**settings | given)


def history(*rmse: float) -> tuple[dict[str, Any], ...]:
    """Epochs of 0.5 seconds with those validation RMSEs."""
    return tuple(
        {
            "epoch": epoch,
            "loss": 1.0,
            "training_error": 1.0,
            "train": {"rmse": 1.0, "mae": 1.0, "accuracy": 0.2},
            "validation": {"rmse": value, "mae": 1.0, "accuracy": 0.2},
            "seconds": 0.5,
        }
        for epoch, value in enumerate(rmse, 1)
    )


def report(
    of: Artifact, sums: Sequence[float] | None = None, ndcg: Sequence[float] | None = None
) -> Report:
    """What the test rows say; with given figures of each user in place of its own.

    Args:
        of: the model.
        sums: squared errors of each user, who have two test rows each; repeated over the users.
        ndcg: of each user's list; repeated over the users.
    """
    judged = evaluate(of)
    if sums is not None:
        squared = np.resize(np.array(sums, np.float64), len(judged.squared_errors))
        squared[judged.n_rows_of_user == 0] = 0
        rmse = float(np.sqrt(squared.sum() / judged.n_rows_of_user.sum()))
        judged = replace(judged, squared_errors=squared, rmse=rmse)
    if ndcg is not None:
        lists = judged.catalogue
        own = np.resize(np.array(ndcg, np.float64), len(lists.users))
        by_user = replace(lists.by_user, ndcg=own)
        made = replace(lists, by_user=by_user, ranking=by_user.means())
        judged.__dict__["catalogue"] = made  # where what was made when first asked for is kept
    return judged


def pair_of_reports(**of_first: Any) -> list[Report]:
    """A latent factor model that is better, and a deep network that is worse."""
    shared = split()
    return [
        report(artifact(shared, **of_first), [0.5]),
        report(deep_network(shared), [2.0]),
    ]


def deep_network(of: Split) -> Artifact:
    """A deep network that predicts 2 for every pair."""
    ones = np.ones
    weights = {
        "user_embedding": ones((of.ratings.n_users, 1), np.float32),
        "item_embedding": ones((of.ratings.n_items, 1), np.float32),
        "hidden_0_kernel": ones((2, 1), np.float32),
        "hidden_0_bias": np.zeros(1, np.float32),
        "output_kernel": ones((1, 1), np.float32),
        "output_bias": np.zeros(1, np.float32),
    }
    return artifact(
        of,
        model="deep-neural-network-model",
        config=NetworkSettings(dimension=1, layers=(1, 1)),
        weights=weights,
        weights_before_refit=weights,
        best_epoch=1,
        history=history(1.4, 1.6),
    )
