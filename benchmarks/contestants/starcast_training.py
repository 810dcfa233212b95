"""Starcast learning: to weights, and by the epoch."""

import time
from typing import Any

from benchmarks.stage import SEED, known, read
from benchmarks.synthetic import synthetic
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory
from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Weights
from starcast.engines.rows import SparseRows
from starcast.evaluation import metrics
from starcast.evaluation.metrics import STARS
from starcast.models import Model
from starcast.training.loop import train

_UNJUDGED = {"rmse": 0.0}


def to_weights(data: str, model: str, config: dict[str, Any], threads: int) -> Round:
    """From columns in memory to weights, and how good they are on the test rows.

    Args:
        data: the folder of a split.
        model: its name in the registry.
        config: settings; every one of its epochs is run.
        threads: all there are, as by default.
    """
    split, chosen = read(data), models.find(model)
    rows, test = known(split), split.test
    _learn(chosen, config | {"epochs": 1}, tiny())

    def run() -> Outcome:
        started = time.perf_counter()
        ratings = _from_columns(rows)
        prepared = time.perf_counter()
        weights = _learn(chosen, config, ratings)
        ended = time.perf_counter()
        scorer = chosen.scorer(weights, SparseRows.by_user(rows), chosen.settings(**config))
        raw = scorer.score_pairs(test.user_rows, test.item_rows)
        return {
            "time": ended - started,
            "training alone, s": ended - prepared,
            "test RMSE": metrics.rmse(test.stars, test.scale.clip(raw)),
        }

    return run


def epoch(
    data: str,
    model: str,
    config: dict[str, Any],
    threads: int,
    n_epochs: int = 1,
    warm: bool = False,
) -> Round:
    """Epochs over the training and validation rows of a split, seconds per rating.

    Args:
        data: the folder of a split.
        model, config: whose engine.
        threads: all there are, as by default.
        n_epochs: in a round; the time is that of one.
        warm: after an epoch of the very rows, for which some engines compile.
    """
    chosen, settings = models.find(model), models.find(model).settings(**config)
    chosen.engine(settings, tiny(), SEED).run_epoch()
    empty = memory_now()
    split = read(data)
    n_ratings, rows = len(split.ratings), known(split)
    del split
    engine = chosen.engine(settings, rows, SEED)
    if warm:
        engine.run_epoch()

    def run() -> Outcome:
        def epochs() -> None:
            for _ in range(n_epochs):
                engine.run_epoch()

        seconds, peak = clocked(epochs, n_epochs * len(rows)), peak_memory()
        per_rating = 1e9 * (peak - empty) / n_ratings
        return {"time": seconds, "peak GB": peak, "bytes per rating": per_rating}

    return run


def tiny() -> Ratings:
    """Something to compile on."""
    return synthetic(2000, 60, 50, SEED)


def _from_columns(rows: Ratings) -> Ratings:
    """What a program does that has rows, stars and their scale: the checks are part of it."""
    return Ratings.from_rows(
        rows.users, rows.items, rows.user_rows, rows.item_rows, rows.stars, scale=rows.scale
    )


def _learn(model: Model, config: dict[str, Any], rows: Ratings) -> Weights:
    settings = model.settings(**config)
    trained = train(
        model.engine(settings, rows, SEED),
        lambda weights, share: (_UNJUDGED, None),
        objective=STARS,
        epochs=settings.epochs,
        patience=settings.epochs or 1,  # without a bound it is a sampler, which has no patience
        averaging=settings.averaging,
    )
    return trained.weights
