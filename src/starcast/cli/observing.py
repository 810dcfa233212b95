"""What watches training on the command line: the console, and TensorBoard."""

import time
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from starcast.cli import inputs

if TYPE_CHECKING:
    from starcast.data.split import Split
    from starcast.training.fit import Observe


def observe(split: "Split", logs: Path, *, each_epoch: bool = True) -> "Observe":
    """Observers for every run: the console (a line per epoch or the bar alone), and TensorBoard."""
    from starcast.cli.show import console, note
    from starcast.engines.sampler import Sampler, TracedSampler
    from starcast.training.chain_observer import ChainObserver
    from starcast.training.fit import Run
    from starcast.training.loop import Observer
    from starcast.training.observers import (
        ConsoleObserver,
        Expendable,
        TensorBoardObserver,
        graph_of,
    )

    started = time.strftime("%Y%m%d-%H%M%S")
    items = zip(split.ratings.titles.tolist(), split.ratings.items.ids.tolist(), strict=True)
    labels = [title or str(item_id) for title, item_id in items]

    note_once = cache(note)  # however many runs lose the same

    def lost(where: object, error: OSError) -> None:
        why = error.strerror or error
        note_once(f"cannot write to {where} ({why}): training goes on without")

    def observers(run: Run) -> Sequence[Observer]:
        suffix = "-refit" if run.is_refit else ""
        folder = logs / inputs.folder_name(split) / f"{run.model.name}-{started}{suffix}"
        graph = graph_of(run.engine, run.units)
        settings = run.config.written() | {"seed": run.seed}
        told = ConsoleObserver(
            console, run.title, each_epoch=each_epoch, sampled=isinstance(run.engine, Sampler)
        )
        logged: list[Observer] = [TensorBoardObserver(folder, settings, labels, graph)]
        if isinstance(run.engine, TracedSampler):
            logged.append(ChainObserver(folder, run.engine))
        return [
            Expendable(told, partial(lost, "the output")),
            *(Expendable(one, partial(lost, logs)) for one in logged),
        ]

    return observers
