"""Ratings of one's own on the command line: what was taken for what is said, and can be said."""

import shutil
from pathlib import Path

import pytest
from processes import Starcast, tree
from sqlalchemy import create_engine, text

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact

CASES = Path(__file__).parents[1] / "cases" / "files"
CSV = "user,item,rating\nann,alien,5\nann,brazil,3\nbob,alien,4\n"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """The files of `tests/cases`, where a cache may be written beside them."""
    return Path(shutil.copytree(CASES, tmp_path / "cases"))


def describe(starcast: Starcast, *arguments: object) -> tuple[str, str]:
    done = starcast("data", "describe", "--ratings", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_what_was_taken_for_what_is_said(at_once: Starcast, cases: Path) -> None:
    said, notes = describe(at_once, cases / "110-restaurants.csv")
    assert (
        "110-restaurants.csv, text separated by commas: user is 'userID', item 'placeID', rating "
        "'rating' (not used: 'food_rating', 'service_rating'); 2,196 rows, 0 to 2 stars"
    ) in said
    assert notes == ""


def test_it_is_said_again_from_the_cache(at_once: Starcast, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("prose above\n\n1 2 3\n1 3 4\n1 3 5\n")
    first = describe(at_once, "r.txt")
    assert "r.txt.starcast.blocks" in tree(tmp_path)
    assert describe(at_once, "r.txt") == first
    assert first[1] == (
        "note: left out: 1 of pairs that were rated again later\n"
        "note: 1 line above the table left out\n"
    )


def test_missing_ratings(at_once: Starcast, cases: Path) -> None:
    path = cases / "023-negative-sentinel.csv"
    said, notes = describe(at_once, path)
    assert "Ratings('023-negative-sentinel': 2,196 ratings, 120 users, 60 items, -1 to 10" in said
    assert "the lowest rating, -1, holds 21% of all rows" in notes
    said, notes = describe(at_once, path, "--missing", "-1")
    assert "Ratings('023-negative-sentinel': 1,728 ratings, 120 users, 48 items, 1 to 10" in said
    assert notes == "note: left out: 468 with the rating -1, which means missing\n"
    said, notes = describe(at_once, cases / "022-some-ratings-missing.csv", "--missing", "")
    assert notes == "note: left out: 235 without a rating\n"


def test_a_scale_is_shown_whole(at_once: Starcast, cases: Path) -> None:
    said, _ = describe(at_once, cases / "006-skewed-1-to-660.csv")
    counts = [line.split()[3] for line in said.splitlines() if " to " in line and "█" in line]
    assert sum(int(count.replace(",", "")) for count in counts) == 2196


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("033-row-numbers-no-header.csv", ["--columns", "user=2,item=3,rating=4,time=5"]),
        ("001-header-names-moved-columns.csv", ["--columns", "user=UserID,rating=Score given"]),
        ("011-decimal-comma.csv", ["--separator", ";"]),
        ("015-latin1.csv", ["--encoding", "latin-1"]),
        ("021-preamble-and-comments.txt", ["--skip", "3", "--header", "none"]),
        ("103-jester-wide.csv", ["--header", "none", "--columns", "user=,rating=*",
                                 "--missing", "99"]),
        ("018-us-dates.csv", ["--columns", "time="]),
    ],
)  # fmt: skip
def test_overrides(at_once: Starcast, cases: Path, name: str, options: list[str]) -> None:
    said, _ = describe(at_once, cases / name, *options)
    n = 2316 if name.startswith("103") else 2196  # the counts of Jester's rows are ratings then
    assert f"{n:,} ratings, 120 users" in said


def test_few_ratings(at_once: Starcast, cases: Path) -> None:
    said, notes = describe(at_once, cases / "020-one-rating-each.csv", "--min-ratings", 1)
    assert "400 ratings" in said
    assert notes == ""


def test_several_are_joined(at_once: Starcast, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "b.tsv").write_text("eve\tbrazil\t2\nbob\talien\t1\n")
    said, notes = describe(at_once, "a.csv", "--ratings", "b.tsv")
    assert "a.csv, b.tsv, text separated by commas (2 files): user is 'user'" in said
    assert "Ratings('a': 4 ratings, 3 users, 2 items" in said
    assert notes == "note: left out: 1 of pairs that were rated again later\n"


def test_pipes(starcast: Starcast, tmp_path: Path) -> None:
    for place in ("-", "/dev/stdin"):
        done = starcast("data", "describe", "--ratings", place, input=CSV)
        assert done.returncode == 0, done.stderr
        assert "Ratings('ratings': 3 ratings, 2 users, 2 items" in done.stdout
    assert tree(tmp_path) == []


def test_a_name_without_an_ending_that_is_a_file_is_one(at_once: Starcast, tmp_path: Path) -> None:
    (tmp_path / "ml-100k").write_text(CSV)
    assert "Ratings('ml-100k': 3 ratings" in describe(at_once, "ml-100k")[0]


def test_databases(at_once: Starcast, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (customer_id, sku, stars)"))
        connection.execute(text("INSERT INTO seen VALUES (1, 'x', 4), (1, 'y', 2), (2, 'x', 5)"))
    engine.dispose()
    said, _ = describe(at_once, "sqlite:///shop.db?table=seen")
    assert "table seen of sqlite:///shop.db, a database: user is 'customer_id', item 'sku'" in said
    assert "Ratings('seen': 3 ratings" in said
    sql = "SELECT customer_id AS user, sku, stars FROM seen WHERE stars > 2"
    assert "2 ratings" in describe(at_once, f"sqlite:///shop.db?query={sql}")[0]


@pytest.mark.parametrize("verb", [["train"], ["train", "--ratings", "r.csv", "--test-ratings"]])
def test_passwords_are_refused_and_not_told(at_once: Starcast, verb: list[str]) -> None:
    address = "postgresql://ann:s3cret@127.0.0.1:1/shop?table=ratings"
    done = at_once(*verb, *([] if len(verb) > 1 else ["--ratings"]), address)
    assert done.returncode == 1
    assert "postgresql://ann:***@127.0.0.1:1/shop?table=ratings: passwords do not" in done.stderr
    assert "PGPASSWORD" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--missing", "0"], "--missing describes your own --ratings; give these, too"),
        (["--columns", "user=a"], "--columns describes your own --ratings"),
        (
            ["--ratings", "r.csv", "--columns", "owner=a"],
            "a column can be user, item, rating or ti",
        ),
        (["--ratings", "r.csv", "--encoding", "klingon"], "unknown encoding 'klingon'"),
        (["--ratings", "r.csv", "--skip", "some"], "--skip"),
        (["--ratings", "r.csv", "--columns", "user=who"], "r.csv has no column 'who'"),
        (["--ratings", "*.tsv"], "*.tsv matches no file; check the pattern"),
    ],
)
def test_what_is_refused(
    at_once: Starcast, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "r.csv").write_text(CSV)
    done = at_once("compare", *arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_person_by_titles(at_once: Starcast, known_by_heart: Artifact, tmp_path: Path) -> None:
    model = storage.save(known_by_heart, tmp_path / "model")
    (tmp_path / "films.csv").write_text(
        "Date,Name,Year,Letterboxd URI,Rating\n"
        "2024-01-02,alien,1979,https://boxd.it/x,4.5\n"
        "2024-01-03,Nowhere,1999,https://boxd.it/y,3\n"
    )
    done = at_once("recommend", model, "--ratings-of", "films.csv", "-k", 2)
    assert done.returncode == 0, done.stderr
    assert "note: 1 of 1 items found by title\n" in done.stderr
    assert "note: left out: 1 item not known here: 'Nowhere (1999)'\n" in done.stderr
    assert "Alien (1979)" not in done.stdout
