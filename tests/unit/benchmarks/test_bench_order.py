"""Whose turn it is, who is warmed up, and with how many threads: with workers that only pretend."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import race
from benchmarks.crew import WorkerFailed
from benchmarks.race import Contestant, Plan, order
from benchmarks.results import Race


@given(st.lists(st.integers(0, 6), max_size=5))
def test_everybody_runs_as_often_as_planned(rounds: list[int]) -> None:
    turns = list(order(rounds))
    ran = Counter(contestant for _, contestant in turns)
    assert [ran[n] for n in range(len(rounds))] == rounds
    assert len(set(turns)) == len(turns)
    assert [turn for turn, _ in turns] == sorted(turn for turn, _ in turns)


def test_each_round_begins_one_contestant_later() -> None:
    assert list(order([3, 3, 3])) == [
        (0, 0), (0, 1), (0, 2),
        (1, 1), (1, 2), (1, 0),
        (2, 2), (2, 0), (2, 1),
    ]  # fmt: skip


class Pretender:
    """A worker whose rounds take what its settings say: seconds by threads, then by round."""

    log: list[str] = []  # noqa: RUF012

    def __init__(self, task: str, settings: Mapping[str, Any], threads: int) -> None:
        self.name, self._threads = task, threads
        self._seconds = settings["seconds"][str(threads)]
        self._n = 0
        if not self._seconds:
            raise WorkerFailed("no module named so")
        self.log.append(f"{task} starts with {threads}")

    def run(self) -> dict[str, float]:
        self._n += 1
        self.log.append(f"{self.name} {self._n}")
        return {"time": self._seconds[min(self._n, len(self._seconds)) - 1], "RMSE": 0.5}

    def close(self) -> None:
        self.log.append(f"{self.name} ends with {self._threads}")

    def __enter__(self) -> "Pretender":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(race, "Worker", Pretender)
    monkeypatch.setattr(race, "REST", 0)
    monkeypatch.setattr(Pretender, "log", [])
    return Pretender.log


def contestant(name: str, seconds: dict[str, list[float]], **more: Any) -> Contestant:
    threads = tuple(int(n) for n in seconds)
    return Contestant(name=name, task=name, settings={"seconds": seconds}, threads=threads, **more)


def run(*contestants: Contestant) -> Race:
    return race.run(Plan(title="t", unit="time", contestants=contestants), lambda line: None)


def test_the_warm_up_is_not_counted(log: list[str]) -> None:
    ran = run(contestant("a", {"2": [9.0, 1.0, 2.0]}, rounds=2))
    assert ran.entries[0].figures == {"time": (1.0, 2.0), "RMSE": (0.5, 0.5)}
    assert log == ["a starts with 2", "a 1", "a 2", "a 3", "a ends with 2"]


def test_a_single_round_has_no_warm_up(log: list[str]) -> None:
    ran = run(contestant("a", {"2": [9.0, 1.0]}, rounds=1))
    assert ran.entries[0].figures["time"] == (9.0,)


@pytest.mark.parametrize(("one", "all_of_them", "chosen"), [(1.0, 2.0, 1), (2.0, 1.0, 2)])
def test_the_quicker_number_of_threads_runs(
    log: list[str], one: float, all_of_them: float, chosen: int
) -> None:
    entry = run(contestant("a", {"1": [one], "2": [all_of_them]}, rounds=2)).entries[0]
    assert (entry.threads, entry.median()) == (chosen, 1.0)
    assert log[4] == f"a ends with {3 - chosen}"  # the other is gone before the race


def test_a_fresh_contestant_is_started_for_every_round(log: list[str]) -> None:
    ran = run(contestant("a", {"2": [3.0, 1.0]}, rounds=2, fresh=True))
    assert ran.entries[0].figures["time"] == (3.0, 3.0)
    assert log.count("a starts with 2") == log.count("a ends with 2") == 2


def test_who_cannot_take_part_is_listed_with_the_reason(log: list[str]) -> None:
    ran = run(contestant("a", {"2": []}), contestant("b", {"2": [1.0]}))
    assert ran.entries[0].failed == "no module named so"
    assert not ran.entries[0].figures
    assert len(ran.entries[1].figures["time"]) == 5
