"""One epoch of the deep network and of the ensemble."""

from dataclasses import replace
from typing import Any

from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import DEEP, ENSEMBLE
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work

_NOTE = (
    "Layers [64,32,16,8,1], embeddings of 8, Adam, every training row once. Starcast also pays for "
    "its regularization, which the others go without. Where its time goes, deep, batch size 8,192, "
    "measured apart on one Intel core: of 329 ns 190 are matrix products near the top speed of the "
    "core, 99 the rest of the gradient, 19 finding rows of a batch, 16 moving them, 5 the dense "
    "weights. Two cores make 165 of it at best, and 172 to 200 as they wait for each other."
)
_AT_MOST = {(DEEP, 1000): 270, (ENSEMBLE, 1000): 330, (DEEP, 8192): 180, (ENSEMBLE, 8192): 220}
SHORT = {DEEP: "deep", ENSEMBLE: "ensemble"}


def starcast(data: str, model: str, batch_size: int, name: str = "Starcast, Adam") -> Contestant:
    """An epoch of Starcast's, d 8."""
    config = {"optimizer": "Adam", "dimension": 8, "batch_size": batch_size}
    return Contestant(
        name=name,
        task="starcast_training:epoch",
        settings={"data": data, "model": model, "config": config},
    )


def on_keras(data: str, model: str, batch_size: int) -> Contestant:
    """The same by `--engine keras`, on TensorFlow."""
    ours = starcast(data, model, batch_size, name="Starcast on Keras, Adam")
    config = ours.settings["config"] | {"engine": "keras"}
    return replace(ours, settings={**ours.settings, "config": config, "warm": True}, rounds=3)


def others(data: str, model: str, batch_size: int, n_rows: int | None) -> tuple[Contestant, ...]:
    """An epoch of Keras's and of PyTorch's, on `n_rows` of the rows where they would take long."""
    settings = {
        "data": data,
        "network": SHORT[model],
        "dimension": 8,
        "batch_size": batch_size,
        "n_rows": n_rows,
    }
    note = f"measured on {n_rows:,} of the rows, with the tables of all" if n_rows else ""
    slow: dict[str, Any] = {"threads": ONE_OR_ALL, "rounds": 3, "note": note}
    keras, torch = slow | {"task": "keras_fit:epoch"}, slow | {"task": "torch_loop:epoch"}
    return (
        Contestant(name="Keras Model.fit", settings=settings, **keras),
        Contestant(name="Keras Model.fit, XLA", settings=settings | {"compiled": True}, **keras),
        Contestant(name="PyTorch, eager", settings=settings, **torch),
    )


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()

    def race(model: str, batch_size: int, at_most: float) -> Plan:
        ours, theirs = starcast(data, model, batch_size), others(data, model, batch_size, None)
        faster = tuple(
            Target(contestant=ours.name, at_most=1 / 2.5, against=one.name) for one in theirs
        )
        return Plan(
            title=f"{SHORT[model].capitalize()}, batch size {batch_size:,}",
            unit="ns per rating",
            contestants=(ours, on_keras(data, model, batch_size), *theirs),
            targets=(Target(contestant=ours.name, at_most=at_most * 1e-9),
                     *(faster if batch_size == 1000 else ())),
            note=_NOTE,
        )  # fmt: skip

    return words, tuple(race(*case, at_most) for case, at_most in _AT_MOST.items())


WORK = Work(name="networks", title="Deep network and ensemble: one epoch", plan=_plan)
