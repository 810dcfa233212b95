"""A list chosen one by one: maximums and minimums of groups, diversity and calibration."""

from typing import NamedTuple, final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.protocol import Scores
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError
from starcast.recommend.group_bounds import Maximum, Minimum, Room
from starcast.recommend.list_gains import Gain, Likeness, Shares, taste_of
from starcast.scoring.top_lists import best

MOST_WEIGHED = 1000
"""Items of a list that is diverse or calibrated: every one is weighed against the others."""

_POOL = 200  # candidates, and two for each place; more where maximums leave too few


@final
class Wishes(NamedTuple):
    """What a list is chosen by beside its scores.

    Attributes:
        maximums, minimums: of groups.
        diversity: λ of being unlike what is listed before, by `likeness`.
        calibration: λ of a spread as in `taste`.
        likeness: None without diversity.
        values: of each item, what calibration is about; None without.
    """

    maximums: tuple[Maximum, ...] = ()
    minimums: tuple[Minimum, ...] = ()
    diversity: float = 0.0
    calibration: float = 0.0
    likeness: Likeness | None = None
    values: SparseRows | None = None


def wished(scores: Scores, k: int, wishes: Wishes, history: Rows) -> Rows:
    """The list of somebody by scores and wishes; see `choose`.

    Candidates are the 200 + 2k items of the best scores, and of each minimum's group its best. They
    become more until the list is full, or holds all that maximums allow.

    Args:
        scores: float32 (n_items,), -∞ for what may not be listed.
        k: length of the list.
        history: int32 (n,), what the person rated.
    Returns: int32 (at most k,).
    Raises: ConfigError: a list to be weighed that is longer than 1,000.
    """
    if k > MOST_WEIGHED and (wishes.diversity or wishes.calibration):
        raise ConfigError(
            f"a diverse or calibrated list has at most {MOST_WEIGHED:,} places, not {k:,}"
        )
    taste = None if wishes.values is None else taste_of(history, wishes.values)
    pool = best(scores, 2 * k + _POOL)
    relevance, n_left = _relevance(scores, pool), int(np.count_nonzero(scores > -np.inf))
    while True:
        rows = _with_minimums(pool, scores, wishes)
        found = choose(rows, relevance[rows], k, wishes, taste)
        if len(found) == k or len(pool) == n_left:
            return found
        pool = best(scores, 4 * len(pool))


def _relevance(scores: Scores, pool: Rows) -> Shares:
    """Scores (n_items,) from 1 for the first of a pool to 0 for its last, and below for others."""
    if not len(pool):
        return scores.astype(np.float64)
    highest, lowest = scores[pool[0]], scores[pool[-1]]
    above = scores.astype(np.float64) - lowest
    return np.asarray(above / (float(highest - lowest) or 1.0))


def _with_minimums(pool: Rows, scores: Scores, wishes: Wishes) -> Rows:
    """The rows of a pool, and of the best of each minimum's group; best first."""
    found = [pool]
    for minimum in wishes.minimums:
        found.append(best(np.where(minimum.has, scores, np.float32(-np.inf)), minimum.n))
    rows = np.unique(np.concatenate(found))
    ordered: Rows = rows[np.argsort(-scores[rows], kind="stable")]
    return ordered


def choose(rows: Rows, relevance: Shares, k: int, wishes: Wishes, taste: Shares | None) -> Rows:
    """The items of a list, one after the other, each the best addition to those before.

    With weights δ of diversity and κ of calibration, the addition i to a list S that maximises

        (1 - δ) · (1 - κ) · rel(i) - δ · max_{j ∈ S} sim(i, j) - κ · KL(p, q(S ∪ {i})),

    An item that would break a maximum is passed over. Once no more places are left than minimums
    ask for, only items that help one are taken; where not all can be had, those that help the most
    of them.

    Args:
        rows: int32 (n,), candidates.
        relevance: float64 (n,), rel, descending.
        k: length of the list.
        taste: p, float64 (n_values,); None without calibration.
    Returns: int32 (at most k,), in the order of choice; without weights, in that of the scores.
    Sources: Carbonell & Goldstein 1998 (MMR), with κ = 0; Steck 2018, eq. 3 to 7 and its greedy
        algorithm, with δ = 0; Geyik et al. 2019, DetGreedy (minimums and maximums, whose bounds
        are of the whole list here, not of all its beginnings).
    """
    room = Room(rows, wishes.maximums, wishes.minimums)
    weights = wishes.diversity, wishes.calibration
    gain = Gain(rows, relevance, weights, wishes.likeness, wishes.values, taste)
    chosen: list[int] = []
    for places in range(min(k, len(rows)), 0, -1):
        free = room.free(places)
        if not free.any():
            break
        at = int(np.argmax(np.where(free, gain.of_each(), -np.inf)))
        chosen.append(at)
        room.take(at)
        gain.take(at)
    order = chosen if gain.is_weighed else sorted(chosen)
    return rows[np.array(order, np.intp)]
