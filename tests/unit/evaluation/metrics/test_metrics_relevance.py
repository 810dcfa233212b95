import numpy as np
import pytest

from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.metrics import ABOVE_MEAN, Relevance, at_or_above_mean, held_out_curves

USER_ROWS = np.array([1, 0, 2, 0, 1, 0])
STARS = np.array([2.0, 1.0, 4.0, 5.0, 4.0, 3.0])


def test_the_rules_by_hand() -> None:
    def relevant(text: str) -> list[int]:
        return [int(one) for one in Relevance.parse(text).of(USER_ROWS, STARS)]

    assert relevant("all") == [1, 1, 1, 1, 1, 1]
    assert relevant("above-mean") == [0, 0, 1, 1, 1, 1]  # the means are 3, 3 and 4
    assert relevant("4") == [0, 0, 1, 1, 1, 0]
    assert relevant("4.5") == [0, 0, 0, 1, 0, 0]
    assert relevant("-1") == [1, 1, 1, 1, 1, 1]  # some scales begin below


def test_a_rule_is_said_as_it_is_given_and_in_words() -> None:
    for text in ("all", "above-mean", "4", "3.5"):
        assert str(Relevance.parse(f" {text} ")) == text
    assert Relevance.parse("3.5").in_words == "test items rated 3.5 stars or more"
    assert Relevance.parse("all").in_words == "every test item"
    assert ABOVE_MEAN.in_words == "test items rated at or above the user's own mean test rating"
    assert Relevance.parse("above-mean") == ABOVE_MEAN


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stars_count_through_different_roundings(dtype: type[np.floating]) -> None:
    stars = np.array([3.3, 0.1 + 32 * 0.1, 3.2], dtype)
    assert Relevance.parse("3.3").of(np.zeros(3, np.int64), stars).tolist() == [True, True, False]


def test_a_rating_is_not_short_of_itself_by_rounding_to_float32() -> None:
    kept = np.array([3.3, 3.2], np.float32).astype(np.float64)
    assert kept[0] < 3.3
    assert Relevance.parse("3.3").of(np.zeros(2, np.int64), kept).tolist() == [True, False]


def test_as_many_stars_as_there_are_can_be_asked_for_and_no_more() -> None:
    Relevance.parse("5").require_reachable(5.0)
    Relevance.parse("all").require_reachable(-3.0)
    with pytest.raises(
        ConfigError, match=r"relevant are 5\.5 stars or more, but the scale ends at 5"
    ):
        Relevance.parse("5.5").require_reachable(5.0)


def test_a_misspelt_rule_brings_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'above-mean'"):
        Relevance.parse("above mean")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_stars_that_are_no_finite_number_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=f"{text} stars or more; it must be a finite number"):
        Relevance.parse(text)


def test_the_relevant_are_those_at_or_above_their_users_mean() -> None:
    assert at_or_above_mean(USER_ROWS, STARS).tolist() == [False, False, True, True, True, True]
    stars = np.array([3.2, 3.4, 3.3], np.float32)  # short of the mean by rounding alone
    assert float(stars[2]) < float(stars.astype(np.float64).mean())
    assert at_or_above_mean(np.zeros(3, np.int32), stars).tolist() == [False, True, True]


def test_the_relevant_make_the_recall() -> None:
    """With every item listed and recommended, recall is the share of relevant items there are."""
    rng = np.random.default_rng(5)
    user_rows, stars = np.repeat(np.arange(40), 25), rng.integers(1, 11, 1000) / 2
    curves = held_out_curves(user_rows, stars, np.full(1000, 9.0), max_k=25)
    shares = at_or_above_mean(user_rows, stars).reshape(40, 25).mean(axis=1)
    assert curves.precision[24] == pytest.approx(shares.mean())


@pytest.mark.parametrize("rule", ["all", "above-mean", "4"])
def test_ratings_without_users_are_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"user_rows \(5,\)"):
        Relevance.parse(rule).of(USER_ROWS[:5], STARS)
