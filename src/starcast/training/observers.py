"""Observers of the loop: a live line on the console, and TensorBoard."""

import errno
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol, final, runtime_checkable

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from starcast.data.units import Units
from starcast.disk.lock import kept_if_used
from starcast.display import figure, printable
from starcast.engines.expression import Expression
from starcast.engines.expression.graph import definition
from starcast.engines.protocol import Engine, Weights
from starcast.evaluation.metrics import TITLES, Quality
from starcast.scoring.in_stars import told_in_stars
from starcast.training.loop import EpochRecord, Observer
from starcast.training.run_files import RunFiles

_LINES = 10  # of a sampler's run, whose sweeps are too much alike to be told of one by one


@runtime_checkable
class HasNetwork(Protocol):
    """An engine that can show its network, which computes scores in the units of training."""

    network: Expression


def graph_of(engine: Engine, units: Units) -> bytes:
    """A network that gives stars, as a serialized GraphDef; empty where an engine has none."""
    if not isinstance(engine, HasNetwork):
        return b""
    return definition(told_in_stars(engine.network, units))


@final
class ConsoleObserver:
    """A progress bar with an estimate, and a line per epoch; some ten lines for all of a sampler.

    Args:
        console: where to write.
        what: is being trained.
        each_epoch: write lines; else the bar is all there is, and leaves nothing.
        sampled: epochs are sweeps, of which none is best, and each is like the one before.
    """

    def __init__(
        self, console: Console, what: str, *, each_epoch: bool = True, sampled: bool = False
    ) -> None:
        self._console, self._what, self._each_epoch = console, what, each_epoch
        self._sampled, self._step = sampled, "sweep" if sampled else "epoch"
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(
                f"{self._step} {{task.completed:.0f}} of {{task.total:.0f}}{{task.fields[quality]}}"
            ),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_interactive,
        )

    def started(self, n_epochs: int) -> None:
        """Show the bar and the heads of the columns."""
        self._every, self._last = -(-n_epochs // _LINES) if self._sampled else 1, n_epochs
        self._heads_are_due = self._each_epoch
        if self._each_epoch:
            self._console.print(Text(self._what, "bold"))
        self._task = self._progress.add_task(self._what, total=n_epochs, quality="")
        self._progress.start()

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """One line: loss, training error, validation (else training) figures, seconds."""
        n, shown = record.epoch, record.validation or record.train
        if self._heads_are_due:
            self._write_heads(shown)
        self._heads_are_due = False
        is_told = n % self._every == 0 or n == self._last
        if self._each_epoch and is_told:
            self._write_line(record, shown, is_best and not self._sampled)
        name, value = next(iter(shown.items()))
        self._progress.update(self._task, completed=n, quality=f", {TITLES[name]} {value:.4f}")

    def ended(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def _write_heads(self, shown: Quality) -> None:
        heads = " ".join(f"{TITLES[name]:>9}" for name in shown)
        line = f"{self._step:>5} {'loss':>8} {'training':>9} {heads} {'s':>7}"
        self._console.print(Text(line, "dim"))

    def _write_line(self, record: EpochRecord, shown: Quality, is_best: bool) -> None:
        figures = " ".join(f"{figure(value):>9}" for value in shown.values())
        line = Text(
            f"{record.epoch:>5} {_short(record.loss):>8} {_short(record.training_error):>9} "
            f"{figures} {record.seconds:>7.2f}"
        )
        if is_best and record.validation:
            line.append(" best", "green")
        self._console.print(line)


@final
class TensorBoardObserver:
    """Scalars of every epoch, the network graph, and item embeddings for the projector.

    Training and validation go to two runs below `folder`, so that TensorBoard draws them in one
    chart per measure.

    Args:
        folder: of this run.
        settings: hyper-parameters, plain values; those that are None are left out.
        labels: one per item row, for the projector.
        graph: a serialized GraphDef; empty where there is none.
    Raises: OSError: the folder cannot be written.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], labels: Iterable[str], graph: bytes
    ) -> None:
        _require_makeable(folder)
        self._folder, self._graph = folder, graph
        self._settings = {name: value for name, value in settings.items() if value is not None}
        # a line each, in a table
        self._labels = [printable(" ".join(label.split())) for label in labels]
        self._runs: dict[str, RunFiles] = {}
        self._best: tuple[Quality | None, Weights] | None = None

    def started(self, n_epochs: int) -> None:
        """Nothing yet: a run that ends before its first epoch has none to show."""

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """Write the scalars of an epoch; before those of the first, the network graph."""
        if self._graph and not self._runs:
            self._run("train").graph(self._graph)
        self._run("train").scalar("loss", record.loss, record.epoch)
        self._run("train").scalar("training_error", record.training_error, record.epoch)
        for run, quality in (("train", record.train), ("validation", record.validation)):
            for name, value in _named(quality).items():
                self._run(run).scalar(name, value, record.epoch)
        if is_best:
            self._best = record.validation, weights

    def ended(self) -> None:
        """Write hyper-parameters with the best epoch's figures, and its embeddings."""
        try:
            if self._best:
                validation, weights = self._best
                if validation:
                    self._write_settings(validation)
                self._write_embeddings(weights)
        finally:
            with ExitStack() as closing:
                for run in self._runs.values():
                    closing.callback(run.close)

    def _run(self, name: str) -> RunFiles:
        if name not in self._runs:
            self._runs[name] = RunFiles(self._folder / name)
        return self._runs[name]

    def _write_settings(self, best: Quality) -> None:
        from tensorboardX.summary import hparams

        # tensorboardX's add_hparams opens a second file, which within one second has the name of
        # the first and replaces it.
        figures = {f"best/{name}": value for name, value in _named(best).items()}
        _, *session = hparams(self._settings, figures)
        for summary in session:  # the first would make this run's settings those of all runs
            self._run("validation").summary(summary)
        for name, value in figures.items():
            self._run("validation").scalar(name, value, 0)

    def _write_embeddings(self, weights: Weights) -> None:
        """The items' vectors, whatever a model calls them."""
        for name, array in weights.items():
            is_vectors = array.ndim > 1 and array.shape[-2] == len(self._labels)
            if name.startswith("item_") and not name.endswith("_bias") and is_vectors:
                # Of several draws the last: each has turned its factors its own way.
                table = array.reshape(-1, *array.shape[-2:])[-1]
                self._run("train").embedding(name, table, self._labels)


@final
class Expendable:
    """An observer that training can do without: once it cannot write, it is dropped, and said so.

    Args:
        observer: that writes somewhere.
        on_lost: told, once, why it cannot.
    """

    def __init__(self, observer: Observer, on_lost: Callable[[OSError], None]) -> None:
        self._observer, self._on_lost, self._is_lost = observer, on_lost, False

    def started(self, n_epochs: int) -> None:
        """Tell the observer."""
        self._tell(self._observer.started, n_epochs)

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """Tell the observer."""
        self._tell(self._observer.epoch, record, weights, is_best)

    def ended(self) -> None:
        """Tell the observer."""
        self._tell(self._observer.ended)

    def _tell(self, told: Callable[..., None], *what: Any) -> None:
        if self._is_lost:
            return
        try:
            told(*what)
        except OSError as error:
            self._is_lost = True
            if told != self._observer.ended:
                with suppress(OSError):
                    self._observer.ended()
            self._on_lost(error)


def _require_makeable(folder: Path) -> None:
    """Refuse a folder that cannot be made, before training begins. Raises: OSError.

    A full disk is nobody's mistake, and may be less full by then: it is told when logs are lost.
    """
    try:
        with kept_if_used(folder):
            pass
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise


def _short(figure: float) -> str:
    """Four decimals, unless the run is exploding."""
    return f"{figure:.4f}" if figure < 1000 else f"{figure:.1e}"


def _named(quality: Quality | None) -> dict[str, float]:
    """Figures by the name of their chart; what is no number has none."""
    known = (quality or {}).items()
    return {TITLES[name]: value for name, value in known if math.isfinite(value)}
