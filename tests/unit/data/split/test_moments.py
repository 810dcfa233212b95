"""Splits at a moment: dates, hours, numbers, and times of whatever unit."""

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, SplitPlan
from starcast.errors import ConfigError

NOON = 1_451_649_600  # 2016-01-01 12:00 UTC, as GNU date says


def dated(*times: int) -> Ratings:
    """One user's ratings at these times."""
    n = len(times)
    return Ratings.from_columns(
        np.ones(n, int), np.arange(n), np.arange(n) % 5 + 1.0, np.array(times), name="dated"
    )


DAYS = dated(*(NOON + 86_400 * day for day in (-3, -2, -1, 0, 1)))


@pytest.mark.parametrize(
    ("cut", "n_test"),
    [
        ("2016-01-01", 2),
        ("2016-01-01T12:00", 2),  # from that moment on
        ("2016-01-01T12:00:01", 1),
        ("2016-01-01 13:30+02:00", 2),
        ("2016-01-01T12:00:00Z", 2),
        ("1451649600", 2),
        ("1451649601", 1),
        ("1451649600000", 2),  # milliseconds
        ("20160101", 2),
        ("31.12.2015", 3),
    ],
)
def test_rows_from_a_moment_on_are_the_test(cut: str, n_test: int) -> None:
    split = SplitPlan.parse(f"before:{cut}", validation=0.4).divide(DAYS)
    assert split.parts.tolist() == [
        *[TRAIN] * (5 - n_test - max(1, round(0.4 * (5 - n_test)))),
        *[VALIDATION] * max(1, round(0.4 * (5 - n_test))),
        *[TEST] * n_test,
    ]
    assert split.scheme == f"before:{cut} validation=0.4 seed=42"


def test_a_second_cut_says_where_validation_begins() -> None:
    split = SplitPlan.parse("before:2015-12-30,2016-01-01T13:00").divide(DAYS)
    assert split.parts.tolist() == [TRAIN, VALIDATION, VALIDATION, VALIDATION, TEST]
    assert split.scheme == "before:2015-12-30,2016-01-01T13:00 seed=42"
    assert split == split
    plan = SplitPlan("before", cuts=("2015-12-30", "2016-01-01T13:00"))
    assert plan.divide(DAYS).fingerprint == split.fingerprint


def test_times_of_another_unit_are_cut_alike() -> None:
    assert DAYS.timestamps is not None
    parts = SplitPlan("before", cuts=("2016-01-01",), validation=0.4).divide(DAYS).parts.tolist()
    for unit in (1_000, 1_000_000):
        finer = dated(*(DAYS.timestamps * unit).tolist())
        plan = SplitPlan("before", cuts=("2016-01-01",), validation=0.4)
        assert plan.divide(finer).parts.tolist() == parts


def test_times_that_only_count_are_cut_by_a_number() -> None:
    split = SplitPlan.parse("before:20,40").divide(dated(10, 20, 30, 40, 50))
    assert split.parts.tolist() == [TRAIN, VALIDATION, VALIDATION, TEST, TEST]


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ("before", "before needs a moment"),
        ("before:", "'before:' says nothing after its colon"),
        ("before:soon", "'soon' is no time; write 2016-01-31"),
        ("before:2016-02-30", "'2016-02-30' is no time"),
        ("before:2016-13-01", "'2016-13-01' is no time"),
        ("before:03/04/2016", "'03/04/2016' may be"),
        ("before:2016-01-01,2015-06-01", "begins before the test; write 2015-06-01,2016-01-01"),
        ("before:2016-01-01,20160101", "validation begins before the test"),
        ("before:1,2,3", "before needs a moment"),
    ],
)
def test_what_is_no_moment_is_refused(cut: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SplitPlan.parse(cut)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (
            "2020-01-01",
            "no rating is from 2020-01-01 on: those to divide are from 2015-12-29 12:00",
        ),
        ("2016", "no rating is before 2016: .* 12:00; choose another moment, as 2016-01-01"),
        ("2015-12-29T12:00", "no rating is before 2015-12-29T12:00"),
        ("2014-01-01,2016-01-01", "no rating is before 2014-01-01"),
        ("2015-12-31T13:00,2016-01-01", "no rating is from 2015-12-31T13:00 on"),
    ],
)
def test_a_moment_on_one_side_of_all_is_refused_with_their_span(cut: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SplitPlan.parse(f"before:{cut}").divide(DAYS)


def test_a_moment_needs_times() -> None:
    bare = Ratings.from_columns(np.array([1, 1]), np.array([1, 2]), np.array([1.0, 2.0]))
    with pytest.raises(ConfigError, match="has no timestamps; a split by time needs them"):
        SplitPlan.parse("before:2016-01-01").divide(bare)
