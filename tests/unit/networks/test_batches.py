import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from starcast.networks.batches import row_batches

N_ROWS = 7


def test_rows_of_two_batches_by_hand() -> None:
    distinct, place = row_batches(np.array([4, 2, 4, 2, 0], np.int32), n_rows=5, batch_size=3)
    assert distinct.tolist() == [[4, 2, 5], [2, 0, 5]]
    assert place.tolist() == [[0, 1, 0], [0, 1, 2]]
    assert distinct.dtype == place.dtype == np.int32


def test_a_row_of_an_earlier_batch_is_found_anew() -> None:
    distinct, place = row_batches(np.array([1, 0, 0, 1], np.int32), n_rows=2, batch_size=2)
    assert distinct.tolist() == [[1, 0], [0, 1]]
    assert place.tolist() == [[0, 1], [0, 1]]


def test_a_full_last_batch_needs_no_padding() -> None:
    distinct, _ = row_batches(np.arange(6, dtype=np.int32), n_rows=6, batch_size=3)
    assert distinct.shape == (2, 3)
    assert 6 not in distinct


@given(
    arrays.arrays(np.int32, st.integers(1, 40), elements=st.integers(0, N_ROWS - 1)),
    st.integers(1, 45),
)
def test_places_among_the_distinct_rows_give_back_every_row(
    rows: NDArray[np.int32], batch_size: int
) -> None:
    distinct, place = row_batches(rows, N_ROWS, batch_size)
    n_batches = -(-len(rows) // batch_size)
    assert distinct.shape == place.shape == (n_batches, batch_size)
    given_back = np.take_along_axis(distinct, place, axis=1).ravel()
    assert np.array_equal(given_back[: len(rows)], rows)
    assert np.all(given_back[len(rows) :] == N_ROWS), "padding must be the spare row"
    for batch in distinct:
        real = batch[batch != N_ROWS]
        assert len(np.unique(real)) == len(real), "a row twice would be scattered twice"
        assert np.all(batch[len(real) :] == N_ROWS), "unused places come last"


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_no_batch_lists_rows_it_does_not_touch(batch_size: int) -> None:
    rows = np.random.default_rng(1).integers(0, N_ROWS, 20).astype(np.int32)
    distinct, _ = row_batches(rows, N_ROWS, batch_size)
    for n, batch in enumerate(distinct):
        touched = rows[n * batch_size : (n + 1) * batch_size]
        assert set(batch.tolist()) - {N_ROWS} == set(touched.tolist())
