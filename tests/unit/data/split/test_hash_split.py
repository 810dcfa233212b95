"""The split by hash: alike in NumPy, SQLite and PostgreSQL, and for ever."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import postgres_server
import pytest
from postgres_server import PASSWORD, USER
from sqlalchemy import create_engine, text

from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, RowSum, Split, SplitPlan
from starcast.data.split.by_hash import hash_sql
from starcast.data.split.fingerprint import fingerprint

NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}
Told = dict[tuple[Any, Any], str]


def crowd(kind: type, n_users: int = 60, n_items: int = 40) -> Ratings:
    """Everybody rates everything; ids are numbers, or texts with whatever may stand in them."""
    users, items = np.divmod(np.arange(n_users * n_items), n_items)
    user_ids, item_ids = users * 7 + 1, items * 1000 - 3  # negative ones, too
    if kind is str:
        user_ids = np.array([f"Ann {one}:é" for one in user_ids.tolist()])
        item_ids = np.array([f"七人の侍'{one}" for one in item_ids.tolist()])
    return Ratings.from_columns(user_ids, item_ids, (users + items) % 5 + 1.0, name="crowd")


def told_by(split: Split) -> Told:
    ratings = split.ratings
    users = ratings.users.ids[ratings.user_rows].tolist()
    items = ratings.items.ids[ratings.item_rows].tolist()
    pairs = zip(users, items, strict=True)
    return dict(zip(pairs, (NAMES[part] for part in split.parts.tolist()), strict=True))


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    programs = postgres_server.binaries()
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with postgres_server.running(programs) as port:
        secret = quote(PASSWORD, safe="")
        yield f"postgresql+psycopg://{USER}:{secret}@127.0.0.1:{port}/postgres"


@pytest.mark.parametrize("kind", [int, str])
@pytest.mark.parametrize(("test", "validation", "seed"), [(0.2, 0.1, 42), (0.35, 0.5, 0)])
def test_sqlite_says_the_same(kind: type, test: float, validation: float, seed: int) -> None:
    split = SplitPlan("hash", test, validation, seed).divide(crowd(kind))
    database = sqlite3.connect(":memory:")
    database.create_function(
        "md5", 1, lambda one: hashlib.md5(one.encode()).hexdigest(), deterministic=True
    )
    database.execute("CREATE TABLE ratings (who, what)")
    database.executemany("INSERT INTO ratings VALUES (?, ?)", told_by(split))
    part = hash_sql("who", "what", test=test, validation=validation, seed=seed)
    found = database.execute(f"SELECT who, what, {part} FROM ratings").fetchall()
    database.close()
    assert {(who, what): said for who, what, said in found} == told_by(split)
    assert set(told_by(split).values()) == set(NAMES.values())


@pytest.mark.parametrize("kind", [int, str])
def test_a_database_has_the_fingerprint_of_the_file(kind: type) -> None:
    """Its rows in an order of its own, a block at a time, each with the part that SQL tells."""
    split = SplitPlan("hash").divide(crowd(kind))
    database = sqlite3.connect(":memory:")
    database.create_function("md5", 1, lambda one: hashlib.md5(one.encode()).hexdigest())
    database.execute("CREATE TABLE ratings (who, what, stars REAL)")
    rows = zip(told_by(split), split.ratings.stars.tolist(), strict=True)
    database.executemany("INSERT INTO ratings VALUES (?, ?, ?)", ((*pair, s) for pair, s in rows))
    number = {name: part for part, name in NAMES.items()}
    asked = database.execute(
        f"SELECT who, what, stars, {hash_sql('who', 'what')} FROM ratings ORDER BY stars, who DESC"
    )
    total = RowSum()
    while block := asked.fetchmany(700):
        who, what, stars, parts = zip(*block, strict=True)
        total += RowSum.of_columns(
            np.array(who), np.array(what), np.array(stars), np.array([number[one] for one in parts])
        )
    database.close()
    assert fingerprint(total, split.ratings.scale) == split.fingerprint


@pytest.mark.parametrize("kind", [int, str])
def test_postgresql_says_the_same(postgres: str, kind: type) -> None:
    split = SplitPlan("hash", 0.25, 0.2, 7).divide(crowd(kind))
    column = "bigint" if kind is int else "text"
    rows = [{"who": who, "what": what} for who, what in told_by(split)]
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TEMPORARY TABLE ratings (who {column}, what {column})"))
        connection.execute(text("INSERT INTO ratings VALUES (:who, :what)"), rows)
        part = hash_sql("who", "what", test=0.25, validation=0.2, seed=7).replace(":", r"\:")
        found = connection.execute(text(f"SELECT who, what, {part} FROM ratings")).fetchall()
    engine.dispose()
    assert {(who, what): said for who, what, said in found} == told_by(split)


def test_rows_by_hand() -> None:
    """By md5sum: printf 1:-3:42 | md5sum, and so on; a fifth is 33333333, three fifths 99999999."""
    told = told_by(SplitPlan("hash", test=0.2, validation=0.5).divide(crowd(int)))
    assert told[1, -3] == "train"  # ee656565
    assert told[8, 997] == "train"  # 9ceb7fdc
    assert told[8, 2997] == "validation"  # 3ace4576
    assert told[8, 1997] == "test"  # 0d957bb0


def test_shares_are_as_asked_up_to_chance() -> None:
    """Within four standard deviations of 10,000 draws."""
    counts = np.bincount(SplitPlan("hash").divide(crowd(int, 100, 100)).parts, minlength=3)
    assert abs(counts[TEST] - 2000) < 4 * 40
    assert abs(counts[VALIDATION] - 800) < 4 * 27.2


def test_no_user_and_no_item_has_a_share_of_its_own() -> None:
    """Every user's and every item's test rows are as many as chance makes of 200 rows."""
    test = SplitPlan("hash").divide(crowd(int, 200, 200)).parts.reshape(200, 200) == TEST
    for axis in (0, 1):
        counts = test.sum(axis=axis)
        assert counts.std() == pytest.approx(np.sqrt(200 * 0.2 * 0.8), rel=0.2)
        alike = np.corrcoef(test.T if axis else test)
        assert abs(alike[np.triu_indices(200, 1)]).max() < 0.4


def test_a_row_keeps_its_part_when_the_file_is_read_as_text() -> None:
    numbers = crowd(int)
    texts = Ratings.from_columns(
        numbers.users.ids[numbers.user_rows].astype(str),
        numbers.items.ids[numbers.item_rows].astype(str),
        numbers.stars,
    )
    ours, theirs = (told_by(SplitPlan("hash").divide(one)) for one in (numbers, texts))
    assert {(str(user), str(item)): part for (user, item), part in ours.items()} == theirs


def test_the_documented_sql_is_what_is_reckoned_here() -> None:
    page = (Path(__file__).parents[4] / "docs" / "judging.md").read_text("utf-8")
    (shown,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert " ".join(shown.split()) == hash_sql("user_id", "item_id")
