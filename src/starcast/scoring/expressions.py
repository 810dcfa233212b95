"""Any network as it is deployed, by the plain interpreter of its expression."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import Values, evaluate, gradient
from starcast.engines.expression.rewrite import softened, without_dropout
from starcast.engines.expression.weights import check_network, given_of, shapes_of, tables_of
from starcast.engines.protocol import Expressed, Scores, Weights, check_shapes
from starcast.errors import ConfigError
from starcast.scoring.cold_start import is_trained, typical_rows_in
from starcast.scoring.folding import Chosen, FoldedUser, NormalView, Prior, sample_of
from starcast.scoring.log_likelihood import Array
from starcast.scoring.panels import Matrix, end_to_end
from starcast.scoring.partial_evaluation import PartialEvaluation, taken
from starcast.scoring.similarity import cosines

_ITEMS = 128  # at once, or pairs: for more, BLAS starts threads, who wait for busy cores
_KINK = 0.4  # of the spread of values, half the width of a rounded one
_TYPICAL = 1000  # items that tell the spread


class ExpressionScorer:
    """The scores of any expression.

    Args:
        network: reads rows of users and of items, and hands on a number.
        weights: as trained.
    Raises: ConfigError: it is no such expression, or these are not its weights.
    """

    def __init__(self, network: Expression, weights: Weights) -> None:
        check_network(network)
        self._network, self._tables = without_dropout(network), tables_of(network)
        n_rows = (_length(weights.get(names[0])) for names in self._tables.values())
        if wrong := check_shapes(weights, shapes_of(network, *n_rows)):
            raise ConfigError(f"these are not the weights of this network: {wrong}")
        self._is_trained = is_trained(*(weights[name] for name in self._tables["user"]))
        self._weights = typical_rows_in(weights, *self._tables.values())
        self._partly = PartialEvaluation(self._network, self._weights)
        self._n_items = len(weights[self._tables["item"][0]])

    @np.errstate(over="ignore", invalid="ignore")  # as in `FactorScorer`
    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        scores = np.empty(len(user_rows), np.float32)
        for start in range(0, len(scores), _ITEMS):
            block = slice(start, start + _ITEMS)
            users, which = np.unique(user_rows[block], return_inverse=True)
            of_users = taken(self._of_users(users), which)
            scores[block] = self._scores(of_users, item_rows[block])
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        scores = np.empty((len(user_rows), self._n_items), np.float32)
        for n, user_row in enumerate(user_rows):
            scores[n] = self.score_user(user_row)
        return scores

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return self._catalogue(self._of_users(np.array([user_row])))

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> FoldedUser:
        """A person from ratings (n,) of items (n,)."""
        return FoldedUser(NormalView(self, residual_rmse), item_rows, stars)

    def likeness(self, item_row: int) -> Scores:
        """Cosines of the items' vectors, end to end; float32 (n_items,). Single numbers tell little
        of an item's nature, and count only where there is nothing else."""
        tables = self._tables["item"]
        vectors = [name for name in tables if self._weights[name].ndim > 1]
        return cosines(self._vectors(vectors or tables, slice(None)), item_row)

    def expressed(self) -> Expressed:
        """The network, with its weights."""
        return Expressed(self._network, self._weights)

    def linearize(self, vector: Array, item_rows: Rows) -> tuple[Array, Array]:
        """Nearly the scores (n,) of items for a user's vector (D,), and how they move, (n, D)."""
        n, network, weights = len(item_rows), self._smooth, self._partly.weights
        rows = self._rows_of_vector(vector)
        values = {row: np.repeat(numbers, n, axis=0) for row, numbers in rows.items()}
        values |= taken(self._partly.of_items, item_rows)
        parts = network.parts(values)
        evaluate(parts, weights, values)
        found = gradient([*rows, *parts], weights, values, np.ones(n, np.float32))
        return values[network], end_to_end([found[name] for name in self._tables["user"]])

    def score_vector(self, vector: Array, item_rows: Rows | None = None) -> Scores:
        """Raw scores of some items, or every one, for a user's vector (D,); float32 (n,), stars."""
        of_user = self._partly.of("user", self._rows_of_vector(vector))
        return self._catalogue(of_user) if item_rows is None else self._scores(of_user, item_rows)

    @cached_property
    def prior(self) -> Prior:
        """How what is held of users is spread."""
        return Prior.of(self._user_vectors()[np.newaxis])

    @cached_property
    def _typical(self) -> dict[str, Matrix]:
        """What is given of users, (1, …): of somebody unknown, what users have on average."""
        some = sample_of(self._is_trained)
        given = [name for name, one in given_of(self._network).items() if one.side == "user"]
        return {name: self._weights[name][some].mean(axis=0, keepdims=True) for name in given}

    @cached_property
    def _smooth(self) -> Expression:
        """The network with rounded kinks where the user moves it; see `HiddenLayers.linearize`.

        How wide a kink is rounded goes by how values differ among items, for a typical user.
        """
        partly = self._partly
        typical = self._user_vectors().mean(axis=0)
        some = slice(None, None, self._n_items // _TYPICAL + 1)
        rows = self._rows_of_vector(typical)
        values = partly.values(partly.of("user", rows), taken(partly.of_items, some))
        for part in partly.edge["user"]:
            evaluate(part.parts(rows), partly.weights, rows)
        spread = {
            part: _KINK * float((values | rows)[part.inputs[0]].std())
            for part in partly.network.parts()
            if part.kind == "relu" and "user" in part.sides
        }
        return softened(partly.network, {part: kink for part, kink in spread.items() if kink > 0})

    def _of_users(self, rows: Rows) -> Values:
        return self._partly.of("user", self._partly.rows_of("user", rows))

    def _scores(self, of_users: Values, item_rows: Rows | slice) -> Scores:
        scores = self._partly.scores(of_users, taken(self._partly.of_items, item_rows))
        return np.asarray(scores, np.float32)

    @np.errstate(over="ignore", invalid="ignore")
    def _catalogue(self, of_user: Values) -> Scores:
        scores = np.empty(self._n_items, np.float32)
        for start in range(0, self._n_items, _ITEMS):
            block = slice(start, start + _ITEMS)
            scores[block] = self._scores(of_user, block)
        return scores

    def _user_vectors(self) -> Matrix:
        """What is held of a sample of users with training ratings, (n, D)."""
        return self._vectors(self._tables["user"], sample_of(self._is_trained))

    def _vectors(self, tables: Sequence[str], chosen: Chosen | slice) -> Matrix:
        """Some rows of tables end to end; (n, width)."""
        return end_to_end([self._weights[name][chosen] for name in tables])

    def _rows_of_vector(self, vector: Array) -> Values:
        """What each part that reads the user's rows reads in a vector (D,), for a single user."""
        shapes = [self._weights[name].shape[1:] for name in self._tables["user"]]
        ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
        pieces = np.split(vector.astype(np.float32), ends)
        rows = self._typical | {
            name: piece.reshape(1, *shape)
            for name, piece, shape in zip(self._tables["user"], pieces, shapes, strict=True)
        }
        reading = self._partly.rows_of("user", slice(0, 0))
        return {part: rows[part.weights[0]] for part in reading}


def _length(table: Scores | None) -> int:
    return len(table) if table is not None and table.ndim else 0
