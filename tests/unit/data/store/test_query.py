"""Ratings from real databases: SQLite, and PostgreSQL where it is installed."""

import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import postgres_server
import pytest
from postgres_server import DATABASE, PASSWORD, USER
from sqlalchemy import create_engine, make_url, text

from starcast.data import load as door
from starcast.data.files.options import ReadingOptions
from starcast.data.ratings import Ratings
from starcast.data.store.address import Query, without_secrets
from starcast.errors import DataError

RATINGS = (
    "CREATE TABLE ratings (id INTEGER, user_id INTEGER, movie_id VARCHAR(9), stars NUMERIC(2, 1), "
    "rated_at TIMESTAMP)",
    "INSERT INTO ratings VALUES (1, 7, 'alien', 4.5, '2020-01-02 00:00:00'), "
    "(2, 7, 'heat', 3.0, '2020-01-03 00:00:00'), (3, 9, 'alien', 1.0, '2020-01-04 10:00:00')",
    'CREATE TABLE "Order" ("User ID" INTEGER, item INTEGER, rating INTEGER)',
    'INSERT INTO "Order" VALUES (1, 2, 3), (1, 4, 5)',
    "CREATE VIEW seen AS SELECT user_id, movie_id, stars FROM ratings WHERE user_id = 7",
)
JANUARY = 1_577_836_800  # 2020-01-01, and 86,400 seconds a day


class Database(NamedTuple):
    """Where a database is, with and without the password."""

    address: str
    spoken: str


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    path = tmp_path / "shop.db"
    fill(f"sqlite:///{path}")
    return Database(f"sqlite:///{path}", f"sqlite:///{path}")


@pytest.fixture(scope="module")
def postgres(postgres_port: int) -> Database:
    secret, host = quote(PASSWORD, safe=""), f"127.0.0.1:{postgres_port}"
    postgres_server.fresh_database(postgres_port, DATABASE)
    fill(f"postgresql+psycopg://{USER}:{secret}@{host}/{DATABASE}")
    return Database(
        f"postgresql://{USER}:{secret}@{host}/{DATABASE}",
        f"postgresql://{USER}:***@{host}/{DATABASE}",
    )


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


def fill(address: str) -> None:
    engine = create_engine(make_url(address))
    with engine.begin() as connection:
        for statement in RATINGS:
            connection.execute(text(statement))
    engine.dispose()


def found(ratings: Ratings) -> list[tuple[object, object, float]]:
    users = ratings.users.ids[ratings.user_rows].tolist()
    items = ratings.items.ids[ratings.item_rows].tolist()
    return list(zip(users, items, ratings.stars.tolist(), strict=True))


def test_a_table(database: Database) -> None:
    ratings = door.load_own(f"{database.address}?table=ratings")
    assert found(ratings) == [(7, "alien", 4.5), (7, "heat", 3.0), (9, "alien", 1.0)]
    assert ratings.timestamps is not None
    days = [86_400, 2 * 86_400, 3 * 86_400 + 36_000]
    assert (ratings.timestamps - JANUARY).tolist() == days
    assert ratings.name == "ratings"
    assert str(ratings.reading).startswith(
        f"table ratings of {database.spoken}, a database: user is 'user_id', item 'movie_id', "
        "rating 'stars', time 'rated_at' (not used: 'id'); 3 rows"
    )


def test_a_view_and_names_that_need_quotation_marks(database: Database) -> None:
    assert found(door.load_own(f"{database.address}?table=seen")) == [
        (7, "alien", 4.5), (7, "heat", 3.0),
    ]  # fmt: skip
    assert found(door.load_own(f"{database.address}?table=Order")) == [(1, 2, 3.0), (1, 4, 5.0)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT user_id, movie_id AS item, stars AS rating FROM ratings WHERE movie_id LIKE '%ea%' "
        "OR movie_id LIKE 'al%' AND stars > 4;",
        "select+user_id%2C+movie_id%2C+stars+from+ratings+where+user_id+%3D+7",
        "SELECT user_id, movie_id, stars FROM ratings WHERE user_id = 7 AND movie_id <> ':heat'",
    ],
)
def test_a_query(database: Database, sql: str) -> None:
    ratings = door.load_own(f"{database.address}?query={sql}")
    assert found(ratings) == [(7, "alien", 4.5), (7, "heat", 3.0)]
    assert ratings.name == "query"


def test_casts_are_no_parameters(postgres: Database) -> None:
    sql = "SELECT user_id::text || 'x' AS user, movie_id, stars::float8 FROM ratings"
    assert found(door.load_own(f"{postgres.address}?query={sql}"))[0] == ("7x", "alien", 4.5)


def test_uuids_are_texts(postgres: Database) -> None:
    one = "00000000-0000-0000-0000-000000000001"
    sql = f"SELECT '{one}'::uuid AS user_id, movie_id, min(stars) AS stars FROM ratings GROUP BY 2"
    assert found(door.load_own(f"{postgres.address}?query={sql}"))[0][0] == one


def test_tables_of_a_schema(postgres: Database) -> None:
    assert len(door.load_own(f"{postgres.address}?table=public.ratings")) == 3


def test_a_query_cannot_write(database: Database) -> None:
    for sql in ("DROP TABLE ratings", "DELETE FROM ratings RETURNING *"):
        with pytest.raises(DataError, match=r"the query of .* cannot be read"):
            door.load_own(f"{database.address}?query={sql}")
    assert len(door.load_own(f"{database.address}?table=ratings")) == 3


def test_postgres_reads_only(postgres: Database) -> None:
    sql = "WITH gone AS (DELETE FROM ratings RETURNING *) SELECT * FROM gone"
    with pytest.raises(DataError, match="cannot be read"):
        door.load_own(f"{postgres.address}?query={sql}")
    assert len(door.load_own(f"{postgres.address}?table=ratings")) == 3


def test_columns_are_chosen_as_in_files(database: Database) -> None:
    options = ReadingOptions.of(columns={"user": "movie_id", "item": "user_id"}, missing=1)
    ratings = door.load_own(f"{database.address}?table=ratings", options=options)
    assert found(ratings) == [("alien", 7, 4.5), ("heat", 7, 3.0)]


def test_a_bad_value_is_named_by_its_row(sqlite: Database) -> None:
    engine = create_engine(sqlite.address)
    with engine.begin() as connection:  # SQLite takes whatever comes
        connection.execute(text("INSERT INTO ratings VALUES (4, 9, 'heat', 'good', NULL)"))
    engine.dispose()
    with pytest.raises(DataError, match=r"row 4: the timestamp is missing"):
        door.load_own(f"{sqlite.address}?table=ratings")
    options = ReadingOptions.of(columns={"time": ""})
    with pytest.raises(DataError, match=r"table ratings of .*, row 4: the rating 'good' is not"):
        door.load_own(f"{sqlite.address}?table=ratings", options=options)


def test_unknown_tables_and_columns(database: Database) -> None:
    with pytest.raises(DataError, match=r"table rating of .* does not exist; it has .*ratings"):
        door.load_own(f"{database.address}?table=rating")
    with pytest.raises(DataError, match=r"the query of .* has no rating column among 'user_id'"):
        door.load_own(f"{database.address}?query=SELECT user_id, movie_id FROM ratings")


@pytest.mark.parametrize("rest", ["", "?tabel=ratings", "?table=a&query=SELECT 1", "?table="])
def test_an_address_says_what_to_read(rest: str) -> None:
    with pytest.raises(DataError, match=r"say what to read from it, once: .*table=ratings or"):
        Query.parse(f"sqlite:///shop.db{rest}")


def test_no_database_is_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.db does not exist"):
        door.load_own(f"sqlite:///{tmp_path}/nowhere.db?table=ratings")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "no.db").write_text("user,item,rating\n1,2,3\n")
    with pytest.raises(DataError, match="file is not a database"):
        door.load_own(f"sqlite:///{tmp_path}/no.db?table=ratings")


def test_passwords_are_not_told(postgres: Database) -> None:
    port = postgres.address.rpartition(":")[2].partition("/")[0]
    for password, where in (("wr0ng", port), ("wr0ng", "1"), ("a@b:wr0ng/x", port)):
        address = f"postgresql://{USER}:{password}@127.0.0.1:{where}/{DATABASE}?table=ratings"
        with pytest.raises(DataError) as refusal:
            door.load_own(address)
        assert "wr0ng" not in str(refusal.value)
        assert "\n" not in str(refusal.value)
        assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("postgresql://ann@host/shop", "postgresql://ann@host/shop"),
        ("postgresql://host/shop?password=x&user=ann", "postgresql://host/shop?password=***&user=ann"),
        ("mysql+pymysql://a:b@c:3306/d", "mysql+pymysql://a:***@c:3306/d"),
        ("postgresql://:pw@host/shop", "postgresql://:***@host/shop"),
    ],
)  # fmt: skip
def test_secrets(written: str, shown: str) -> None:
    assert without_secrets(written) == shown


@pytest.mark.parametrize("scheme", ["https", "s3", "file", "hdfs"])
def test_other_addresses_are_refused(scheme: str) -> None:
    with pytest.raises(DataError, match="is no database; download the file first"):
        door.load_own(f"{scheme}://host/ratings.csv")


def test_an_unknown_kind_of_database() -> None:
    with pytest.raises(DataError, match="no such kind of database is known"):
        door.load_own("klingon://host/shop?table=ratings")


@pytest.mark.parametrize("gone", ["sqlalchemy", "psycopg"])
def test_without_the_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    monkeypatch.setitem(sys.modules, gone, None)
    with pytest.raises(DataError, match=r"which is not installed: pip install 'starcast\[store\]'"):
        door.load_own("postgresql://host/shop?table=ratings")
