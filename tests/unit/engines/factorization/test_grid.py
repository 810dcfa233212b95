"""The grid of blocks: complete, apart, even, and in random order."""

import numpy as np
import pytest
from plain_factor import random_ratings, ratings_of

from starcast.data.ratings import Ratings
from starcast.engines.factorization import grid
from starcast.engines.factorization.grid import Grid, n_sides
from starcast.engines.factorization.tables import FactorTables

N_SIDES = 16  # of so few ratings


def grid_of(ratings: Ratings, seed: int = 1) -> Grid:
    tables = FactorTables.initial(ratings, 4, seed=0)
    return Grid.of(ratings, tables, np.random.default_rng(seed))


def test_every_rating_is_visited_once_with_its_stars_above_the_mean() -> None:
    ratings = random_ratings(70, 50, 0.3, seed=1)
    visits = grid_of(ratings).visits
    order = np.lexsort((visits["item"], visits["user"]))
    assert np.array_equal(visits["user"][order], ratings.user_rows)
    assert np.array_equal(visits["item"][order], ratings.item_rows)
    above = ratings.stars - ratings.stars.mean(dtype=np.float64)
    np.testing.assert_allclose(visits["stars"][order], above, atol=1e-6)


def test_blocks_in_different_rows_and_columns_share_no_user_and_no_item() -> None:
    visits, starts, _ = grid_of(random_ratings(70, 50, 0.3, seed=1))
    assert len(starts) == N_SIDES**2 + 1
    assert (starts[0], starts[-1]) == (0, len(visits))
    block = np.repeat(np.arange(N_SIDES**2), np.diff(starts))
    for name, side in (("user", block // N_SIDES), ("item", block % N_SIDES)):
        side_of_row = dict(zip(visits[name].tolist(), side.tolist(), strict=True))
        assert [side_of_row[row] for row in visits[name].tolist()] == side.tolist()
        in_row_order = [side_of_row[row] for row in sorted(side_of_row)]
        assert in_row_order == sorted(in_row_order), "a side's rows lie together in the table"


def test_sides_have_about_equally_many_ratings() -> None:
    ratings = random_ratings(400, 300, 0.3, seed=1)
    visits, starts, _ = grid_of(ratings)
    sizes = np.diff(starts).reshape(N_SIDES, N_SIDES)
    even = len(visits) / N_SIDES
    for of_side, rows in ((sizes.sum(1), ratings.user_rows), (sizes.sum(0), ratings.item_rows)):
        most_of_a_row = np.bincount(rows).max()  # which cannot be cut
        assert np.abs(of_side - even).max() <= most_of_a_row


def test_a_user_with_nearly_all_ratings_is_not_cut() -> None:
    rows = [(1, item, 3.0) for item in range(40)] + [(0, 0, 5.0), (2, 0, 1.0)]
    visits, starts, _ = grid_of(ratings_of(rows, n_users=3, n_items=40))
    assert len(visits) == len(rows)
    block = np.repeat(np.arange(N_SIDES**2), np.diff(starts))
    assert len(np.unique(block[visits["user"] == 1] // N_SIDES)) == 1


def test_order_within_a_block_is_random_and_follows_the_seed() -> None:
    ratings = random_ratings(160, 160, 0.9, seed=1)
    (one, starts, _), (same, *_), (other, *_) = (grid_of(ratings, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    for block in range(0, N_SIDES**2, 17):
        users = one["user"][starts[block] : starts[block + 1]].astype(np.int64)
        correlation = np.corrcoef(users, np.arange(len(users)))[0, 1]
        assert abs(correlation) < 5 / np.sqrt(len(users)), "ratings came sorted by user"


def test_every_order_of_a_block_is_about_equally_likely() -> None:
    """Three ratings of one pair of sides, 600 seeds: six orders, each 100 times but for chance."""
    ratings = ratings_of([(0, 0, 1), (0, 1, 2), (0, 2, 3)], n_users=1, n_items=3)
    tables = FactorTables.initial(ratings, 4, seed=0)
    tables.item.counts[:] = [0, 0, 1]  # so that no cut parts the items
    orders: dict[tuple[int, ...], int] = {}
    for seed in range(600):
        items = Grid.of(ratings, tables, np.random.default_rng(seed)).visits["item"]
        orders[tuple(items.tolist())] = orders.get(tuple(items.tolist()), 0) + 1
    assert len(orders) == 6
    assert all(55 < times < 145 for times in orders.values())  # ±5 standard deviations


def test_sides_follow_the_number_of_ratings_alone() -> None:
    assert [n_sides(n) for n in (1, 10_239_999, 10_240_000, 2**34)] == [16, 16, 32, 256]


def test_more_sides_and_pieces_are_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "_PER_BLOCK", 4)
    ratings = random_ratings(160, 160, 0.9, seed=1)
    whole = grid_of(ratings)
    assert (whole.n_sides, len(whole.starts)) == (64, 64**2 + 1)
    monkeypatch.setattr(grid, "_AT_ONCE", 50)
    assert np.array_equal(grid_of(ratings).visits, whole.visits)
