"""Which splits and seeds repeats have, and the test over splits that share rows."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from starcast.data.load import load
from starcast.data.split import TEST, SplitPlan
from starcast.errors import ConfigError
from starcast.evaluation.repeats import Times
from starcast.evaluation.repeats.t_test import spread_of


def test_split_seeds_and_training_seeds_count_up_apart() -> None:
    cells = list(Times.parse("3x2").cells(SplitPlan(seed=7), 100))
    assert [(one.number, one.plan.seed, one.seed) for one in cells] == [
        (0, 7, 100), (0, 7, 101), (1, 8, 102), (1, 8, 103), (2, 9, 104), (2, 9, 105),
    ]  # fmt: skip
    assert len(list(Times.parse(" 1×4 ").cells(SplitPlan(), 1))) == 4


def test_more_repeats_begin_with_fewer() -> None:
    few, many = (list(Times.parse(n).cells(SplitPlan(), 1)) for n in ("2", "5"))
    assert many[:2] == few


def test_seeds_go_round_at_their_end() -> None:
    *_, last = Times.parse("2").cells(SplitPlan(seed=2**32 - 1), 2**32 - 1)
    assert (last.plan.seed, last.seed) == (0, 0)


def test_folds_are_gone_through_in_the_place_of_seeds() -> None:
    cells = list(Times.parse("3").cells(SplitPlan.parse("kfold:2/3", seed=5), 1))
    assert [(one.plan.fold, one.plan.seed) for one in cells] == [(2, 5), (3, 5), (1, 5)]
    with pytest.raises(ConfigError, match="has 3 folds; repeat it on no more splits"):
        list(Times.parse("4").cells(SplitPlan.parse("kfold:1/3"), 1))


@pytest.mark.parametrize(
    "text", ["", "0", "1", "1x1", "5x", "x3", "5x0", "-2", "2.5", "1001", "٣x"]
)
def test_what_is_no_number_of_repeats_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no number of repeats; write SPLITS or SPLITSxSEEDS"):
        list(Times.parse(text).cells(SplitPlan(), 1))


@pytest.mark.parametrize("scheme", ["user-latest", "time", "before:2016-01-01"])
def test_splits_that_no_seed_changes_are_refused(scheme: str) -> None:
    plan = SplitPlan.parse(scheme)
    with pytest.raises(ConfigError, match="repeat its training alone by --repeat 1x5"):
        list(Times.parse("5").cells(plan, 1))
    assert len({one.plan for one in Times.parse("1x5").cells(plan, 1)}) == 1


def by_hand(values: list[float], ratio: float) -> tuple[float, float]:
    """The error and the p-value of Nadeau & Bengio 2003, by SciPy's own t distribution."""
    n = len(values)
    variance = sum((one - sum(values) / n) ** 2 for one in values) / (n - 1)
    error = math.sqrt(variance * (1 / n + ratio))
    return error, float(2 * stats.t.sf(abs(sum(values) / n) / error, df=n - 1))


@pytest.mark.parametrize("ratio", [0.0, 0.25, 1.0])
def test_the_corrected_test_is_that_of_its_formula(ratio: float) -> None:
    values = [0.012, 0.004, 0.019, -0.002, 0.011]
    told = spread_of(np.array(values), ratio)
    error, p_value = by_hand(values, ratio)
    assert told.error == pytest.approx(error, rel=1e-12)
    assert told.p_value == pytest.approx(p_value, rel=1e-9)
    half = error * stats.t.ppf(0.975, 4)
    assert (told.low, told.high) == pytest.approx((told.mean - half, told.mean + half))
    if not ratio:  # without rows in common it is the usual test
        assert told.p_value == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_it_calls_fewer_differences_real_that_are_none() -> None:
    """Means over random halves of the same 40 numbers, of mean 0: 30 draws, 300 times."""
    rng, usual, corrected = np.random.default_rng(3), 0, 0
    for _ in range(300):
        numbers = rng.normal(size=40)
        means = np.array([rng.permutation(numbers)[:20].mean() for _ in range(30)])
        usual += spread_of(means, 0.0).p_value < 0.05
        corrected += spread_of(means, 1.0).p_value < 0.05
    assert usual > 150
    assert corrected < 30


def test_what_says_nothing_is_no_number() -> None:
    one = spread_of(np.array([0.3]), 0.25)
    assert one.mean == 0.3
    assert np.isnan(one[1:]).all()
    assert spread_of(np.array([0.0, 0.0]), 0.25).p_value == 1
    assert spread_of(np.array([0.1, 0.1, 0.1]), 0.25).p_value == 0


def test_every_row_is_tested_once_over_all_folds() -> None:
    ratings = load("ml-latest-small", Path("nowhere"))
    cells = Times.parse("5").cells(SplitPlan.parse("kfold:1/5"), 1)
    assert np.all(sum(one.plan.divide(ratings).parts == TEST for one in cells) == 1)
