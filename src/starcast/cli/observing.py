"""What watches training on the command line: the console, TensorBoard, and MLflow."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from starcast.cli.logging_options import Logging

if TYPE_CHECKING:
    from starcast.data.split import Split
    from starcast.training.fit import Observe


def observe(
    split: "Split",
    log: Logging,
    *,
    each_epoch: bool = True,
    name_of: Callable[[str], str] = lambda model: model,
) -> "Observe":
    """Observers for every run: the console, TensorBoard, and MLflow if it is asked for.

    Args:
        split: what is learned from.
        log: where to; TensorBoard has a folder for each run, which no other run writes into.
        each_epoch: a line for each epoch; else the bar alone.
        name_of: a model's name to that of its runs.
    Raises: ConfigError: MLflow is missing, or cannot be reached.
    """
    from starcast.cli.show import console, note
    from starcast.engines.sampler import Sampler, TracedSampler
    from starcast.training.chain_observer import ChainObserver
    from starcast.training.fit import Run
    from starcast.training.logged_runs import key_of, mark
    from starcast.training.loop import Observer
    from starcast.training.mlflow_observer import MlflowObserver
    from starcast.training.observers import (
        ConsoleObserver,
        Expendable,
        TensorBoardObserver,
        graph_of,
    )

    store = log.store(split)
    started = time.strftime("%Y%m%d-%H%M%S")
    items = zip(split.ratings.titles.tolist(), split.ratings.items.ids.tolist(), strict=True)
    labels = [title or str(item_id) for title, item_id in items]

    note_once = cache(note)  # however many runs lose the same

    def lost(where: object, error: OSError) -> None:
        why = error.strerror or error
        note_once(f"cannot write to {where} ({why}): training goes on without")

    def observers(run: Run) -> Sequence[Observer]:
        suffix = "-refit" if run.is_refit else ""
        named = f"{name_of(run.model.name)}-{started}{suffix}"
        folder = _of_its_own(log.folder(split) / named)
        graph = graph_of(run.engine, run.units)
        settings = run.config.written() | {"seed": run.seed}
        key = key_of(split.fingerprint, run.model.name, run.config, run.seed)
        told = ConsoleObserver(
            console, run.title, each_epoch=each_epoch, sampled=isinstance(run.engine, Sampler)
        )
        logged: list[Observer] = [TensorBoardObserver(folder, settings, labels, graph)]
        if isinstance(run.engine, TracedSampler):
            logged.append(ChainObserver(folder, run.engine))
        watching = [
            Expendable(told, partial(lost, "the output")),
            *(Expendable(one, partial(lost, log.logs)) for one in logged),
        ]
        if not run.is_refit:  # which has no validation figures for a row
            with suppress(OSError):  # TensorBoard's observer tells of it
                mark(folder, key)
            if store:
                in_mlflow = MlflowObserver(store, named, settings, key)
                watching.append(Expendable(in_mlflow, partial(lost, "MLflow")))
        return watching

    return observers


def _of_its_own(folder: Path) -> Path:
    """A folder that no other run writes into, as two may begin in the same second."""
    names = chain([folder.name], (f"{folder.name}-{n}" for n in count(2)))
    for own in map(folder.with_name, names):
        try:
            own.mkdir(parents=True)
        except OSError:  # told of where it is written into, unless somebody else has it
            if os.path.lexists(own):
                continue
        return own
    raise AssertionError("names do not end")
