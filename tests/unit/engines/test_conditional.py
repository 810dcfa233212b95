"""Most likely rows, against dense least squares of the same penalty."""

import numpy as np

from starcast.engines.conditional import Known, most_likely
from starcast.engines.rows import SparseRows


def test_rows_minimise_the_squares_and_what_is_known_of_them() -> None:
    """Three rows of 2, 0 and 4 ratings; the minimum found by a stacked least squares problem."""
    rng = np.random.default_rng(3)
    others = rng.normal(0, 1, (5, 3)).astype(np.float32)
    root, per = rng.normal(0, 1, (3, 3)), np.diag([0.5, 0.2, 0.0])
    precision = root.T @ root + 0.1 * np.eye(3)
    rated = SparseRows(
        np.array([0, 2, 2, 6]), np.array([1, 4, 0, 2, 3, 4], np.int32),
        rng.normal(0, 1, 6).astype(np.float32), 5,
    )  # fmt: skip
    weights = np.array([1, 2, 0.5, 1, 3, 1], np.float32)
    centres = rng.normal(0, 1, (3, 3)).astype(np.float32)
    learned = np.array([2.0, 0.0, 7.0])
    found = most_likely(Known(centres, precision, learned, per), others, rated, weights)
    np.testing.assert_array_equal(found[1], centres[1])
    for row in (0, 2):
        entries = slice(rated.offsets[row], rated.offsets[row + 1])
        x, y = others[rated.columns[entries]], rated.values[entries]
        held = np.linalg.cholesky(precision + learned[row] * per).T
        heavy = np.sqrt(weights[entries])
        stacked = np.vstack([heavy[:, np.newaxis] * x, held])
        wanted = np.concatenate([heavy * y, held @ centres[row]])
        expected = np.linalg.lstsq(stacked, wanted, rcond=None)[0]
        np.testing.assert_allclose(found[row], expected, rtol=1e-4, atol=1e-5)
