"""What is said of lists that are not all that rules asked for."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Self, final

import numpy as np

from starcast.data.ids import Rows
from starcast.display import shortened
from starcast.errors import RuleWarning
from starcast.recommend.rule_book import RuleSet
from starcast.recommend.rules import Rules

_NO_MORE = ": these rules leave no more"
OnRemark = Callable[[str], None]
"""Told of what should be known of a list, a line each."""


def warned(line: str) -> None:
    """Say it as a warning, at the line that asked for the list."""
    warnings.warn(line, RuleWarning, stacklevel=4)


@final
class TooFew(str):
    """Said of a list that holds fewer items than asked for; of one made of it, it is said anew."""

    @classmethod
    def of(cls, n: int, asked: int) -> Self:
        """What is said where there are n of so many."""
        return cls(f"the list holds {n} of {asked} items{_NO_MORE}")


def restated(remarks: Sequence[str], n: int, asked: int) -> list[str]:
    """Remarks on a list, of one made of it that holds n items where so many are asked for.

    >>> restated(["one", TooFew.of(3, 30)], 4, 10)
    ['one', 'the list holds 4 of 10 items: these rules leave no more']
    """
    anew = [TooFew.of(n, asked)] if n < asked else []
    return [new for one in remarks for new in (anew if isinstance(one, TooFew) else [one])]


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
            too_few = TooFew.of(self._held, self._k)
            yield self._said(self._n_short, too_few, f"fewer than {self._k} items")
        below = zip(self._rules.minimums, self._n_below.tolist(), self._least.tolist(), strict=True)
        for group, n, least in below:
            if n:
                wish = shortened(group)
                alone = f"the list holds {least} where {wish} is asked for{_NO_MORE}"
                yield self._said(n, alone, f"fewer than {wish} asks for")

    def _said(self, n_such: int, alone: str, several: str) -> str:
        if self._n == 1:
            return alone
        return f"{n_such:,} of {self._n:,} lists hold {several}{_NO_MORE}"
