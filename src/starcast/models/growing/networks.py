"""Networks that take in later ratings: rows of touched users, then of items that are new to many.

Near a row the scores of a network are nearly linear in it, with the slopes that its gradient tells.
So a row is moved as a factor model's row is, from where it is to what fresh ratings make most
likely: by as much as ratings so far leave open, which goes by how rows are spread, and by how many
ratings there were. What has no rating so far starts from the mean of trained rows. Dense layers
stay, and so do all rows that no fresh rating is of.

Sources: Nocedal & Wright 2006, section 10.3 (Gauss-Newton); Lindley & Smith 1972, section 2.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.conditional import Known, Matrix, most_likely
from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import Values, evaluate, gradient, rows_of
from starcast.engines.expression.rewrite import without_dropout
from starcast.engines.expression.times import without_times
from starcast.engines.expression.weights import tables_of, weights_of
from starcast.engines.known import known_table, of_newcomers
from starcast.engines.pools import pooled_once
from starcast.engines.protocol import Scores, Weights
from starcast.engines.rows import SparseRows
from starcast.models.growing.fresh import Fresh
from starcast.models.growing.request import Arrays, Growing
from starcast.scoring.cold_start import is_trained, typical_rows_in
from starcast.scoring.folding import Prior, sample_of
from starcast.scoring.panels import end_to_end

_STEPS = 3  # of Gauss-Newton; what fresh ratings move is mostly there after the first
_AT_ONCE = 4096  # pairs


def grow_network(growing: Growing, compute: Callable[[Any], Expression]) -> Arrays:
    """The weights of a network with fresh ratings in the rows of their users and items.

    Args:
        growing: what is asked for.
        compute: settings to the network.
    """
    trained = compute(growing.settings)
    sides = {name: one.side for name, one in weights_of(trained).items()}
    weights = growing.widened(sides) | _told_of_newcomers(growing)
    network, around = _as_deployed(growing, trained, weights)
    for side, chosen in (("user", growing.touched("user")), ("item", growing.moved_items())):
        if len(chosen):
            _move(around, Fresh.of(growing, side, chosen), network, growing.residual_rmse)
    return weights | {name: around[name] for names in tables_of(network).values() for name in names}


def _told_of_newcomers(growing: Growing) -> Arrays:
    """The tables of what data tell, with rows of those who came later."""
    rows = growing.rows
    n_rows = {"user": rows.n_users, "item": rows.n_items}
    now = {(one.side, one.name, one.is_feature): one for one in rows.attributes}
    found: Arrays = {}
    for before in growing.known:
        name = known_table(before.side, before.name)
        told = now.get((before.side, before.name, before.is_feature))
        if name in growing.weights and told is not None:
            table = growing.weights[name]
            found[name] = np.concatenate(
                [table, of_newcomers(table, before, told, n_rows[before.side])]
            )
    return found


def _as_deployed(
    growing: Growing, network: Expression, weights: Arrays
) -> tuple[Expression, Arrays]:
    """The network without dropout and times, its pools as tables of all rows, which stay."""
    plain = without_times(without_dropout(network))
    histories = SparseRows.by_user(growing.rows)
    return pooled_once(plain, weights, histories, start="given")


def _move(weights: Arrays, fresh: Fresh, network: Expression, noise: float) -> None:
    """Move rows of one side to what is most likely; in place.

    A step after which a row is less likely is not taken.
    """
    tables = tables_of(network)
    own = tables[fresh.side]
    is_known = is_trained(*(weights[name] for name in own))
    prior = Prior.of(_vectors(weights, own, sample_of(is_known))[np.newaxis])
    around = dict(typical_rows_in(weights, *tables.values()))
    for name in own:
        around[name] = around[name].copy()
    centres = _vectors(around, own, fresh.rows)
    here = _Place.at(centres, network, around, fresh)
    per_rating = here.slopes.astype(np.float64).T @ here.slopes / len(here.slopes)
    known = Known(centres, prior.precision[0] * noise**2, fresh.learned, per_rating)
    known.centres[fresh.learned == 0] = prior.mean[0]
    for _ in range(_STEPS):
        moved = most_likely(known, here.slopes, here.linear(fresh), np.ones_like(here.scores))
        _put(around, own, fresh.rows, moved)
        here = here.unless_better(_Place.at(moved, network, around, fresh), known, fresh)
        _put(around, own, fresh.rows, here.vectors)
    _put(weights, own, fresh.rows, here.vectors)


@final
class _Place(NamedTuple):
    """Where rows are, and what that says of their fresh ratings.

    Attributes:
        vectors: float32 (k, D), what all tables of the side hold, end to end.
        scores: float32 (n,), of the ratings, in units.
        slopes: float32 (n, D), how each moves with its row.
    """

    vectors: Matrix
    scores: Scores
    slopes: Matrix

    @classmethod
    def at(cls, vectors: Matrix, network: Expression, weights: Arrays, fresh: Fresh) -> Self:
        """By weights that hold the vectors."""
        own = tables_of(network)[fresh.side]
        found = list(_linearized(network, weights, own, fresh.pairs()))
        scores, slopes = (np.concatenate(each) for each in zip(*found, strict=True))
        return cls(vectors, scores, slopes)

    def linear(self, fresh: Fresh) -> SparseRows:
        """Ratings as products of slopes and rows: y where r = slope · v + (what stays) + noise."""
        across = np.einsum("nd,nd->n", self.slopes, self.vectors[fresh.rated.row_numbers()])
        left = (fresh.rated.values - self.scores + across).astype(np.float32)
        numbers = np.arange(len(left), dtype=np.int32)
        return SparseRows(fresh.rated.offsets, numbers, left, len(left))

    def misfit(self, known: Known, fresh: Fresh) -> NDArray[np.float64]:
        """Squared errors of each row, and how unlikely it is beside its centre; (k,)."""
        errors = np.square(fresh.rated.values - self.scores, dtype=np.float64)
        away = (self.vectors - known.centres).astype(np.float64)
        unlikely = np.einsum("kd,de,ke->k", away, known.precision, away)
        unlikely += known.learned * np.einsum("kd,de,ke->k", away, known.per_rating, away)
        total = np.bincount(fresh.rated.row_numbers(), errors, len(away))
        return np.asarray(total + unlikely, np.float64)

    def unless_better(self, other: Self, known: Known, fresh: Fresh) -> Self:
        """This place, but the other for rows that are more likely there."""
        is_better = other.misfit(known, fresh) < self.misfit(known, fresh)
        of_rating = is_better[fresh.rated.row_numbers()]
        masks = is_better[:, np.newaxis], of_rating, of_rating[:, np.newaxis]
        return type(self)(*map(np.where, masks, other, self))


def _linearized(
    network: Expression, weights: Weights, own: list[str], pairs: tuple[Rows, Rows]
) -> Iterator[tuple[Scores, Matrix]]:
    """Scores (m,) of some pairs after the others, and how they move with rows of own, (m, D)."""
    parts = network.parts()
    for start in range(0, len(pairs[0]), _AT_ONCE):
        users, items = (rows[start : start + _AT_ONCE] for rows in pairs)
        values: Values = rows_of(network, weights, users, items)
        evaluate(parts, weights, values)
        slopes = gradient(parts, weights, values, np.ones(len(users), np.float32))
        yield values[network], _vectors(slopes, own, slice(None))


def _vectors(tables: Weights, names: list[str], rows: Any) -> Matrix:
    """Some rows of several tables end to end; float32 (k, D)."""
    return end_to_end([tables[name][rows] for name in names])


def _put(weights: Arrays, names: list[str], rows: Rows, vectors: Matrix) -> None:
    """What `_vectors` reads, written."""
    shapes = [weights[name].shape[1:] for name in names]
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    for name, shape, piece in zip(names, shapes, np.split(vectors, ends, axis=1), strict=True):
        weights[name][rows] = piece.reshape(len(rows), *shape)
