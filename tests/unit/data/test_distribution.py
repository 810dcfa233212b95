"""Counts of ratings over any scale, and levels that hardly are ratings."""

import numpy as np
import pytest

from starcast.data.distribution import Bin, bins, likely_missing


def stars(counts: dict[float, int]) -> np.ndarray:
    return np.repeat(np.array(list(counts), np.float32), list(counts.values()))


def test_few_levels_are_counted_one_by_one() -> None:
    assert bins(stars({0.5: 2, 4: 3})) == [Bin(0.5, 0.5, 2), Bin(4, 4, 3)]
    assert len(bins(np.arange(40, dtype=np.float32))) == 40


@pytest.mark.parametrize(
    ("lowest", "highest", "width"),
    [(1, 660, 50), (-10, 10, 1), (0, 100, 5), (-7.64, 99, 10), (0, 1, 0.05), (0, 41, 2.5)],
)
def test_many_levels_are_counted_by_ranges_of_a_round_width(
    lowest: float, highest: float, width: float
) -> None:
    many = np.linspace(lowest, highest, 1001, dtype=np.float32)
    found = bins(many)
    assert sum(one.n_ratings for one in found) == 1001
    assert all(one.high - one.low == pytest.approx(width) for one in found)
    assert found[0].low <= many[0] < found[0].high
    assert found[-1].low <= many[-1] < found[-1].high
    second = found[1]
    inside = np.count_nonzero((many >= second.low) & (many < second.high))
    assert abs(second.n_ratings - inside) <= 1  # an edge may fall either way in 32 bits


ANIME = {one: 50 * one for one in range(1, 11)}
LIKELY = {
    "Book-Crossing": ({0: 716, **dict.fromkeys(range(1, 11), 43)}, "lowest rating, 0, holds 62%"),
    "anime": ({-1: 600, **ANIME}, "lowest rating, -1, holds 18%"),
    "zeros in a matrix": ({0: 9000, 1: 100, 2: 100, 3: 300, 4: 300}, "lowest rating, 0, holds 92%"),
    "Jester": ({99: 500, **{one / 10: 3 for one in range(-100, 101)}}, "highest rating, 99, hol"),
}


@pytest.mark.parametrize(("counts", "said"), LIKELY.values(), ids=LIKELY.keys())
def test_what_likely_means_that_there_is_none(counts: dict[float, int], said: str) -> None:
    hint = likely_missing(stars(counts))
    assert hint
    assert said in hint
    assert hint.endswith(f"--missing {next(iter(counts)):g}")


UNLIKELY = {
    "stars": {1: 5, 2: 11, 3: 27, 4: 35, 5: 22},
    "mostly the best": {-1: 3, 0: 2, 0.5: 5, 1: 900},
    "mostly the worst": {1: 900, 2: 40, 3: 30, 4: 20, 5: 10},
    "zeros among others": {0: 130, 1: 100, 2: 120, 3: 100, 4: 90},
    "yes and no": {0: 900, 1: 100},
    "three levels": {0: 700, 1: 200, 2: 100},
    "a lonely lowest": {-9: 1, 1: 100, 2: 100, 3: 100, 4: 100},
    "counts": {float(one): 1000 // one for one in range(1, 200)},
    "one": {3: 5},
}


@pytest.mark.parametrize("counts", UNLIKELY.values(), ids=UNLIKELY.keys())
def test_what_is_likely_a_rating(counts: dict[float, int]) -> None:
    assert likely_missing(stars(counts)) is None
