"""LensKit's EASE, by PyTorch's Cholesky, and its implicit factor model, in Rust."""

from typing import Any

import numpy as np

from benchmarks.list_judge import ndcg_of_products, rated
from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory
from starcast.data.ratings import Ratings


def ease(data: str, penalty: float, threads: int) -> Round:
    """From its data set in memory to weights, and how good their lists are."""
    from lenskit.knn import EASEScorer

    split = read(data)
    given, matrix = _data_set(known(split)), rated(split)

    def run() -> Outcome:
        before, scorer = memory_now(), EASEScorer(regularization=penalty)
        seconds = clocked(lambda: _train(scorer, given))
        memory = peak_memory() - before
        items = scorer.items.ids()
        whole = np.zeros((matrix.shape[1],) * 2, np.float32)
        whole[np.ix_(items, items)] = scorer.weights
        return {"time": seconds, **ndcg_of_products(split, matrix, whole),
                "memory for it, GB": memory}  # fmt: skip

    return run


def als(data: str, dimension: int, n_epochs: int, weight: float, penalty: float,
        threads: int) -> Round:  # fmt: skip
    """The same of its implicit factor model."""
    from lenskit.als import ImplicitMFScorer

    split = read(data)
    given = _data_set(known(split))

    def run() -> Outcome:
        before = memory_now()
        scorer = ImplicitMFScorer(embedding_size=dimension, epochs=n_epochs, weight=weight,
                                  regularization=penalty)  # fmt: skip
        seconds = clocked(lambda: _train(scorer, given))
        memory = peak_memory() - before
        users = np.zeros((split.ratings.n_users, dimension), np.float32)
        items = np.zeros((dimension, split.ratings.n_items), np.float32)
        users[scorer.users.ids()] = scorer.user_embeddings
        items[:, scorer.items.ids()] = scorer.item_embeddings.T
        return {"time": seconds, **ndcg_of_products(split, users, items),
                "memory for it, GB": memory}  # fmt: skip

    return run


def _train(scorer: Any, given: Any) -> None:
    from lenskit.training import TrainingOptions

    scorer.train(given, TrainingOptions(rng=SEED))


def _data_set(rows: Ratings) -> Any:
    import pandas as pd
    from lenskit.data import from_interactions_df

    columns = {"user_id": rows.user_rows, "item_id": rows.item_rows}
    return from_interactions_df(pd.DataFrame(columns))
