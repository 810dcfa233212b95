"""Rating scales: inferred, parsed, clipped to."""

from typing import Any

import numpy as np
import pytest

from starcast.data.scale import RatingScale
from starcast.errors import DataError

HALF_STARS = RatingScale(0.5, 5.0, 0.5)


@pytest.mark.parametrize(
    ("stars", "scale"),
    [
        ([1, 2, 3, 4, 5], RatingScale(1, 5, 1)),
        ([5, 1, 3], RatingScale(1, 5, 2)),
        ([0.5, 4, 5], RatingScale(0.5, 5, 0.5)),
        ([0, 1], RatingScale(0, 1, 1)),
        ([-10, 3.25, 10], RatingScale(-10, 10, 0.25)),
        ([3.3, 3.4, 9.9], RatingScale(3.3, 9.9, 0.1)),
        ([10.1, 50, 99.9], RatingScale(10.1, 99.9, 0.1)),  # 99.9 is 99.9000015 in float32
        ([0, 100, 37], RatingScale(0, 100, 1)),
    ],
)
@pytest.mark.parametrize("width", [np.float32, np.float64])
def test_infer(stars: list[float], scale: RatingScale, width: Any) -> None:
    assert RatingScale.infer(np.array(stars, width)) == scale


@pytest.mark.parametrize(
    ("stars", "message"),
    [
        ([3, 3, 3], "every rating is 3: there is nothing to learn from"),
        ([0.5], "every rating is 0.5: there is nothing to learn from"),
        ([], "every rating is missing: there is nothing to learn from"),
        ([1, np.nan, 2], "every rating must be a finite number"),
        ([1, np.inf], "every rating must be a finite number"),
        ([1, 1e30], r"ratings reach from 1 to 1e\+30, which no model can tell apart"),
        ([-5e12, 2], r"ratings reach from -5e\+12 to 2"),
    ],
)
def test_infer_refuses(stars: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        RatingScale.infer(np.array(stars, np.float32))


@pytest.mark.parametrize(
    ("lowest", "highest", "step", "message"),
    [
        (5, 1, 1, "needs lowest < highest, got 5 and 1"),
        (3, 3, 1, "needs lowest < highest"),
        (float("nan"), 5, 1, "needs lowest < highest"),
        (1, float("nan"), 1, "needs lowest < highest"),
        (-float("inf"), 5, 1, "needs lowest < highest"),
        (1, float("inf"), 1, "needs lowest < highest"),
        (1, 5, 0, "no whole number of steps of 0 leads from 1 to 5 stars"),
        (1, 5, -1, "no whole number of steps of -1"),
        (1, 5, float("nan"), "no whole number of steps of nan"),
        (1, 5, float("inf"), "no whole number of steps of inf"),
        (1, 5, 8, "no whole number of steps of 8"),
        (1, 5, 1.5, "no whole number of steps of 1.5 leads from 1 to 5 stars"),
    ],
)
def test_a_scale_must_make_sense(lowest: float, highest: float, step: float, message: str) -> None:
    with pytest.raises(DataError, match=message):
        RatingScale(lowest, highest, step)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("1:5", RatingScale(1, 5, 1)),
        ("0.5:5:0.5", HALF_STARS),
        ("-10:10:0.25", RatingScale(-10, 10, 0.25)),
        ("0:1:0.1", RatingScale(0, 1, 0.1)),
    ],
)
def test_parse(text: str, scale: RatingScale) -> None:
    assert RatingScale.parse(text) == scale


@pytest.mark.parametrize("text", ["", "5", "1:2:3:4", "a:b", "1:five", "1:5:"])
def test_parse_refuses_what_is_no_scale(text: str) -> None:
    with pytest.raises(DataError, match=f"'{text}' is no scale; write LOWEST:HIGHEST:STEP"):
        RatingScale.parse(text)


def test_parse_says_what_is_wrong_with_a_scale() -> None:
    with pytest.raises(DataError, match=r"lowest < highest, got 5\.0 and 1\.0"):
        RatingScale.parse("5:1")


def test_clip() -> None:
    clipped = HALF_STARS.clip(np.array([[-1.0, 0.5, 3.3], [5.0, 5.1, 99.0]]))
    np.testing.assert_array_equal(clipped, np.array([[0.5, 0.5, 3.3], [5, 5, 5]], np.float32))
    assert clipped.dtype == np.float32


@pytest.mark.parametrize(
    ("scale", "prediction", "level"),
    [
        (HALF_STARS, 4.3, 4.5),
        (HALF_STARS, 4.2, 4.0),
        (HALF_STARS, 4.25, 4.5),  # halves go up
        (HALF_STARS, -3, 0.5),
        (HALF_STARS, 9, 5.0),
        (RatingScale(1, 5, 1), 2.5, 3),
        (RatingScale(1, 5, 1), 3.5, 4),  # not to even
        (RatingScale(1, 5, 2), 3.9, 3),
        (RatingScale(-1, 1, 0.5), -0.25, 0),
        (RatingScale(1, 5, 0.1), 1.68, 1.7),
    ],
)
def test_nearest(scale: RatingScale, prediction: float, level: float) -> None:
    nearest = scale.nearest(np.array([prediction]))
    assert nearest.dtype == np.float32
    assert nearest[0] == np.float32(level)


def test_every_decimal_level_is_its_own_nearest() -> None:
    levels = np.array([f"{tenth / 10}" for tenth in range(10, 51)], np.float32)
    np.testing.assert_array_equal(RatingScale(1, 5, 0.1).nearest(levels), levels)


def test_text() -> None:
    assert str(HALF_STARS) == "0.5 to 5 stars in steps of 0.5"
