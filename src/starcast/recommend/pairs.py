"""Stars of pairs, also of users and items that the model does not know."""

import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.files.naming import ITEM, USER
from starcast.data.ids import Ids, Rows, Vocabulary
from starcast.data.split import TRAIN
from starcast.display import shortened
from starcast.engines.protocol import Scores, UncertainScorer
from starcast.errors import ConfigError, LeftOutWarning, require_name
from starcast.recommend.baselines import DampedMeans
from starcast.recommend.named_items import NamedItems
from starcast.recommend.table_file import type_of

if TYPE_CHECKING:
    import polars as pl

UNKNOWN = ("fallback", "skip", "refuse")
"""What to do with ids that were not in the training data."""

_BLOCK = 1 << 18  # pairs scored at once, so that memory does not grow with their number
_SHOWN = 3  # ids named in a line


@final
class PairScorer:
    """Stars of pairs of rows, of which each may be -1: unknown.

    Args:
        artifact: any trained model.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact

    @cached_property
    def means(self) -> DampedMeans:
        """What stands in where something is unknown."""
        known = self._artifact.split.ratings.take(self._artifact.up_to(TRAIN))
        return DampedMeans(known, self._artifact.units)

    @cached_property
    def named_items(self) -> NamedItems:
        """The items by id or title."""
        return NamedItems(self._artifact)

    def rows(
        self, user_ids: ArrayLike, named_items: ArrayLike, *, refuse: bool
    ) -> tuple[Rows, Rows]:
        """Rows of pairs of users and items, -1 for unknown ones unless these are to be refused.

        Raises: UnknownIdError: one is refused. ConfigError: the columns differ in length.
        """
        users = self._artifact.split.ratings.users
        user_rows = users.rows(user_ids) if refuse else users.find(user_ids)
        item_rows = self.named_items.rows(named_items, refuse=refuse)
        if len(user_rows) != len(item_rows):
            raise ConfigError(f"{len(user_rows)} users and {len(item_rows)} items make no pairs")
        return user_rows, item_rows

    def predict(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Predicted stars, clipped to the scale; float32 (n,)."""
        known, scorer = _known(user_rows, item_rows), self._artifact.scorer
        if known.all():
            stars = scorer.score_pairs(user_rows, item_rows)
        else:
            stars = self.means.predict(user_rows, item_rows)
            stars[known] = scorer.score_pairs(user_rows[known], item_rows[known])
        return self._artifact.split.ratings.scale.clip(stars)

    def predictive_std(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Standard deviations of ratings; NaN where the model does not tell; float32 (n,)."""
        known, scorer = _known(user_rows, item_rows), self._artifact.scorer
        deviations = np.full(len(known), np.nan, np.float32)
        if isinstance(scorer, UncertainScorer):
            deviations[known] = scorer.predictive_std(user_rows[known], item_rows[known])
        return deviations

    @property
    def is_uncertain(self) -> bool:
        """Whether the model tells standard deviations."""
        return isinstance(self._artifact.scorer, UncertainScorer)


class AskedPairs(NamedTuple):
    """Pairs of ids (n,), and their rows, -1 for what is unknown."""

    user_ids: Ids
    item_ids: Ids
    user_rows: Rows
    item_rows: Rows


def asked_pairs(
    users: Vocabulary, items: Vocabulary, columns: Mapping[str, Ids], unknown: str
) -> AskedPairs:
    """The pairs that are to be predicted; a warning says how many are of unknown ids.

    Args:
        users, items: what the model knows.
        columns: user and item to ids (n,).
        unknown: one of `UNKNOWN`.
    Raises: UnknownIdError: an unknown id that is to be refused.
    """
    require_name("way with unknown ids", unknown, UNKNOWN)
    ids = users.like(columns[USER]), items.like(columns[ITEM])
    if unknown == "refuse":
        return AskedPairs(*ids, users.rows(ids[0]), items.rows(ids[1]))
    asked = AskedPairs(*ids, users.find(ids[0]), items.find(ids[1]))
    known = _known(asked.user_rows, asked.item_rows)
    if not known.all():
        _tell(asked, n_unknown=int(np.sum(~known)), unknown=unknown)
    if unknown == "fallback":
        return asked
    rows = asked.user_rows[known], asked.item_rows[known]
    return AskedPairs(users.ids[rows[0]], items.ids[rows[1]], *rows)


def predictions(asked: AskedPairs, scorer: PairScorer) -> "pl.DataFrame":
    """Pairs with their predicted stars, and how far off these may be if the model tells."""
    import polars as pl

    blocks = [slice(at, at + _BLOCK) for at in range(0, len(asked.user_rows), _BLOCK)]
    rows = [(asked.user_rows[block], asked.item_rows[block]) for block in blocks]
    of = {"prediction": scorer.predict}
    if scorer.is_uncertain:
        of["predictive_std"] = scorer.predictive_std
    told = {name: _joined([score(*some) for some in rows]) for name, score in of.items()}
    columns = {"user_id": asked.user_ids, "item_id": asked.item_ids, **told}
    schema = {
        "user_id": type_of(asked.user_ids),
        "item_id": type_of(asked.item_ids),
        **dict.fromkeys(told, pl.Float32()),
    }
    return pl.DataFrame(columns, schema=schema).with_columns(pl.col(*told).fill_nan(None))


def _known(user_rows: Rows, item_rows: Rows) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = (user_rows >= 0) & (item_rows >= 0)
    return known


def _joined(blocks: list[Scores]) -> Scores:
    return np.concatenate([np.empty(0, np.float32), *blocks])


def _tell(asked: AskedPairs, *, n_unknown: int, unknown: str) -> None:
    sides = ((USER, asked.user_ids, asked.user_rows), (ITEM, asked.item_ids, asked.item_rows))
    named = "; ".join(named_ids(kind, ids[rows < 0]) for kind, ids, rows in sides if rows.min() < 0)
    done = "left out" if unknown == "skip" else "predicted by damped means"
    warnings.warn(
        f"{n_unknown:,} of {len(asked.user_ids):,} pairs are of ids that were not in the training "
        f"data ({named}) and are {done}",
        LeftOutWarning,
        stacklevel=4,
    )


def named_ids(kind: str, ids: Ids) -> str:
    """The first of some ids, and how many more there are."""
    every = np.unique(ids)
    more = f" and {len(every) - _SHOWN:,} more" if len(every) > _SHOWN else ""
    return f"{kind}{'s' * (len(every) > 1)} {', '.join(map(shortened, every[:_SHOWN]))}{more}"
