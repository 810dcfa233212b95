"""A work: some races on some data, selected by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from benchmarks.race import Plan
from benchmarks.stage import Stage

Planned = tuple[str, Sequence[Plan]]
"""The data in words, and the races on it."""


@final
@dataclass(frozen=True, kw_only=True)
class Work:
    """What `make bench ONLY=name` measures.

    Attributes:
        name: to select it by.
        title: in words.
        plan: writes the data and says who runs.
        needs_real: whether it runs on ML-1M, which has to lie there.
    """

    name: str
    title: str
    plan: Callable[[Stage], Planned]
    needs_real: bool = True
