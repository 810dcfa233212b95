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
from own_ratings import read_own

from starcast.data.ratings import Ratings

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
