"""LensKit's biased matrix factorization by alternating least squares, in Rust."""

import time
from typing import Any

import numpy as np

from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked
from starcast.data.ratings import Ratings
from starcast.evaluation import metrics


def to_weights(data: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """From columns in memory to weights, and how good they are on the test rows."""
    from lenskit.training import TrainingOptions

    split = read(data)
    rows, test = known(split), split.test

    def run() -> Outcome:
        started = time.perf_counter()
        given = _data_set(rows)
        prepared = time.perf_counter()
        scorer = _scorer(dimension, n_epochs)
        scorer.train(given, TrainingOptions(rng=SEED))
        ended = time.perf_counter()
        raw = _score_pairs(scorer, test)
        return {
            "time": ended - started,
            "training alone, s": ended - prepared,
            "test RMSE": metrics.rmse(test.stars, test.scale.clip(raw)),
        }

    return run


def epoch(data: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """Sweeps over users and items, seconds per rating."""
    from lenskit.training import TrainingOptions

    rows = known(read(data))
    trainer = _scorer(dimension, 1).create_trainer(_data_set(rows), TrainingOptions(rng=SEED))

    def sweeps() -> None:
        for _ in range(n_epochs):
            trainer.train_epoch()

    return lambda: {"time": clocked(sweeps, n_epochs * len(rows))}


def _data_set(rows: Ratings) -> Any:
    import pandas as pd
    from lenskit.data import from_interactions_df

    columns = {"user_id": rows.user_rows, "item_id": rows.item_rows, "rating": rows.stars}
    return from_interactions_df(pd.DataFrame(columns))


def _scorer(dimension: int, n_epochs: int) -> Any:
    from lenskit.als import BiasedMFScorer

    return BiasedMFScorer(embedding_size=dimension, epochs=n_epochs)


def _score_pairs(scorer: Any, rows: Ratings) -> np.ndarray:
    """Its predictions; a user or item that it does not know counts with zeros."""
    users = scorer.users.numbers(rows.user_rows, missing="negative")
    items = scorer.items.numbers(rows.item_rows, missing="negative")
    user_bias = np.append(scorer.bias.user_biases, 0)[users]  # -1 is the zero at the end
    item_bias = np.append(scorer.bias.item_biases, 0)[items]
    zero = np.zeros((1, scorer.user_embeddings.shape[1]), np.float32)
    factors = (
        np.vstack([table, zero])[at]
        for table, at in ((scorer.user_embeddings, users), (scorer.item_embeddings, items))
    )
    products = np.einsum("nd,nd->n", *factors)
    scores: np.ndarray = products + scorer.bias.global_bias + user_bias + item_bias
    return scores
