"""Sparse rows against SciPy's and against plain loops; shares of about equal work."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from plain_network import some_ratings
from scipy.sparse import csr_array

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.engines.rows import N_SHARES, SparseRows, offsets_of, sorting

TINY = Ratings.from_rows(  # users 1 and 3 rated nothing, nobody rated item 0
    Vocabulary(np.arange(4)),
    Vocabulary(np.arange(5)),
    np.array([0, 0, 2, 2, 2], np.int32),
    np.array([4, 1, 1, 2, 4], np.int32),
    np.array([4.0, 1.0, 2.0, 5.0, 3.0]),
)


def test_rows_of_users_and_of_items() -> None:
    of_users, of_items = SparseRows.by_user(TINY), SparseRows.by_item(TINY)
    assert (len(of_users), of_users.n_columns) == (4, 5)
    assert (len(of_items), of_items.n_columns) == (5, 4)
    assert [one.tolist() for one in of_users.row(2)] == [[1, 2, 4], [2, 5, 3]]
    assert [one.tolist() for one in of_users.row(3)] == [[], []]
    assert [one.tolist() for one in of_items.row(1)] == [[0, 2], [1, 2]]
    assert [one.tolist() for one in of_items.row(4)] == [[0, 2], [4, 3]]
    assert [one.tolist() for one in of_items.row(0)] == [[], []]
    for rows in (of_users, of_items):
        types = [array.dtype.name for array in (rows.offsets, rows.columns, rows.values)]
        assert types == ["int64", "int32", "float32"]


def test_both_are_what_scipy_makes_of_the_ratings() -> None:
    ratings = some_ratings(900)
    shape = ratings.n_users, ratings.n_items
    matrix = csr_array((ratings.stars, (ratings.user_rows, ratings.item_rows)), shape)
    for rows, wanted in (
        (SparseRows.by_user(ratings), matrix),
        (SparseRows.by_item(ratings), matrix.T.tocsr()),
        (SparseRows.by_item(ratings).transposed(), matrix),
    ):
        assert (len(rows), rows.n_columns) == wanted.shape
        assert_array_equal(rows.offsets, wanted.indptr)
        assert_array_equal(rows.columns, wanted.indices)
        assert_array_equal(rows.values, wanted.data)


@pytest.mark.parametrize("n_rows", [1, 2, 1 << 16, (1 << 16) + 1, 1 << 17, 1 << 31])
def test_rows_of_any_number_are_sorted_and_stay_in_order(n_rows: int) -> None:
    rows = np.random.default_rng(0).integers(0, n_rows, 999).astype(np.int32)
    rows[500:] = np.concatenate([[0, n_rows - 1], rows[:497]])
    assert_array_equal(sorting(rows, n_rows), np.argsort(rows, kind="stable"))


@given(st.lists(st.integers(0, 9), max_size=40))
def test_offsets_cut_sorted_rows_where_the_next_begins(rows: list[int]) -> None:
    offsets = offsets_of(np.array(rows, np.int64), 10)
    in_order = sorted(rows)
    for row in range(10):
        assert in_order[offsets[row] : offsets[row + 1]] == [row] * rows.count(row)
    assert len(offsets) == 11


@pytest.mark.parametrize("per_row", [1, 50])
def test_shares_are_of_about_equal_work(per_row: int) -> None:
    rows = SparseRows.by_user(some_ratings(1000))
    offsets, _, _, shares = rows.shared(per_row)
    assert (shares[0], shares[-1], len(shares)) == (0, len(rows), N_SHARES + 1)
    work = np.diff(offsets[shares]) + per_row * np.diff(shares)
    most = np.diff(offsets).max() + per_row  # a row is not cut
    assert abs(work - work.sum() / N_SHARES).max() <= most


def test_rows_come_without_a_compiler() -> None:
    program = "import sys, starcast.engines.rows; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_transposed_by_pieces_is_transposed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    pairs = np.unique(rng.integers(0, 50 * 40, 600))
    rows, columns = np.divmod(pairs, 50)
    values = rng.random(len(pairs)).astype(np.float32)
    sparse = SparseRows(offsets_of(rows, 41), columns.astype(np.int32), values, 50)
    dense = np.zeros((41, 50), np.float32)
    dense[rows, columns] = values
    for most in (7, 100, 10_000):
        monkeypatch.setattr(SparseRows.pieces, "__defaults__", (most,))
        found = sparse.transposed()
        for column in range(50):
            raters, theirs = found.row(column)
            np.testing.assert_array_equal(raters, np.flatnonzero(dense[:, column]))
            np.testing.assert_array_equal(theirs, dense[raters, column])
