"""Groups of visits by row, against dictionaries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from starcast.engines.networks.grouping import Groups, group_visits

N_ROWS = 7
UNTOUCHED = -9
Rows = NDArray[np.int32]
Found = list[dict[int, list[int]]]
"""For every batch: each distinct row, in order of appearance, and its visits."""


def found(rows: Rows, visits: Rows, batch_size: int, n_tasks: int) -> Found:
    """What `group_visits` writes, every task in turn."""
    n_batches = -(-len(visits) // batch_size)
    distinct, members = (np.full((n_batches, batch_size), UNTOUCHED, np.int32) for _ in range(2))
    starts = np.full((n_batches, batch_size + 2), UNTOUCHED, np.int32)
    for task in reversed(range(n_tasks)):
        group_visits(rows, N_ROWS, visits, task, n_tasks, Groups(distinct, starts, members))
    groups = []
    for batch in range(n_batches):
        n, begins = starts[batch, batch_size + 1], starts[batch]
        assert len(set(distinct[batch, :n])) == n, "a row twice would be moved twice"
        groups.append(
            {
                int(distinct[batch, m]): members[batch, begins[m] : begins[m + 1]].tolist()
                for m in range(n)
            }
        )
    return groups


def expected(rows: Rows, visits: Rows, batch_size: int) -> Found:
    groups: Found = []
    for start in range(0, len(visits), batch_size):
        groups.append({})
        for n, visit in enumerate(visits[start : start + batch_size].tolist()):
            groups[-1].setdefault(int(rows[visit]), []).append(n)
    return groups


def test_two_batches_by_hand() -> None:
    rows, visits = np.array([4, 2, 0], np.int32), np.array([0, 1, 0, 1, 2], np.int32)
    assert found(rows, visits, batch_size=3, n_tasks=1) == [{4: [0, 2], 2: [1]}, {2: [0], 0: [1]}]


@given(
    arrays.arrays(np.int32, st.integers(1, 40), elements=st.integers(0, N_ROWS - 1)),
    st.integers(1, 45),
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
)
def test_every_visit_is_found_under_its_row_in_order(
    rows: Rows, batch_size: int, n_tasks: int, seed: int
) -> None:
    visits = np.random.default_rng(seed).permutation(len(rows)).astype(np.int32)
    groups = found(rows, visits, batch_size, n_tasks)
    wanted = expected(rows, visits, batch_size)
    assert groups == wanted
    assert [list(batch) for batch in groups] == [list(batch) for batch in wanted]


@pytest.mark.parametrize("task", [0, 1, 2])
def test_a_task_leaves_the_batches_of_others_alone(task: int) -> None:
    """They are filled in by other threads, at the same time."""
    rows = np.random.default_rng(1).integers(0, N_ROWS, 20).astype(np.int32)
    visits = np.arange(20, dtype=np.int32)
    distinct, members = (np.full((7, 3), UNTOUCHED, np.int32) for _ in range(2))
    starts = np.full((7, 5), UNTOUCHED, np.int32)
    group_visits(rows, N_ROWS, visits, task, 3, Groups(distinct, starts, members))
    for batch in range(7):
        for written in (distinct[batch], starts[batch], members[batch]):
            assert np.any(written != UNTOUCHED) == (batch % 3 == task)
