import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.evaluation.metrics import Bootstrap, bootstrap_means, bootstrap_rmse
from starcast.evaluation.metrics.paired import holm

N_ROWS = np.array([3, 1, 4, 1, 5, 9, 2, 6])


def noisy_errors(n_models: int) -> NDArray[np.float64]:
    return np.random.default_rng(5).gamma(N_ROWS, size=(n_models, len(N_ROWS)))


def test_constant_errors_leave_no_doubt() -> None:
    found = bootstrap_rmse(np.outer([4.0, 1.0, 9.0], N_ROWS), N_ROWS, n_draws=199)
    np.testing.assert_allclose(found.low, [2, 1, 3])
    np.testing.assert_allclose(found.high, [2, 1, 3])
    np.testing.assert_allclose(found.difference_low, [[0, 1, -1], [-1, 0, -2], [1, 2, 0]])
    np.testing.assert_allclose(found.difference_high, [[0, 1, -1], [-1, 0, -2], [1, 2, 0]])
    p = 3 * 2 / 200  # two-sided, one added to either count, three pairs
    np.testing.assert_allclose(found.p_value, [[1, p, p], [p, 1, p], [p, p, 1]])


def test_equal_models_are_told_apart_by_nothing() -> None:
    errors = np.repeat(np.random.default_rng(0).gamma(1, size=(1, 1001)), 5, axis=0)
    found = bootstrap_rmse(errors, np.ones(1001, np.int64), n_draws=50)
    assert np.all(found.p_value == 1)
    assert not found.difference_low.any()
    assert not found.difference_high.any()


def test_both_sums_are_drawn_anew() -> None:
    # the users alone have RMSE 1 and 2, and each alone makes up a quarter of the draws
    found = bootstrap_rmse(np.array([[1.0, 12.0]]), np.array([1, 3]), n_draws=200)
    assert (found.low.item(), found.high.item()) == (1, 2)


def test_bootstrap_agrees_with_one_that_collects_the_drawn_users() -> None:
    errors, rng = noisy_errors(2), np.random.default_rng(8)
    draws = np.empty((500, 2))
    for draw in draws:
        drawn = [int(user) for user in rng.integers(len(N_ROWS), size=len(N_ROWS))]
        n_rows = sum(int(N_ROWS[user]) for user in drawn)
        draw[:] = [(sum(model[user] for user in drawn) / n_rows) ** 0.5 for model in errors]
    found = bootstrap_rmse(errors, N_ROWS, n_draws=500, seed=8)
    difference = draws[:, 0] - draws[:, 1]
    above = int(np.sum(difference > 0))
    assert 0 < above < 500
    assert found.p_value[0, 1] == pytest.approx(2 * (min(above, 500 - above) + 1) / 501)
    np.testing.assert_allclose(found.low, np.percentile(draws, 2.5, axis=0))
    np.testing.assert_allclose(found.high, np.percentile(draws, 97.5, axis=0))
    assert found.difference_low[0, 1] == pytest.approx(np.percentile(difference, 2.5))
    assert found.difference_high[0, 1] == pytest.approx(np.percentile(difference, 97.5))


def test_intervals_are_as_wide_as_theory_says() -> None:
    n_users = 2000
    errors = np.random.default_rng(2).chisquare(1, (1, n_users))
    found = bootstrap_rmse(errors, np.ones(n_users, np.int64))
    # Var(χ²₁) = 2, so the RMSE, near 1, has standard error √(2 / n) / 2
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(2 / n_users) / 2, rel=0.1)


def test_pairing_finds_a_small_difference_between_uncertain_models() -> None:
    errors = np.random.default_rng(2).chisquare(1, 300)
    found = bootstrap_rmse(np.stack([errors, 1.02 * errors]), np.ones(300, np.int64), n_draws=500)
    assert found.low[1] < found.high[0]  # the intervals overlap
    assert found.difference_high[0, 1] < 0
    assert found.p_value[0, 1] < 0.05


def test_p_values_are_adjusted_by_holm() -> None:
    raw = np.array([[1, 0.01, 0.04], [0.01, 1, 0.03], [0.04, 0.03, 1]])
    # 0.01 · 3, then 0.03 · 2, then 0.04 · 1, which may not fall below the one before
    expected = [[1, 0.03, 0.06], [0.03, 1, 0.06], [0.06, 0.06, 1]]
    np.testing.assert_allclose(holm(raw), expected)
    np.testing.assert_allclose(holm(np.full((3, 3), 0.6)), np.ones((3, 3)))


def test_one_model_has_an_interval_and_no_rival() -> None:
    found = bootstrap_rmse(noisy_errors(1), N_ROWS, n_draws=20)
    assert found.low < found.high
    assert found.p_value.tolist() == [[1]]


def test_the_seed_decides_the_draws() -> None:
    def draw(seed: int) -> Bootstrap:
        return bootstrap_rmse(noisy_errors(2), N_ROWS, n_draws=50, seed=seed)

    assert draw(1).low.tobytes() == draw(1).low.tobytes()
    assert draw(1).low.tobytes() != draw(2).low.tobytes()


def test_users_without_test_rows_take_no_part() -> None:
    errors = noisy_errors(2)
    n_rows, padded = np.insert(N_ROWS, [0, 4], 0), np.insert(errors, [0, 4], 0, axis=1)
    with_them = bootstrap_rmse(padded, n_rows, n_draws=50)
    assert with_them.low.tobytes() == bootstrap_rmse(errors, N_ROWS, n_draws=50).low.tobytes()


@pytest.mark.parametrize(
    ("errors", "n_rows", "message"),
    [
        ([[]], [], "nothing to measure"),
        ([[1.0, 2.0]], [1, 1, 1], r"got \(1, 2\) and \(3,\)"),
        ([1.0, 2.0], [1, 1], r"must have shape \(n_models, n_users\)"),
        ([[1.0, np.nan]], [1, 1], "sum_squared_errors holds nan at row 0, 1"),
        ([[1.0, -1.0]], [1, 1], "must not be negative"),
        ([[1.0, 1.0]], [1, -1], "must not be negative"),
        ([[1.0, 1.0, 1.0]], [1, 0, 1], "users whose n_rows is 0"),
        ([[1.0, 0.0]], [1, 0], "at least two users"),
    ],
)
def test_sums_that_cannot_be_drawn_from_are_refused(
    errors: list[list[float]], n_rows: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap_rmse(np.array(errors), np.array(n_rows, np.int64))


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="n_draws must be at least 1"):
        bootstrap_rmse(noisy_errors(1), N_ROWS, n_draws=0)
    with pytest.raises(ValueError, match="n_draws must be at least 1"):
        bootstrap_means(noisy_errors(1), n_draws=0)


def test_the_floor_is_the_smallest_p_there_can_be() -> None:
    found = bootstrap_rmse(np.outer([4.0, 1.0, 9.0], N_ROWS), N_ROWS, n_draws=199)
    assert found.floor == pytest.approx(3 * 2 / 200)
    assert found.p_value[0, 1] == pytest.approx(found.floor)
    assert bootstrap_rmse(noisy_errors(1), N_ROWS, n_draws=99).floor == pytest.approx(2 / 100)
    assert bootstrap_rmse(noisy_errors(3), N_ROWS, n_draws=3).floor == 1


# Means over users


def test_means_agree_with_a_bootstrap_that_collects_the_drawn_users() -> None:
    by_user, rng = np.random.default_rng(4).beta(1, 3, (2, 9)), np.random.default_rng(8)
    drawn = [rng.integers(9, size=9) for _ in range(400)]
    draws = np.array([[np.mean([model[u] for u in users]) for model in by_user] for users in drawn])
    found = bootstrap_means(by_user, n_draws=400, seed=8)
    np.testing.assert_allclose(found.low, np.percentile(draws, 2.5, axis=0))
    np.testing.assert_allclose(found.high, np.percentile(draws, 97.5, axis=0))
    difference = draws[:, 0] - draws[:, 1]
    assert found.difference_low[0, 1] == pytest.approx(np.percentile(difference, 2.5))
    assert found.difference_high[0, 1] == pytest.approx(np.percentile(difference, 97.5))
    above = int(np.sum(difference > 0))
    assert 0 < above < 400
    assert found.p_value[0, 1] == pytest.approx(2 * (min(above, 400 - above) + 1) / 401)


def test_means_have_intervals_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(2).normal(3, 1, (1, 2000))
    found = bootstrap_means(values)
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(2000), rel=0.1)


def test_users_count_the_same_in_a_mean() -> None:
    found = bootstrap_means(np.array([[1.0, 2.0]]), n_draws=200)
    assert (found.low.item(), found.high.item()) == (1, 2)


@pytest.mark.parametrize(
    ("by_user", "message"),
    [
        ([[]], "nothing to measure"),
        ([1.0, 2.0], r"shape \(n_models, n_users\)"),
        ([[1.0, np.nan]], "by_user holds nan at row 0, 1"),
        ([[1.0]], "at least two users"),
    ],
)
def test_means_that_cannot_be_drawn_from_are_refused(by_user: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap_means(np.array(by_user))


def test_two_thousand_draws_unless_asked_for_others() -> None:
    """What is always better has the smallest p there is, 2 / (1 + draws)."""
    better, worse = np.linspace(0.8, 0.9, 9), np.linspace(0.1, 0.2, 9)
    assert bootstrap_means(np.array([better, worse])).p_value[0, 1] == pytest.approx(2 / 2001)
    squares, n_rows = 9 * np.array([worse, better]), np.full(9, 9)
    assert bootstrap_rmse(squares, n_rows).p_value[0, 1] == pytest.approx(2 / 2001)
