"""How candidates are chosen and ordered, by hand."""

import numpy as np

from starcast.scoring.candidates import Candidates
from starcast.scoring.list_blend import Mix, among, ordered
from starcast.scoring.trees import Trees


def candidates() -> Candidates:
    """Of two users and four items; the second user knows all but item 3."""
    base = np.array([[3, 1, 2, 0], [3, 1, 2, 0]], np.float32)
    rows = np.array([[0, 2], [1, 3]], np.int32)
    valid = np.array([[True, True], [False, True]])
    table = np.array([[[1, 0], [4, 0]], [[9, 0], [2, 0]]], np.float32)
    return Candidates(base, rows, valid, table)


def test_candidates_come_first_by_what_was_learnt_and_the_others_by_what_is_left() -> None:
    scores = ordered(candidates(), np.array([[1, 4], [9, 2]], np.float32))
    assert np.argsort(-scores[0]).tolist() == [2, 0, 1, 3]
    assert np.argsort(-scores[1]).tolist() == [3, 0, 2, 1], "what is no candidate gains nothing"
    assert np.all(np.isfinite(scores))


def test_who_knows_everything_has_an_order_all_the_same() -> None:
    known = candidates()._replace(valid=np.zeros((2, 2), np.bool_))
    scores = ordered(known, np.array([[1, 4], [9, 2]], np.float32))
    assert np.argsort(-scores[0]).tolist() == [0, 2, 1, 3]
    assert np.all(np.isfinite(scores))


def test_scores_are_standardized_over_candidates_alone() -> None:
    valid = np.array([[True, True, False], [True, False, False]])
    found = among(np.array([[1, 3, 99], [7, 99, 99]], np.float32), valid)
    np.testing.assert_allclose(found[0, :2], [-1, 1])
    assert found[1, 0] == 0


def test_trees_count_as_much_as_the_coefficients() -> None:
    """Both are standardized: of two candidates a tree can only agree, or leave them alike."""
    tree = Trees(
        np.zeros((1, 1), np.int32),
        np.array([[2]], np.float32),
        np.array([[[-1, -2]]], np.int32),
        np.array([[5, 0]], np.float32),  # more to who has little of the first feature
    )
    coefficients = np.array([0.01, 0], np.float32)
    alone = Mix(coefficients, None).scores(candidates())
    assert np.argmax(alone[0]) == 2
    both = Mix(coefficients, tree).of_candidates(candidates().table, candidates().valid)
    np.testing.assert_allclose(both[0], [0, 0], atol=1e-6)
