"""The order of visits: everything once, runs of neighbours together, strangers in every batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_network import some_ratings

from starcast.engines import batches
from starcast.engines.batches import ShuffledRatings

CELLS = 1000  # ratings, of 49 x 39 cells


def shuffled(batch_size: int, n: int = CELLS, seed: int = 1) -> ShuffledRatings:
    return ShuffledRatings(some_ratings(n), batch_size, np.random.default_rng(seed))


@given(st.integers(2, 300), st.integers(1, 3000))
def test_every_epoch_visits_every_rating_once(n: int, batch_size: int) -> None:
    ratings = shuffled(batch_size, n)
    for _ in range(2):
        order = ratings.fresh_order()
        assert order.dtype == np.int32
        assert np.array_equal(np.sort(order), np.arange(n))


def test_a_shuffled_rating_keeps_its_user_item_and_stars() -> None:
    train, ratings = some_ratings(CELLS), shuffled(100).rated
    columns = np.stack([ratings.users, ratings.items, ratings.stars])
    by_user_and_item = np.lexsort((ratings.items, ratings.users))
    sorted_columns = np.stack([train.user_rows, train.item_rows, train.stars])
    assert np.array_equal(columns[:, by_user_and_item], sorted_columns)
    assert ratings.users.dtype == ratings.items.dtype == np.int32
    assert ratings.stars.dtype == np.float32


def test_many_rows_are_shuffled_heap_by_heap_and_visited_in_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seven heaps: each row once, with its own stars, and any row may come to any place."""
    monkeypatch.setattr(batches, "AT_ONCE", 150)
    test_a_shuffled_rating_keeps_its_user_item_and_stars()
    test_neighbours_are_strangers()
    train, first = some_ratings(CELLS), []
    number = {pair: n for n, pair in enumerate(zip(train.user_rows, train.item_rows, strict=True))}
    for seed in range(200):
        rated = shuffled(100, seed=seed).rated
        first.append(number[rated.users[0], rated.items[0]])
    assert abs(np.mean(first) - CELLS / 2) < 4 * CELLS / np.sqrt(12 * 200)
    assert abs(np.std(first) - CELLS / np.sqrt(12)) < 0.1 * CELLS
    pieces = list(shuffled(10).fresh_orders())
    assert [len(one) for one in pieces] == [150] * 6 + [100]
    assert np.array_equal(np.concatenate(pieces), shuffled(10).fresh_order())


def test_neighbours_are_strangers() -> None:
    """Sorted by user they would share one; shuffled, 1 pair in 49 does."""
    users = shuffled(100).rated.users
    assert np.mean(users[1:] == users[:-1]) < 0.06


@pytest.mark.parametrize(
    ("batch_size", "run"),
    [(1, 1), (16, 1), (31, 1), (32, 2), (100, 6), (1000, 62), (1024, 64), (10**9, 64)],
)
def test_runs_are_a_sixteenth_of_a_batch_but_no_longer_than_a_few_cache_lines(
    batch_size: int, run: int
) -> None:
    ratings = shuffled(batch_size)
    n_whole = CELLS // run * run
    runs = ratings.fresh_order()[:n_whole].reshape(-1, run)
    assert np.array_equal(runs - runs[:, :1], np.tile(np.arange(run), (len(runs), 1)))
    assert not np.any(runs[:, 0] % run)
    assert np.mean(np.diff(runs[:, 0]) == run) < 0.2, "longer runs would go on in the next one"


def test_what_fills_no_run_comes_last() -> None:
    order = shuffled(1000).fresh_order()
    assert order[-(CELLS % 62) :].tolist() == list(range(CELLS - CELLS % 62, CELLS))


@pytest.mark.parametrize("batch_size", [1, 40, 160])
def test_every_epoch_has_an_order_of_its_own(batch_size: int) -> None:
    ratings = shuffled(batch_size)
    orders = [ratings.fresh_order() for _ in range(4)]
    for later in orders[1:]:
        assert np.mean(later == orders[0]) < 0.1


def test_the_same_seed_gives_the_same_batches_and_another_does_not() -> None:
    one, same, other = shuffled(100), shuffled(100), shuffled(100, seed=2)
    for _ in range(3):
        order = one.fresh_order()
        assert np.array_equal(order, same.fresh_order())
        assert not np.array_equal(order, other.fresh_order())
    assert np.array_equal(one.rated.users, same.rated.users)
    assert not np.array_equal(one.rated.users, other.rated.users)
