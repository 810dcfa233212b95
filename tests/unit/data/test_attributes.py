"""What is known of users and items, from GroupLens's files in miniature and from one's own."""

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from own_ratings import read_own

from starcast.data import load
from starcast.data.attributes import FLAGS, flagged, listed
from starcast.data.movielens import parse
from starcast.data.ratings import Attribute, Ratings

Known = dict[str, dict[int, list[str]]]

# Users 1 and 7, films 3 and 20; user 8 and film 99 have no rating.
ROWS = ((1, 20, 4, 900), (7, 3, 2, 50), (1, 3, 5, 901))
FILMS: Known = {"genre": {3: ["Drama"], 20: ["Drama", "War"]}, "year": {3: ["1990"], 20: ["2005"]}}


def lines(separator: str) -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in ROWS)


def flags(*genres: str) -> str:
    return "|".join(str(int(genre in genres)) for genre in FLAGS)


def hundred_thousand(folder: Path) -> Known:
    (folder / "u.data").write_text(lines("\t"))
    about = "01-Jan-1994||http://x"
    (folder / "u.item").write_text(
        f"3|Les (1994)|{about}|{flags('Drama')}\n20|Up (2009)|{about}|{flags('War', 'Drama')}\n"
        f"99|Unrated||||{flags('Comedy')}\n"
    )
    (folder / "u.user").write_text("1|24|M|writer|85711\n7|29|F|artist|1\n8|3|F|none|2\n")
    return FILMS | {
        "age": {1: ["20"], 7: ["25"]},
        "sex": {1: ["M"], 7: ["F"]},
        "occupation": {1: ["writer"], 7: ["artist"]},
    }


def million(folder: Path) -> Known:
    (folder / "ratings.dat").write_text(lines("::"))
    films = "3::Les (1994)::Drama\n20::Up (2009)::War|Drama\n99::Unrated::Comedy\n"
    (folder / "movies.dat").write_text(films)
    (folder / "users.dat").write_text("1::M::1::10::48067\r\n7::F::56::16::7\r\n8::F::25::1::1\r\n")
    return FILMS | {
        "sex": {1: ["M"], 7: ["F"]},
        "age": {1: ["0"], 7: ["55"]},
        "occupation": {1: ["10"], 7: ["16"]},
    }


def ten_million(folder: Path) -> Known:
    """Laid out as 1M, without a word about users."""
    million(folder)
    (folder / "users.dat").unlink()
    return FILMS


def later(folder: Path) -> Known:
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + lines(","))
    films = "3,Les (1994),Drama\n20,Up (2009),Drama|War\n99,Unrated,(no genres listed)\n"
    (folder / "movies.csv").write_text("movieId,title,genres\n" + films)
    return FILMS


def known_of(ratings: Ratings) -> Known:
    """Attribute to external id to values."""
    found: Known = {}
    for one in ratings.attributes:
        members = ratings.users if one.side == "user" else ratings.items
        ids, values = members.ids[one.member_rows].tolist(), one.values[one.value_rows].tolist()
        of_id = found.setdefault(one.name, {})
        for member, value in zip(ids, values, strict=True):
            of_id.setdefault(member, []).append(value)
    return found


@pytest.mark.parametrize("lay_out", [hundred_thousand, million, ten_million, later])
def test_every_release_tells_what_it_knows(
    tmp_path: Path, lay_out: Callable[[Path], Known]
) -> None:
    known = lay_out(tmp_path)
    assert known_of(parse.read(tmp_path, "tiny")) == known


DAMAGE = {
    "an age": ("u.user", "1|24", "1|old"),
    "a user": ("u.user", "7|29|F|artist|1", "7|29"),
    "an id": ("u.user", "7|29", "seven|29"),
    "a flag": ("u.item", "|0|1\n", "|0|2\n"),
    "flags": ("u.item", "|0\n", "\n"),
}


@pytest.mark.parametrize(("name", "old", "new"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_leaves_ratings_and_titles_and_no_attributes(
    tmp_path: Path, name: str, old: str, new: str
) -> None:
    hundred_thousand(tmp_path)
    text = (tmp_path / name).read_text()
    if name == "u.item":
        text = text.replace(flags("War", "Drama"), flags("Western"))  # which ends in 1
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new))
    ratings = parse.read(tmp_path, "tiny")
    assert ratings.attributes == ()
    assert ratings.titles.tolist() == ["Les (1994)", "Up (2009)"]


def test_attributes_are_no_part_of_the_content(tmp_path: Path) -> None:
    hundred_thousand(tmp_path)
    before = parse.read(tmp_path, "tiny")
    (tmp_path / "u.user").unlink()
    after = parse.read(tmp_path, "tiny")
    assert len(before.attributes) > len(after.attributes)
    assert before.content_hash() == after.content_hash()


def assert_same(ours: tuple[Attribute, ...], theirs: tuple[Attribute, ...]) -> None:
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        assert (one.side, one.name, one.values.tolist()) == (
            other.side, other.name, other.values.tolist(),
        )  # fmt: skip
        for rows in ("value_rows", "member_rows"):
            mine, yours = getattr(one, rows), getattr(other, rows)
            assert (mine.tolist(), mine.dtype) == (yours.tolist(), yours.dtype)


def test_they_come_through_the_cache_and_through_take(tmp_path: Path) -> None:
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    hundred_thousand(folder)
    parsed = load.load("ml-100k", tmp_path)
    cached = load.load("ml-100k", tmp_path)
    assert (folder / "u.data.starcast.blocks").is_dir()
    assert_same(cached.attributes, parsed.attributes)
    assert_same(cached.take(cached.stars > 4).attributes, parsed.attributes)


def test_a_changed_user_file_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    hundred_thousand(folder)
    users = (folder / "u.user").read_text()
    load.load("ml-100k", tmp_path)
    (folder / "u.user").write_text(users.replace("1|24|M", "1|64|F"))
    os.utime(folder / "u.user", (1, 1))
    assert known_of(load.load("ml-100k", tmp_path))["age"] == {1: ["60"], 7: ["25"]}
    (folder / "u.user").unlink()
    assert "age" not in known_of(load.load("ml-100k", tmp_path))


def test_the_embedded_set_knows_genres() -> None:
    ratings = load.load("ml-latest-small", Path("nowhere"))
    known = known_of(ratings)
    assert known["genre"][1] == ["Adventure", "Animation", "Children", "Comedy", "Fantasy"]
    assert known["year"][1] == ["1995"]


@pytest.mark.parametrize("kind", ["csv", "parquet", "without a header"])
def test_genres_of_ones_own_items(tmp_path: Path, kind: str) -> None:
    (tmp_path / "r.csv").write_text("user,item,rating\n1,20,4\n7,3,2\n1,3,5\n")
    items = tmp_path / "items"
    if kind == "parquet":
        frame = {"id": [3, 20], "Genres": ["Drama", " War |Drama|"], "name": ["Les (1994)", "Up"]}
        pl.DataFrame(frame).write_parquet(items)
    else:
        head = "id;title;categories\n" if kind == "csv" else ""
        items.write_text(f"{head}3;Les (1994);Drama\n20;Up; War |Drama|\n")
    ratings = read_own(tmp_path / "r.csv", items)
    assert known_of(ratings) == {
        "genre": {3: ["Drama"], 20: ["Drama", "War"]},
        "year": {3: ["1990"]},
    }


def test_items_without_genres_have_no_attribute(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("user,item,rating\n1,20,4\n7,3,2\n1,3,5\n")
    (tmp_path / "i.csv").write_text("id,title\n3,Les\n20,Up\n")
    assert read_own(tmp_path / "r.csv", tmp_path / "i.csv").attributes == ()


def test_flags_and_lists() -> None:
    assert flagged(list("0100000010000000000")) == "Action|Drama"
    assert listed("A|(no genres listed)||B ") == ["A", "B"]
    with pytest.raises(ValueError, match="are no flags"):
        flagged(["x"] * len(FLAGS))


SHOP = (
    "id,title,genres,price,director,note,long,empty\n"
    "3,Les (1994),Drama,4.50,A. Varda|J. Demy, ,{long},NA\n"
    "20,Up (2009),War,12,Bo O'Brien,fine,short,\n"
    "99,Unrated,Comedy,1,nobody,x,x,x\n"
)


def shop(folder: Path) -> Ratings:
    (folder / "r.csv").write_text("user,item,rating\n1,20,4\n7,3,2\n1,3,5\n")
    (folder / "i.csv").write_text(SHOP.format(long="x" * 201))
    return load.load_own(folder / "r.csv", folder / "i.csv")


def test_other_columns_of_an_items_file_are_kept_to_filter_by(tmp_path: Path) -> None:
    """Those with a value of a rated item, unless their text is long, which is said."""
    for ratings in (shop(tmp_path), shop(tmp_path)):  # read, and from the cache
        others = [one for one in ratings.attributes if not one.is_feature]
        assert {one.name: one.values.tolist() for one in others} == {
            "price": ["12", "4.50"],
            "director": ["A. Varda", "Bo O'Brien", "J. Demy"],
            "note": ["fine"],
        }
        director = others[1]
        assert director.value_rows.tolist() == [0, 2, 1]
        assert director.member_rows.tolist() == [0, 0, 1]
        assert ratings.reading is not None
        assert any("'long' cannot be filtered by" in note for note in ratings.reading.notes)
