"""Item-item models whose matrix is large, and what it costs to leave it smaller."""

from typing import Any

from benchmarks.machine import free_memory
from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.stage import ML_20M, Shape, Stage
from benchmarks.work import Planned, Work

_MANY = Shape(20_000_263, 138_493, 100_000)
_NEEDED = 9.0  # GB of free memory, without which large matrices are left out
_ALL = {"core_items": 100_000}  # as many as an item-item model takes
_CORES = (2_000, 1_000, 500)
_WHOLE = "every item"


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    if free_memory() < _NEEDED and not stage.quick:
        return f"{words}; too little memory for large matrices", (_accuracy(data),)
    few, many = stage.like(ML_20M), stage.like(_MANY)
    return f"{words}; {few[1]}; {many[1]}", (
        _accuracy(data),
        _cost("26,744 items", (_core(_WHOLE, few[0], _ALL), _core("20,000", few[0])), 6),
        _cost("100,000 items", (_core("20,000", many[0]),), 8),
    )


def _accuracy(data: str) -> Plan:
    """ML-1M, where nothing has to be left out."""

    def core(name: str, config: dict[str, Any]) -> Contestant:
        settings = {"data": data, "model": "item-item-model", "config": config, "n_epochs": 1}
        return Contestant(name=name, task="starcast_lists:train", settings=settings, rounds=3)

    return Plan(
        title="ML-1M, by items that are solved for exactly",
        unit="time",
        contestants=(
            core(_WHOLE, {}),
            *(core(f"{n:,}", {"core_items": n}) for n in _CORES),
        ),
        note="The others are regressed on the 64 exact ones that go with them most.",
    )


def _core(name: str, data: str, config: dict[str, Any] | None = None) -> Contestant:
    """One training: it takes long enough to be timed once."""
    settings = {"data": data, "config": config or {}}
    return Contestant(name=name, task="starcast_lists:cost", settings=settings, rounds=1)


def _cost(title: str, contestants: tuple[Contestant, ...], most: float) -> Plan:
    return Plan(
        title=f"{title}, to weights, by items that are solved for exactly",
        unit="time",
        contestants=contestants,
        targets=tuple(
            target
            for one in contestants
            for target in (
                Target(contestant=one.name, at_most=120),
                Target(contestant=one.name, figure="peak GB", at_most=most),
            )
        ),
        note="Peak memory is that of the whole process, ratings and weights included.",
    )


WORK = Work(name="lists-scale", title="Item-item models of large catalogues", plan=_plan)
