"""Runs that go on: what a run keeps beside its artifact while it is under way, and when.

A run has two phases, in which validation chooses and which is the refit; a checkpoint holds where
the present one is and, in the refit, what the first has chosen. Once the artifact is saved, a last
one says so, without arrays, until the whole command is done.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple, final

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.beside import CHECKPOINT
from starcast.engines.protocol import Engine, Weights
from starcast.engines.state import State
from starcast.errors import ArtifactError, BusyError, CheckpointError, StarcastError
from starcast.training import checkpoint_file
from starcast.training.checkpoint_file import CheckpointFile, most_bytes
from starcast.training.history import plain, records_of
from starcast.training.identity import Identity, difference
from starcast.training.loop import EpochRecord, Trained

MINUTES = 5.0  # between two checkpoints of a run, unless said otherwise
CHOICE, REFIT, FINISHED = "choice", "refit", "finished"  # phases
_LEAST = 50  # times as long as writing a checkpoint took is what follows it: 2 % of the whole
DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, OSError, StarcastError)

Fault = Callable[[Weights], str]
"""Weights to what is wrong with them; "" if nothing is."""

HeldBack = AbstractContextManager[Callable[[], bool]]
"""A context in which signals wait, and which tells whether one does."""


class Keeping(NamedTuple):
    """How checkpoints are kept.

    Attributes:
        minutes: between two of a run; 0 for one after every epoch.
        fresh: start over, whatever an earlier run has kept.
        remedy: what to do about one that is of no use here.
        tell: told, in a line, of what is gone on with and of what cannot be kept.
        held_back: makes such a context.
    """

    minutes: float = MINUTES
    fresh: bool = False
    remedy: str = "--fresh starts over"
    tell: Callable[[str], None] = lambda line: None
    held_back: Callable[[], HeldBack] = lambda: nullcontext(bool)


@final
class Checkpoints:
    """The checkpoints of a command, one for each model that it trains.

    Args:
        folder_of: a model's name to the folder that its artifact goes to; the checkpoint of
            NAME is NAME.checkpoint, beside it.
        keeping: how.
    """

    def __init__(self, folder_of: Callable[[str], Path], keeping: Keeping) -> None:
        self._folder_of, self._keeping = folder_of, keeping
        self._by_name: dict[str, Checkpoint] = {}

    def of(self, name: str) -> "Checkpoint":
        """That of a model."""
        if name not in self._by_name:
            self._by_name[name] = Checkpoint(self._folder_of(name), self._keeping)
        return self._by_name[name]

    def save(self, artifact: Artifact) -> None:
        """Save a model that was trained, unless it was so before, and note that it is done."""
        checkpoint = self.of(artifact.model)
        if not checkpoint.is_finished:
            storage.save(artifact, checkpoint.folder)
            checkpoint.finish()

    def discard(self) -> None:
        """Take all away that is of this command, which is done."""
        for checkpoint in self._by_name.values():
            if checkpoint.is_done:
                checkpoint.discard()


@final
class Checkpoint:
    """What a run of `fit` keeps.

    Args:
        folder: that its artifact goes to.
        keeping: how.
    """

    def __init__(self, folder: Path, keeping: Keeping) -> None:
        self.path = folder.with_name(f"{folder.name}{CHECKPOINT}")
        self.folder, self._keeping, self._due = folder, keeping, 0.0
        self._identity: Identity = {}
        self.metric = ""
        self._found: CheckpointFile | None = None
        self._chosen: Trained | None = None
        self.is_finished = False

    def begin(self, identity: Identity, metric: str) -> None:
        """Begin a run, or go on with an earlier one.

        Args:
            identity: of the run.
            metric: that decides.
        Raises: CheckpointError: there is one of another run, or a damaged one.
        """
        self._identity, self.metric = identity, metric
        self._due = time.monotonic() + 60 * self._keeping.minutes
        if self._keeping.fresh:
            self.discard()
        try:
            found = CheckpointFile(self.path)
        except FileNotFoundError:
            return
        except DAMAGE as error:
            raise self.damaged(error) from None
        theirs = found.record.get("identity")
        differs = difference(theirs if isinstance(theirs, dict) else {}, identity)
        if not differs:
            self._found = found
        elif found.record.get("phase") != FINISHED:
            raise CheckpointError(f"{self.path} is of a run with {differs}; {self._keeping.remedy}")

    def finished(self) -> Artifact | None:
        """The artifact that an earlier run has saved, if it came so far and it is still there."""
        if self._found is None or self._found.record.get("phase") != FINISHED:
            return None
        with suppress(ArtifactError):
            if storage.read_manifest(self.folder)["files"] == self._found.record.get("files"):
                artifact = storage.load(self.folder)
                self.is_finished = True
                self.tell(f"{self.folder} is trained already, by a run that was ended")
                return artifact
        self._found = None
        return None

    def chosen(self, make_engine: Callable[[], Engine], fault: Fault) -> Trained | None:
        """What validation has chosen, if an earlier run came to its refit.

        Args:
            make_engine: one of the same model.
            fault: what is wrong with weights.
        Raises: CheckpointError: it is damaged.
        """
        if self._found is None or self._found.record.get("phase") != REFIT:
            return None
        try:
            weights = self._found.part("chosen", most_bytes(make_engine()))
            record = self._found.record["chosen"]
            history, best = records_of(record["history"], self.metric), record["best_epoch"]
            if best not in range(1, len(history) + 1):
                raise ValueError("the epoch that was chosen is none")
            if wrong := fault(weights):
                raise ValueError(wrong)
        except DAMAGE as error:
            raise self.damaged(error) from None
        self._chosen = Trained(dict(weights), best, history, "")
        return self._chosen

    def choose(self, chosen: Trained) -> None:
        """The refit begins, or is gone on with."""
        self._chosen = chosen
        if self._found is None and self.is_due:
            self.write((), dict)

    def finish(self) -> None:
        """The artifact is saved."""
        files = storage.read_manifest(self.folder)["files"]
        self._write({"phase": FINISHED, "files": files}, {}, time.monotonic())
        self.is_finished = True

    def discard(self) -> None:
        """Take it away. Raises: CheckpointError."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise CheckpointError(f"cannot take away {self.path}: {error.strerror}") from None

    @property
    def is_done(self) -> bool:
        """Whether the artifact is saved, by this run or by an earlier one."""
        if not self._identity:
            with suppress(*DAMAGE):
                return CheckpointFile(self.path).record.get("phase") == FINISHED
        return self.is_finished

    @property
    def is_due(self) -> bool:
        """Whether it is time for another."""
        return time.monotonic() >= self._due

    def held_back(self) -> HeldBack:
        """Signals wait."""
        return self._keeping.held_back()

    def take(self) -> CheckpointFile | None:
        """What an earlier run has kept of the present phase, once."""
        found, self._found = self._found, None
        if found is None or found.record.get("phase") != (REFIT if self._chosen else CHOICE):
            return None
        return found if found.record.get("history") else None

    def write(
        self, history: Sequence[EpochRecord], make_parts: Callable[[], Mapping[str, State]]
    ) -> None:
        """Keep where the present phase is: its history, and the states of its parts."""
        started, parts = time.monotonic(), make_parts()
        record: dict[str, Any] = {"phase": CHOICE, "history": plain(history)}
        if chosen := self._chosen:
            of_choice = {"best_epoch": chosen.best_epoch, "history": plain(chosen.history)}
            record |= {"phase": REFIT, "chosen": of_choice}
            parts = {**parts, "chosen": chosen.weights}
        self._write(record, parts, started)

    def damaged(self, error: BaseException) -> CheckpointError:
        """What is said of a checkpoint that is not as it was written."""
        what = " ".join(str(error).split())[:200] or type(error).__name__
        return CheckpointError(f"{self.path} is damaged: {what}; {self._keeping.remedy}")

    def tell(self, line: str) -> None:
        """Say it to whoever listens."""
        self._keeping.tell(line)

    @property
    def what(self) -> str:
        """The present phase, in words."""
        return "the refit" if self._chosen else "training"

    def _write(self, record: Mapping[str, Any], parts: Mapping[str, State], started: float) -> None:
        try:
            checkpoint_file.write(self.path, {"identity": self._identity, **record}, parts)
        except (OSError, BusyError) as error:
            why = getattr(error, "strerror", None) or error
            self.tell(f"cannot write {self.path} ({why}): training goes on without")
        now = time.monotonic()
        if self._keeping.minutes:
            self._due = now + max(60 * self._keeping.minutes, _LEAST * (now - started))
