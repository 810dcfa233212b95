"""What the loop calls to keep checkpoints of a run, and to go on from one."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import final

import numpy as np

from starcast.engines.expression import Expression
from starcast.engines.expression.plain import as_plain
from starcast.engines.protocol import Engine, Resumable, ResumableEngine
from starcast.engines.state import State, check_state
from starcast.training.checkpoint_file import most_bytes
from starcast.training.checkpoints import DAMAGE, Checkpoint, Fault
from starcast.training.history import records_of
from starcast.training.loop import EpochRecord, Keeper, Unkept
from starcast.training.observers import HasNetwork
from starcast.training.outcome import Outcome
from starcast.training.validation import Validation


def keeper_of(
    checkpoint: Checkpoint | None, engine: Engine, validation: Validation, fault: Fault
) -> Keeper:
    """A keeper, if anything is to be kept and the engine can go on from it.

    Args:
        checkpoint: where.
        engine, validation: whose states are kept, freshly made.
        fault: what is wrong with weights.
    """
    if checkpoint is None:
        return Unkept()
    if not isinstance(engine, ResumableEngine):
        checkpoint.tell("training is not kept while it goes on: the engine has no state to keep")
        return Unkept()
    return CheckpointKeeper(checkpoint, engine, validation, fault)


@final
class CheckpointKeeper:
    """Keeps the engine, the validation, the outcome and the history.

    Args: as of `keeper_of`.
    """

    def __init__(
        self, checkpoint: Checkpoint, engine: ResumableEngine, validation: Validation, fault: Fault
    ) -> None:
        self._checkpoint, self._fault = checkpoint, fault
        self._engine, self._validation = engine, validation
        self._is_asked: Callable[[], bool] = bool

    def go_on(self, outcome: Outcome) -> Sequence[EpochRecord]:
        """Put the run where an earlier one was ended; the history so far.

        Raises: CheckpointError: what was kept is damaged.
        """
        found = self._checkpoint.take()
        if found is None:
            return ()
        try:
            most = most_bytes(self._engine)
            for name, part in self._parts(outcome).items():
                part.restore(found.part(name, most))
            history = records_of(found.record["history"], self._checkpoint.metric)
            if not 0 <= outcome.epoch <= len(history) or outcome.weights is None:
                raise ValueError("it has weights of no epoch")
            if wrong := self._fault(outcome.weights):
                raise ValueError(wrong)
        except DAMAGE as error:
            raise self._checkpoint.damaged(error) from None
        where = f"after epoch {len(history)}, kept in {self._checkpoint.path}"
        self._checkpoint.tell(f"going on with {self._checkpoint.what} {where}")
        return history

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """An epoch is run to its end, and what it has come to is kept, whatever signals say."""
        with self._checkpoint.held_back() as self._is_asked:
            yield

    def reached(self, outcome: Outcome, history: Sequence[EpochRecord], *, is_last: bool) -> None:
        """Keep where the run is, if it is time or a signal waits."""
        if self._is_asked() or (self._checkpoint.is_due and not is_last):
            parts = self._parts(outcome)
            self._checkpoint.write(
                history, lambda: {name: part.state() for name, part in parts.items()}
            )

    def give_up(self) -> None:
        """Take away what is kept: the same run would come to the same end."""
        self._checkpoint.discard()

    def _parts(self, outcome: Outcome) -> dict[str, Resumable]:
        """In the order in which they go back: an outcome asks its engine."""
        parts: dict[str, Resumable] = {}
        if isinstance(self._engine, HasNetwork):
            parts["network"] = _Network(self._engine.network)
        return parts | {
            "engine": self._engine, "validation": self._validation, "outcome": outcome,
        }  # fmt: skip


@final
class _Network:
    """What is computed: weights of one network may fit another, as a plugin may change its own.

    Args:
        network: of the engine.
    """

    def __init__(self, network: Expression) -> None:
        text = json.dumps(as_plain(network)).encode()
        self._sum = np.frombuffer(hashlib.sha256(text).digest(), np.uint8)

    def state(self) -> State:
        """Its SHA-256."""
        return {"sum": self._sum}

    def restore(self, state: State) -> None:
        """Refuse another. Raises: ValueError."""
        check_state(state, {"sum": self._sum})
        if not np.array_equal(state["sum"], self._sum):
            raise ValueError("its network computes something else")
