"""What every metric refuses: nothing to measure, columns that do not fit, numbers that are none."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_columns(**columns: NDArray[Any]) -> None:
    """Columns of one length that is not zero; a column of shape (n, 1) would broadcast unseen.

    Raises: ValueError: naming the columns and their shapes.
    """
    shapes = {name: np.shape(column) for name, column in columns.items()}
    if any(len(shape) != 1 for shape in shapes.values()) or len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"columns must have one shape (n,), got {listed}")
    if shapes and not next(iter(shapes.values()))[0]:
        raise ValueError(f"nothing to measure: {' and '.join(columns)} are empty")


def check_finite(**columns: NDArray[Any]) -> None:
    """No NaN and no infinity: a metric over them would be a number that means nothing.

    Raises: ValueError: naming the column, the first bad value and where it stands.
    """
    for name, column in columns.items():
        bad = ~np.isfinite(column)
        if bad.any():
            at = np.unravel_index(int(np.argmax(bad)), bad.shape)
            where = ", ".join(str(index) for index in at)
            raise ValueError(f"{name} holds {column[at]} at row {where}; it must be finite")


def check_positive(**counts: int) -> None:
    """Counts of at least one.

    Raises: ValueError: naming the count.
    """
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
