"""Work in the background goes on whatever happens, and the collector is spared after a reload."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

import pytest

from starcast.serve import reloading
from starcast.serve.model_store import ModelStore
from starcast.serve.reloading import keep_up_to_date


class Store:
    """A store whose looks are told what to do, and which ends it all after the last."""

    def __init__(self, *looks: Callable[["Store"], None]) -> None:
        self._looks, self.n_reloads, self.events = list(looks), 0, list[str]()
        self.is_done = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def warm_up(self) -> None:
        self.events.append("warm up")
        raise ValueError("a word that is none")

    def refresh(self) -> None:
        self.events.append("look")
        look = self._looks.pop(0)
        if not self._looks:
            self.loop.call_soon_threadsafe(self.is_done.set)
        look(self)


def nothing(_: Store) -> None:
    pass


def reloaded(store: Store) -> None:
    store.n_reloads += 1


def failing(_: Store) -> None:
    raise MemoryError


def events_of(monkeypatch: pytest.MonkeyPatch, *looks: Callable[[Store], None]) -> list[str]:
    """What is done in the background until the last look."""

    async def work() -> list[str]:
        store = Store(*looks)
        monkeypatch.setattr(reloading, "settle", lambda: store.events.append("settle"))
        task = asyncio.create_task(keep_up_to_date(cast(ModelStore, store), 0.0))
        await store.is_done.wait()
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return store.events

    with ThreadPoolExecutor(1) as thread:  # in this one a browser may have left a loop running
        events: Any = thread.submit(asyncio.run, work()).result()
    return list(events)


def test_the_collector_is_settled_after_each_reload_and_then_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = events_of(monkeypatch, nothing, reloaded, nothing, nothing, reloaded, nothing, nothing)
    told = " ".join(events[:9]).replace("warm up", "warm-up")
    assert told == "warm-up settle look look settle look look look settle"


def test_settling_thaws_collects_and_freezes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was replaced lies among what was frozen: it is found only once that is thawed."""
    done: list[str] = []
    for step in ("freeze", "collect", "unfreeze"):
        monkeypatch.setattr(gc, step, partial(done.append, step))
    reloading.settle()
    assert done == ["unfreeze", "collect", "freeze"]


def test_nothing_ends_the_looking(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    events = events_of(monkeypatch, failing, failing, nothing, nothing)
    assert events.count("look") >= 3
    assert [record.getMessage() for record in caplog.records] == [
        "Store.warm_up failed", "Store.refresh failed", "Store.refresh failed",
    ]  # fmt: skip
