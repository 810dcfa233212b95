"""Starcast's list for one user of a very large catalogue: scanned whole, or by its index."""

import time
from dataclasses import replace

import numpy as np

from benchmarks.serving import FACTOR, some_users, trained
from benchmarks.stage import SEED, read
from benchmarks.worker import Outcome, Round, clocked, memory_now
from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Vocabulary
from starcast.data.split import Split
from starcast.recommend import Recommender

_NOISE = 0.5  # of a real item's spread, on top of what two of them have in common


def one(
    data: str, dimension: int, n_epochs: int, n_items: int, n_calls: int, alike: bool,
    approximate: bool, threads: int,
) -> Round:  # fmt: skip
    """One user's top-10 of n_items, ids and titles with it; mean over users.

    Args:
        data: the folder of a split.
        dimension, n_epochs: of the model whose items are multiplied.
        n_items: of the catalogue.
        n_calls: users that are asked.
        alike: items are like the model's own; else users and items point anywhere.
        approximate: by the index.
        threads: all there are, as by default.
    """
    artifact = multiplied(trained(read(data), FACTOR, dimension, n_epochs), n_items, alike=alike)
    users, exact = artifact.split.ratings.users, Recommender(artifact)
    user_ids = users.ids[some_users(len(users), n_calls)].tolist()
    before, started = memory_now(), time.perf_counter()
    recommender = Recommender(artifact, approximate=True) if approximate else exact
    recommender.recommend(user_ids[0], 10)
    ready, memory = time.perf_counter() - started, memory_now() - before
    recall = float(np.mean([_hits(recommender, exact, user_id) for user_id in user_ids]))

    def calls() -> None:
        for user_id in user_ids:
            recommender.recommend(user_id, 10)

    def run() -> Outcome:
        return {
            "time": clocked(calls, len(user_ids)),
            "recall@10": recall,
            "ready in, s": ready,
            "memory for it, GB": memory,
        }

    return run


def multiplied(artifact: Artifact, n_items: int, *, alike: bool) -> Artifact:
    """The model with a catalogue of n_items; what users have rated are the first of them.

    Args:
        artifact: a latent factor model.
        n_items: of the new catalogue.
        alike: an item is a mixture of two real ones and noise; else all factors, those of users
            too, are drawn alike and independently, so that no item has near ones; biases are as
            spread as the real ones.
    """
    rng, weights, split = np.random.default_rng(SEED), artifact.weights, artifact.split
    user = weights["user_factors"]
    real = np.column_stack([weights["item_factors"], weights["item_bias"]])
    real = real[np.any(real != 0, axis=1)]  # items without a training rating are no model
    if alike:
        first, second = rng.integers(0, len(real), (2, n_items))
        share = rng.random((n_items, 1), np.float32)
        items = share * real[first] + (1 - share) * real[second]
        items += rng.standard_normal(items.shape, np.float32) * (_NOISE * real.std(axis=0))
    else:
        size = np.float32(user.shape[1] ** -0.25)  # so that products are spread by a star
        user = rng.standard_normal(user.shape, np.float32) * size
        items = rng.standard_normal((n_items, real.shape[1]), np.float32) * size
        items[:, -1] *= real[:, -1].std() / size
    catalogue = replace(
        split.ratings,
        items=Vocabulary(np.arange(n_items), "item"),
        titles=np.full(n_items, "", np.str_),
    )
    return replace(
        artifact,
        weights={
            **weights,
            "user_factors": user,
            "item_factors": items[:, :-1].copy(),
            "item_bias": items[:, -1].copy(),
        },
        split=Split(catalogue, split.parts, split.scheme),
    )


def _hits(recommender: Recommender, exact: Recommender, user_id: object) -> float:
    """Share of a user's exact list that is found."""
    found, wanted = (
        {row.item_id for row in each.recommend(user_id, 10)} for each in (recommender, exact)
    )
    return len(found & wanted) / len(wanted)
