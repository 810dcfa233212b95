"""What the loop asks to go on after a driver was lost: from the tables that lie in slots.

The slots are the checkpoints: each holds whole tables and the history of the epochs before.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import final

from starcast.engines.spark.engine import SparkEngine, Tables
from starcast.evaluation.metrics import Quality
from starcast.training.history import plain, records_of
from starcast.training.loop import EpochRecord
from starcast.training.outcome import Outcome

Judged = Callable[[], tuple[Quality, Quality | None]]


@final
class SlotKeeper:
    """Goes on from the latest slot that is whole.

    Args:
        engine: whose slots they are.
        judged: what rows say of the engine's weights as they are.
        metric: that decides.
        tell: told, in a line, of what is gone on with.
    """

    def __init__(
        self, engine: SparkEngine, judged: Judged, metric: str, tell: Callable[[str], None]
    ) -> None:
        self._engine, self._judged, self._metric, self._tell = engine, judged, metric, tell

    def go_on(self, outcome: Outcome) -> Sequence[EpochRecord]:
        """Take up the latest tables, or begin."""
        engine = self._engine
        found = {slot: engine.recorded(slot) for slot in engine.slots}
        whole = {slot: words for slot, words in found.items() if words}
        if not whole:
            engine.begin()
            return ()
        slot = max(whole, key=lambda one: whole[one]["epoch"])
        history = list(records_of(whole[slot]["history"], self._metric))
        engine.slot, engine.epoch, engine.pinned = slot, len(history), whole[slot]["pinned"]
        for record in history:  # the last that is better than those before is pinned
            outcome.offer(record.epoch, engine.weights_in(engine.pinned), record.validation)
        if whole[slot]["epoch"] > len(history):  # what is written before it is validated
            engine.epoch += 1
            record = EpochRecord(engine.epoch, *engine.loss(), *self._judged(), 0.0)
            outcome.offer(engine.epoch, engine.weights(), record.validation)
            history.append(record)
        self._note(outcome, history)
        if history:
            self._tell(f"going on after epoch {len(history)}")
        return history

    def undisturbed(self) -> AbstractContextManager[object]:
        """An epoch may be cut off: the one before it lies in its slot."""
        return nullcontext()

    def reached(self, outcome: Outcome, history: Sequence[EpochRecord], *, is_last: bool) -> None:
        """Remember the best, and what the next slot is to tell."""
        self._note(outcome, history)

    def give_up(self) -> None:
        """Nothing: the same run would come to the same end."""

    def _note(self, outcome: Outcome, history: Sequence[EpochRecord]) -> None:
        best: object = outcome.weights
        if isinstance(best, Tables):
            self._engine.pinned = best.slot
        self._engine.record = {"history": plain(history)}
