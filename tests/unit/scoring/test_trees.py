"""Trees as arrays: what they add up to, and what makes no trees."""

from typing import Any

import numpy as np
import pytest

from starcast.errors import ConfigError
from starcast.scoring.trees import Trees

# x₁ ≤ 2 ? 10 : (x₀ ≤ 1 ? 20 : 30), and a single leaf of 0.5 in the second tree.
TREES = Trees(
    features=np.array([[1, 0], [0, 0]], np.int32),
    thresholds=np.array([[2, 1], [0, 0]], np.float32),
    children=np.array([[[-1, 1], [-2, -3]], [[-1, -1], [-1, -1]]], np.int32),
    values=np.array([[10, 20, 30], [0.5, 0, 0]], np.float32),
)
ROWS = np.array([[9, 2], [1, 2.5], [1.5, 3], [0, -7]], np.float32)
SUMS = [10.5, 20.5, 30.5, 10.5]


def test_rows_fall_into_the_leaves_that_they_fall_into_by_hand() -> None:
    np.testing.assert_array_equal(TREES.sums(ROWS), SUMS)


def test_compiled_loops_and_numpy_agree() -> None:
    many = np.repeat(ROWS, 200, axis=0)  # more than are worth NumPy
    np.testing.assert_array_equal(TREES.sums(many), np.repeat(SUMS, 200))
    np.testing.assert_array_equal(TREES.plain_sums(many), TREES.sums(many))


def test_they_go_among_weights_and_back() -> None:
    weights = TREES.weights() | {"coefficients": np.zeros(2, np.float32)}
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}
    back = Trees.among(weights)
    assert back is not None
    for array, known in zip(back, TREES, strict=True):
        np.testing.assert_array_equal(array, known, strict=True)
    assert Trees.among({"coefficients": np.zeros(2, np.float32)}) is None


def _with(name: str, place: tuple[int, ...], value: float) -> dict[str, Any]:
    weights = TREES.weights() | {"coefficients": np.zeros(2, np.float32)}
    weights[f"tree_{name}"][place] = value
    return weights


DAMAGED: dict[str, dict[str, Any]] = {
    "a feature that is none": _with("features", (0, 1), 2),
    "a feature below all": _with("features", (0, 0), -1),
    "a leaf that is none": _with("children", (0, 1, 1), -4),
    "a split that is none": _with("children", (0, 0, 1), 2),
    "a circle": _with("children", (0, 1, 0), 0),
    "a split that leads to itself": _with("children", (0, 1, 0), 1),
    "leaves of fewer trees": TREES.weights()
    | {"coefficients": np.zeros(2, np.float32), "tree_values": np.zeros((1, 3), np.float32)},
    "no thresholds": {
        name: array
        for name, array in _with("features", (0, 0), 1).items()
        if name != "tree_thresholds"
    },
}


@pytest.mark.parametrize("weights", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_makes_no_trees_is_refused(weights: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="trees of this list blend are damaged"):
        Trees.among(weights)
