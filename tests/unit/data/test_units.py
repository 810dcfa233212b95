"""Units: five stars as they are, any other scale like them."""

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.units import FIVE_STARS, Units


def rated(stars: list[float], scale: RatingScale) -> Ratings:
    users = np.arange(len(stars))
    return Ratings.from_columns(users, users % 2, np.array(stars, np.float32), scale=scale)


@pytest.mark.parametrize("scale", [RatingScale(1, 5, 1), RatingScale(0.5, 5, 0.5)])
def test_five_stars_are_not_touched(scale: RatingScale) -> None:
    ratings = rated([5, 5, 5, 4], scale)
    assert Units.of(ratings) == FIVE_STARS == (1.0, 0.0)
    assert FIVE_STARS.standardized(ratings) is ratings


@pytest.mark.parametrize(
    ("scale", "factor", "offset"),
    [
        (RatingScale(20, 100, 20), 20, 0),  # 1 to 5, times 20
        (RatingScale(0, 4, 1), 1, -1),
        (RatingScale(1, 10, 1), 2, 0),  # half stars, doubled
        (RatingScale(-0.9, 0, 0.1), 0.2, -1),
    ],
)
def test_as_many_steps_are_laid_on_five_stars(
    scale: RatingScale, factor: float, offset: float
) -> None:
    units = Units.of(rated([scale.lowest, scale.highest, scale.highest], scale))
    assert units == pytest.approx((factor, offset), abs=1e-12)


def test_other_scales_get_the_mean_and_deviation_of_five_stars() -> None:
    """0, 100 and 50: mean 50, deviation √(5000 / 3); factor that over 1.1, 50 is 3.5."""
    ratings = rated([0, 100, 50], RatingScale(0, 100, 1))
    units = Units.of(ratings)
    assert units.factor == pytest.approx((5000 / 3) ** 0.5 / 1.1)
    assert units.offset == pytest.approx(50 - 3.5 * units.factor)
    seen = units.standardized(ratings)
    assert seen.stars[2] == 3.5
    assert seen.stars.std() == pytest.approx(1.1, abs=2e-4)
    ends = units.stars(np.array([seen.scale.lowest, seen.scale.highest]))
    assert ends == pytest.approx([0, 100], abs=1e-4)


def test_rows_that_are_all_alike_have_the_ends_of_their_scale() -> None:
    assert Units.of(rated([7, 7], RatingScale(0, 100, 1))) == pytest.approx((25, -25))


def test_there_and_back() -> None:
    stars = np.array([1, 17, 660], np.float32)
    units = Units.of(rated([1, 17, 660], RatingScale(1, 660, 1)))
    assert units.stars(units.values(stars)) == pytest.approx(stars, abs=units.factor / 4096)


def test_what_is_moved_and_stretched_is_seen_as_the_very_same() -> None:
    """1000.001 is no float32, and neither is a third of most numbers."""
    x = np.array([0.001, 0.004, 0.0121, 0.02, 0.0007], np.float64)
    seen = []
    for factor, offset in ((1000, 0), (1, 0), (7 / 3, 1.2)):
        stars = (factor * x + offset).astype(np.float32)
        ratings = rated(
            stars.tolist(),
            RatingScale(float(stars.min()), float(stars.max()), float(np.ptp(stars)) / 999),
        )
        seen.append(Units.of(ratings).values(stars))
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], seen[2])
