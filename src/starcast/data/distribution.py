"""How ratings are spread: counts by level, and levels that hardly are ratings."""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

_MOST_LEVELS = 40  # that are counted one by one
_N_BINS = 20  # where there are more
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)  # widths of bins, times a power of ten
_APART = 1.5  # usual steps between neighbours
_FEW = 0.05  # of all ratings
_FAR = 0.5  # of the way from the lowest to the highest
_HEAPED = 3.0  # times as many as its neighbour


@final
class Bin(NamedTuple):
    """Ratings from `low`, up to but without `high`; of `low` alone where both are the same."""

    low: float
    high: float
    n_ratings: int

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


def bins(stars: NDArray[np.float32]) -> list[Bin]:
    """Counts of all ratings: by level, or where these are many by ranges of a round width.

    Args:
        stars: (n,) ratings, n > 0.
    Returns: from the lowest to the highest; the counts make n.

    >>> [str(one) for one in bins(np.array([1, 1, 3], np.float32))]
    ['1', '3']
    """
    levels, counts = np.unique(stars, return_counts=True)
    if len(levels) <= _MOST_LEVELS:
        rows = zip(levels.tolist(), counts.tolist(), strict=True)
        return [Bin(level, level, count) for level, count in rows]
    lowest, highest = float(levels[0]), float(levels[-1])
    width = _round_width((highest - lowest) / _N_BINS)
    first = np.floor(lowest / width)
    at = np.floor(levels / width - first).astype(np.int64)
    sums = np.bincount(at, counts).astype(np.int64)
    edges = ((first + np.arange(len(sums) + 1)) * width).round(9).tolist()
    return [Bin(*ends) for ends in zip(edges[:-1], edges[1:], sums.tolist(), strict=True)]


def likely_missing(stars: NDArray[np.float32]) -> str | None:
    """A hint at a rating that may mean that there is none, such as 0, -1 or 99; None if none does.

    That is the lowest if it lies apart from the others, or is no more than 0 and holds many times
    as many rows as the next; or the highest if it is far from all the others.

    Args:
        stars: (n,) ratings, n > 0.
    """
    levels, counts = np.unique(stars, return_counts=True)
    if len(levels) < 4:
        return None
    steps, shares = np.diff(levels), counts / counts.sum()
    usual = float(np.median(steps[1:]))
    is_apart = steps[0] > _APART * usual and shares[0] >= _FEW
    is_heaped = levels[0] <= 0 < levels[1] and shares[0] == shares.max()
    is_heaped &= counts[0] >= _HEAPED * counts[1]
    if is_apart or is_heaped:
        return _hint("lowest", levels[0], shares[0])
    if steps[-1] > _FAR * (levels[-1] - levels[0]) and shares[-1] >= _FEW:
        return _hint("highest", levels[-1], shares[-1])
    return None


def _hint(which: str, level: float, share: float) -> str:
    return (
        f"the {which} rating, {level:g}, holds {share:.0%} of all rows; if it means that there is "
        f"no rating, leave it out: --missing {level:g}"
    )


def _round_width(least: float) -> float:
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(nice * power for nice in _NICE if nice * power >= least * (1 - 1e-9)))
