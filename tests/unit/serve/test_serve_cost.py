"""What is measured when a model is loaded, by a clock of our own, and where answers are made."""

import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from starcast.serve import cost
from starcast.serve.cost import UNKNOWN, Cost, measure
from starcast.serve.model_store import ModelStore
from starcast.serve.served_model import ServedModel
from starcast.serve.service import create_app


class Clock:
    """Time that passes only where something is made: 1 ms, and 2 µs for each place."""

    def __init__(self) -> None:
        self.now, self.made = 0.0, list[int]()

    def __call__(self) -> float:
        return self.now

    def answer(self, length: int) -> None:
        self.now += 0.001 + 2e-6 * length + (1.0 if not self.made else 0)  # once: what is made once
        self.made.append(length)


def test_a_cost_grows_with_the_length_and_forgets_what_is_made_once() -> None:
    clock = Clock()
    measured = measure(clock.answer, 1001, clock)
    assert measured == pytest.approx((0.001002, 2e-6))
    assert set(clock.made) == {1, 1001}


def test_what_takes_long_is_not_tried_often() -> None:
    clock = Clock()

    def slow(_: int) -> None:
        clock.now += 0.5
        clock.made.append(1)

    assert measure(slow, 1000, clock) == (0.5, 0.0)
    assert len(clock.made) == 4


def test_quick_is_what_takes_two_milliseconds_at_most() -> None:
    quick = Cost(0.001, 1e-5)
    assert [quick.is_quick(k) for k in (1, 100, 102, 1000)] == [True, True, False, False]
    assert not Cost(0.0021, 0).is_quick(1)
    assert not UNKNOWN.is_quick(1)


@pytest.fixture
def made_by(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the threads that make lists and searches, once a model is loaded."""
    names: list[str] = []

    def noting(make: Any) -> Any:
        def noted(*given: Any) -> Any:
            names.append(threading.current_thread().name)
            return make(*given)

        return noted

    monkeypatch.setattr(ServedModel, "_list", noting(ServedModel._list))
    monkeypatch.setattr(ServedModel, "find", noting(ServedModel.find))
    return names


QUICK, SLOW = Cost(0.0001, 0.0), Cost(0.018, 0.0)
LONG_ONES_SLOW = Cost(0.0001, 1e-5)


@pytest.mark.parametrize(
    ("measured", "path", "is_aside"),
    [
        (QUICK, "/users/ann/recommendations?k=1000", False),
        (QUICK, "/users/ann/recommendations?reasons=1", True),
        (SLOW, "/users/ann/recommendations?k=1", True),
        (UNKNOWN, "/users/ann/recommendations", True),
        (LONG_ONES_SLOW, "/users/ann/recommendations?k=10", False),
        (LONG_ONES_SLOW, "/users/ann/recommendations?k=1000", True),
        (QUICK, "/items?query=duel", False),
        (SLOW, "/items?query=duel", True),
        (UNKNOWN, "/items", True),
        (LONG_ONES_SLOW, "/items?limit=1000", True),
    ],
)
def test_the_event_loop_makes_only_what_is_quick(
    folder: Path, made_by: list[str], measured: Cost, path: str, is_aside: bool
) -> None:
    model_store = ModelStore([folder])
    client = TestClient(create_app(model_store))  # not entered: nothing is done in the background
    model_store.find().list_cost = model_store.find().search_cost = measured
    made_by.clear()
    assert client.get(path).status_code == 200
    assert [name.startswith("answer") for name in made_by] == [is_aside]


def test_a_list_that_is_kept_waits_for_nobody(folder: Path, made_by: list[str]) -> None:
    client = TestClient(create_app(ModelStore([folder])))
    first = client.get("/users/ann/recommendations?reasons=1").json()
    made_by.clear()
    assert client.get("/users/ann/recommendations?reasons=1").json() == first
    assert made_by == []


def test_costs_are_measured_when_a_model_is_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelStore([folder]).find()
    assert 0 < model.list_cost.shortest < 1
    assert model.search_cost is UNKNOWN  # its words are made in the background
    monkeypatch.setattr(cost, "QUICK", 0.0)
    assert not model.list_cost.is_quick(1)
