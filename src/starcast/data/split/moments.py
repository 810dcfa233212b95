"""Splits at moments: what was rated from a date on."""

from datetime import UTC, datetime

from starcast.data.files import times
from starcast.data.ratings import Ratings
from starcast.data.split.draws import Mask, times_of
from starcast.display import quoted
from starcast.errors import ConfigError

_COUNTS = (
    10**8
)  # smaller times count something else than seconds since 1970, which are more by 1973


def check_cuts(cuts: tuple[str, ...]) -> None:
    """Refuse what is no moment, or two that are none the later. Raises: ConfigError."""
    if not 1 <= len(cuts) <= 2:
        raise ConfigError(
            "before needs a moment, or two of which the first begins the validation rows; write "
            "before:2016-01-01 or before:2015-06-01,2016-01-01"
        )
    moments = [_moment(cut) for cut in cuts]
    if moments != sorted(set(moments)):
        raise ConfigError(f"validation begins before the test; write {cuts[1]},{cuts[0]}")


def since(ratings: Ratings, cut: str) -> Mask:
    """What was rated at a moment or later.

    Raises: ConfigError: there are no times; or all are on one side, with how far they reach.
    """
    when, moment = times.in_seconds(times_of(ratings))[0], _moment(cut)
    mask: Mask = when >= moment
    if mask.all() or not mask.any():
        where = f"before {cut}" if mask.all() else f"from {cut} on"
        first, last = _shown(int(when.min())), _shown(int(when.max()))
        year = f", as {cut}-01-01 for that year" if len(cut) == 4 and cut.isdecimal() else ""
        raise ConfigError(
            f"no rating is {where}: those to divide are from {first} to {last}; choose another "
            f"moment{year}"
        )
    return mask


def _moment(text: str) -> int:
    """A moment in seconds. Raises: ConfigError: it is none."""
    try:
        moment = times.moment(text)
    except times.AmbiguousDatesError as error:
        raise ConfigError(f"{error}; write 2016-01-31") from None
    if moment is None:
        raise ConfigError(
            f"{quoted(text)} is no time; write 2016-01-31, 2016-01-31T18:00 or a number"
        )
    return moment


def _shown(when: int) -> str:
    if when < _COUNTS:
        return str(when)
    return f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M}"
