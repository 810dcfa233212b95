"""Networks that take in later ratings: a few passes over fresh rows, and over old ones beside them.

Old rows are visited again so that what was learned is not forgotten. Rows of new users and items
start as the mean of trained ones. How many passes there are is chosen on rows that the passes have
not seen: a fifth of the fresh ones, and validation rows.

Sources: Ratcliff 1990, Robins 1995 (rehearsal against forgetting).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from starcast.data.ratings import Ratings
from starcast.data.split.draws import Mask
from starcast.engines import tuned
from starcast.engines.expression import Expression
from starcast.engines.expression.weights import given_of, tables_of
from starcast.engines.networks.expression_engine import network_engine
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.settings import WarmStartSettings
from starcast.models.growing.request import Arrays, Growing
from starcast.scoring.cold_start import is_trained, typical_rows_in

_MOST_PASSES, _PATIENCE = 60, 4
_REPLAYED = 5  # old rows for each fresh one,
_LEAST_REPLAYED = 2000  # and no fewer than these
_SLOWER = 3.0  # than the first training: nearby is good already
_HELD_BACK = 5  # of so many fresh rows one chooses
_MOST_JUDGED = 20_000  # validation rows


def grow_network(
    growing: Growing,
    compute: Callable[[Any], Expression],
    scorer: Callable[[Weights], Scorer],
) -> Arrays:
    """The weights of a network after passes over fresh and old rows.

    Args:
        growing: what is asked for.
        compute: settings to the network.
        scorer: weights to scores, in units.
    """
    network, rng = compute(growing.settings), np.random.default_rng([growing.seed, 2])
    start = _started(growing, network)
    if not growing.is_fresh.any():
        return start
    replayed = _replayed(growing, rng)
    held_back = np.zeros(len(growing.rows), bool)
    held_back[np.flatnonzero(growing.is_fresh)[::_HELD_BACK]] = True
    judged = _judged(growing, held_back)
    trial = _engine(growing, network, start, (growing.is_fresh & ~held_back) | replayed)
    n_passes = _best(trial, lambda: _loss(scorer(trial.weights()), judged))
    engine = _engine(growing, network, start, growing.is_fresh | replayed)
    for _ in range(n_passes):
        engine.run_epoch()
    return engine.weights()


def _engine(growing: Growing, network: Expression, start: Arrays, chosen: Mask) -> Engine:
    """What passes over some rows, from a start, at a slower rate."""
    settings = growing.settings
    rate = settings.learning_rate
    if isinstance(settings, WarmStartSettings):  # whose own rate hardly moves what it is given
        rate = tuned.NETWORK[settings.optimizer].learning_rate  # type: ignore[attr-defined]  # all have one
    slower = replace(settings, learning_rate=rate / _SLOWER)
    given = {name: start[name] for name in given_of(network)}
    engine = network_engine(slower, growing.rows.take(chosen), network, growing.seed, given)
    engine.load(start)
    return engine


def _best(engine: Engine, loss: Callable[[], float]) -> int:
    """After how many passes the loss is lowest; 0 for none."""
    losses = [loss()]
    while len(losses) <= _MOST_PASSES and len(losses) - int(np.argmin(losses)) <= _PATIENCE:
        engine.run_epoch()
        losses.append(loss())
    return int(np.argmin(losses))


def _started(growing: Growing, network: Expression) -> Arrays:
    """The weights, with typical rows for users and items that have had no ratings so far."""
    weights, tables = growing.widened(), tables_of(network)
    typical = typical_rows_in(weights, *tables.values())
    for side, names in tables.items():
        touched = growing.touched(side)
        strangers = touched[~is_trained(*(weights[name] for name in names))[touched]]
        for name in names:
            weights[name][strangers] = typical[name][strangers]
    return weights


def _replayed(growing: Growing, rng: np.random.Generator) -> Mask:
    """Old rows, some for each fresh one."""
    old = np.flatnonzero(~growing.is_fresh)
    n = max(_REPLAYED * int(np.count_nonzero(growing.is_fresh)), _LEAST_REPLAYED)
    n = min(n, len(old))
    mask = np.zeros(len(growing.rows), bool)
    mask[rng.choice(old, n, replace=False)] = True
    return mask


def _judged(growing: Growing, held_back: Mask) -> list[Ratings]:
    """Rows that choose: fresh ones, and of the validation rows a sample."""
    judged = [growing.rows.take(held_back)]
    if growing.validation is not None and len(growing.validation):
        every = len(growing.validation) // _MOST_JUDGED + 1
        judged.append(growing.validation.take(np.arange(0, len(growing.validation), every)))
    return judged


def _loss(scorer: Scorer, judged: list[Ratings]) -> float:
    """Mean squared errors of each kind of rows, added up; infinite where one is no number."""
    total = 0.0
    for rows in judged:
        errors = scorer.score_pairs(rows.user_rows, rows.item_rows) - rows.stars
        total += float(np.mean(np.square(errors, dtype=np.float64)))
    return total if np.isfinite(total) else np.inf
