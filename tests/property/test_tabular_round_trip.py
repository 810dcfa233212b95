"""Whatever is written as a table comes back as the same ratings."""

import csv
import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from own_ratings import n_repeated, read_own

from starcast.data import cache
from starcast.data.ratings import Ratings

Row = tuple[str, str, float, int]

# Ids with all that makes tables hard; spaces around them do not count, so there are none.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=6)
IDS = TEXT.map(str.strip).filter(bool)
NUMBERS = st.integers(-(2**63), 2**63 - 1).map(str) | st.integers(0, 20).map(str)
STARS = st.integers(1, 10).map(lambda halves: halves / 2)
TIMES = st.integers(0, 5) | st.integers(1 - 10**11, 10**11 - 1)  # larger ones are no seconds


def tables(ids: st.SearchStrategy[str]) -> st.SearchStrategy[list[Row]]:
    """Rows with at least two different ratings left when duplicates are resolved."""
    rows = st.lists(st.tuples(ids, ids, STARS, TIMES), min_size=2, max_size=30)
    return rows.filter(lambda rows: len({stars for stars, _ in expected(rows).values()}) > 1)


def expected(rows: list[Row]) -> dict[tuple[str, str], tuple[float, int]]:
    """The rating of each pair: the latest, and the later row where that is equal."""
    best: dict[tuple[str, str], tuple[float, int]] = {}
    for user, item, stars, when in rows:
        if (user, item) not in best or best[user, item][1] <= when:
            best[user, item] = (stars, when)
    return best


def found(ratings: Ratings) -> dict[tuple[str, str], tuple[float, int]]:
    assert ratings.timestamps is not None
    users = map(str, ratings.users.ids[ratings.user_rows].tolist())
    items = map(str, ratings.items.ids[ratings.item_rows].tolist())
    values = zip(ratings.stars.tolist(), ratings.timestamps.tolist(), strict=True)
    pairs = list(zip(users, items, strict=True))
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, values, strict=True))


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
            writer.writerow(["user_id", "item_id", "rating", "timestamp"])
            writer.writerows(rows)
        check(path, rows)


@given(tables(IDS) | tables(NUMBERS))
def test_parquet(rows: list[Row]) -> None:
    columns = ["user_id", "item_id", "rating", "timestamp"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.parquet"
        pl.DataFrame(rows, schema=columns, orient="row").write_parquet(path)
        check(path, rows)
