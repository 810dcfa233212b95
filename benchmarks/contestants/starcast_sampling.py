"""Starcast's Gibbs sampler: to a validation RMSE, and by the sweep."""

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.contestants.starcast_training import tiny
from benchmarks.running_mean import RunningMean
from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked, peak_memory
from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.rows import SparseRows
from starcast.engines.sampler import Sampler

_CHAINS, _SWEEPS = 2, 4
_MODEL = models.find("bayesian-factorization-model")


def to_levels(
    data: str, levels: Sequence[float], samples: int, burn_in: int, dimension: int,
    likelihood: str, threads: int,
) -> Round:  # fmt: skip
    """From training rows to samples; seconds, and how soon their mean was how good.

    Args:
        data: the folder of a split.
        levels: RMSEs on the validation rows.
        samples, burn_in, dimension, likelihood: settings; every sample is kept.
        threads: all there are, as by default.
    """
    split = read(data)
    rows, asked = split.train, split.validation
    histories = SparseRows.by_user(rows)
    settings = {
        "samples": samples, "burn_in": burn_in, "dimension": dimension, "likelihood": likelihood,
        "kept": samples, "chains": _CHAINS,
    }  # fmt: skip
    _sampler(tiny(), settings).run_epoch()

    def run() -> Outcome:
        seen, passed, started = RunningMean(asked, levels), 0.0, time.perf_counter()
        sampler = _sampler(rows, settings)
        for sweep in range(sampler.sweeps):
            sampler.run_epoch()
            passed += time.perf_counter() - started
            if sweep >= burn_in:
                scorer = _MODEL.scorer(sampler.latest(), histories, _MODEL.settings(**settings))
                seen.add(scorer.score_pairs(asked.user_rows, asked.item_rows), passed)
            started = time.perf_counter()
        return {"time": passed, **seen.figures(), "peak GB": peak_memory()}

    return run


def sweep(data: str, dimension: int, likelihood: str, threads: int) -> Round:
    """Sweeps over the training and validation rows; seconds per rating and chain."""
    rows = known(read(data))
    settings = {"dimension": dimension, "likelihood": likelihood, "chains": _CHAINS}
    sampler = _sampler(rows, settings)
    sampler.run_epoch()

    def sweeps() -> None:
        for _ in range(_SWEEPS):
            sampler.run_epoch()

    return lambda: {"time": clocked(sweeps, _SWEEPS * _CHAINS * len(rows))}


def _sampler(rows: Ratings, settings: dict[str, Any]) -> Sampler:
    sampler = _MODEL.engine(_MODEL.settings(**settings), rows, SEED)
    assert isinstance(sampler, Sampler)
    return sampler
