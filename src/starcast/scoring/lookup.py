"""A compiled loop that reads a curve at many places; imported only when called."""

from typing import Any

import numpy as np

from starcast.engines.compiled import serial


@serial
def look_up(places: Any, low: float, density: int, curve: Any, values: Any) -> None:
    """What a curve is worth at each place, on the line between two of its points.

    Args:
        places: float32 (n,); beyond its ends the curve stays level.
        low: place of the curve's first point.
        density: points per unit.
        curve: float32 (n_points,).
        values: float32 (n,), filled in.
    """
    first, scale, end = np.float32(low), np.float32(density), np.float32(len(curve) - 1)
    for n in range(len(places)):
        place = (places[n] - first) * scale
        if place != place:
            values[n] = place  # NaN comes through, so that training sees it
            continue
        place = min(max(place, np.float32(0)), end)
        below = min(int(place), len(curve) - 2)
        share = place - np.float32(below)
        values[n] = curve[below] + share * (curve[below + 1] - curve[below])
