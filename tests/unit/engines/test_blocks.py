"""Every block once, in any number of threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numba
import pytest

from starcast.engines.blocks import in_blocks


@pytest.fixture(params=[1, 2, 5])
def n_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", request.param)
    return int(request.param)


@pytest.mark.parametrize(("n", "expected"), [(0, []), (3, [3]), (4, [4]), (9, [4, 8, 9])])
def test_blocks_cover_all_rows_and_are_told_in_order(
    n_threads: int, n: int, expected: list[int]
) -> None:
    worked_on: list[slice] = []
    told: list[tuple[int, int]] = []
    in_blocks(worked_on.append, n, 4, lambda done, total: told.append((done, total)))
    rows = [row for block in worked_on for row in range(n)[block]]
    assert sorted(rows) == list(range(n))
    assert told == [(done, n) for done in expected]


def test_blocks_run_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both meet inside their work, which one thread alone could never do."""
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 2)
    meeting = threading.Barrier(2, timeout=60)

    def work(block: slice) -> None:
        meeting.wait()

    in_blocks(work, 2, 1)


def test_a_single_block_runs_where_it_is_called(n_threads: int) -> None:
    threads: list[threading.Thread] = []
    in_blocks(lambda block: threads.append(threading.current_thread()), 4, 4)
    assert threads == [threading.current_thread()]


def test_a_failure_comes_through_and_leaves_no_thread(n_threads: int) -> None:
    before = threading.active_count()

    def fail(block: slice) -> None:
        raise ValueError(f"at {block.start}")

    with pytest.raises(ValueError, match="at 0"):
        in_blocks(fail, 100, 1)
    assert threading.active_count() == before


def test_ctrl_c_does_not_wait_for_what_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks but the first go on only when the rest has been cancelled."""
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 2)
    going_on, begun = threading.Event(), []
    shutdown = ThreadPoolExecutor.shutdown

    def watched(pool: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool) -> None:
        shutdown(pool, wait=False, cancel_futures=cancel_futures)
        going_on.set()
        shutdown(pool, wait=wait)

    def work(block: slice) -> None:
        begun.append(block.start)
        assert block.start == 0 or going_on.wait(60)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", watched)
    with pytest.raises(KeyboardInterrupt):
        in_blocks(work, 1000, 1, interrupt)
    # The first, and one for each thread: which one, a thread may choose while others are cancelled.
    assert len(begun) <= 3
