"""Times as people write them: seconds since 1970 and parts of them, ISO dates, and others."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from starcast.data.files.cells import is_number
from starcast.display import quoted

if TYPE_CHECKING:
    import polars as pl

Times = NDArray[np.int64]

_ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")  # quicker by Polars than by Python
_DAYS = (
    "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%Y.%m.%d",
    "%m-%d-%Y", "%d-%m-%Y", "%m %d, %Y", "%B %d, %Y", "%B %d %Y", "%d %B %Y", "%d-%B-%Y",
    "%d-%B-%y",
)  # fmt: skip
_HOURS = ("", "%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p")
_JOINTS = (" ", ", ", "T")
_ZONES = ("", "%z", " %z")
_WHOLE = (
    "%a %b %d %H:%M:%S %z %Y",  # Goodreads
    "%a %b %d %H:%M:%S %Y",  # C's asctime
    "%a, %d %b %Y %H:%M:%S %z",  # mail
    "%d/%b/%Y:%H:%M:%S %z",  # web servers
)
_SAMPLE = 50  # times that every pattern is tried on
_YEARS = (1900, 2200)  # others are misread
_UNITS = (  # the least number that can only be of a unit, how many make a second, its name
    (10**17, 10**9, "nanoseconds"),
    (10**14, 10**6, "microseconds"),
    (10**11, 10**3, "milliseconds"),
)
_DIGITS = {8: "YYYYMMDD", 12: "YYYYMMDDhhmm", 14: "YYYYMMDDhhmmss"}
_FEW_DIGITS = {4: "YYYY", 6: "YYYYMM"}


class AmbiguousDatesError(ValueError):
    """Dates of which nothing tells whether the month or the day comes first."""


def patterns() -> Iterator[str]:
    """Every way of writing a date that is known beside ISO 8601."""
    yield from _WHOLE
    for day, hour, joint, zone in product(_DAYS, _HOURS, _JOINTS, _ZONES):
        if hour or joint == _JOINTS[0]:
            yield f"{day}{joint}{hour}{zone}" if hour else f"{day}{zone}"


def pattern_of(texts: "pl.Series") -> str | None:
    """The pattern of the times that are neither numbers nor ISO dates; None if there are none.

    Args:
        texts: times without blanks around them, null where there is none.
    Returns: the pattern by which most can be read.
    Raises: AmbiguousDatesError: month and day can change places.
    """
    odd = texts.unique(maintain_order=True).drop_nulls()
    odd = odd.filter(seconds(odd, None).is_null())
    few = odd.head(_SAMPLE)
    n_odd = {one: _by_pattern(few, one).null_count() for one in patterns()}
    least = min(n_odd.values())
    if least == len(few):
        return None
    read = {one: _by_pattern(odd, one) for one, n in n_odd.items() if n == least}
    best = min(read, key=lambda one: read[one].null_count())
    for other, dates in read.items():
        is_as_good = dates.null_count() == read[best].null_count()
        if is_as_good and not dates.equals(read[best]):
            raise AmbiguousDatesError(f"{quoted(odd[0])} may be {_shown(best)} or {_shown(other)}")
    return best


def seconds(texts: "pl.Series", pattern: str | None) -> "pl.Series":
    """Unix seconds of times, or numbers of whatever unit as they are; Int64, null for all else.

    A date without a zone is taken as UTC.

    Args:
        texts: times without blanks around them, null where there is none.
        pattern: of those that are neither numbers nor ISO dates.
    """
    import polars as pl

    whole = texts.cast(pl.Int64, strict=False)
    if whole.null_count() == texts.null_count():
        return whole
    for iso in _ISO:
        dates = _by_pattern(texts, iso)
        if dates.null_count() == texts.null_count():
            return dates
    known = {text: _seconds(text) for text in texts.unique().drop_nulls().to_list()}
    plain = texts.replace_strict(known, default=None, return_dtype=pl.Int64)
    if pattern is None:
        return plain
    return plain.zip_with(plain.is_not_null(), _by_pattern(texts, pattern))


def moment(text: str) -> int | None:
    """Unix seconds of one time, written in any way that those of a column are; None if it is none.

    Raises: AmbiguousDatesError: month and day can change places.

    >>> moment("2016-01-01"), moment("20160101"), moment("1451606400000"), moment("soon")
    (1451606400, 1451606400, 1451606400, None)
    """
    import polars as pl

    written = pl.Series([text.strip()], dtype=pl.String)
    when = seconds(written, pattern_of(written))
    return None if when.has_nulls() else int(in_seconds(when.to_numpy())[0][0])


def in_seconds(when: Times, *, are_a_column: bool = False) -> tuple[Times, str | None]:
    """Numbers as seconds where they can only be smaller units, or dates in digits; and what it was.

    Args:
        when: numbers of whatever unit.
        are_a_column: whether they are all times of a table, so that they may be years, or years
            and months, if all can be; one alone may also be the place in an order.

    >>> in_seconds(np.array([1375289839259]))
    (array([1375289839]), 'milliseconds')
    >>> in_seconds(np.array([20130731, 19700102]))
    (array([1375228800,      86400]), 'YYYYMMDD')
    """
    lowest, highest = int(when.min()), int(when.max())
    digits = (_FEW_DIGITS if are_a_column else {}) | _DIGITS
    for n_digits, name in digits.items():
        tail = 10 ** (n_digits - 4)
        if _YEARS[0] * tail < lowest and highest < _YEARS[1] * tail:
            dates = _from_digits(when, n_digits)
            if dates is not None:
                return dates, name
    for least, per_second, name in _UNITS:
        if highest >= least:
            return when // per_second, name
    return when, None


def per_second(name: str) -> int | None:
    """How many of a unit that `in_seconds` names make a second; None for dates in digits."""
    return next((many for _, many, unit in _UNITS if unit == name), None)


def _from_digits(when: Times, n_digits: int) -> Times | None:
    """Seconds of dates such as 20130731; None if some are none."""
    parts = [(when // 10 ** max(n_digits - end, 0)) % 100 if end <= n_digits else when * 0 + least
             for end, least in ((6, 1), (8, 1), (10, 0), (12, 0), (14, 0))]  # fmt: skip
    month, day, hour, minute, second = parts
    for part, low, high in ((month, 1, 12), (day, 1, 31), (hour, 0, 23), (minute, 0, 59)):
        if part.min() < low or part.max() > high:
            return None
    years = (when // 10 ** (n_digits - 4) - 1970).astype("datetime64[Y]")
    days = (years.astype("datetime64[M]") + (month - 1)).astype("datetime64[D]") + (day - 1)
    since: Times = days.astype(np.int64) * 86400 + hour * 3600 + minute * 60 + second
    return since


def _by_pattern(texts: "pl.Series", pattern: str) -> "pl.Series":
    dates = texts.str.to_datetime(pattern, strict=False, exact=True)
    is_sane = dates.dt.year().is_between(*_YEARS)
    return (dates.dt.epoch("us") // 1_000_000).set(~is_sane.fill_null(False), None)


def _seconds(text: str) -> int | None:
    """Unix seconds of a number or an ISO date, as far as 64 bits go.

    >>> _seconds("964982703.9"), _seconds("2000-07-30T18:45:03Z"), _seconds("soon")
    (964982703, 964982703, None)
    """
    try:
        when = int(text) if text.lstrip("+-").isdecimal() else _floor_seconds(text)
    except (ValueError, OverflowError):
        return None
    return when if -(2**63) <= when < 2**63 else None


def _floor_seconds(text: str) -> int:
    if is_number(text):
        return math.floor(float(text))
    zone = next((name for name in (" UTC", "UTC", " GMT", "GMT") if text.endswith(name)), "")
    moment = datetime.fromisoformat(text.removesuffix(zone) + "+00:00" * bool(zone))
    return math.floor((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _shown(pattern: str) -> str:
    """A pattern as people write it, "%m/%d/%Y" as "month/day/year"."""
    words = {"%m": "month", "%d": "day", "%Y": "year", "%y": "year", "%B": "month"}
    for sign, word in words.items():
        pattern = pattern.replace(sign, word)
    return pattern.split(" %")[0].split("T%")[0].strip(", ")
