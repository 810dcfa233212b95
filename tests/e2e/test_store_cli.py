"""`starcast store` as a user meets it, and stores wherever ratings are taken."""

import json
from pathlib import Path

import polars as pl
import pytest
from processes import Starcast, tree

CSV = 'user,item,rating,when\n7,"al;ien",4.5,100\n7,=heat,3,200\n042,"al;ien",1,300\n'
ITEMS = "item_id,title,genres\n=heat,Heat (1995),Crime|Drama\n"


def read_table(path: Path) -> pl.DataFrame:
    if path.suffix == ".csv":
        return pl.read_csv(path, schema_overrides={"user_id": pl.String})
    return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str:
    """Of an empty database; that of SQLite lies in the folder where verbs run."""
    if request.param == "sqlite":
        return "sqlite:///r.db"
    found: str = request.getfixturevalue("postgres_address")
    return found


def test_a_store_from_its_making_to_its_export(
    at_once: Starcast, tmp_path: Path, address: str
) -> None:
    (tmp_path / "r.csv").write_text(CSV)
    (tmp_path / "items.csv").write_text(ITEMS)
    made = at_once("store", "init", address, "--scale", "0.5:5:0.5")
    assert made.stdout == f"the store {address}: 0.5 to 5 stars in steps of 0.5\n"
    columns = ["--columns", "time=when", "--items", "items.csv"]
    first = at_once("store", "import", address, "r.csv", *columns)
    assert first.stdout.endswith(
        f"the store {address}: 3 new, 0 changed, 0 same, 0 older ratings; titles or attributes "
        "of 1 items and 0 users\n"
    )
    again = at_once("store", "import", address, "r.csv", *columns)
    assert (
        "0 new, 0 changed, 3 same, 0 older ratings; titles or attributes of 0 items" in again.stdout
    )

    stats = json.loads(at_once("store", "stats", address, "--json").stdout)
    assert stats.pop("bytes") > 10_000
    assert stats == {
        "users": 2, "items": 2, "hidden": 0, "ratings": 3, "history": 3, "first": 100, "last": 300,
        "mean": pytest.approx(8.5 / 3), "scale": "0.5 to 5 stars in steps of 0.5", "schema": 1,
    }  # fmt: skip
    said = at_once("store", "stats", address).stdout
    assert said.startswith("3 ratings of 2 users and 2 items, 0 of them hidden\n0.5 to 5 stars")
    assert "mean 2.833; from 1970-01-01 to 1970-01-01\n" in said

    rows = {("7", "al;ien", 4.5, 100), ("7", "=heat", 3.0, 200), ("042", "al;ien", 1.0, 300)}
    for name in ("o.csv", "o.parquet", "o.jsonl"):
        done = at_once("store", "export", address, name)
        assert done.stdout == f"wrote {name}\n"
        table = read_table(tmp_path / name)
        assert set(table.rows()) == rows
        assert table.columns == ["user_id", "item_id", "rating", "timestamp"]

    described = at_once("data", "describe", "--ratings", address).stdout
    assert "3 ratings, 2 users, 2 items, 0.5 to 5 stars in steps of 0.5" in described


def test_models_are_trained_from_a_store_and_know_its_titles(
    starcast: Starcast, planted_files: Path, tmp_path: Path
) -> None:
    given = [planted_files / "planted.csv", "--items", planted_files / "items.csv"]
    assert starcast("store", "init", "sqlite:///r.db").returncode == 0
    assert starcast("store", "import", "sqlite:///r.db", *given).returncode == 0
    arguments = ["--model", "means", "--scale", "0.5:5:0.5", "--out"]
    by_store = starcast("train", "--ratings", "sqlite:///r.db", *arguments, "a")
    by_file = starcast("train", "--ratings", given[0], *given[1:], *arguments, "b")
    assert by_store.returncode == 0, by_store.stderr
    prints = [
        [line.partition("fingerprint ")[2] for line in done.stdout.splitlines() if "split" in line]
        for done in (by_store, by_file)
    ]
    assert prints[0] == prints[1]
    model = next((tmp_path / "a").rglob("manifest.json")).parent
    users = ["--users", "sqlite:///r.db", "--out", "top.csv", "--k", 1]
    listed = starcast("recommend", model, *users)
    assert listed.returncode == 0, listed.stderr
    assert (tmp_path / "top.csv").read_text().count("[é]") == 40


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stats", "sqlite:///no.db"], "no.db does not exist; check the path"),
        (["stats", "no.db"], "'no.db' is no address; write sqlite:///folder/file.db or"),
        (["stats", ""], "an argument is empty; give one, or leave it out"),
        (["stats", "sqlite:///full.db?table=x"], "'table' means nothing for a store"),
        (["stats", "postgresql://h/x?query=SELECT 1"], "'query' means nothing for a store"),
        (["stats", "sqlite:///plain.db"], "holds no store; make one: starcast store init"),
        (["stats", "sqlite:///text.db"], "file is not a database"),
        (["init", "sqlite:///text.db"], "file is not a database"),
        (["init", "sqlite:///no/where/r.db"], "the folder no/where does not exist; make it first"),
        (["init", "sqlite://"], "a store needs a file: sqlite:///folder/file.db"),
        (["init", "mysql://host/x"], "stores lie in SQLite or PostgreSQL"),
        (["init", "sqlite:///r.db", "--scale", "5:1"], "a rating scale needs lowest < highest"),
        (["init", "postgresql://ann:s3cret@h/x"], "passwords do not belong on a command line"),
        (["init", "postgresql://h/x?password=s3cret"], "and set PGPASSWORD"),
        (["init", "postgresql://ann@127.0.0.1:1/x"], "cannot be opened: connection"),
        (["import", "sqlite:///full.db", "postgresql://ann:s3cret@h/x"], "do not belong on"),
        (["import", "sqlite:///full.db", "none.csv"], "none.csv"),
        (["import", "sqlite:///full.db", "bad.csv"], "line 3"),
        (["import", "sqlite:///full.db", "wide.csv"], "has a rating of 9, and the store"),
        (["export", "sqlite:///full.db", "o.xls"], "ends neither in .parquet nor"),
        (["export", "sqlite:///full.db", "no/such/o.csv"], "no/such"),
    ],
)
def test_mistakes_get_a_line_and_leave_nothing(
    at_once: Starcast, tmp_path: Path, arguments: list[str], said: str
) -> None:
    import sqlite3

    (tmp_path / "text.db").write_text(CSV * 100)
    connection = sqlite3.connect(tmp_path / "plain.db")
    connection.execute("CREATE TABLE ratings (a)")
    connection.close()
    (tmp_path / "r.csv").write_text("user,item,rating\n1,2,3\n1,3,4\n")
    (tmp_path / "bad.csv").write_text("user,item,rating\n1,2,3\n1,3,four\n")
    (tmp_path / "wide.csv").write_text("user,item,rating\n1,2,3\n1,3,9\n")
    assert at_once("store", "init", "sqlite:///full.db", "--scale", "1:5:1").returncode == 0
    before = tree(tmp_path)
    done = at_once("store", *arguments)
    assert done.returncode != 0
    assert done.stderr.startswith("starcast: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert "s3cret" not in done.stderr
    assert [one for one in tree(tmp_path) if ".starcast.blocks" not in one] == before
