"""Which of several models answers whom: an experiment with people, each of whom meets one model."""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Self, final

from starcast.display import quoted
from starcast.errors import ConfigError

_NUMBERS = 1 << 32  # of 4 bytes


@final
class Shares:
    """Shares of the users by a hash of their id: the same for each process and each day.

    Where a share grows, people come to its model; nobody moves between two others beside it.

    Args:
        weights: of each model, in any unit.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        total = sum(weights)
        self._starts = [sum(weights[:n]) / total * _NUMBERS for n in range(1, len(weights))]

    @classmethod
    def parse(cls, text: str, n_models: int) -> Self:
        """Shares as "90:10".

        Raises: ConfigError: no numbers, negative ones, all zero, or not one for each model.

        >>> Shares.parse("90:10", 2).position(42)
        0
        """
        try:
            weights = [float(part) for part in text.split(":")]
        except ValueError:
            weights = []
        if not (weights and all(0 <= one < math.inf for one in weights) and any(weights)):
            raise ConfigError(f"--share {quoted(text)} are no shares; write them as 90:10")
        if len(weights) != n_models:
            raise ConfigError(
                f"--share {text} has {len(weights)} shares, and there are {n_models} models; "
                "give each --model its own"
            )
        return cls(weights)

    def position(self, user: object) -> int:
        """Which model a user meets; 42 and "42" are one user."""
        digest = hashlib.md5(str(user).encode("utf-8", "replace"), usedforsecurity=False).digest()
        number = int.from_bytes(digest[:4])
        return bisect_right(self._starts, number)
