"""myFM's Bayesian factorization machine: Gibbs sampling in C++; its mean prediction is accurate."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.running_mean import RunningMean
from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked, peak_memory
from starcast.data.ratings import Ratings
from starcast.evaluation import metrics


def to_weights(data: str, rank: int, n_sweeps: int, threads: int) -> Round:
    """From columns in memory to samples, and how good their mean is on the test rows."""
    split = read(data)
    rows, test = known(split), split.test

    def run() -> Outcome:
        started = time.perf_counter()
        given = _one_hot(rows)
        prepared = time.perf_counter()
        model = _fitted(given, rows, rank, n_sweeps)
        ended = time.perf_counter()
        raw = model.predict(_one_hot(test), n_workers=threads)
        return {
            "time": ended - started,
            "training alone, s": ended - prepared,
            "test RMSE": metrics.rmse(test.stars, test.scale.clip(raw)),
        }

    return run


def pairs(data: str, rank: int, n_sweeps: int, threads: int) -> Round:
    """Predictions of the test rows from their matrix; seconds per pair."""
    split = read(data)
    rows = known(split)
    model, asked = _fitted(_one_hot(rows), rows, rank, n_sweeps), _one_hot(split.test)
    return lambda: {
        "time": clocked(lambda: model.predict(asked, n_workers=threads), len(split.test))
    }


def to_levels(
    data: str, levels: Sequence[float], samples: int, burn_in: int, dimension: int,
    likelihood: str, threads: int,
) -> Round:  # fmt: skip
    """From training rows to samples; seconds, and how soon their mean was how good.

    Args:
        data: the folder of a split.
        levels: RMSEs on the validation rows.
        samples, burn_in, dimension, likelihood: settings; every sample is kept.
        threads: 1; it has no use for more.
    """
    import myfm

    split = read(data)
    rows, asked = split.train, split.validation
    kind = myfm.MyFMOrderedProbit if likelihood == "probit" else myfm.MyFMGibbsRegressor
    stars, classes = np.unique(rows.stars, return_inverse=True)
    targets = classes if likelihood == "probit" else rows.stars
    judged = _blocks(rows, asked)[0]

    def run() -> Outcome:
        seen, passed, started = RunningMean(asked, levels), 0.0, time.perf_counter()
        given, groups = _blocks(rows, rows)

        def after_sweep(sweep: int, sample: Any, *_: Any) -> tuple[bool, None]:
            nonlocal passed, started
            passed += time.perf_counter() - started
            if sweep >= burn_in:
                seen.add(_expected(sample, judged, stars, likelihood), passed)
            started = time.perf_counter()
            return False, None

        kind(rank=dimension, random_seed=SEED).fit(
            None, targets, X_rel=given, n_iter=burn_in + samples, n_kept_samples=samples,
            group_shapes=groups, callback=after_sweep,
        )  # fmt: skip
        passed += time.perf_counter() - started
        return {"time": passed, **seen.figures(), "peak GB": peak_memory()}

    return run


def _blocks(known: Ratings, rows: Ratings) -> tuple[list[Any], list[int]]:
    """Users with their rated items, items with their raters, and how many features each group has.

    Args:
        known: the rows that histories are made of.
        rows: whose users and items are looked up in the blocks.
    """
    from myfm import RelationBlock
    from scipy.sparse import csr_matrix, diags, hstack, identity

    shape = known.n_users, known.n_items
    rated = csr_matrix((np.ones(len(known)), (known.user_rows, known.item_rows)), shape=shape)
    blocks = []
    for history, members in ((rated, rows.user_rows), (rated.T.tocsr(), rows.item_rows)):
        scale = diags(1 / np.sqrt(np.maximum(np.diff(history.indptr), 1)))
        block = hstack([identity(history.shape[0]), scale @ history], format="csr")
        blocks.append(RelationBlock(members.tolist(), block))
    return blocks, [shape[0], shape[1], shape[1], shape[0]]


def _expected(sample: Any, blocks: list[Any], stars: Any, likelihood: str) -> Any:
    """Expected stars by one sample."""
    from scipy.sparse import csr_matrix

    nothing = csr_matrix((blocks[0].mapper_size, 0))
    if likelihood == "probit":
        return sample.oprobit_predict_proba(nothing, blocks, 0) @ stars
    return sample.predict_score(nothing, blocks)


def _one_hot(rows: Ratings) -> Any:
    """One column per user and per item, two ones per rating."""
    from scipy.sparse import csr_matrix

    columns = np.column_stack([rows.user_rows, rows.n_users + rows.item_rows]).ravel()
    ends = np.arange(0, 2 * len(rows) + 1, 2)
    shape = (len(rows), rows.n_users + rows.n_items)
    return csr_matrix((np.ones(2 * len(rows)), columns, ends), shape=shape)


def _fitted(given: Any, rows: Ratings, rank: int, n_sweeps: int) -> Any:
    from myfm import MyFMRegressor

    model = MyFMRegressor(rank=rank, random_seed=SEED)
    return model.fit(given, rows.stars, n_iter=n_sweeps, group_shapes=[rows.n_users, rows.n_items])
