from itertools import pairwise
from math import log

import numpy as np
import pytest
from scipy.stats import entropy

from starcast.evaluation.metrics import Genres, miscalibration
from starcast.evaluation.metrics import calibration as module

# item 0: war and drama; 1: drama; 2: war; 3: comedy; 4: no genre
GENRES = Genres.of(np.array([0, 1, 0, 3, 2]), np.array([1, 1, 0, 2, 0]), n_items=5, n_values=3)


def test_genres_stand_by_item() -> None:
    assert GENRES.offsets.tolist() == [0, 2, 3, 4, 5, 5]
    bounds = pairwise(GENRES.offsets.tolist())
    assert [sorted(GENRES.values[start:end].tolist()) for start, end in bounds] == [
        [0, 1], [1], [0], [2], [],
    ]  # fmt: skip


def test_divergence_by_hand() -> None:
    # rated 0 and 1: war 1/4, drama 3/4. Listed 2, 3 and 0: war (1 + 1/2) / 3, drama 1/6, comedy 1/3
    found = miscalibration(np.array([[2, 3, 0]]), np.array([0, 2]), np.array([0, 1]), GENRES)
    war, drama = 0.99 * 1 / 2 + 0.01 * 1 / 4, 0.99 * 1 / 6 + 0.01 * 3 / 4
    assert found.tolist() == pytest.approx([1 / 4 * log(1 / 4 / war) + 3 / 4 * log(3 / 4 / drama)])


def test_it_is_no_symmetric_distance() -> None:
    # drama alone, and war 3/4 with drama 1/4
    forth = miscalibration(np.array([[2, 0]]), np.array([0, 1]), np.array([1]), GENRES)
    back = miscalibration(np.array([[1, -1]]), np.array([0, 2]), np.array([2, 0]), GENRES)
    assert forth[0] == pytest.approx(-log(0.99 / 4 + 0.01))
    assert back[0] == pytest.approx(3 / 4 * log(1 / 0.01) + 1 / 4 * log(1 / 4 / (0.99 + 0.01 / 4)))


def test_the_same_genres_are_calibrated_and_others_are_as_far_as_smoothing_lets() -> None:
    lists = np.array([[1, 2, 4], [3, -1, -1]])
    found = miscalibration(lists, np.array([0, 1, 2]), np.array([0, 1]), GENRES)
    assert found.tolist() == pytest.approx([0, -log(0.01)])


def test_who_has_no_genres_has_no_figure() -> None:
    lists = np.array([[1], [1], [4], [-1]])
    # nothing rated; one without a genre; a list without one; no list
    found = miscalibration(lists, np.array([0, 0, 1, 2, 3]), np.array([4, 1, 1]), GENRES)
    assert np.isnan(found).all()


@pytest.mark.parametrize("block", [1, 7, 1024])
def test_divergences_agree_with_scipy(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    rng = np.random.default_rng(9)
    has = rng.random((25, 6)) < 0.4
    has[:, 2] |= ~has.any(axis=1)
    items, values = np.nonzero(has)
    genres = Genres.of(items, values, n_items=25, n_values=6)
    lists = np.argsort(rng.random((20, 25)), axis=1)[:, :8]
    rated = [rng.choice(25, rng.integers(1, 9), replace=False) for _ in range(20)]
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in rated])])
    share = has / has.sum(axis=1, keepdims=True)
    expected = []
    for listed, own in zip(lists, rated, strict=True):
        p, q = share[own].mean(axis=0), share[listed].mean(axis=0)
        expected.append(entropy(p, 0.99 * q + 0.01 * p))
    found = miscalibration(lists, offsets, np.concatenate(rated), genres)
    np.testing.assert_allclose(found, expected)


def test_lists_and_ratings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="in a catalogue of 5 items"):
        miscalibration(np.array([[5]]), np.array([0, 0]), np.array([], np.int64), GENRES)
    for offsets in ([0, 1, 1], [0, 2]):
        with pytest.raises(ValueError, match="rated_offsets must fit"):
            miscalibration(np.array([[1]]), np.array(offsets), np.array([1]), GENRES)
