"""What a model was asked for and has shown since it was loaded."""

from collections import Counter
from typing import final


@final
class Usage:
    """Counts of one model; those of a newer one begin anew, as Prometheus expects.

    Attributes:
        asked: by kind of id ("user", "item") and whether the model knows it, how often.
        shown: ids of the items that were in any list.
    """

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, bool]] = Counter()
        self.shown: set[object] = set()

    def ask(self, kind: str, *, known: bool) -> None:
        """An id was asked for."""
        self.asked[kind, known] += 1

    def show(self, item_id: object) -> None:
        """An item of the model stands in a list."""
        self.shown.add(item_id)
