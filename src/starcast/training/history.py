"""The history of a run as plain values, and back."""

from collections.abc import Sequence
from typing import Any

from starcast.evaluation.metrics import Quality
from starcast.training.loop import EpochRecord


def plain(history: Sequence[EpochRecord]) -> list[dict[str, Any]]:
    """What JSON can hold: a dictionary of each epoch."""
    return [record._asdict() for record in history]


def records_of(told: Any) -> tuple[EpochRecord, ...]:
    """The records that `plain` made the dictionaries of.

    Raises: ValueError, TypeError: they are none; epochs are counted from 1.
    """
    records = tuple(EpochRecord(**one) for one in told)
    for n, record in enumerate(records, start=1):
        figures = record.loss, record.training_error, record.seconds
        is_one = record.epoch == n and all(type(one) is float for one in figures)
        if not (is_one and _is_quality(record.train) and _is_quality(record.validation or {})):
            raise ValueError(f"what it tells of epoch {n} makes no sense")
    return records


def _is_quality(quality: Quality) -> bool:
    return isinstance(quality, dict) and all(type(one) is float for one in quality.values())
