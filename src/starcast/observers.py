"""Observers of the loop: a live line on the console, and TensorBoard."""

from pathlib import Path
from typing import Any, Protocol, final, runtime_checkable

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from starcast.engine import Weights
from starcast.training import EpochRecord, Quality


@runtime_checkable
class HasGraph(Protocol):
    """An engine that can show its network."""

    def graph(self) -> bytes:
        """A serialized GraphDef."""
        ...


@final
class ConsoleObserver:
    """A progress bar with an estimate, and a line per epoch.

    Args:
        console: where to write.
        what: is being trained.
    """

    def __init__(self, console: Console, what: str) -> None:
        self._console, self._what = console, what
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )

    def started(self, n_epochs: int) -> None:
        """Show the bar and the heads of the columns."""
        self._console.print(f"[bold]{self._what}[/bold]")
        self._console.print(
            f"{'epoch':>5} {'loss':>8} {'training':>9} {'RMSE':>8} {'MAE':>8} {'exact':>7} {'s':>7}",
            style="dim",
        )
        self._task = self._progress.add_task(self._what, total=n_epochs)
        self._progress.start()

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """One line: loss, training error, validation RMSE, MAE and exact stars, seconds."""
        shown = record.validation or record.train
        mark = " [green]best[/green]" if is_best and record.validation else ""
        self._console.print(
            f"{record.epoch:>5} {record.loss:>8.4f} {record.training_error:>9.4f} {shown.rmse:>8.4f} "
            f"{shown.mae:>8.4f} {shown.accuracy:>7.1%} {record.seconds:>7.2f}{mark}",
            highlight=False,
        )
        self._progress.advance(self._task)

    def ended(self) -> None:
        """Take the bar away."""
        self._progress.stop()


@final
class TensorBoardObserver:
    """Scalars of every epoch, the network graph, and item embeddings for the projector.

    Training and validation go to two runs below `folder`, so that TensorBoard draws them in one
    chart per measure.

    Args:
        folder: of this run.
        settings: hyper-parameters, plain values.
        titles: str (n_items,), labels for the projector.
        graph: a serialized GraphDef; empty where there is none.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], titles: Any, graph: bytes) -> None:
        from tensorboardX import SummaryWriter

        self._folder, self._settings, self._titles, self._graph = folder, settings, titles, graph
        self._train = SummaryWriter(str(folder / "train"))
        self._validation = SummaryWriter(str(folder / "validation"))
        self._best: tuple[EpochRecord, Weights] | None = None

    def started(self, n_epochs: int) -> None:
        """Write the network graph."""
        if self._graph:
            self._write_graph(self._graph)

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """Write the scalars of an epoch."""
        self._train.add_scalar("loss", record.loss, record.epoch)
        self._train.add_scalar("training error", record.training_error, record.epoch)
        self._write(self._train, record.train, record.epoch)
        if record.validation:
            self._write(self._validation, record.validation, record.epoch)
        if is_best:
            self._best = record, weights

    def ended(self) -> None:
        """Write hyper-parameters with the best epoch's figures, and its embeddings."""
        if self._best:
            record, weights = self._best
            shown = (record.validation or record.train)._asdict()
            self._validation.add_hparams(
                self._settings, {f"best/{k}": v for k, v in shown.items()}, name="."
            )
            self._write_embeddings(weights)
        self._train.close()
        self._validation.close()

    def _write(self, writer: Any, quality: Quality, epoch: int) -> None:
        for name, value in zip(("RMSE", "MAE", "accuracy"), quality, strict=True):
            writer.add_scalar(name, value, epoch)

    def _write_graph(self, graph: bytes) -> None:
        from tensorboardX.proto.event_pb2 import Event

        self._train.file_writer.add_event(Event(graph_def=graph))

    def _write_embeddings(self, weights: Weights) -> None:
        for name in ("item_factors", "item_embedding"):
            if name in weights:
                labels = [title or str(row) for row, title in enumerate(self._titles.tolist())]
                self._train.add_embedding(np.array(weights[name]), labels, tag=name)
