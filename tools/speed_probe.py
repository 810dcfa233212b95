"""Times of one checkout on ML-1M, as JSON: run by `two_versions.py` in the environment of each.

It knows the names of this version and those before the package was laid out anew.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from starcast import models

EPOCHS: dict[str, tuple[str, dict[str, Any], int]] = {
    "SGD, d 32": ("latent-factor-model", {"optimizer": "SGD", "dimension": 32}, 8),
    "Adam, d 32": ("latent-factor-model", {"optimizer": "Adam", "dimension": 32}, 8),
    "ALS, d 32": ("latent-factor-model", {"optimizer": "ALS", "dimension": 32}, 4),
    "deep network": ("deep-neural-network-model", {}, 2),
    "ensemble": ("ensemble-no-transfer-learning", {}, 2),
    "Bayesian, one sweep": ("bayesian-factorization-model", {}, 4),
    "autoencoder, h 64": ("autoencoder-model", {"dimension": 64}, 1),
}

SETTINGS = "settings" if hasattr(models.find("latent-factor-model"), "settings") else "config"


def main(data_dir: Path, mirror: str | None) -> dict[str, float]:
    """Best of a few, by what was timed."""
    load = _first("starcast.data.load").load
    division = _first("starcast.data.split", "starcast.split")
    metrics = _first("starcast.evaluation.metrics", "starcast.metrics")
    ratings = load("ml-1m", data_dir, mirror=mirror)
    found = {"load from the cache, ms": _best(lambda: load("ml-1m", data_dir), 9) * 1e3}
    split = division.SplitPlan(seed=42).divide(ratings)
    known = ratings.take(split.parts != division.TEST)
    for title, (name, settings, rounds) in EPOCHS.items():
        model = models.find(name)
        made = getattr(model, SETTINGS)(**settings)
        engine = model.engine(made, known, 1)
        engine.run_epoch()
        seconds = _best(engine.run_epoch, rounds)
        found[f"epoch of {title}, ns a rating"] = seconds * 1e9 / len(known)
        if title.startswith("SGD"):
            lists, scorer = _served(model, made, engine.weights(), known, split)
    users = np.arange(ratings.n_users, dtype=np.int32)
    pairs = ratings.user_rows, ratings.item_rows
    found["lists of ten for everybody, ms"] = _best(lambda: lists(users), 7) * 1e3
    found["all pairs scored, ms"] = _best(lambda: scorer.score_pairs(*pairs), 9) * 1e3
    found["one user's scores, µs"] = _best(lambda: scorer.score_user(5), 300) * 1e6
    test = split.test
    raw = scorer.score_pairs(test.user_rows, test.item_rows)
    curves = partial(metrics.held_out_curves, test.user_rows, test.stars, raw, 100)
    found["metrics of 200,000 rows, ms"] = _best(curves, 7) * 1e3
    return found


def _served(model: Any, made: Any, weights: Any, known: Any, split: Any) -> tuple[Any, Any]:
    """What makes lists of ten for users, and what scores."""
    try:
        rows = importlib.import_module("starcast.engines.rows").SparseRows
    except ModuleNotFoundError:
        old = importlib.import_module("starcast.recommend.lists")
        scorer, seen = model.scorer(weights), old.Seen(split)
        return lambda users: old.top_rows(scorer, seen, users, 10), scorer
    histories = rows.by_user(known)
    scorer = model.scorer(weights, histories, made)
    ranker = importlib.import_module("starcast.scoring.ranker").Ranker(scorer)
    top = importlib.import_module("starcast.scoring.top_lists")
    return lambda users: top.top_rows(ranker, histories, users, 10), scorer


def _first(*names: str) -> Any:
    """The first module that there is."""
    for name in names[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(names[-1])


def _best(run: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest round, after one that does not count."""
    run()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)))
