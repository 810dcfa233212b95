"""The one door: embedded, on disk, fetched, or one's own."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_ratings import n_repeated

import starcast.data.movielens.fetch
from starcast.data import load as door
from starcast.data import parquet
from starcast.data.cache import path_for
from starcast.data.files import tabular
from starcast.data.movielens import parse
from starcast.data.scale import RatingScale
from starcast.errors import ConfigError, DataError, UnknownNameError

EMBEDDED = Path(door.__file__).parent / "embedded"


def hundred_thousand(data_dir: Path) -> Path:
    folder = data_dir / "ml-100k"
    folder.mkdir(parents=True)
    (folder / "u.data").write_text("1\t20\t4\t900\n7\t3\t2\t50\n1\t3\t5\t901\n")
    (folder / "u.item").write_text("3|Three (1995)|\n20|Twenty (1996)|\n")
    (folder / "u1.test").write_text("7\t3\t2\t50\n")
    return folder


def test_the_embedded_set(tmp_path: Path) -> None:
    ratings = door.load("ml-latest-small", tmp_path / "nowhere")
    assert (len(ratings), ratings.n_users, ratings.n_items) == (100_836, 610, 9_724)
    assert ratings.scale == RatingScale(0.5, 5, 0.5)
    assert ratings.name == "ml-latest-small"
    assert ratings.titles[ratings.items.rows([1])].tolist() == ["Toy Story (1995)"]
    assert ratings.timestamps is not None
    first = (ratings.user_rows[0], ratings.item_rows[0], ratings.stars[0], ratings.timestamps[0])
    assert first == (0, 0, 4.0, 964982703)  # the CSV's first line: 1,1,4.0,964982703
    counts = np.bincount(np.rint(ratings.stars * 2).astype(int))[1:]
    assert counts.tolist() == [1370, 2811, 1791, 7551, 5550, 20047, 13136, 26818, 8551, 13211]
    assert not (tmp_path / "nowhere").exists()


def test_the_embedded_set_carries_its_licence_and_stays_small() -> None:
    readme = (EMBEDDED / "README.txt").read_bytes()
    assert hashlib.md5(readme, usedforsecurity=False).hexdigest() == (
        "36b9aea3c46409bf7e29f62fafecc200"
    )
    assert b"it is distributed under these same license conditions" in readme
    assert sum(path.stat().st_size for path in EMBEDDED.glob("*.parquet")) < 1_400_000


def test_a_damaged_embedded_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ml-latest-small.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(door, "_EMBEDDED", tmp_path)
    with pytest.raises(DataError, match=r"ml-latest-small\.parquet cannot be read"):
        door.load("ml-latest-small", tmp_path)


def test_a_set_on_disk_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = hundred_thousand(tmp_path)
    first = door.load("ml-100k", tmp_path)
    assert path_for(folder / "u.data").is_dir()
    monkeypatch.setattr(parse, "read", lambda *_: pytest.fail("parsed again"))
    second = door.load("ml-100k", tmp_path)
    assert second.titles.tolist() == first.titles.tolist() == ["Three (1995)", "Twenty (1996)"]
    assert second.content_hash() == first.content_hash()
    assert second.name == "ml-100k"


def test_a_set_that_is_not_there_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def fetch(name: str, data_dir: Path, mirror: str | None, on_progress: Any) -> Path:
        asked.append((name, data_dir, mirror, on_progress))
        return hundred_thousand(data_dir)

    monkeypatch.setattr(starcast.data.movielens.fetch, "fetch", fetch)
    assert len(door.load("ml-100k", tmp_path / "sets", mirror="there", on_progress=print)) == 3
    door.load("ml-100k", tmp_path / "sets", mirror="there")
    assert asked == [("ml-100k", tmp_path / "sets", "there", print)]


def test_unknown_sets_suggest_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'ml-1m'"):
        door.load("ml1m", tmp_path)


def test_official_splits(tmp_path: Path) -> None:
    hundred_thousand(tmp_path)
    ratings = door.load("ml-100k", tmp_path)
    mask = door.load_official_test("ml-100k", "u1", tmp_path, ratings)
    assert mask.tolist() == [False, False, True]
    with pytest.raises(UnknownNameError, match="did you mean 'u1'"):
        door.load_official_test("ml-100k", "u10", tmp_path, ratings)
    with pytest.raises(UnknownNameError, match="'u2'"):  # in the catalogue, but not on this disk
        door.load_official_test("ml-100k", "u2", tmp_path, ratings)
    with pytest.raises(ConfigError, match="ml-1m ships no official splits"):
        door.load_official_test("ml-1m", "u1", tmp_path, ratings)


def test_own_files_are_parsed_once_for_one_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, items = tmp_path / "mine.v2.csv", tmp_path / "items.csv"
    rows.write_text("user,item,rating\n1,2,3\n1,2,4\n1,3,5\n")
    items.write_text("id,title\n3,Three\n")
    ratings = door.load_own(rows, items)
    assert (ratings.name, n_repeated(ratings)) == ("mine", 1)
    assert ratings.scale == RatingScale(4, 5, 1)
    given = door.load_own(rows, items, scale=RatingScale(1, 5, 1))
    assert given.scale == RatingScale(1, 5, 1)

    monkeypatch.setattr(tabular, "of_tables", lambda *_, **__: pytest.fail("parsed again"))
    again = door.load_own(rows, items, scale=RatingScale(1, 5, 1), name="other")
    assert (again.name, n_repeated(again)) == ("other", 1)
    assert again.titles.tolist() == ["", "Three"]


def test_own_bad_files_leave_no_cache(tmp_path: Path) -> None:
    rows = tmp_path / "mine.csv"
    rows.write_text("user,item,rating\n1,2,3\n1,3,x\n")
    with pytest.raises(DataError, match=r"mine\.csv, line 3"):
        door.load_own(rows)
    assert list(tmp_path.iterdir()) == [rows]


def test_a_cache_is_no_table_of_ratings(tmp_path: Path) -> None:
    parquet.write(tmp_path / "p.parquet", door.load("ml-latest-small", tmp_path))
    with pytest.raises(DataError, match=r"p\.parquet.*user"):
        door.load_own(tmp_path / "p.parquet")
