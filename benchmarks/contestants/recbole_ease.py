"""RecBole's EASE: NumPy's inverse of a Gram matrix in single precision, in its constructor."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.list_judge import ndcg_of_products, rated
from benchmarks.stage import read
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory


def train(data: str, penalty: float, threads: int) -> Round:
    """From a sparse matrix in memory to weights, and how good their lists are.

    Its model asks a data set for that matrix and nothing else, so a matrix is what it is given.
    """
    from recbole.model.general_recommender.ease import EASE

    split = read(data)
    matrix = rated(split)
    given = SimpleNamespace(num=lambda field: 0, inter_matrix=lambda form: matrix)
    config = _Config(reg_weight=penalty, USER_ID_FIELD="user", ITEM_ID_FIELD="item",
                     NEG_PREFIX="neg_", device="cpu")  # fmt: skip

    def run() -> Outcome:
        before, models = memory_now(), list[Any]()
        seconds = clocked(lambda: models.append(EASE(config, given)))
        memory = peak_memory() - before
        figures = ndcg_of_products(split, matrix, np.asarray(models[0].item_similarity))
        return {"time": seconds, **figures, "memory for it, GB": memory}

    return run


class _Config(dict[str, object]):
    """Settings, which it asks for by name and, once, as an attribute."""

    device = "cpu"
