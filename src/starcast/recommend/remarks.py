"""What is said of lists that are not all that rules asked for."""

import warnings
from collections.abc import Callable, Iterator
from typing import final

import numpy as np

from starcast.data.ids import Rows
from starcast.display import shortened
from starcast.errors import RuleWarning
from starcast.recommend.rule_book import RuleSet
from starcast.recommend.rules import Rules

OnRemark = Callable[[str], None]
"""Told of what should be known of a list, a line each."""


def warned(line: str) -> None:
    """Say it as a warning, at the line that asked for the list."""
    warnings.warn(line, RuleWarning, stacklevel=4)


@final
class Shortcomings:
    """What lists lack of what rules ask for.

    Args:
        rule_set: the rules.
        k: length of the lists.
    """

    def __init__(self, rule_set: RuleSet, k: int) -> None:
        self._rules, self._k, self._n, self._n_short, self._held = rule_set.rules, k, 0, 0, 0
        self._remarks, wishes = rule_set.remarks, rule_set.wishes
        self._minimums = wishes.minimums if wishes else ()
        self._n_below = np.zeros(len(self._minimums), np.int64)
        self._least = np.zeros(len(self._minimums), np.int64)

    def count(self, lists: Rows) -> None:
        """Look at some lists, int32 (n, k) at most, -1 where a place is empty."""
        n_held = np.count_nonzero(lists >= 0, axis=1)
        self._n, self._held = self._n + len(lists), int(n_held.min(initial=self._k))
        self._n_short += int(np.count_nonzero(n_held < self._k))
        for at, minimum in enumerate(self._minimums):
            n_of_group = np.count_nonzero((lists >= 0) & minimum.has[lists], axis=1)
            self._n_below[at] += np.count_nonzero(n_of_group < minimum.n)
            self._least[at] = n_of_group.min(initial=minimum.n)

    def lines(self) -> Iterator[str]:
        """What is to be said, a line each; remarks on the rules first."""
        yield from self._remarks
        if self._n_short and self._rules != Rules():
            one = f"{self._held} of {self._k} items"
            yield self._said(self._n_short, one, f"fewer than {self._k} items")
        below = zip(self._rules.minimums, self._n_below.tolist(), self._least.tolist(), strict=True)
        for group, n, least in below:
            if n:
                wish = shortened(group)
                one = f"{least} where {wish} is asked for"
                yield self._said(n, one, f"fewer than {wish} asks for")

    def _said(self, n_such: int, one: str, several: str) -> str:
        alone = f"the list holds {one}"
        whose = alone if self._n == 1 else f"{n_such:,} of {self._n:,} lists hold {several}"
        return f"{whose}: these rules leave no more"
