"""Times as people write them, and what is refused."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from own_ratings import read_own

from starcast.errors import DataError

MOMENTS = [datetime(2013, month, day, 16, 57, 19, tzinfo=UTC)
           for month, day in ((7, 31), (3, 8), (12, 13), (1, 2))]  # fmt: skip


def read(tmp_path: Path, written: list[str], separator: str = "\t") -> tuple[list[int], list[str]]:
    rows = "".join(
        f"1{separator}{k}{separator}{k % 5}{separator}{when}\n" for k, when in enumerate(written)
    )
    header = separator.join(("user", "item", "rating", "date"))
    (tmp_path / "r").write_text(f"{header}\n{rows}")
    ratings = read_own(tmp_path / "r")
    assert ratings.timestamps is not None
    assert ratings.reading
    return ratings.timestamps.tolist(), list(ratings.reading.notes)


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.250+00:00",
        "%Y-%m-%d %H:%M:%S +0000", "%Y-%m-%d %H:%M:%S UTC", "%Y%m%d%H%M%S",
        "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S",
        "%d-%b-%Y %H:%M:%S", "%B %d, %Y %H:%M:%S", "%d %B %Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
        "%a %b %d %H:%M:%S +0000 %Y", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S +0000",
        "%d/%b/%Y:%H:%M:%S +0000",
    ],
)  # fmt: skip
def test_dates_with_seconds(tmp_path: Path, form: str) -> None:
    seconds, _ = read(tmp_path, [moment.strftime(form) for moment in MOMENTS])
    assert seconds == [int(moment.timestamp()) for moment in MOMENTS]


@pytest.mark.parametrize("form", ["%m/%d/%Y %H:%M", "%-m/%-d/%y %-I:%M %p", "%d.%m.%y, %H:%M",
                                  "%Y%m%d%H%M"])  # fmt: skip
def test_dates_with_minutes(tmp_path: Path, form: str) -> None:
    seconds, _ = read(tmp_path, [moment.strftime(form) for moment in MOMENTS])
    assert seconds == [int(moment.timestamp()) - 19 for moment in MOMENTS]


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%m/%d/%Y", "%-d/%-m/%Y", "%m %d, %Y", "%B %d, %Y",
                                  "%d-%b-%y", "%Y%m%d", "%Y/%m/%d"])  # fmt: skip
def test_days(tmp_path: Path, form: str) -> None:
    seconds, _ = read(tmp_path, [moment.strftime(form) for moment in MOMENTS])
    assert seconds == [int(moment.timestamp()) // 86_400 * 86_400 for moment in MOMENTS]


def test_zones(tmp_path: Path) -> None:
    west = timezone(timedelta(hours=-7))
    for form in ("%Y-%m-%dT%H:%M:%S%z", "%m/%d/%Y %H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y"):
        seconds, _ = read(tmp_path, [moment.astimezone(west).strftime(form) for moment in MOMENTS])
        assert seconds == [int(moment.timestamp()) for moment in MOMENTS], form


@pytest.mark.parametrize(
    ("per_second", "name"),
    [(10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")],
)
def test_parts_of_seconds(tmp_path: Path, per_second: int, name: str) -> None:
    seconds, notes = read(tmp_path, [str(int(one.timestamp()) * per_second + 7) for one in MOMENTS])
    assert seconds == [int(moment.timestamp()) for moment in MOMENTS]
    assert notes == [f"times are written in {name}, and kept in seconds"]


def test_the_order_within_a_second_decides_between_repeated_ratings(tmp_path: Path) -> None:
    (tmp_path / "r").write_text(
        "user,item,rating,time\n1,1,5,1375289839002\n1,1,4,1375289839001\n1,2,3,1375289839000\n"
    )
    assert read_own(tmp_path / "r").stars.tolist() == [5, 3]


@pytest.mark.parametrize(
    "written",
    [["5", "77"], ["964982703.9", "964982703"], ["-5", "3"], ["1970-01-02", "86401"],
     ["20131350", "20131351"]],
)  # fmt: skip
def test_other_numbers_stay_as_they_are(tmp_path: Path, written: list[str]) -> None:
    seconds, notes = read(tmp_path, written)
    expected = {"964982703.9": 964982703, "1970-01-02": 86400}
    assert seconds == [expected.get(one) or int(one) for one in written]
    assert notes == []


def test_dates_that_can_be_read_in_two_ways_are_refused(tmp_path: Path) -> None:
    message = (
        r"'0[34]/0[34]/2013' may be month/day/year or day/month/year; write them as 2013-07-31"
    )
    with pytest.raises(DataError, match=message):
        read(tmp_path, ["03/04/2013", "04/03/2013"])
    assert read(tmp_path, ["03/03/2013", "04/04/2013"])[0] == [1362268800, 1365033600]
    assert read(tmp_path, ["03/04/2013", "13/04/2013"])[0][0] == 1364947200  # the third of April


def test_a_date_unlike_the_others_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="line 4: the timestamp '31/12/2013' is neither seconds nor"
    ):
        read(tmp_path, ["07/31/2013", "08/31/2013", "31/12/2013", "09/30/2013"])
    with pytest.raises(DataError, match="line 3: the timestamp 'soon' is neither"):
        read(tmp_path, ["07/31/2013", "soon", "08/31/2013"])
