"""How far a model is drawn to the means: by what both say of validation rows.

Least squares: the w that minimises Σ (r - m - w (f - m))², a w for each kind of pairs, drawn to a
first guess by a few ratings' worth of belief; the guess is lower where the rows say so. A model
that is better than the means, and that drawing would hardly make better, speaks for itself, to the
bit.

Source: James & Stein 1961 (estimates drawn to a simpler one), with the weight from held-out rows.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.units import Units
from starcast.engines.means import means_of
from starcast.engines.protocol import seen_rows
from starcast.engines.rows import SparseRows
from starcast.scoring.by_means import MeansScorer
from starcast.scoring.shrinkage import Shares, kinds

_GUESS, _BELIEF = 0.3, 10.0  # the model's share; rows' worth of it, of scores a usual error apart
_LEAST = 0.05  # a smaller share is none
_WORTH = 0.004  # of the squared error; what drawing gains less is not worth it
_BETTER = 0.6  # a share from here on is one of a model that is better than the means


_MOST_ROWS = 4_000_000  # that are asked


class _Sums(NamedTuple):
    """Of the rows of a kind, with d = f - m and e = r - m: Σ d², Σ d e and Σ e²."""

    squares: float
    products: float
    errors: float

    @classmethod
    def of(cls, moved: NDArray[np.float64], left: NDArray[np.float64]) -> "_Sums":
        return cls(float(moved @ moved), float(moved @ left), float(left @ left))

    def share(self, usual: float) -> float:
        """The share of least squares, drawn to a guess.

        Args:
            usual: squared error of the means on a row.
        """
        belief = _BELIEF * usual
        share = (self.products + belief * self._guess(usual)) / max(self.squares + belief, 1e-300)
        share = min(max(share, 0.0), 1.0)
        whole = self.errors - 2 * self.products + self.squares  # squared errors of the model alone
        gain = (1 - share) ** 2 * self.squares
        if share < _LEAST:
            return 0.0
        return 1.0 if share >= _BETTER and gain <= _WORTH * whole else share

    def _guess(self, usual: float) -> float:
        """`_GUESS`, or less where least squares less half a standard error say less: a guess is
        never to lift a model that the rows speak against."""
        if not self.squares:
            return _GUESS
        doubt = math.sqrt(usual / self.squares) / 2
        return min(_GUESS, max(0.0, self.products / self.squares - doubt))


def choose_shares(
    scores: NDArray[np.floating[Any]], known: Ratings, validation: Ratings, units: Units
) -> Shares:
    """The model's shares by validation rows.

    Args:
        scores: (n,), what the model says of these rows, in units; it has not seen them.
        known: the rows that it has seen.
        validation: the rows that choose.
        units: of the training.
    """
    if (every := len(scores) // _MOST_ROWS + 1) > 1:  # enough for a few numbers
        validation = validation.take(slice(None, None, every))
        scores = scores[::every]
    histories = SparseRows.by_user(units.standardized(known))
    found = means_of(histories)
    means = MeansScorer(found.mean, found.item_bias, histories)
    said = means.score_pairs(validation.user_rows, validation.item_rows).astype(np.float64)
    moved, left = scores - said, units.values(validation.stars) - said
    if np.abs(moved).max(initial=0) < 1e-6:  # its stars are the means'
        return Shares()
    kind = kinds(
        seen_rows(known.user_rows, known.n_users)[validation.user_rows],
        seen_rows(known.item_rows, known.n_items)[validation.item_rows],
    )
    usual = _Sums.of(moved, left).errors / len(left)
    known_pairs, *others = (
        _Sums.of(moved[kind == k], left[kind == k]) for k in range(len(Shares._fields))
    )
    share = known_pairs.share(usual)
    return Shares(share, *(one.share(usual) if one.errors else share for one in others))
