"""The table of the normal distribution, and both ways of reading it, against SciPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_ndtr, ndtr
from scipy.stats import norm

from starcast.engines.normal import GRID, REACH, STEP, TABLE, cdf, cdf_by_lines, pdf

EVERYWHERE = np.concatenate([np.linspace(-36.9, 36.9, 3001), np.linspace(-6.01, 6.01, 9001)])


def test_the_points_are_exact_and_evenly_apart() -> None:
    assert_array_equal(GRID, np.linspace(-6, 6, 4097))
    assert_array_equal(np.diff(GRID), STEP)
    assert GRID[-1] == REACH


def test_the_table_holds_both_functions() -> None:
    assert_allclose(TABLE, np.column_stack([ndtr(GRID), norm.pdf(GRID)]), rtol=1e-14)


def test_between_the_points_it_keeps_nine_digits_of_either_tail() -> None:
    found = cdf(EVERYWHERE)
    assert_allclose(found, ndtr(EVERYWHERE), rtol=1e-9)
    assert_allclose(np.log(found), log_ndtr(EVERYWHERE), rtol=1e-9, atol=1e-12)


def test_lines_keep_within_what_a_predicted_star_shows() -> None:
    assert_allclose(cdf_by_lines(EVERYWHERE), ndtr(EVERYWHERE), rtol=0, atol=3e-7)


def test_density() -> None:
    assert_allclose(pdf(EVERYWHERE), norm.pdf(EVERYWHERE), rtol=1e-12)


@pytest.mark.parametrize("x", [-np.inf, -37.0, 37.0, np.inf, 1e300])
def test_beyond_what_a_double_holds_all_or_nothing_lies_below(x: float) -> None:
    assert cdf(np.array([x])) == (x > 0)


def test_no_number_has_no_share_and_leaves_its_neighbours_alone() -> None:
    assert_array_equal(cdf(np.array([[np.nan, 0.0], [-7.0, np.nan]])) > 0, [[0, 1], [1, 0]])
    assert np.isnan(cdf(np.array([np.nan]))).all()


def test_shapes_stay() -> None:
    assert cdf(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert_array_equal(cdf(np.zeros((2, 3))), np.full((2, 3), 0.5))
