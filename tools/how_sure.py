"""Judge how sure the page says it is, on test rows.

    python tools/how_sure.py ARTIFACT

A rating's spread about its prediction goes by its item's and its user's training ratings, as in
`FoldedInUser.predictive_std`; what that is worth beside one spread for all, in nats a test rating
under a normal law, and how often a rating is a mark or more where a tenth of chances is said. Then
what it costs and saves that lists of ten show first what is predicted at least a user's usual
stars: NDCG@10 of test ratings of four or more, and the share of the ten with a lower one.
"""

import sys
from pathlib import Path

import numpy as np

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.split import TEST, TRAIN
from starcast.engines.normal import cdf
from starcast.recommend import Recommendation, Recommender
from starcast.recommend.pairs import PairScorer

MARKS, LIKED = (3.5, 4.0, 4.5), 4.0


def spreads(artifact: Artifact) -> tuple[np.ndarray, np.ndarray]:
    """Of every user and item: √(v_u / v) and √(v_i / v), as columns to be multiplied."""
    ratings, means = artifact.split.ratings, PairScorer(artifact).means
    of_all, of_item = means.variances
    known = artifact.up_to(TRAIN)
    of_user = np.full(ratings.n_users, of_all)
    for user in range(ratings.n_users):
        own = np.flatnonzero(known & (ratings.user_rows == user))
        of_user[user] = means.variance_of(ratings.item_rows[own], ratings.stars[own])
    return np.sqrt(of_user / of_all), np.sqrt(of_item / of_all)


def judge_lists(artifact: Artifact) -> None:
    """Print NDCG@10 and the share of disappointments, with and without what is liked first."""
    ratings, model = artifact.split.ratings, Recommender(artifact)
    typical, found = PairScorer(artifact).means.typical_rows, []
    test = artifact.split.parts == TEST
    for row, user in enumerate(ratings.users.ids.tolist()):
        own = np.flatnonzero(test & (ratings.user_rows == row))
        stars = dict(
            zip(ratings.items.ids[ratings.item_rows[own]], ratings.stars[own], strict=True)
        )
        if not any(one >= LIKED for one in stars.values()):
            continue
        scores = artifact.scorer.score_pairs(np.full(len(typical), row, np.int32), typical)
        usual = float(ratings.scale.clip(scores).mean())
        plain = model.recommend(user, 50)
        liked = sorted(plain, key=lambda one: one.prediction < usual)
        found.append([*judged(plain[:10], stars), *judged(liked[:10], stars)])
    print("as they are and liked first: NDCG@10 {:.4f} {:.4f}, disappointing {:.4f} {:.4f}".format(
        *np.mean(found, axis=0)[[0, 2, 1, 3]]
    ))  # fmt: skip


def judged(listed: list[Recommendation], stars: dict[object, float]) -> tuple[float, float]:
    """NDCG@10 of a list, and its share of items that were given less than was hoped for."""
    given = np.array([stars.get(one.item_id, np.nan) for one in listed])
    discounts = 1 / np.log2(np.arange(2, 12))
    n_liked = sum(one >= LIKED for one in stars.values())
    gained = discounts[: len(given)][given >= LIKED].sum() / discounts[:n_liked].sum()
    return float(gained), float(np.mean(given < LIKED))


def main(folder: Path) -> None:
    """Print the figures of one model."""
    artifact = storage.load(folder)
    judge_stars(artifact)
    judge_lists(artifact)


def judge_stars(artifact: Artifact) -> None:
    """Print what the spread is worth, and how often what is said happens."""
    ratings, step = artifact.split.ratings, artifact.split.ratings.scale.step
    test = artifact.split.parts == TEST
    users, items, stars = ratings.user_rows[test], ratings.item_rows[test], ratings.stars[test]
    predicted = artifact.scorer.score_pairs(users, items).astype(np.float64)
    errors = stars - ratings.scale.clip(predicted)
    of_user, of_item = spreads(artifact)
    std = artifact.residual_rmse * of_user[users] * of_item[items]

    def nats(spread: np.ndarray) -> float:
        return float(np.mean(0.5 * (errors / spread) ** 2 + np.log(spread)))

    same = np.full(len(errors), artifact.residual_rmse)
    print(f"worth {nats(same) - nats(std):.4f} nats a rating beside one spread for all")
    for mark in MARKS:
        chances = 1 - cdf((mark - step / 2 - predicted) / std)
        tenths = np.minimum((10 * chances).astype(int), 9)
        told = [
            f"{100 * chances[one].mean():.0f}:{100 * (stars[one] >= mark).mean():.0f}"
            for one in (np.flatnonzero(tenths == n) for n in range(10))
            if len(one) >= 20
        ]
        print(f"{mark} or more, said:happened in percent  {'  '.join(told)}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
