"""Starcast's models made for lists: trained, and asked for lists of all, of one, of a stranger."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contestants.starcast_training import tiny
from benchmarks.list_judge import K, ndcg
from benchmarks.serving import some_users
from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory
from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.engines.protocol import Weights
from starcast.recommend import Recommender

_N_KNOWN = 20  # ratings of a stranger


def train(data: str, model: str, config: dict[str, Any], n_epochs: int, threads: int) -> Round:
    """From rows in memory to weights, and how good their lists are.

    Args:
        data: the folder of a split.
        model, config: its name in the registry, and settings.
        n_epochs: of them all are run.
        threads: all there are, as by default.
    """
    split = read(data)
    rows = known(split)
    _learn(model, config, tiny(), n_epochs)
    everybody = some_users(rows.n_users, rows.n_users)

    def run() -> Outcome:
        before, weights = memory_now(), list[Weights]()
        seconds = clocked(lambda: weights.append(_learn(model, config, rows, n_epochs)))
        memory = peak_memory() - before
        lists = Recommender(_artifact(split, model, config, weights[0])).top_rows(everybody, K)
        return {"time": seconds, **ndcg(split, lists), "memory for it, GB": memory}

    return run


def cost(data: str, config: dict[str, Any], threads: int) -> Round:
    """From rows to the weights of an item-item model, and the memory of the whole process then.

    Args:
        data: the folder of a split.
        config: settings.
        threads: all there are, as by default.
    """
    _learn("item-item-model", config, tiny(), 1)
    rows = known(read(data))

    def run() -> Outcome:
        memory_now()
        seconds = clocked(lambda: _learn("item-item-model", config, rows, 1))
        return {"time": seconds, "peak GB": peak_memory()}

    return run


def top(data: str, model: str, config: dict[str, Any], n_epochs: int, threads: int) -> Round:
    """Top-10 lists of all users without what they have seen."""
    recommender, split = _loaded(data, model, config, n_epochs)
    everybody = some_users(split.ratings.n_users, split.ratings.n_users)
    recommender.top_rows(everybody[:2], K)
    before = memory_now()

    def run() -> Outcome:
        seconds = clocked(lambda: recommender.top_rows(everybody, K))
        return {"time": seconds, "memory for it, GB": peak_memory() - before}

    return run


def one(
    data: str, model: str, config: dict[str, Any], n_epochs: int, n_calls: int, threads: int
) -> Round:
    """One user's top-10 from an artifact, ids, titles and stars with it; mean over users."""
    recommender, split = _loaded(data, model, config, n_epochs)
    users = split.ratings.users.ids[some_users(split.ratings.n_users, n_calls)].tolist()
    recommender.recommend(users[0], K)

    def calls() -> None:
        for user in users:
            recommender.recommend(user, K)

    return lambda: {"time": clocked(calls, len(users))}


def fold_in(
    data: str, model: str, config: dict[str, Any], n_epochs: int, n_calls: int, threads: int
) -> Round:
    """Top-10 of people known by 20 ratings alone; mean over people.

    They are users, known by the first of their ratings, whom the model is told nothing else of.
    """
    recommender, split = _loaded(data, model, config, n_epochs)
    people = [_first_ratings(split, user) for user in some_users(split.ratings.n_users, n_calls)]

    def calls() -> None:
        for items, stars in people:
            recommender.fold_in(items, stars).recommend(K)

    calls()
    return lambda: {"time": clocked(calls, len(people))}


def _first_ratings(split: Split, user: int) -> tuple[np.ndarray, np.ndarray]:
    ratings = split.ratings
    own = slice(*np.searchsorted(ratings.user_rows, [user, user + 1]).tolist())
    items, stars = ratings.item_rows[own][:_N_KNOWN], ratings.stars[own][:_N_KNOWN]
    return ratings.items.ids[items], stars


def _loaded(
    data: str, model: str, config: dict[str, Any], n_epochs: int
) -> tuple[Recommender, Split]:
    """A trained model, saved and read back."""
    split = read(data)
    weights = _learn(model, config, known(split), n_epochs)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        storage.save(_artifact(split, model, config, weights), Path(folder) / "model")
        return Recommender(storage.load(Path(folder) / "model")), split


def _learn(model: str, config: dict[str, Any], rows: Ratings, n_epochs: int) -> Weights:
    chosen = models.find(model)
    engine = chosen.engine(chosen.settings(**config), rows, SEED)
    for _ in range(n_epochs):
        engine.run_epoch()
    return engine.weights()


def _artifact(split: Split, model: str, config: dict[str, Any], weights: Weights) -> Artifact:
    """As `starcast train --refit` makes it: of training and validation rows."""
    return Artifact(
        model=model,
        config=models.find(model).settings(**config),
        seed=SEED,
        weights=weights,
        weights_before_refit=weights,
        split=split,
        best_epoch=1,
        history=(),
        refit=True,
    )
