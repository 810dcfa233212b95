"""Do chains agree, and how much do their draws tell: split R̂ and effective sample sizes.

All take the draws of one figure by several chains, float (n_draws, n_chains), burn-in left out.
Every chain is split in half (of an odd number of draws the middle one is left out), so that one
that drifts disagrees with itself. What they give where there is little to say:

* fewer than 4 draws a chain, or a draw that is NaN: NaN, from all;
* one chain: NaN from `rhat`, as there is nobody to agree with; effective sizes as usual;
* draws that are all alike: NaN from `rhat`, and as many effective draws as there are;
* chains that stand still, each elsewhere: an infinite R̂.

Source: Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021, "Rank-normalization, folding, and
localization: an improved R̂ for assessing convergence of MCMC".
"""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_FEWEST, _BLOM = 4, 3 / 8
_TAILS = (0.05, 0.95)


def rhat(draws: Doubles) -> float:
    """R̂, √(variance of all draws / variance within chains), rank-normalised and split.

    The larger of two: of the draws (do chains lie in the same place?) and of their distances from
    the median (are they as wide?). 1 where chains agree.

    >>> rng = np.random.default_rng(1)
    >>> agreeing = rng.normal(size=(100, 2))
    >>> round(rhat(agreeing), 2), round(rhat(agreeing + [0, 3]), 2)
    (1.0, 1.76)
    """
    if not _is_enough(draws) or draws.shape[1] < 2:
        return np.nan
    halves = _split(draws)
    return float(max(_rhat(_ranked(halves)), _rhat(_ranked(abs(halves - np.median(halves))))))


def bulk_ess(draws: Doubles) -> float:
    """As many independent draws would tell as much of where the middle is."""
    return _ess(_ranked(_split(draws))) if _is_enough(draws) else np.nan


def tail_ess(draws: Doubles) -> float:
    """The same of the quantiles of 5 % and 95 %, whichever is known worse."""
    if not _is_enough(draws):
        return np.nan
    return min(_ess(_split((draws <= at).astype(float))) for at in np.quantile(draws, _TAILS))


def _is_enough(draws: Doubles) -> bool:
    return len(draws) >= _FEWEST and draws.shape[1] > 0 and not bool(np.isnan(draws).any())


def _split(draws: Doubles) -> Doubles:
    half = len(draws) // 2
    return np.hstack([draws[:half], draws[-half:]])


def _ranked(draws: Doubles) -> Doubles:
    """The normal quantiles of their ranks among all; draws that are alike share their mean rank.

    Source: eq. 14; Blom 1958.
    """
    from scipy.special import ndtri  # a service reads what is told of chains, and needs no SciPy

    _, which, counts = np.unique(draws, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    quantiles = ndtri((ranks - _BLOM) / (draws.size - 2 * _BLOM + 1))
    return np.asarray(quantiles[which].reshape(draws.shape))


def _rhat(draws: Doubles) -> float:
    """Source: eq. 1 to 4."""
    n = len(draws)
    between, within = draws.mean(axis=0).var(ddof=1), draws.var(axis=0, ddof=1).mean()
    with np.errstate(divide="ignore", invalid="ignore"):  # chains that stand still
        return float(np.sqrt(between / within + (n - 1) / n))


def _ess(draws: Doubles) -> float:
    """Effective number of all draws, from their autocorrelation over all chains.

    Autocorrelations are added up in pairs of lags while the sum of a pair is positive, none more
    than the pair before it. Source: eq. 10 to 13; Geyer 1992 (initial monotone sequence).
    """
    if np.ptp(draws) < np.finfo(float).resolution:
        return float(draws.size)
    n, n_chains = draws.shape
    covariances = _autocovariances(draws)
    within = covariances[0] * n / (n - 1)
    total = covariances[0] + (draws.mean(axis=0).var(ddof=1) if n_chains > 1 else 0)
    rho = 1 - (within - covariances) / total
    rho[0] = 1
    pairs = rho[: n // 2 * 2].reshape(-1, 2)[: max(1, (n - 1) // 2)]
    ends = np.flatnonzero(pairs.sum(axis=1) <= 0)
    last = min(int(ends[0]) if len(ends) else len(pairs), len(pairs) - 1)
    sums = np.minimum.accumulate(pairs[:last].sum(axis=1))
    even, odd = pairs[last]
    beyond = even if even > 0 or even + odd >= 0 else 0
    time = -1 + 2 * float(sums.sum()) + float(beyond)
    return float(draws.size / max(time, 1 / np.log10(draws.size)))


def _autocovariances(draws: Doubles) -> Doubles:
    """At every lag, the mean over chains; by the Fourier transform, padded so as not to wrap."""
    n = len(draws)
    spectrum = np.fft.rfft(draws - draws.mean(axis=0), 2 * n, axis=0)
    return np.asarray(np.fft.irfft(abs(spectrum) ** 2, 2 * n, axis=0)[:n].mean(axis=1) / n)
