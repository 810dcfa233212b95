"""Rounds of sweeps: one, or as many as chains need to agree, each twice as long as the one before.

A round whose chains do not agree is burn-in of the next, so that at most half of all sweeps count,
and the draws that are kept are those of the last round alone.

Source: Gelman & Rubin 1992, section 2 (the first half is discarded).
"""

from collections.abc import Sequence
from typing import NamedTuple

from starcast.engines.settings import GibbsSettings

MOST_ROUNDS = 5  # which take 31 times the samples asked for


class Round(NamedTuple):
    """Some sweeps of every chain.

    Attributes:
        start: sweeps before it.
        length: its sweeps.
        every: after so many of them draws are kept.
    """

    start: int
    length: int
    every: int

    def is_over(self, n_sweeps: int) -> bool:
        """Whether these were all its sweeps."""
        return n_sweeps >= self.start + self.length

    def kept_at(self, n_sweeps: int) -> int:
        """The number, counted from 1, that draws after so many sweeps have among its kept; or 0."""
        number, rest = divmod(n_sweeps - self.start, self.every)
        return 0 if rest or number < 1 else number


def rounds_of(config: GibbsSettings) -> tuple[Round, ...]:
    """All that there may be.

    >>> rounds_of(GibbsSettings(samples=300, chains=2, burn_in=10, kept=60))
    (Round(start=10, length=150, every=5),)
    """
    length, start, rounds = -(-config.samples // config.chains), config.burn_in, list[Round]()
    every = max(1, -(-config.samples // max(config.kept, config.chains)))
    for _ in range(MOST_ROUNDS if config.until_converged else 1):
        rounds.append(Round(start, length, every))
        start, length, every = start + length, 2 * length, 2 * every
    return tuple(rounds)


def round_of(rounds: Sequence[Round], n_sweeps: int) -> Round:
    """The one in which the sweep of this number is, counted from 1."""
    return next((one for one in rounds if n_sweeps <= one.start + one.length), rounds[-1])


def n_kept_after(rounds: Sequence[Round], n_sweeps: int) -> int:
    """How often draws were kept that still are: those of a round stay until the next keeps some."""
    counts = [max(0, min(n_sweeps - one.start, one.length)) // one.every for one in rounds]
    return next((count for count in reversed(counts) if count), 0)
