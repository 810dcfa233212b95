"""What charts see of a comparison."""

from collections.abc import Sequence
from typing import Protocol

from starcast.evaluation.charts.style import Shown
from starcast.evaluation.comparison.verdict import Verdict
from starcast.evaluation.metrics import Relevance
from starcast.evaluation.report import Report


class Compared(Protocol):
    """Models that were judged on the same test rows, as `Comparison` has them."""

    @property
    def shown(self) -> Shown:
        """Which."""

    @property
    def reports(self) -> Sequence[Report]:
        """One per model."""

    @property
    def verdicts(self) -> tuple[Verdict, Verdict]:
        """By stars, and by lists."""

    @property
    def k(self) -> int:
        """Length of the lists."""

    @property
    def relevance(self) -> Relevance:
        """Which test ratings a good list would hold."""
