"""Held-out users: who is divided how, and what lists for them are worth."""

import numpy as np
import pytest
from held_out_users import FEWEST, LIKED, HeldOut, Task, figures_of
from strong_generalisation import standardised

from starcast.data.ratings import Ratings

SECOND = 1 / np.log2(3)


def test_nobody_is_in_two_parts_and_a_fifth_is_hidden(planted: Ratings) -> None:
    train, validation, test = Task.of(planted, 0.2, seed=3)
    held_out = [set(users.known.users.ids.tolist()) for users in (validation, test)]
    assert not set(train.users.ids.tolist()) & (held_out[0] | held_out[1])
    assert not held_out[0] & held_out[1]
    assert len(held_out[0]) == len(held_out[1]) > 0
    assert train.stars.min() >= LIKED
    for known, hidden in (validation, test):
        assert np.array_equal(known.items.ids, train.items.ids)
        given, sought = (np.bincount(r.user_rows, minlength=r.n_users) for r in (known, hidden))
        wanted = np.where(given + sought >= FEWEST, (given + sought) // 5, 0)
        assert sought.tolist() == wanted.tolist()


def test_figures_leave_out_what_is_known_and_who_has_nothing_hidden() -> None:
    """User 1 knows the best item and finds the hidden one second; user 2 hides nothing."""
    ratings = Ratings.from_columns(
        np.array([1, 1, 2]), np.array([10, 30, 20]), np.array([5.0, 4.0, 5.0])
    )
    is_hidden = np.array([False, True, False])
    users = HeldOut(ratings.take(~is_hidden), ratings.take(is_hidden))
    scores = np.array([[9.0, 5.0, 4.0], [1.0, 2.0, 3.0]], np.float32)
    assert figures_of(scores, users).tolist() == [[pytest.approx(SECOND), 1, 1]]


def test_scores_are_standardised_for_each_user() -> None:
    found = standardised(np.array([[1.0, 3.0], [10.0, 30.0]], np.float32))
    assert found.tolist() == [[-1, 1], [-1, 1]]
