"""The history of a run as plain values, and back."""

from collections.abc import Sequence
from typing import Any

from starcast.evaluation.metrics import TITLES
from starcast.training.loop import EpochRecord


def plain(history: Sequence[EpochRecord]) -> list[dict[str, Any]]:
    """What JSON can hold: a dictionary of each epoch."""
    return [record._asdict() for record in history]


def records_of(told: Any, metric: str) -> tuple[EpochRecord, ...]:
    """The records that `plain` made the dictionaries of.

    Args:
        told: the dictionaries, of epochs that are counted from 1.
        metric: that decides; every quality has it.
    Raises: ValueError, TypeError: they are none.
    """
    records = tuple(EpochRecord(**one) for one in told)
    for n, record in enumerate(records, start=1):
        figures = record.loss, record.training_error, record.seconds
        judged = [record.train] if record.validation is None else [record.train, record.validation]
        is_one = record.epoch == n and all(type(one) is float for one in figures)
        if not (is_one and all(_is_quality(one, metric) for one in judged)):
            raise ValueError(f"what it tells of epoch {n} makes no sense")
    return records


def _is_quality(told: Any, metric: str) -> bool:
    is_one = isinstance(told, dict) and metric in told and told.keys() <= TITLES.keys()
    return is_one and all(type(one) is float for one in told.values())
