"""How far a model is drawn to the means, from planted scores whose right share is known."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.means import means_of
from starcast.engines.rows import SparseRows
from starcast.scoring.by_means import MeansScorer
from starcast.scoring.shrinkage import WHOLE
from starcast.training.shares import choose_shares


@cache
def split() -> Split:
    rng = np.random.default_rng(8)
    users, items = np.nonzero(rng.random((120, 60)) < 0.5)
    stars = np.clip(np.round(2 * rng.normal(3.5, 1.1, len(users))) / 2, 0.5, 5)
    ratings = Ratings.from_columns(users, items, stars.astype(np.float32))
    return SplitPlan(seed=2).divide(ratings)


def of_means(known: Ratings, rows: Ratings) -> NDArray[np.float32]:
    histories = SparseRows.by_user(known)
    mean, _, item_bias = means_of(histories)
    return MeansScorer(mean, item_bias, histories).score_pairs(rows.user_rows, rows.item_rows)


def test_chance_is_drawn_to_nothing_and_knowledge_is_left_alone() -> None:
    rows = split().validation
    base, rng = of_means(split().train, rows), np.random.default_rng(1)
    noise = base + rng.normal(0, 1, len(rows))
    drawn = choose_shares(noise, split().train, rows, FIVE_STARS)
    assert drawn.known == 0
    wise = base + 0.5 * (rows.stars - base)
    assert choose_shares(wise, split().train, rows, FIVE_STARS) == WHOLE


def test_what_says_twice_too_much_is_drawn_half_way() -> None:
    """f - m = 2 (r - m) of what can be known: w = ½, but for the first guess."""
    rows = split().validation
    base = of_means(split().train, rows)
    shares = choose_shares(base + 2 * (rows.stars - base), split().train, rows, FIVE_STARS)
    assert shares.known == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("noise", "knows", "guess"), [(0.3, 0.03, 0.15), (1.0, 0.4, 0.3)])
def test_the_share_by_hand(noise: float, knows: float, guess: float) -> None:
    """(Σ d e + 10 σ² g) / (Σ d² + 10 σ²), with σ² the mean square of e, and g no more than 0.3 and
    than least squares less half their standard error."""
    rows = split().validation
    base = of_means(split().train, rows).astype(np.float64)
    left = rows.stars - base
    moved = noise * np.random.default_rng(2).normal(0, 1, len(rows)) + knows * left
    usual, squares = float(np.mean(left**2)), float(moved @ moved)
    least_squares = float(moved @ left) / squares
    likely = least_squares - np.sqrt(usual / squares) / 2
    assert min(0.3, likely) == pytest.approx(guess, abs=0.06)
    belief = 10 * usual
    wanted = (moved @ left + min(0.3, likely) * belief) / (squares + belief)
    assert 0.05 < wanted < 0.6
    found = choose_shares(base + moved, split().train, rows, FIVE_STARS)
    assert found.known == pytest.approx(wanted, rel=1e-3)
    assert found.new_user == found.new_item == found.neither == found.known  # there are none


def test_a_few_rows_against_a_model_leave_it_no_share() -> None:
    """Of new users there are few rows, and they speak against the model: no guess lifts it."""
    train, rows = split().train, split().validation
    new = np.flatnonzero(rows.user_rows < 12)
    assert 5 < len(new) < 40
    train = train.take(train.user_rows >= 12)
    base = of_means(train, rows)
    scores = base + 0.7 * (rows.stars - base)
    scores[new] = base[new] - 0.05 * (rows.stars - base)[new]
    shares = choose_shares(scores, train, rows, FIVE_STARS)
    assert (shares.known, shares.new_user) == (1, 0)
    assert shares.new_item == 1  # no such rows: as of known pairs


def test_a_kind_of_its_own_has_a_share_of_its_own() -> None:
    """The model knows known pairs, and errs about users that it has never seen."""
    train, rows = split().train, split().validation
    is_new = rows.user_rows < 40
    train = train.take(train.user_rows >= 40)
    base = of_means(train, rows)
    scores = np.where(is_new, base + 1.5, base + 0.7 * (rows.stars - base))
    shares = choose_shares(scores, train, rows, FIVE_STARS)
    assert shares.known == 1
    assert shares.new_user < 0.15


def test_shares_are_the_same_on_every_scale() -> None:
    rows, rng = split().validation, np.random.default_rng(5)
    base = of_means(split().train, rows)
    scores = base + 0.4 * (rows.stars - base) + rng.normal(0, 0.6, len(rows))
    plain = choose_shares(scores, split().train, rows, FIVE_STARS)
    times_20 = [
        Ratings.from_rows(
            part.users, part.items, part.user_rows, part.item_rows, 20 * part.stars
        )
        for part in (split().train, rows)
    ]  # fmt: skip
    moved = choose_shares(scores, times_20[0], times_20[1], Units(20.0, 0.0))
    assert moved == pytest.approx(plain, rel=1e-4)
    assert 0 < plain.known < 1
