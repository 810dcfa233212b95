"""Draws from the normal distribution between two bounds, in compiled loops; Φ, φ and Φ⁻¹ for them.

Sources: Wichura 1988, algorithm AS 241, PPND16 (Φ⁻¹); inverse-transform sampling for the draws.
"""

import math
from typing import Any

from starcast.engines.compiled import serial
from starcast.engines.normal import FARTHEST, REACH, ROOT_HALF, ROOT_TWO_PI, STEP, expand

_expand = serial(expand)

# Numerators and denominators of AS 241, highest power first.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959,
     1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


@serial
def cdf_pdf(x: float, table: Any) -> Any:
    """Φ(x) and φ(x), to 1e-9 of their size; `table` is `normal.TABLE`."""
    if abs(x) >= REACH:
        x = min(max(x, -FARTHEST), FARTHEST)
        return 0.5 * math.erfc(-x * ROOT_HALF), math.exp(-0.5 * x * x) / ROOT_TWO_PI
    k = int((x + REACH) / STEP + 0.5)
    return _expand(x, k * STEP - REACH, table[k, 0], table[k, 1])


@serial
def interval(low: float, high: float, table: Any) -> tuple[float, float, float, float, bool]:
    """The normal's share between two points, mirrored into the lower tail where that is exacter.

    Returns: Φ(high) - Φ(low); φ(low); φ(high); Φ below the interval; whether it was mirrored.
    """
    if low > 0:
        above, low_density = cdf_pdf(-low, table)
        below, high_density = cdf_pdf(-high, table)
        return above - below, low_density, high_density, below, True
    below, low_density = cdf_pdf(low, table)
    above, high_density = cdf_pdf(high, table)
    return above - below, low_density, high_density, below, False


@serial
def quantile(p: float) -> float:
    """Φ⁻¹(p) for p in (0, 1), to 1e-15."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(_CENTRE, 0.180625 - q * q)
    r = math.sqrt(-math.log(p if q < 0 else 1 - p))
    value = _ratio(_TAIL, r - 1.6) if r <= 5 else _ratio(_FAR_TAIL, r - 5)
    return -value if q < 0 else value


@serial
def truncated(low: float, high: float, uniform: float, table: Any) -> float:
    """A standard normal draw between two points, from a uniform one."""
    share, _, _, below, mirrored = interval(low, high, table)
    x = quantile(max(below + uniform * share, 1e-300))
    return min(max(-x if mirrored else x, low), high)


@serial
def _ratio(polynomials: Any, x: float) -> float:
    top, bottom = 0.0, 0.0
    for power in range(8):
        top = top * x + polynomials[0][power]
        bottom = bottom * x + polynomials[1][power]
    return top / bottom
