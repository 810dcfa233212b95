"""How a duration is shown: samples are seconds per piece of work, tables say what is usual."""

from collections.abc import Callable


def figures(number: float) -> str:
    """Three significant digits, and every digit before the point.

    >>> figures(1234.5), figures(12.345), figures(0.012345)
    ('1,234', '12.3', '0.0123')
    """
    size = abs(number)
    decimals = next((n for n in range(9) if size * 10**n >= 99.5), 9) if size else 0
    return f"{number:,.{decimals}f}"


def duration(seconds: float) -> str:
    """Seconds, milliseconds or microseconds, whichever needs no leading zeros."""
    if seconds >= 0.9995:
        return f"{figures(seconds)} s"
    if seconds >= 0.9995e-3:
        return f"{figures(seconds * 1e3)} ms"
    return f"{figures(seconds * 1e6)} µs"


UNITS: dict[str, Callable[[float], str]] = {
    "time": duration,
    "ns per rating": lambda seconds: f"{figures(seconds * 1e9)} ns",
    "M pairs/s": lambda seconds: f"{figures(1e-6 / seconds)} M/s",
}


def show(seconds: float, unit: str) -> str:
    """A duration in the unit of its race.

    Args:
        seconds: per piece of work, a rating for "ns per rating" and a pair for "M pairs/s".
        unit: a key of `UNITS`.

    >>> show(0.25, "time"), show(1.5e-8, "ns per rating"), show(5e-8, "M pairs/s")
    ('250 ms', '15.0 ns', '20.0 M/s')
    """
    return UNITS[unit](seconds)
