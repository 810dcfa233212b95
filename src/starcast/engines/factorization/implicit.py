"""The implicit factor model: what was rated is 1 and all else is 0, by alternating least squares.

    score_ui = p_u · q_i, which minimise
    Σ_rated w_ui (1 - p_u · q_i)² + α Σ_all (p_u · q_i)² + Σ_u λ_u |p_u|² + Σ_i λ_i |q_i|²

with w_ui the interest of a rating times its user's weight and λ_u = λ (Σ_i w_ui + α n_items)^ν, and
likewise λ_i: whose rows take part in more of the sum are penalised more.

Sources: Hu, Koren, Volinsky 2008; Rendle, Krichene, Zhang, Koren 2021, eq. 5 (weights) and 6
(frequency-scaled regularization). Deviation: stars and activity weigh.
"""

import math
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.blocks import in_blocks
from starcast.engines.compiled import serial
from starcast.engines.interest import Activity, Interest, weighted_histories
from starcast.engines.means import means
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.rows import SparseRows
from starcast.engines.settings import ImplicitSettings
from starcast.engines.state import State, copied, put_back

Matrix = NDArray[np.float32]
_BLOCK = 64  # rows that a thread solves for at a time


@final
class ImplicitEngine:
    """The implicit factor model; an epoch solves for every user, then for every item.

    Args:
        settings: all are used.
        train: the training rows.
        seed: of the first factors.
    """

    def __init__(self, settings: ImplicitSettings, train: Ratings, seed: int) -> None:
        self._settings, self._means = settings, means(train)
        self._interest = Interest.of(train, settings.interest_weight)
        self._of_users = weighted_histories(train, self._interest, settings.activity_exponent)
        self._of_items = self._of_users.transposed()
        counts = np.diff(self._of_users.offsets)
        self._activity = Activity.of(counts, settings.activity_exponent)
        rng, scale = np.random.default_rng(seed), 1 / math.sqrt(settings.dimension)
        width = settings.dimension
        self._users = (rng.normal(0, scale, (train.n_users, width)) * 0.1).astype(np.float32)
        self._items = (rng.normal(0, scale, (train.n_items, width)) * 0.1).astype(np.float32)

    def run_epoch(self) -> EpochLoss:
        """Solve for every user, then for every item; the loss is per rating, after it."""
        self._solve(self._users, self._items, self._of_users)
        squared = self._solve(self._items, self._users, self._of_items)
        alpha, n = self._settings.unobserved_weight, len(self._of_users.columns)
        everywhere = np.sum(self._users.T @ self._users * (self._items.T @ self._items))
        return EpochLoss(float(squared + alpha * everywhere) / n / 2, math.sqrt(squared / n))

    def weights(self) -> dict[str, Matrix]:
        """Copies by name: user_factors, item_factors, interest (3,), item_bias (n_items,), and
        folding (5,): α, λ and ν, and the two of `Activity`."""
        chosen = self._settings
        strength, exponent = chosen.regularization_factor, chosen.frequency_exponent
        folding = chosen.unobserved_weight, strength, exponent, *self._activity
        return {
            "user_factors": self._users.copy(),
            "item_factors": self._items.copy(),
            "interest": np.array(self._interest, np.float32),
            "item_bias": self._means.item_bias.copy(),
            "folding": np.array(folding, np.float32),
        }

    def load(self, weights: Weights) -> None:
        """Take weights back."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        self._users = weights["user_factors"].copy()
        self._items = weights["item_factors"].copy()
        self._interest = Interest(*weights["interest"].tolist())
        self._means = self._means._replace(item_bias=weights["item_bias"].copy())

    def settle(self, users: Rows, items: Rows) -> None:
        """Solve for some users (n,), then for some items (m,), the others held as they are."""
        for solved, fixed, rows, chosen in (
            (self._users, self._items, self._of_users, users),
            (self._items, self._users, self._of_items, items),
        ):
            own = solved[chosen]
            self._solve(own, fixed, rows.chosen(chosen))
            solved[chosen] = own

    def state(self) -> State:
        """The factors; all else follows from the training rows."""
        return copied(self._arrays())

    def restore(self, state: State) -> None:
        """Go on from a state."""
        put_back(self._arrays(), state)

    def _arrays(self) -> State:
        return {"users": self._users, "items": self._items}

    def _solve(self, solved: Matrix, fixed: Matrix, rows: SparseRows) -> float:
        """Half a sweep in place; Σ w (1 - p · q)² of the rated after it."""
        chosen = self._settings
        alpha = np.float32(chosen.unobserved_weight)
        everywhere = (alpha * (fixed.T @ fixed)).astype(np.float32)
        ends = np.concatenate([[0.0], np.cumsum(rows.values, dtype=np.float64)])
        observed = ends[rows.offsets[1:]] - ends[rows.offsets[:-1]]
        reach = observed + chosen.unobserved_weight * len(fixed)
        penalty = (chosen.regularization_factor * reach**chosen.frequency_exponent).astype(
            np.float32
        )
        errors = np.zeros(len(solved), np.float64)

        def solve(some: slice) -> None:
            starts = rows.offsets[some.start : some.stop + 1]
            sparse = starts, rows.columns, rows.values
            _solve_rows(solved[some], fixed, sparse, everywhere, penalty[some], errors[some])

        with blas_on_one_thread():
            in_blocks(solve, len(solved), _BLOCK)
        return float(errors.sum())


@serial
def _solve_rows(
    solved: Any, fixed: Any, sparse: Any, everywhere: Any, penalty: Any, errors: Any
) -> None:
    offsets, columns, values = sparse
    for n in range(len(solved)):
        here = slice(offsets[n], offsets[n + 1])
        if here.start < here.stop:
            entries = columns[here], values[here]
            errors[n] = _solve_row(solved[n], fixed, entries, everywhere, penalty[n])
        else:
            solved[n] = 0


@serial
def _solve_row(row: Any, fixed: Any, entries: Any, everywhere: Any, penalty: Any) -> Any:
    """One ridge regression of ones on the rows of the other side; Σ w (1 - p · q)².

    Number by number: of sums of arrays Numba makes three times the machine code.
    """
    columns, values = entries
    known = np.empty((len(columns), len(row)), np.float32)
    weighed, target = np.empty_like(known), np.zeros(len(row), np.float32)
    for m in range(len(columns)):
        for k in range(len(row)):
            known[m, k] = fixed[columns[m], k]
            weighed[m, k] = values[m] * known[m, k]
    for m in range(len(columns)):
        for k in range(len(row)):
            target[k] += weighed[m, k]
    system = np.dot(known.T, weighed)
    for k in range(len(row)):
        for other in range(len(row)):
            system[k, other] += everywhere[k, other]
        system[k, k] += penalty
    row[:] = np.linalg.solve(system, target)
    left, squared = np.dot(known, row), np.float32(0)
    for m in range(len(columns)):
        squared += values[m] * (1 - left[m]) ** 2
    return squared
