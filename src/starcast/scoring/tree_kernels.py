"""The compiled loop behind trees; imported only when called."""

from typing import Any

from starcast.engines.compiled import serial


@serial
def sum_leaves(trees: Any, table: Any, sums: Any) -> None:
    """Fill in sums[n], float32 (n,), of the leaves that row n of a table falls into.

    Args:
        trees: features, thresholds, children and values of `Trees`.
        table: float32 (n, n_features).
    """
    features, thresholds, children, values = trees
    for n in range(len(table)):
        row, total = table[n], 0.0
        for tree in range(len(features)):
            at = 0
            while at >= 0:
                right = row[features[tree, at]] > thresholds[tree, at]
                at = children[tree, at, 1 if right else 0]
            total += values[tree, -1 - at]
        sums[n] = total
