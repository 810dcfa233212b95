"""What to ask a person to rate: the items whose ratings would tell most about their taste."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.files.naming import GENRES
from starcast.data.ids import Rows
from starcast.engines.protocol import ListScorer, Scorer, Scores
from starcast.recommend.item_columns import ItemColumns, Mask
from starcast.scoring.panels import FEW

_USERS, _ITEMS = 96, 400  # whose tastes stand for everybody's, and the items that are asked about
_SAME = 1e-4  # share of what differs between people and items: below it all have the same taste


@final
class Elicitation:
    """Chooses what to ask.

    A person's ratings of the items that most people know are taken for normal, before any is
    known, with the covariance K of what the model predicts its own users, and noise σ² about them.
    A rating of item i then tells ½ ln(1 + K_ii / σ²) nats of all the others; an answer is had from
    the share of people who have rated it. Items are taken by the product of the two, one after
    another, K being what is still unknown once those before are rated, and the product is halved,
    divided by three and so on where genres were asked about already.

    Args:
        artifact: any trained model.
    Attributes:
        stars_are_personal: whether predicted stars differ between people in more than kindness.

    Source: Krause, Singh, Guestrin 2008, section 3 (greedy choice by entropy under a Gaussian
    process; what is chosen does not depend on the answers).
    """

    def __init__(self, artifact: Artifact) -> None:
        n_raters, n_users = artifact.n_raters, artifact.split.ratings.n_users
        self._by_raters = np.argsort(-n_raters, kind="stable").astype(np.int32)
        self._candidates = self._by_raters[:_ITEMS]
        self._known_to = np.maximum(n_raters[self._candidates], 1) / max(n_users, 1)
        self._place = {row: at for at, row in enumerate(self._candidates.tolist())}
        self._genres = _genres(artifact, self._candidates)
        users = np.unique(np.linspace(0, n_users - 1, min(_USERS, n_users)).astype(int))
        tastes = _stars(artifact.scorer, users.tolist(), self._candidates)
        self.stars_are_personal, noise = _differ(tastes) > _SAME, artifact.residual_rmse
        if isinstance(artifact.scorer, ListScorer) and not self.stars_are_personal:
            tastes, noise = _lists(artifact.scorer, users.tolist(), self._candidates), 1.0
        apart = tastes - tastes.mean(axis=0)
        self._covariance = apart.T @ apart / max(len(tastes), 1)
        self._noise = noise**2

    @property
    def spread(self) -> Scores:
        """How far the tastes of people lie apart in what is asked about; float32 (n,)."""
        return np.sqrt(np.diag(self._covariance)).astype(np.float32)

    def choose(
        self, rated: Rows, k: int, without: Rows | None = None, allowed: Mask | None = None
    ) -> Rows:
        """Items to ask about, the most telling first; int32 (up to k,).

        Args:
            rated: int32 (n,), what the person has rated.
            k: how many.
            without: int32 (m,), what is not to be asked about, such as what they have not seen.
            allowed: bool (n_items,), the only items to ask about; None: any.
        """
        unknown = self._covariance.copy()
        asked = np.zeros(self._genres.shape[1])
        is_left = np.ones(len(self._candidates), bool)
        if allowed is not None:
            is_left = allowed[self._candidates].copy()
        for row in rated.tolist():
            if row in self._place:
                _learn(unknown, self._place[row], self._noise)
        for row in (*rated.tolist(), *([] if without is None else without.tolist())):
            if row in self._place:
                is_left[self._place[row]] = False
        chosen: list[int] = []
        while len(chosen) < k and is_left.any():
            gains = self._known_to * np.log1p(np.maximum(np.diag(unknown), 0) / self._noise)
            at = int(np.argmax(np.where(is_left, gains / (1 + self._genres @ asked), -1)))
            chosen.append(at)
            is_left[at], asked = False, asked + self._genres[at]
            _learn(unknown, at, self._noise)
        found = self._candidates[chosen]
        return np.concatenate([found, self._others(k - len(found), rated, without, allowed)])

    def _others(self, k: int, rated: Rows, without: Rows | None, allowed: Mask | None) -> Rows:
        """The next most rated items, where so few are left of those that are known well."""
        rest = self._by_raters[_ITEMS:] if k else self._by_raters[:0]
        if allowed is not None:
            rest = rest[allowed[rest]]
        left_out = rated if without is None else np.concatenate([rated, without])
        return rest[~np.isin(rest, left_out)][:k]


def _learn(unknown: NDArray[np.float64], at: int, noise: float) -> None:
    """What is unknown, as a covariance (n, n), once one of the items is rated; in place."""
    column = unknown[:, at] / np.sqrt(unknown[at, at] + noise)
    unknown -= np.outer(column, column)


def _stars(scorer: Scorer, users: list[int], candidates: Rows) -> NDArray[np.float64]:
    """What a model predicts some users, (n_users, n)."""
    blocks = [candidates[at : at + FEW] for at in range(0, len(candidates), FEW)]
    return np.array(
        [np.concatenate([_scored(scorer, user, rows) for rows in blocks]) for user in users],
        np.float64,
    )


def _lists(scorer: ListScorer, users: list[int], candidates: Rows) -> NDArray[np.float64]:
    """List scores, made as wide as their noise, which is 1: nobody knows better."""
    scores = np.array([scorer.list_user(user)[candidates] for user in users], np.float64)
    width = scores.std(axis=0)
    return np.asarray((scores - scores.mean(axis=0)) / np.where(width > 0, width, 1))


def _scored(scorer: Scorer, user: int, rows: Rows) -> Scores:
    return scorer.score_pairs(np.full(len(rows), user, np.int32), rows)


def _differ(stars: NDArray[np.float64]) -> float:
    """How much of what differs in a table is neither its rows' nor its columns', in [0, 1]."""
    apart = stars - stars.mean(axis=1, keepdims=True)
    return float((apart - apart.mean(axis=0)).var() / max(apart.var(), 1e-30))


def _genres(artifact: Artifact, candidates: Rows) -> Scores:
    """Of which share each candidate (n,) is of each genre; float32 (n, n_genres)."""
    column = ItemColumns.of(artifact.split.ratings).by_name.get(GENRES)
    if column is None:
        return np.zeros((len(candidates), 1), np.float32)
    table = np.zeros((len(candidates), len(column.values)), np.float32)
    for at, row in enumerate(candidates.tolist()):
        values, shares = column.rows.row(row)
        table[at, values] = shares
    return table
