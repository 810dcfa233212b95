"""What diversity and calibration cost a list, and what they bring, by their weight.

    python tools/rule_weights.py --dataset ml-latest-small

A model is trained on training rows; its lists leave these out and are judged on validation rows, so
that no test row is looked at. NDCG@10 counts what was rated at or above the user's mean. Distance
is 1 less the mean likeness of the pairs of a list by genres and years (Jaccard); miscalibration as
in reports (Steck 2018).
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from one_line import run_tool

from starcast import api
from starcast.artifacts.artifact import Artifact
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.evaluation.metrics import Genres, Relevance, miscalibration, ranking_at_k
from starcast.recommend import Recommender

WEIGHTS = (0.1, 0.2, 0.3, 0.5, 0.7)
K = 10
Lists = NDArray[np.int32]


def main(
    dataset: Annotated[str, typer.Option(help="A data set by name.")] = "ml-latest-small",
    model: Annotated[list[str] | None, typer.Option(help="A model; repeat for more.")] = None,
    users: Annotated[int, typer.Option(help="Users at most, evenly spread.")] = 1000,
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
) -> None:
    """Train, list and judge."""
    split = api.split(api.load(dataset, data_dir=data_dir))
    for name in model or ("item-item-model", "latent-factor-model"):
        judged = _on_validation(api.train(split, name).artifact)
        print(f"\n{judged.title}, {dataset}\n\n| | NDCG@{K} | distance | miscalibration |")
        print("|---|---:|---:|---:|")
        for words, figures in _rows(judged, users):
            print(f"| {words} | " + " | ".join(f"{one:.3f}" for one in figures) + " |", flush=True)


def _on_validation(artifact: Artifact) -> Artifact:
    """The model with its validation rows as test rows, and no others.

    A split has validation rows; one training row stands in, which lists leave out all the same.
    """
    split = artifact.split
    kept = split.parts <= VALIDATION
    parts = np.where(split.parts[kept] == VALIDATION, TEST, TRAIN).astype(np.uint8)
    parts[np.argmax(parts == TRAIN)] = VALIDATION
    return replace(artifact, split=Split(split.ratings.take(kept), parts, split.scheme))


def _rows(artifact: Artifact, n_users: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    test = artifact.split.test
    users = np.unique(test.user_rows)[:: max(1, len(np.unique(test.user_rows)) // n_users)]
    recommender = Recommender(artifact)
    asked: list[tuple[str, dict[str, Any]]] = [("neither", {})]
    asked += [(f"diversity {one}", {"diversity": one}) for one in WEIGHTS]
    asked += [(f"calibration {one}", {"calibration": one}) for one in WEIGHTS]
    asked += [("diversity 0.2, calibration 0.3", {"diversity": 0.2, "calibration": 0.3})]
    for words, rules in asked:
        yield words, _judged(artifact, users, _lists(recommender, users, rules))


def _lists(recommender: Recommender, users: NDArray[Any], rules: dict[str, Any]) -> Lists:
    ratings = recommender.artifact.split.ratings
    lists = np.full((len(users), K), -1, np.int32)
    for at, user in enumerate(ratings.users.ids[users].tolist()):
        ids = [row.item_id for row in recommender.recommend(user, K, **rules)]
        lists[at, : len(ids)] = ratings.items.rows(ids)
    return lists


def _judged(artifact: Artifact, users: NDArray[Any], lists: Lists) -> tuple[float, ...]:
    test, train = artifact.split.test, artifact.split.train
    liked = test.take(Relevance.parse("above-mean").of(test.user_rows, test.stars))
    ranking = ranking_at_k(lists, *_of_users(liked.user_rows, liked.item_rows, users))
    features = [one for one in test.attributes if one.side == "item" and one.is_feature]
    genre = next(one for one in features if one.name == "genre")
    genres = Genres.of(genre.member_rows, genre.value_rows, test.n_items, len(genre.values))
    off = miscalibration(lists, *_of_users(train.user_rows, train.item_rows, users), genres)
    own: list[set[tuple[str, int]]] = [set() for _ in range(test.n_items)]
    for one in features:
        for item, value in zip(one.member_rows.tolist(), one.value_rows.tolist(), strict=True):
            own[item].add((one.name, value))
    distance = np.mean([_distance([own[item] for item in row if item >= 0]) for row in lists])
    return ranking.ndcg, float(distance), float(np.nanmean(off))


def _of_users(
    user_rows: NDArray[Any], item_rows: NDArray[Any], users: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Offsets and items of some users' rows."""
    theirs = np.isin(user_rows, users)
    counts = np.bincount(user_rows[theirs], minlength=int(users.max()) + 1)[users]
    return np.concatenate([[0], np.cumsum(counts)]), item_rows[theirs]


def _distance(kinds: list[set[tuple[str, int]]]) -> float:
    likeness = [len(a & b) / max(len(a | b), 1) for a, b in combinations(kinds, 2)]
    return 1 - float(np.mean(likeness)) if likeness else 0.0


if __name__ == "__main__":
    run_tool("rule_weights", main)
