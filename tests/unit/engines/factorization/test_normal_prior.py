"""Most likely rows under a normal prior, against NumPy's solver in float64."""

import numpy as np

from starcast.engines.factorization.normal_prior import most_likely_rows
from starcast.engines.rows import SparseRows


def test_rows_are_those_of_the_normal_equations() -> None:
    """Three rows of 2, 0 and 40 ratings; a prior whose last column goes with the others."""
    rng = np.random.default_rng(5)
    others = np.column_stack([rng.normal(0.3, 1, (50, 4)), np.ones(50)]).astype(np.float32)
    root = rng.normal(0, 1, (5, 5)) + 2 * np.eye(5)
    precision, centre = root.T @ root, rng.normal(0, 2, 5)
    columns = np.concatenate([rng.permutation(50)[:n] for n in (2, 40)]).astype(np.int32)
    values = rng.normal(1, 2, 42).astype(np.float32)
    rated = SparseRows(np.array([0, 2, 2, 42]), columns, values, 50)
    found = most_likely_rows(centre, precision, others, rated)
    for row, entries in enumerate((slice(0, 2), slice(2, 2), slice(2, 42))):
        x, y = others[columns[entries]].astype(np.float64), values[entries]
        wanted = np.linalg.solve(precision + x.T @ x, precision @ centre + x.T @ y)
        np.testing.assert_allclose(found[row], wanted, atol=2e-4)
