"""The small ridge regressions against NumPy's solver in float64."""

import numpy as np
import pytest

from starcast.engines.factorization.ridge import Penalty, solve_all, systems
from starcast.engines.factorization.tables import Factors
from starcast.engines.rows import N_SHARES, SharedRows
from starcast.engines.simd import zeros

N, PENALTY = 300, 0.05


@pytest.mark.parametrize("of_row", [(0.0, 0.0), (0.7, 3.0)], ids=["by rating", "by row"])
@pytest.mark.parametrize("width", [8, 16, 48, 80])  # one part, whole; several
def test_every_row_is_solved_and_its_error_is_what_remains(
    width: int, of_row: tuple[float, float]
) -> None:
    rng = np.random.default_rng(width)
    counts = np.array([0, 1, 7, 0, N, 60, 2, 90])
    starts = np.concatenate([[0], np.cumsum(counts)])
    shares = np.array([0] * 3 + [2, 5] + [8] * (N_SHARES - 4))  # empty ones too
    fixed, solved = zeros(N, width), zeros(len(counts), width)
    fixed["parts"][:] = rng.normal(0.2, 0.5, fixed["parts"].shape)
    solved["parts"][:] = 7
    fixed_bias, solved_bias = rng.normal(0, 1, N).astype("f4"), np.full(len(counts), 7, "f4")
    others = np.concatenate([rng.permutation(N)[:count] for count in counts]).astype(np.int32)
    stars = rng.normal(0, 1, len(others)).astype(np.float32)
    squared_errors = solve_all(
        Factors(solved, solved_bias),
        Factors(fixed, fixed_bias),
        SharedRows(starts, others, stars, shares),
        systems(N_SHARES, fixed),
        Penalty(np.float32(PENALTY), *np.array(of_row, np.float32)),
    )

    remaining = np.zeros(len(counts))
    x_of = np.column_stack([fixed["parts"].reshape(N, width), np.ones(N)]).astype(np.float64)
    for row, count in enumerate(counts):
        found = np.append(solved["parts"][row], solved_bias[row])
        if not count:
            assert np.all(found == 7), "rows without ratings stay as they are"
            continue
        rated = slice(starts[row], starts[row + 1])
        x, y = x_of[others[rated]], stars[rated].astype(np.float64) - fixed_bias[others[rated]]
        ridge = PENALTY * count + np.array([of_row[0]] * width + [of_row[1]])
        best = np.linalg.solve(x.T @ x + np.diag(ridge), x.T @ y)
        np.testing.assert_allclose(found, best, atol=2e-4)
        remaining[row] = np.sum((y - x @ best) ** 2)
    np.testing.assert_allclose(squared_errors, remaining, rtol=1e-3, atol=1e-4)
