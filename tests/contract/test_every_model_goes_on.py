"""Ended and gone on with equals never ended, to the last bit: every model by every optimizer.

A run is ended by an interrupt in the middle of an epoch, so that nothing of that epoch may count,
and gone on with by a fresh engine in a fresh run, from a file.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_every_model import (
    EVERY_OPTIMIZER,
    REGISTRY,
    TOWERS,
    crowd,
    engine_of,
    small,
    split,
    trained,
)

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.protocol import Engine, ResumableEngine, Weights
from starcast.errors import TrainingError
from starcast.models import Model
from starcast.training.checkpoints import Checkpoint, Keeping
from starcast.training.fit import Run, fit
from starcast.training.loop import Observer

FEW: dict[str, Any] = {"epochs": 7, "patience": 3, "samples": 12, "burn_in": 2, "kept": 6}


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "MODELS", REGISTRY)
        yield


def settings_of(model: Model, optimizer: str) -> dict[str, Any]:
    dropout = {} if model is TOWERS else {"dropout_rate": 0.2}  # of which it makes nothing
    return {"optimizer": optimizer, "batch_size": 300, "learning_rate": 1e-3, **dropout}


def same(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(
        array.dtype == other[name].dtype and np.array_equal(array, other[name])
        for name, array in one.items()
    )


@EVERY_OPTIMIZER
def test_a_fresh_engine_goes_on_from_a_state(model: Model, optimizer: str) -> None:
    def engine() -> ResumableEngine:
        made = engine_of(model, ratings=crowd(), **settings_of(model, optimizer))
        assert isinstance(made, ResumableEngine)
        return made

    whole = engine()
    for _ in range(2):
        whole.run_epoch()
    state = whole.state()
    losses = [whole.run_epoch() for _ in range(3)]
    fresh = engine()
    fresh.restore(state)
    assert same(fresh.state(), state), "what was restored is the state"
    assert [fresh.run_epoch() for _ in range(3)] == losses
    assert same(fresh.weights(), whole.weights())
    assert same(fresh.state(), whole.state())


@EVERY_OPTIMIZER
def test_a_state_is_a_copy(model: Model, optimizer: str) -> None:
    engine = engine_of(model, ratings=crowd(), **settings_of(model, optimizer))
    assert isinstance(engine, ResumableEngine)
    state = engine.state()
    before = {name: array.copy() for name, array in state.items()}
    engine.run_epoch()
    assert same(state, before)


@EVERY_OPTIMIZER
def test_a_state_of_other_arrays_is_refused(model: Model, optimizer: str) -> None:
    engine = engine_of(model, **settings_of(model, optimizer))
    assert isinstance(engine, ResumableEngine)
    engine.run_epoch()
    state = dict(engine.state())
    wrongs = [{**state, "foreign": np.zeros(1)}]
    for name, array in state.items():
        wrongs.append({one: state[one] for one in state if one != name})
        wrongs.append(state | {name: np.zeros(array.shape, np.float16)})
        wrongs.append(state | {name: np.zeros((*array.shape, 2), array.dtype)})
    for wrong in wrongs:
        fresh = engine_of(model, **settings_of(model, optimizer))
        assert isinstance(fresh, ResumableEngine)
        with pytest.raises(ValueError, match=r"'|draws"):
            fresh.restore(wrong)


# Whole runs: validation, early stopping, averages, the refit, parents


class Ends:
    """An observer that ends the n-th run of the loop in the middle of an epoch, or before it."""

    def __init__(self, n_run: int, epoch: int) -> None:
        self._runs, self._n_run, self._epoch = 0, n_run, epoch

    def of(self, run: Run) -> Sequence[Observer]:
        self._runs += 1
        if self._runs == self._n_run:
            _spoil(run.engine, self._epoch)
        return []


def _spoil(engine: Engine, epoch: int) -> None:
    """Let an engine's run_epoch work and then be interrupted, as if in the middle of it."""
    runs, run_epoch = 0, engine.run_epoch

    def interrupted() -> Any:
        nonlocal runs
        runs += 1
        done = run_epoch()
        if runs == epoch:
            raise KeyboardInterrupt
        return done

    engine.run_epoch = interrupted  # type: ignore[method-assign]


Fit = Callable[..., Artifact]


def fitter(model: Model, optimizer: str, divided: Split) -> Fit:
    settings = {**FEW, **settings_of(model, optimizer), "averaging": 0.6}
    parents = [trained(parent) for parent in model.parents] if divided is split() else []

    def fitted(**more: Any) -> Artifact:
        config = small(model, **settings)
        return fit(divided, model.name, config, seed=3, refit=True, parents=parents, **more)

    return fitted


def without_seconds(artifact: Artifact) -> list[dict[str, Any]]:
    return [{**record, "seconds": 0} for record in artifact.history]


@EVERY_OPTIMIZER
@pytest.mark.parametrize("n_run", [1, 2], ids=["choice", "refit"])
def test_a_run_that_was_ended_comes_to_the_same_end(
    model: Model, optimizer: str, n_run: int, tmp_path: Path
) -> None:
    fitted, told = fitter(model, optimizer, split()), list[str]()
    keeping = Keeping(minutes=0, tell=told.append)
    whole = fitted()
    epoch = 3 if n_run == 1 else 2
    n_epochs = len(whole.history) if n_run == 1 else whole.best_epoch
    epoch = max(1, min(epoch, n_epochs))
    ends = Ends(n_run, epoch)
    try:
        ended = fitted(checkpoint=Checkpoint(tmp_path / "it", keeping), observe=ends.of)
        assert ended.broken_off or not whole.best_epoch
    except TrainingError:
        assert (n_run, epoch) == (1, 1)
    assert not told
    again = fitted(checkpoint=Checkpoint(tmp_path / "it", keeping))
    assert not again.broken_off
    if epoch > 1:
        phase = "the refit" if n_run == 2 else "training"
        where = f"after epoch {epoch - 1}, kept in {tmp_path}/it.checkpoint"
        assert told == [f"going on with {phase} {where}"]
    assert again.best_epoch == whole.best_epoch
    assert without_seconds(again) == without_seconds(whole)
    assert same(again.weights_before_refit, whole.weights_before_refit)
    assert same(again.weights, whole.weights)
    assert again.support == whole.support
