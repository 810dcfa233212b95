"""Boosted regression trees as plain arrays, without the library that grew them."""

from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.protocol import Scores, Weights
from starcast.errors import ConfigError
from starcast.scoring.panels import FEW, for_kernels

_PREFIX = "tree_"  # of their names among weights


@final
class Trees(NamedTuple):
    """T trees of at most S splits; a sum of what their leaves hold.

    Attributes:
        features: int32 (T, S), the column that a split looks at.
        thresholds: float32 (T, S); up to and with it to the left, above it to the right.
        children: int32 (T, S, 2), left and right: a later split, or -1 - (a leaf).
        values: float32 (T, S + 1), of the leaves.
    """

    features: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    children: NDArray[np.int32]
    values: NDArray[np.float32]

    @classmethod
    def among(cls, weights: Weights) -> Self | None:
        """Those among weights, if any; row numbers are checked, so that no loop leaves its array.

        Raises: ConfigError: arrays that make no trees.
        """
        names = [_PREFIX + name for name in cls._fields]
        if not any(name in weights for name in names):
            return None
        try:
            features, thresholds, children, values = (weights[name] for name in names)
            trees = cls(
                features.astype(np.int32),
                np.asarray(thresholds, np.float32),
                children.astype(np.int32),
                np.asarray(values, np.float32),
            )
            trees._check(len(weights["coefficients"]))
        except (LookupError, TypeError, ValueError):
            raise ConfigError("the trees of this list blend are damaged; blend again") from None
        return trees

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """By name, for an artifact; row numbers are small enough to be exact."""
        return {_PREFIX + name: array.astype(np.float32) for name, array in self._asdict().items()}

    def sums(self, table: Scores) -> Scores:
        """What the trees add up to for rows (n, n_features); float32 (n,)."""
        if len(table) <= FEW:
            return self.plain_sums(table)
        from starcast.scoring.tree_kernels import sum_leaves

        found = np.empty(len(table), np.float32)
        sum_leaves(tuple(for_kernels(array) for array in self), for_kernels(table), found)
        return found

    def plain_sums(self, table: Scores) -> Scores:
        """The same without compiled code: all trees side by side, a split deeper at a time."""
        n_trees, n_splits = self.features.shape
        goes_right = table.T[self.features] > self.thresholds[:, :, np.newaxis]
        every = np.arange(n_trees)[:, np.newaxis]
        at = np.zeros((n_trees, len(table)), np.int32)
        for _ in range(n_splits):
            split = np.maximum(at, 0)
            right = np.take_along_axis(goes_right, split[:, np.newaxis], axis=1)[:, 0]
            at = np.where(at < 0, at, self.children[every, split, right.astype(np.intp)])
            if np.all(at < 0):
                break
        return np.asarray(self.values[every, -1 - at].sum(axis=0, dtype=np.float64), np.float32)

    def _check(self, n_features: int) -> None:
        """Raises: ValueError: a row number that leads nowhere, or round in a circle."""
        n_trees, n_splits = self.features.shape
        shapes = (self.thresholds.shape, self.children.shape, self.values.shape)
        wanted = ((n_trees, n_splits), (n_trees, n_splits, 2), (n_trees, n_splits + 1))
        later = self.children > np.arange(n_splits)[:, np.newaxis]
        leaf = (self.children < 0) & (self.children >= -1 - n_splits)
        sound = [
            shapes == wanted,
            np.all((self.features >= 0) & (self.features < n_features)),
            np.all((later & (self.children < n_splits)) | leaf),
        ]
        if not all(sound):
            raise ValueError("no trees")
