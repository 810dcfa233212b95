"""Whatever is written as a table of ratings comes back as the same ratings."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st
from own_ratings import n_repeated, read_own

from starcast.data import cache
from starcast.data.ratings import Ratings

Row = tuple[str, str, float, int]
Quoting = Literal[0, 1]  # csv.QUOTE_MINIMAL, csv.QUOTE_ALL
Pairs = dict[tuple[str, str], tuple[float, int]]
HEADER = ["user_id", "item_id", "rating", "timestamp"]

# Ids with all that makes tables hard; spaces around them do not count, so there are none.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=6)
IDS = TEXT.map(str.strip).filter(bool)
NUMBERS = st.integers(-(2**63), 2**63 - 1).map(str) | st.integers(0, 20).map(str)
WORDS = st.text("aé7_-", min_size=1, max_size=4)  # no separator, no comment, no number alone
STARS = st.integers(1, 10).map(lambda halves: halves / 2)
TIMES = st.integers(0, 5) | st.integers(1 - 10**11, 10**11 - 1)  # larger ones are no seconds


def tables(ids: st.SearchStrategy[str]) -> st.SearchStrategy[list[Row]]:
    """Rows with at least two different ratings left when duplicates are resolved."""
    rows = st.lists(st.tuples(ids, ids, STARS, TIMES), min_size=2, max_size=30)
    return rows.filter(lambda rows: len({stars for stars, _ in expected(rows).values()}) > 1)


def expected(rows: list[Row]) -> Pairs:
    """The rating of each pair: the latest, and the later row where that is equal."""
    best: Pairs = {}
    for user, item, stars, when in rows:
        if (user, item) not in best or best[user, item][1] <= when:
            best[user, item] = (stars, when)
    return best


def found(ratings: Ratings) -> Pairs:
    users = map(str, ratings.users.ids[ratings.user_rows].tolist())
    items = map(str, ratings.items.ids[ratings.item_rows].tolist())
    when = [0] * len(ratings) if ratings.timestamps is None else ratings.timestamps.tolist()
    pairs = list(zip(users, items, strict=True))
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, zip(ratings.stars.tolist(), when, strict=True), strict=True))


def check(path: Path, rows: list[Row]) -> None:
    ratings = read_own(path)
    assert found(ratings) == expected(rows)
    assert n_repeated(ratings) == len(rows) - len(ratings)
    keys = list(zip(ratings.user_rows.tolist(), ratings.item_rows.tolist(), strict=True))
    assert keys == sorted(keys)
    cache.through([path], lambda: ratings, name=ratings.name)
    again = cache.through([path], lambda: 1 / 0, name=ratings.name)  # type: ignore[arg-type, return-value]
    assert found(again) == found(ratings)
    assert again.content_hash() == ratings.content_hash()
    assert again.reading == ratings.reading


@given(tables(IDS) | tables(NUMBERS), st.sampled_from(",\t;|"), st.booleans())
def test_text(rows: list[Row], separator: str, end_with_crlf: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(
                file,
                delimiter=separator,
                lineterminator="\r\n" if end_with_crlf else "\n",
                quoting=csv.QUOTE_NONNUMERIC,
            )
            writer.writerow(HEADER)
            writer.writerows(rows)
        check(path, rows)


@given(tables(IDS) | tables(NUMBERS))
def test_parquet(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.parquet"
        pl.DataFrame(rows, schema=HEADER, orient="row").write_parquet(path)
        check(path, rows)


class Dialect(NamedTuple):
    """How a table is written: its records by a writer, and what is done to them then."""

    write: Callable[[list[Row]], str]
    has_times: bool
    encoding: str
    line_end: str
    above: str
    pack: Callable[[bytes], bytes]


def delimited(
    separator: str, *, header: bool, comma: bool, quoting: Quoting
) -> Callable[[list[Row]], str]:
    def write(rows: list[Row]) -> str:
        file = io.StringIO()
        writer = csv.writer(file, delimiter=separator, lineterminator="\n", quoting=quoting)
        if header:
            writer.writerow(HEADER)
        for user, item, stars, when in rows:
            told = str(stars).replace(".", "," if comma else ".")
            writer.writerow([user, item, told, when])
        return file.getvalue()

    return write


def lines(form: str, head: str = "") -> Callable[[list[Row]], str]:
    return lambda rows: (
        head
        + "".join(
            form.format(u=user, i=item, s=stars, t=when) + "\n" for user, item, stars, when in rows
        )
    )


def objects(user: str, item: str, stars: str, when: str) -> Callable[[list[Row]], str]:
    return lambda rows: "".join(
        json.dumps(dict(zip((user, item, stars, when), row, strict=True))) + "\n" for row in rows
    )


def blocks(rows: list[Row]) -> str:
    return "".join(f"{item}:\n{user},{stars}\n" for user, item, stars, _ in rows)


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("README.txt", "what it is")
        archive.writestr("data/ratings.csv", content)
    return file.getvalue()


QUOTED = [
    delimited(separator, header=True, comma=comma, quoting=quoting)
    for separator in ",;\t| "
    for comma in (False, True)
    for quoting in get_args(Quoting)
]
PLAIN = [
    lines("{u}::{i}::{s}::{t}", "user::item::rating::timestamp\n"),
    lines("{u}   {i} \t{s}  {t}", "user item rating timestamp\n"),
    lines("{u}\t{i}\t{s}\t{t}", "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"),
    lines("{u}\t{i}\t{s}\t{t}", "user\titem\trating\ttime\nd\td\tc\tc\n\t\tclass\tmeta\n"),
    lines(
        "{u},{i},{s},{t}",
        "@relation r\n@attribute user string\n@attribute item string\n"
        "@attribute rating numeric\n@attribute time numeric\n@data\n",
    ),
    lines("x/item_id: {i}\nx/user_id: {u}\nx/score: {s}\nx/time: {t}\nx/text: a: b\n"),
    objects("reviewerID", "asin", "overall", "unixReviewTime"),
    objects("user_id", "business_id", "stars", "timestamp"),
]
TIMELESS = [blocks, lines("{u} {i} {s}", "# user item rating\n"), lines("{u};{i};{s}")]

ENCODINGS = st.sampled_from(
    ["utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-16-le", "utf-16-be", "utf-32"]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
PACKS = st.sampled_from([bytes, gzip.compress, bz2.compress, lzma.compress, zipped])
ABOVE = st.sampled_from(["", "\n\n", "# made\n% by hand\n"])


def dialects(
    writers: list[Callable[[list[Row]], str]], *, has_times: bool = True
) -> st.SearchStrategy[Dialect]:
    return st.builds(
        Dialect, st.sampled_from(writers), st.just(has_times), ENCODINGS, ENDS,
        ABOVE, PACKS,
    )  # fmt: skip


def check_dialect(rows: list[Row], dialect: Dialect) -> None:
    text = dialect.above + dialect.write(rows)
    if any(sign in text for sign in ("@relation", "class\tmeta", '{"')):
        text = dialect.write(rows)  # comments and blank lines are not part of every form
    content = text.replace("\n", dialect.line_end).encode(dialect.encoding)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        path.write_bytes(dialect.pack(content))
        ratings = read_own(path)
    wanted = expected(rows if dialect.has_times else [(*row[:3], 0) for row in rows])
    assert found(ratings) == wanted


WORDED = tables(WORDS) | tables(st.integers(0, 30).map(str))


@given(WORDED, dialects(QUOTED + PLAIN))
def test_dialects(rows: list[Row], dialect: Dialect) -> None:
    check_dialect(rows, dialect)


@given(tables(WORDS.map(lambda word: f"x{word}")), dialects(TIMELESS, has_times=False))
def test_dialects_without_times(rows: list[Row], dialect: Dialect) -> None:
    check_dialect(rows, dialect)


MARKS = st.sampled_from(["", "NA", "-1", "-", "n/a", "99", "none"])
HEADS = st.sampled_from(["", "user,item,rating\n", "userId,movieId,Your Rating\n", "# u\n\n"])


@given(WORDED, st.sets(st.integers(0, 29)), MARKS, HEADS, ENCODINGS, ENDS, PACKS)
def test_missing_ratings(
    rows: list[Row],
    gone: set[int],
    mark: str,
    head: str,
    encoding: str,
    line_end: str,
    pack: Callable[[bytes], bytes],
) -> None:
    """Rows whose rating says that there is none are left out and counted, whatever else is odd."""
    told = [(*row[:3], 0) for at, row in enumerate(rows) if at not in gone]
    assume(len({stars for stars, _ in expected(told).values()}) > 1)
    text = head + "".join(
        f"x{user},y{item},{mark if at in gone else stars}\n"
        for at, (user, item, stars, _) in enumerate(rows)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        path.write_bytes(pack(text.replace("\n", line_end).encode(encoding)))
        ratings = read_own(path, missing=mark)
    assert {(user[1:], item[1:]): one for (user, item), one in found(ratings).items()} == (
        expected(told)
    )
    n_gone = len(rows) - len(told)
    said = ratings.reading.left_out if ratings.reading else {}
    assert sum(n for why, n in said.items() if "again" not in why) == n_gone


def as_stars(stars: float) -> str:
    return "★" * int(stars) + "½" * (stars % 1 > 0)


UNITS: list[tuple[Callable[[float], str], float]] = [
    (lambda stars: f"{stars}/5", 1), (lambda stars: f"{20 * stars:g}%", 20), (as_stars, 1),
    (lambda stars: f"{stars:g} out of 5", 1), (lambda stars: f"{stars:g} stars", 1),
    (lambda stars: f"{stars:e}", 1), (lambda stars: f"−{stars}", -1),
]  # fmt: skip


@given(WORDED, st.sampled_from(UNITS), st.sampled_from([",", ";", "\t"]))
def test_units(rows: list[Row], unit: tuple[Callable[[float], str], float], mark: str) -> None:
    write, factor = unit
    lines = [mark.join((user, item, write(stars))) for user, item, stars, _ in rows]
    assume(sum(stars > 0.5 for _, _, stars, _ in rows) > 0.8 * len(rows))  # "½" alone is a number
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        path.write_text("\n".join([mark.join(HEADER[:3]), *lines]), encoding="utf-8")
        ratings = read_own(path)
    pairs = {pair: factor * stars for pair, (stars, _) in expected(
        [(*row[:3], 0) for row in rows]).items()}  # fmt: skip
    assert {pair: stars for pair, (stars, _) in found(ratings).items()} == pairs


@given(WORDED, st.booleans())
def test_tables_of_users_and_items(rows: list[Row], rows_are_items: bool) -> None:
    pairs = {pair: stars for pair, (stars, _) in expected(rows).items()}
    sides = [sorted({pair[side] for pair in pairs}) for side in (0, 1)]
    down, across = reversed(sides) if rows_are_items else sides
    corner = "item" if rows_are_items else "user"

    def cell(one: str, other: str) -> str:
        return str(pairs.get((other, one) if rows_are_items else (one, other), ""))

    lines = [[corner, *across], *([one, *(cell(one, other) for other in across)] for one in down)]
    text = "".join(",".join(line) + "\n" for line in lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        path.write_text(text, encoding="utf-8")
        ratings = read_own(
            path, columns=f"{corner}={corner},rating=*", separator=",", header="first"
        )
    assert {pair: stars for pair, (stars, _) in found(ratings).items()} == pairs


@given(WORDED, st.integers(0, 30), st.booleans())
def test_parts(rows: list[Row], cut: int, with_headers: bool) -> None:
    write = delimited(",", header=False, comma=False, quoting=0)
    head = ",".join(HEADER) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "part-0").write_text(head + write(rows[:1] + rows[1:cut]), "utf-8")
        rest = write(rows[1:][cut - 1 if cut else 0 :])
        if rest:
            (Path(folder) / "part-1").write_text(head * with_headers + rest, "utf-8")
        assert found(read_own(folder)) == expected(rows)
