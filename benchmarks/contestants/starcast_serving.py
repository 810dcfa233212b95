"""Starcast answering: pairs, lists for many, a list for one."""

import numpy as np

from benchmarks.serving import some_users, trained
from benchmarks.stage import read
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory
from starcast.recommend import Recommender


def pairs(data: str, model: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """Clipped predictions of the test rows from rows of users and items; seconds per pair."""
    split = read(data)
    scorer, test = trained(split, model, dimension, n_epochs).scorer, split.test

    def predict() -> None:
        test.scale.clip(scorer.score_pairs(test.user_rows, test.item_rows))

    predict()
    return lambda: {"time": clocked(predict, len(test))}


def pairs_by_id(data: str, model: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """The same from external ids, through the recommender."""
    split = read(data)
    recommender, test = Recommender(trained(split, model, dimension, n_epochs)), split.test
    users, items = test.users.ids[test.user_rows], test.items.ids[test.item_rows]
    recommender.predict(users, items)
    return lambda: {"time": clocked(lambda: recommender.predict(users, items), len(test))}


def top(data: str, model: str, dimension: int, n_epochs: int, n_users: int, threads: int) -> Round:
    """Top-10 lists without what was seen, from the whole catalogue; seconds for all users.

    Args:
        data: the folder of a split.
        model, dimension, n_epochs: what answers.
        n_users: so many are asked; the time is scaled up to all.
        threads: all there are, as by default.
    """
    split = read(data)
    recommender = Recommender(trained(split, model, dimension, n_epochs))
    users = some_users(split.ratings.n_users, n_users)
    recommender.top_rows(users[:2], 10)
    before = memory_now()

    def run() -> Outcome:
        share = len(users) / split.ratings.n_users
        seconds = clocked(lambda: recommender.top_rows(users, 10), share)
        return {"time": seconds, "memory for it, GB": peak_memory() - before}

    return run


def one(data: str, model: str, dimension: int, n_epochs: int, n_calls: int, threads: int) -> Round:
    """One user's top-10 without what he has seen, ids and titles with it; mean over users."""
    split = read(data)
    recommender = Recommender(trained(split, model, dimension, n_epochs))
    user_ids = split.ratings.users.ids[some_users(split.ratings.n_users, n_calls)].tolist()
    recommender.recommend(user_ids[0], 10)

    def calls() -> None:
        for user_id in user_ids:
            recommender.recommend(user_id, 10)

    return lambda: {"time": clocked(calls, len(user_ids))}


def metrics(n_rows: int, threads: int) -> Round:
    """RMSE, MAE and the precision, recall and F1 curves up to 100 of so many held-out rows."""
    from benchmarks.held_out import held_out
    from starcast.evaluation.metrics import held_out_curves, mae, rmse

    users, stars, scores = held_out(n_rows)
    held_out_curves(users[:1000], stars[:1000], scores[:1000], 100)
    shown = np.clip(scores, 0.5, 5.0)

    def judge() -> None:
        rmse(stars, shown)
        mae(stars, shown)
        held_out_curves(users, stars, scores, 100)

    return lambda: {"time": clocked(judge)}
