"""Every user's list in a file: its rows, its types, and what is left when it cannot be written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.errors import ConfigError, UnknownIdError
from starcast.recommend import Recommender, lister, lists
from starcast.scoring.top_lists import top_rows

READ: dict[str, Any] = {".parquet": pl.read_parquet, ".csv": pl.read_csv}
BOTH = pytest.mark.parametrize("kind", READ)


@BOTH
def test_the_rows_are_those_of_one_user_after_the_other(
    known_by_heart: Artifact, tmp_path: Path, kind: str
) -> None:
    recommender = Recommender(known_by_heart)
    path = recommender.recommend_all(tmp_path / f"top{kind}", 2)
    expected = [
        (user, rank, *row)
        for user in ("ann", "bob", "eve")
        for rank, row in enumerate(recommender.recommend(user, 2), start=1)
    ]
    table = READ[kind](path).with_columns(pl.col("title").fill_null(""))
    assert table.columns == ["user_id", "rank", "item_id", "title", "prediction"]
    assert table.rows() == expected
    assert [path.name for path in tmp_path.iterdir()] == [f"top{kind}"]


def test_types_are_those_of_the_ids(known_by_heart: Artifact, tmp_path: Path) -> None:
    ratings = known_by_heart.split.ratings
    renamed = Ratings.from_columns(ratings.user_rows + 41, ratings.item_rows + 1, ratings.stars)
    numbered = replace(known_by_heart, split=Split(renamed, known_by_heart.split.parts, "by hand"))
    Recommender(numbered).recommend_all(tmp_path / "top.parquet", 1)
    schema = pl.read_parquet_schema(tmp_path / "top.parquet")
    assert list(schema.values()) == [pl.Int64, pl.Int32, pl.Int64, pl.String, pl.Float32]


@BOTH
def test_lists_of_some_users_come_in_the_order_asked(
    known_by_heart: Artifact, tmp_path: Path, kind: str
) -> None:
    recommender = Recommender(known_by_heart)
    path = recommender.recommend_all(tmp_path / f"top{kind}", 2, users=["eve", "ann"])
    expected = [
        (user, rank, *row)
        for user in ("eve", "ann")
        for rank, row in enumerate(recommender.recommend(user, 2), start=1)
    ]
    assert READ[kind](path).with_columns(pl.col("title").fill_null("")).rows() == expected


def test_unknown_users_are_refused_or_get_what_most_like(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    path = tmp_path / "top.parquet"
    with pytest.raises(UnknownIdError, match="user 'zoe' was not in the training data"):
        Recommender(known_by_heart).recommend_all(path, users=["zoe"])
    assert not path.exists()
    kind = Recommender(known_by_heart, fallback=True)
    kind.recommend_all(path, 3, users=["zoe", "bob"])
    rows = [row[2:] for row in pl.read_parquet(path).rows()]
    liked = [*map(tuple, kind.recommend("zoe", 3)), *map(tuple, kind.recommend("bob", 3))]
    assert [row[0] for row in rows] == [row[0] for row in liked]
    assert [row[2] for row in rows] == pytest.approx([row[2] for row in liked])


def test_ids_have_the_type_of_the_data(known_by_heart: Artifact, tmp_path: Path) -> None:
    ratings = known_by_heart.split.ratings
    renamed = Ratings.from_columns(ratings.user_rows + 41, ratings.item_rows + 1, ratings.stars)
    numbered = replace(known_by_heart, split=Split(renamed, known_by_heart.split.parts, "by hand"))
    path = Recommender(numbered).recommend_all(tmp_path / "top.jsonl", 1, users=["42"])
    first = '{"user_id":42,"rank":1,"item_id":2,"title":"","prediction":5.0}\n'
    assert path.read_text(encoding="ascii") == first


def test_the_list_of_somebody_without_an_id_has_the_same_form(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    listed = Recommender(known_by_heart).fold_in(["alien"], [5]).recommend(2)
    table = pl.read_parquet(lists.write_list(listed, tmp_path / "top.parquet"))
    assert table.columns == ["user_id", "rank", "item_id", "title", "prediction"]
    assert table["user_id"].to_list() == [None, None]
    assert table["item_id"].to_list() == [row.item_id for row in listed]


def test_seen_items_can_be_included(known_by_heart: Artifact, tmp_path: Path) -> None:
    path = tmp_path / "top.csv"
    Recommender(known_by_heart).recommend_all(path, 9, exclude_seen=False)
    assert len(pl.read_csv(path)) == 3 * 4
    Recommender(known_by_heart).recommend_all(path, 9)
    assert len(pl.read_csv(path)) == 1 + 3 + 3  # seen are 3, 1 and 1 of 4


def test_row_groups_change_nothing_and_are_told_of(
    known_by_heart: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommender = Recommender(known_by_heart)
    whole = recommender.recommend_all(tmp_path / "whole.csv", 3).read_bytes()
    monkeypatch.setattr(lists, "_ROW_GROUP", 2)
    told: list[tuple[int, int]] = []
    path = tmp_path / "parts.csv"
    recommender.recommend_all(path, 3, on_progress=lambda *both: told.append(both))
    assert path.read_bytes() == whole
    assert told == [(2, 3), (3, 3)]


def test_no_more_than_a_row_group_is_held(
    known_by_heart: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_ROW_GROUP", 1)
    asked: list[int] = []

    def spy(ranker: Any, seen: Any, users: np.ndarray, *more: Any, **named: Any) -> np.ndarray:
        asked.append(len(users))
        return top_rows(ranker, seen, users, *more, **named)

    monkeypatch.setattr(lister, "top_rows", spy)
    Recommender(known_by_heart).recommend_all(tmp_path / "top.parquet")
    assert asked == [1, 1, 1]


@BOTH
def test_a_list_that_breaks_off_leaves_what_was_there(
    known_by_heart: Artifact, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"top{kind}"
    path.write_text("before", encoding="utf-8")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Recommender(known_by_heart).recommend_all(path, on_progress=stop)
    assert path.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == [f"top{kind}"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("top.xlsx", "ends neither in .parquet nor in .csv"),
        ("top", "ends neither in .parquet nor in .csv"),
        ("nowhere/top.csv", "cannot write .*nowhere"),
        ("folder.csv", "cannot write .*folder.csv"),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    known_by_heart: Artifact, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match=said):
        Recommender(known_by_heart).recommend_all(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def test_a_list_of_no_length_is_refused(known_by_heart: Artifact, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="k must be at least 1, got 0"):
        Recommender(known_by_heart).recommend_all(tmp_path / "top.csv", 0)
