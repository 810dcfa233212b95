"""Public trouble: files as people meet them, in issue trackers and in repositories.

Those in `files/` are made up, with the shape and the trouble of a real one. Three are real ratings,
trimmed, every id replaced, and read where they lie. The right values were counted by Python's csv,
json and datetime modules, by a script that knew of each file how it is written.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from own_ratings import read_own

from starcast.artifacts.artifact import Artifact
from starcast.data.distribution import likely_missing
from starcast.data.files import person
from starcast.data.files.person import Rated
from starcast.data.load import load
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.engines.settings import MiniBatchSettings
from starcast.errors import DataError
from starcast.recommend import Recommender
from starcast.recommend.matching import match

FILES = Path(__file__).parent / "files"
REPOSITORY = Path(__file__).parents[2]
SHARED = Path(os.environ.get("STARCAST_TEST_DATA") or REPOSITORY.parent / "shared" / "datasets")
REAL = SHARED.parent / "cases"


class Right(NamedTuple):
    """What a file holds: counts, sums of stars and of seconds, and the rating of one pair."""

    n_ratings: int
    n_users: int
    n_items: int
    stars: float
    seconds: int | None
    user: str
    item: str
    rating: float


OPTIONS: dict[str, dict[str, Any]] = {
    "022-some-ratings-missing.csv": {"missing": ""},
    "023-negative-sentinel.csv": {"missing": -1},
}

MADE_UP = {
    "001-header-names-moved-columns.csv": Right(2196, 120, 60, 7566.0, None, "57", "129", 4.0),
    "002-space-separated.txt": Right(2196, 120, 60, 6842.0, None, "58", "30", 3.5),
    "004-minus1-to-1-skewed.csv": Right(2196, 120, 60, 2114.334, None, "2057", "29", 0.5),
    "005-zero-one.csv": Right(2196, 120, 60, 1145.0, None, "57", "29", 1.0),
    "006-skewed-1-to-660.csv": Right(2196, 120, 60, 40107.0, 2968347508798, "57", "29", 1.0),
    "007-user-all-zero.csv": Right(2196, 120, 60, 5214.0, 2968347508798, "57", "29", 3.0),
    "008-test.csv": Right(433, 118, 60, 1473.0, 586356754298, "49", "26", 4.0),
    "008-train.csv": Right(1763, 120, 60, 6093.0, 2381990754500, "57", "29", 4.0),
    "010-few-items.csv": Right(240, 60, 6, 560.0, 312000071400, "59", "5", 1.0),
    "011-decimal-comma.csv": Right(2196, 120, 60, 6842.0, 2968347508798, "57", "29", 3.5),
    "012-rerated.csv": Right(2196, 120, 60, 7384.0, 2968347581298, "119", "8", 4.0),
    "013-huge-ids.csv": Right(
        2196, 120, 60, 7566.0, 2968347508798, "1205640308657491057", "18446744073709551029", 4.0
    ),
    "014-float-ids.csv": Right(2196, 120, 60, 7566.0, 2968347508798, "158", "30", 4.0),
    "015-latin1.csv": Right(2196, 120, 60, 15132.0, None, "usuário57", "000000029X", 8.0),
    "016-typed-header.inter": Right(2196, 120, 60, 7566.0, 2968347508798, "u57", "i29", 4.0),
    "017-millisecond-times.csv": Right(2196, 120, 60, 7566.0, 2968347508798, "57", "29", 4.0),
    "018-us-dates.csv": Right(2196, 120, 60, 7566.0, 2968347443340, "57", "29", 4.0),
    "019-iso-dates-with-zone.csv": Right(2196, 120, 60, 7566.0, 2968339639198, "57", "29", 4.0),
    "020-one-rating-each.csv": Right(400, 400, 60, 1160.0, 520000079800, "399", "3", 5.0),
    "021-preamble-and-comments.txt": Right(2196, 120, 60, 7566.0, None, "user57", "item29", 4.0),
    "022-some-ratings-missing.csv": Right(1961, 120, 60, 6776.0, None, "57", "29", 4.0),
    "023-negative-sentinel.csv": Right(1728, 120, 48, 12294.0, None, "57", "29", 7.0),
    "024-odd-ids.csv": Right(2196, 120, 60, 7566.0, None, 'Zoë "57" 😀', "a b,\nc29", 4.0),
    "025-index-column.csv": Right(2196, 120, 60, 6842.0, 2968347508798, "57", "29", 3.5),
    "026-ratings.csv.zip": Right(2196, 120, 60, 7566.0, 2968347508798, "57", "29", 4.0),
    "027-ratings.csv.gz": Right(2196, 120, 60, 7566.0, 2968347508798, "57", "29", 4.0),
    "028-parts": Right(2196, 120, 60, 7566.0, 2968347508798, "57", "29", 4.0),
    "029-wide-matrix.csv": Right(2196, 120, 60, 7566.0, None, "u119", "item56", 2.0),
    "030-bom-crlf-trailing-blanks.csv": Right(
        2196, 120, 60, 7566.0, 2968347508798, "57", "29", 4.0
    ),
    "101-book-crossing.csv": Right(2196, 120, 60, 6763.0, None, "276757", "000000029X", 0.0),
    "102-jester-long.dat": Right(2196, 120, 60, 813.483, None, "58", "30", 0.83),
    "103-jester-wide.csv": Right(2196, 120, 60, 841.34, None, "120", "57", -3.48),
    "104-netflix-prize.txt": Right(2196, 120, 60, 7566.0, 2968252646400, "1488117", "60", 3.0),
    "105-amazon-reviews.json": Right(
        2196, 120, 60, 7566.0, 2968347508798, "A0000000000057", "0000000029", 4.0
    ),
    "106-amazon-ratings-only.csv": Right(
        2196, 120, 60, 7566.0, 2968347508798, "A0000000000057", "0000000029", 4.0
    ),
    "107-yelp-reviews.json": Right(
        2196,
        120,
        60,
        7566.0,
        2968347508798,
        "-u00000000000000000057",
        "_b00000000000000000029",
        4.0,
    ),
    "110-restaurants.csv": Right(2196, 120, 60, 2280.0, None, "U1057", "135029", 1.0),
    "111-movietweetings.dat": Right(2196, 120, 60, 15513.0, 2968347508798, "58", "0020029", 7.0),
    "112-orange.tab": Right(2196, 120, 60, 7566.0, None, "58", "30", 4.0),
    "113-librec.arff": Right(2196, 120, 60, 6842.0, None, "57", "29", 3.5),
    "114-libfm.libfm": Right(2196, 120, 60, 7566.0, None, "57", "149", 4.0),
    "115-labelled.csv": Right(2196, 120, 60, 7566.0, 2968347508798, "57", "29", 4.0),
    "117-old-mac.tab": Right(2196, 120, 60, 7566.0, None, "57", "29", 4.0),
    "119-amazon-reviews.json.gz": Right(
        2196, 120, 60, 7566.0, 2968347508798, "A0000000000057", "0000000029", 4.0
    ),
}

REAL_ONES = {
    "120-restaurants-real.csv": Right(1161, 138, 130, 1393.0, None, "U00022", "P00102", 1.0),
    "121-digital-music-real.csv": Right(7897, 1605, 2403, 33098.0, None, "u00033", "m01779", 5.0),
    "122-filmtrust-real.txt": Right(16837, 700, 1458, 50716.0, None, "535", "492", 2.5),
}


REFUSED = {
    "009-pairs-to-predict.csv": r"has no rating column|has 2 columns; it needs user, item, rating",
    "022-some-ratings-missing.csv": r"line 10: the rating is missing; .* --missing ''",
    "033-row-numbers-no-header.csv": r"no header and 5 columns; .*user=2,item=3,rating=4,time=5",
    "108-letterboxd-export.csv": r"has no user column .* one person's goes to --ratings-of",
    "109-imdb-export.csv": r"has no user column .* one person's goes to --ratings-of",
}


def check(ratings: Ratings, right: Right) -> None:
    counts = (len(ratings), ratings.n_users, ratings.n_items)
    assert counts == (right.n_ratings, right.n_users, right.n_items)
    assert ratings.stars.sum(dtype=np.float64) == pytest.approx(right.stars, abs=1e-3)
    seconds = None if ratings.timestamps is None else int(ratings.timestamps.sum())
    assert seconds == right.seconds
    row = (ratings.user_rows == ratings.users.row(right.user)) & (
        ratings.item_rows == ratings.items.row(right.item)
    )
    assert ratings.stars[row].tolist() == pytest.approx([right.rating])


@pytest.mark.parametrize("name", MADE_UP)
def test_a_made_up_file(name: str) -> None:
    ratings = read_own(FILES / name, **OPTIONS.get(name, {}))
    check(ratings, MADE_UP[name])
    assert ratings.reading
    assert set(ratings.reading.columns) >= {"user", "item", "rating"}


@pytest.mark.parametrize("name", REAL_ONES)
def test_a_real_file(name: str) -> None:
    if not (REAL / name).exists():
        pytest.skip(f"no {name} in {REAL}")
    check(read_own(REAL / name), REAL_ONES[name])


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_refused_with_a_remedy(name: str) -> None:
    with pytest.raises(DataError, match=REFUSED[name]):
        read_own(FILES / name)


def test_titles_of_items_whose_ids_are_floating() -> None:
    ratings = read_own(FILES / "014-float-ids.csv", FILES / "014-items.csv")
    assert ratings.items.ids.tolist() == list(range(1, 61))
    assert ratings.titles.tolist() == [f"Film number {one}" for one in range(60)]
    assert ratings.users.row("101") == ratings.users.row(101)


def test_days_of_milliseconds() -> None:
    when = read_own(FILES / "017-millisecond-times.csv").timestamps
    assert when is not None
    assert 15_000 < when.min() // 86_400 <= when.max() // 86_400 < 17_000  # 2011 to 2016


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("023-negative-sentinel.csv", "--missing -1"),
        ("101-book-crossing.csv", "--missing 0"),
        ("005-zero-one.csv", None),
        ("006-skewed-1-to-660.csv", None),
        ("007-user-all-zero.csv", None),
        ("110-restaurants.csv", None),
    ],
)
def test_hints_at_ratings_that_are_none(name: str, hint: str | None) -> None:
    said = likely_missing(read_own(FILES / name).stars)
    assert said is None if hint is None else said and said.endswith(hint)


def test_jesters_99_is_hinted_at_where_it_is_taken_for_a_rating() -> None:
    ratings = read_own(FILES / "103-jester-wide.csv", header="none", columns="user=,rating=*")
    said = likely_missing(ratings.stars)
    assert said
    assert said.endswith("--missing 99")


def test_pairs_to_predict() -> None:
    """Of a model by which user u gives item i 3 + (u - i) / 1000 stars."""
    ratings = read_own(FILES / "008-train.csv")
    users, items = ratings.users.ids.astype(np.float32), ratings.items.ids.astype(np.float32)
    weights: dict[str, NDArray[np.float32]] = {
        "mean": np.array(3, np.float32),
        "user_bias": users / np.float32(1000),
        "item_bias": -items / np.float32(1000),
        "user_factors": np.zeros((len(users), 2), np.float32),
        "item_factors": np.zeros((len(items), 2), np.float32),
    }
    artifact = Artifact(
        model="latent-factor-model", config=MiniBatchSettings(dimension=2), seed=1, weights=weights,
        weights_before_refit=weights, split=SplitPlan().divide(ratings), best_epoch=1, history=(),
    )  # fmt: skip
    told = Recommender(artifact).predict_pairs(FILES / "009-pairs-to-predict.csv")
    assert told.columns == ["user_id", "item_id", "prediction"]
    assert told.rows()[:2] == [(0, 0, pytest.approx(3)), (0, 9, pytest.approx(2.991))]
    assert (len(told), told["user_id"].sum(), told["item_id"].sum()) == (126, 7497, 3402)
    assert told["prediction"].sum() == pytest.approx(126 * 3 + 4.095, abs=1e-3)


@pytest.fixture(scope="module")
def movielens() -> Ratings:
    return load("ml-latest-small", Path("nowhere"))


def test_a_persons_films_by_title(movielens: Ratings) -> None:
    """MovieLens calls Heat 6, Toy Story 1 and The Usual Suspects 50."""
    found = match(person.read(FILES / "035-my-films-by-title.csv"), movielens)
    assert (found.item_ids, found.stars) == ([6, 1, 50], [4.5, 4.0, 5.0])
    assert found.notes == ["3 of 3 items found by title"]


def test_a_persons_list_with_an_unknown_item(movielens: Ratings) -> None:
    found = match(person.read(FILES / "032-guest-with-an-unknown-item.csv"), movielens)
    assert (found.item_ids, found.stars) == ([1, 6, 50], [4.0, 5.0, 4.5])
    assert found.notes == ["left out: 1 item not known here: '999999'"]


@pytest.mark.parametrize(
    ("name", "first", "ends"),
    [
        ("108-letterboxd-export.csv", Rated("", "Film, part 0", 1950, 4.0), (0.5, 5.0)),
        ("109-imdb-export.csv", Rated("tt0000000", "Film 0, The", 1999, 8.0), (1.0, 10.0)),
    ],
)
def test_exports_of_a_persons_ratings(name: str, first: Rated, ends: tuple[float, float]) -> None:
    listed = person.read(FILES / name)
    assert (len(listed.ratings), listed.n_without, listed.ends) == (95, 0, ends)
    assert listed.ratings[0] == first
