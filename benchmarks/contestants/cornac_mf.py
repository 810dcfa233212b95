"""Cornac's MF: Koren's biased factors by per-rating SGD, in C++ through Cython."""

import time
from typing import Any

import numpy as np

from benchmarks.serving import FACTOR, trained
from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked
from starcast.data.ratings import Ratings
from starcast.evaluation import metrics

_SETTINGS = {"learning_rate": 0.01, "lambda_reg": 0.02}


def to_weights(data: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """From columns in memory to weights, and how good they are on the test rows.

    Cornac visits the rows as they come, so they come in a random order, which makes its model
    better; shuffling them is not on its clock.
    """
    from cornac.models import MF

    split = read(data)
    test = split.test
    data_set = _shuffled(known(split))

    def run() -> Outcome:
        started = time.perf_counter()
        given = data_set()
        prepared = time.perf_counter()
        model = MF(k=dimension, max_iter=n_epochs, num_threads=threads, **_SETTINGS).fit(given)
        ended = time.perf_counter()
        raw = _score_pairs(model, test)
        return {
            "time": ended - started,
            "training alone, s": ended - prepared,
            "test RMSE": metrics.rmse(test.stars, test.scale.clip(raw)),
        }

    return run


def epoch(data: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """Epochs over the training and validation rows, seconds per rating."""
    from cornac.models import MF

    rows = known(read(data))
    given = _shuffled(rows)()

    def epochs() -> None:
        MF(k=dimension, max_iter=n_epochs, num_threads=threads, **_SETTINGS).fit(given)

    return lambda: {"time": clocked(epochs, n_epochs * len(rows))}


def pairs(data: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """Clipped predictions of the test rows, one call each; seconds per pair."""
    split = read(data)
    model, _ = _serving(data, dimension, n_epochs)
    users, items = split.test.user_rows.tolist(), split.test.item_rows.tolist()

    def predict() -> None:
        for user, item in zip(users, items, strict=True):
            model.rate(user, item)

    return lambda: {"time": clocked(predict, len(users))}


def top(data: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """Top-10 lists of all users without what they have seen."""
    model, given = _serving(data, dimension, n_epochs)
    users = list(given.uid_map)
    model.recommend(users[0], k=10, remove_seen=True, train_set=given)

    def lists() -> None:
        for user in users:
            model.recommend(user, k=10, remove_seen=True, train_set=given)

    return lambda: {"time": clocked(lists)}


def _shuffled(rows: Ratings) -> Any:
    """Makes the library's data set of rows in a random order."""
    from cornac.data import Dataset

    order = np.random.default_rng(SEED).permutation(len(rows))
    columns = (
        rows.user_rows[order].astype(np.int64),
        rows.item_rows[order].astype(np.int64),
        rows.stars[order],
    )
    users, items = ({row: row for row in range(n)} for n in (rows.n_users, rows.n_items))
    return lambda: Dataset(rows.n_users, rows.n_items, users, items, columns)


def _serving(data: str, dimension: int, n_epochs: int) -> tuple[Any, Any]:
    """Cornac's model with the weights that Starcast serves, and its data set."""
    from cornac.models import MF

    split = read(data)
    weights = trained(split, FACTOR, dimension, n_epochs).weights
    given = _shuffled(known(split))()
    names = {"U": "user_factors", "V": "item_factors", "Bu": "user_bias", "Bi": "item_bias"}
    first = {theirs: weights[ours].copy() for theirs, ours in names.items()}
    return MF(k=dimension, trainable=False, init_params=first).fit(given), given


def _score_pairs(model: Any, rows: Ratings) -> np.ndarray:
    users, items = rows.user_rows, rows.item_rows
    products = np.einsum("nd,nd->n", model.u_factors[users], model.i_factors[items])
    biases = model.u_biases[users] + model.i_biases[items]
    scores: np.ndarray = model.global_mean + biases + products
    return scores
