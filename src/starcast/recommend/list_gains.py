"""What an item adds to a list: its score, less what is like it there, less what unbalances it."""

from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.protocol import Scores
from starcast.engines.rows import SparseRows

Likeness = Callable[[int], Scores]
"""How much every item is like one; float32 (n_items,)."""

Shares = NDArray[np.float64]

_KEPT = 0.01  # α of Steck 2018: as much of the person's distribution as keeps logarithms finite


def taste_of(history: Rows, values: SparseRows) -> Shares | None:
    """p(g|u) of Steck 2018, eq. 2: the share of each value in what a person rated.

    Args:
        history: int32 (n,), item rows; each counts alike.
        values: of every item, with shares p(g|i).
    Returns: float64 (n_values,); None where no value is known.
    """
    rated = values.chosen(history)
    if not len(rated.columns):
        return None
    mass = np.bincount(rated.columns, rated.values, rated.n_columns)
    return np.asarray(mass / mass.sum())


@final
class Gain:
    """What each candidate would add to a list; see `rerank.choose`.

    Args:
        rows: int32 (n,), of the candidates.
        relevance: float64 (n,), their scores, from 0 to 1.
        weights: of diversity and calibration, in [0, 1].
        likeness: None without diversity.
        values: of every item, what calibration is about.
        taste: p, float64 (n_values,); None without calibration.
    """

    def __init__(
        self,
        rows: Rows,
        relevance: Shares,
        weights: tuple[float, float],
        likeness: Likeness | None,
        values: SparseRows | None,
        taste: Shares | None,
    ) -> None:
        delta, kappa = weights
        self._delta = delta if likeness else 0.0
        self._kappa = kappa = 0.0 if taste is None else kappa
        self._rows, self._likeness = rows, likeness
        self._relevance = (1 - self._delta) * (1 - kappa) * relevance
        self._most_alike: NDArray[Any] | None = None
        if taste is not None and values is not None:
            self._taste = taste[taste > 0]
            self._each, self._total = _spread(rows, values, taste > 0)
            self._listed, self._n_listed = np.zeros(len(self._taste)), 0.0

    @property
    def is_weighed(self) -> bool:
        """Whether anything but scores counts."""
        return bool(self._delta or self._kappa)

    def of_each(self) -> NDArray[Any]:
        """float64 (n,)."""
        gains = self._relevance
        if self._most_alike is not None:
            gains = gains - self._delta * self._most_alike
        return gains - self._kappa * self._divergences() if self._kappa else gains

    def take(self, at: int) -> None:
        """List a candidate."""
        if self._delta and self._likeness:
            alike = self._likeness(int(self._rows[at]))[self._rows]
            before = self._most_alike
            self._most_alike = alike if before is None else np.maximum(before, alike)
        if self._kappa:
            self._listed = self._listed + self._each[at]
            self._n_listed += self._total[at]

    def _divergences(self) -> Shares:
        """KL(p, q) of the list with each candidate, (n,); q mixed with a little of p (eq. 7)."""
        mass = self._listed + self._each
        total = np.maximum(self._n_listed + self._total, 1e-12)[:, np.newaxis]
        mixed = (1 - _KEPT) * mass / total + _KEPT * self._taste
        return np.asarray(np.log(self._taste / mixed) @ self._taste)


def _spread(rows: Rows, values: SparseRows, columns: NDArray[np.bool_]) -> tuple[Shares, Shares]:
    """The shares of some values in each item, (n, n_columns), and whether it has any, 1 or 0."""
    own = values.chosen(rows)
    each = np.zeros((len(rows), np.count_nonzero(columns)))
    at, kept, numbers = own.row_numbers(), columns[own.columns], np.cumsum(columns) - 1
    each[at[kept], numbers[own.columns[kept]]] = own.values[kept]
    return each, (np.diff(own.offsets) > 0).astype(np.float64)
