"""Lister: scores to lists, for a known user, a person, many users, and anybody."""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.engines.blocks import Progress
from starcast.engines.protocol import Folded, Scores
from starcast.errors import ConfigError
from starcast.recommend.answers import Recommendation, listed
from starcast.recommend.index import FactorIndex
from starcast.recommend.pairs import PairScorer
from starcast.recommend.remarks import OnRemark, Shortcomings
from starcast.recommend.rerank import wished
from starcast.recommend.rule_book import RuleBook, RuleSet
from starcast.recommend.rules import Rules
from starcast.recommend.seen import Seen
from starcast.scoring.ranker import Ranker
from starcast.scoring.top_lists import Allowed, Selection, best, top_rows


@final
class Limits(NamedTuple):
    """What lists may name, and what they are chosen by.

    Attributes:
        exclude_seen: leave out what the user has rated.
        selection: the only items to list; None lists any.
        rule_set: what else was asked for.
        left_out: int32 (n,), items that are left out besides; None for none.
    """

    exclude_seen: bool = True
    selection: Selection | None = None
    rule_set: RuleSet = RuleSet(Rules())
    left_out: Rows | None = None

    @property
    def are_open(self) -> bool:
        """Whether the best scores are listed, whatever they are of."""
        limits = (self.selection, self.rule_set.wishes, self.left_out)
        return all(one is None for one in limits)


@final
class Chosen(NamedTuple):
    """A list, and for whom.

    Attributes:
        rows: int32 (n,), items, best first.
        stars: float32 (n,), as predicted.
        n_rated: how many items the person is known to have rated.
    """

    rows: Rows
    stars: Scores
    n_rated: int


@final
class Lister:
    """Makes lists. This is where items are kept out of them, whoever asks.

    Args:
        artifact: any trained model.
        ranker: what orders items.
        pairs: tells stars, and what suits whom nothing is known of.
        index: of a very large catalogue, for a known user's list; all is scanned where there are
            limits, since the index would find few of the items within.
    """

    def __init__(
        self,
        artifact: Artifact,
        ranker: Ranker,
        pairs: PairScorer,
        index: FactorIndex | None = None,
    ) -> None:
        self.ratings, self.seen, self.pairs = artifact.split.ratings, Seen(artifact), pairs
        self._scorer, self._ranker, self._index = artifact.scorer, ranker, index
        self._rule_book = RuleBook(artifact)
        self.item_columns = self._rule_book.columns

    def limits(
        self,
        exclude_seen: bool,
        allowed: Allowed | None,
        rules: Rules | None,
        given: Mapping[str, Any],
        left_out: Rows | None = None,
    ) -> Limits:
        """What a call asks for. Raises: as `RuleBook.asked`; ConfigError: a mask of other items."""
        if allowed is None and rules is None and not given:  # as most lists are asked for
            return Limits(exclude_seen, left_out=left_out)
        self._check(allowed)
        rule_set = self._rule_book.asked(rules, given)
        selection = rule_set.selection
        if allowed is not None:
            selection = Selection(allowed & selection.allowed if selection else allowed)
        return Limits(exclude_seen, selection, rule_set, left_out)

    def for_user(self, user_row: int, k: int, limits: Limits) -> Chosen:
        """The k best items of a known user; fewer where no more are left."""
        seen = self.seen.rows(user_row)
        if self._index and limits.are_open:
            left_out = seen if limits.exclude_seen else seen[:0]
            return self._from_index(self._index, user_row, k, left_out)
        scores = self._ranker.rank_user(user_row)
        rows = _taken(scores, k, limits, seen)
        stars = scores[rows] if self._ranker.by_stars else self._stars(user_row, rows)
        return Chosen(rows, stars, len(seen))

    def for_person(self, folded: Folded, rated: Rows, k: int, limits: Limits) -> Chosen:
        """Those of a person who was folded in, known by ratings of some item rows."""
        rows = _taken(self._ranker.rank_folded(folded), k, limits, rated)
        return Chosen(rows, folded.score_items(rows), len(rated))

    def for_anybody(self, k: int, limits: Limits) -> Chosen:
        """Those of somebody of whom nothing is known."""
        means = self.pairs.means
        rows = _taken(means.rank_all(), k, limits, np.empty(0, np.int32))
        return Chosen(rows, means.of_item[rows], 0)

    def answer(
        self, chosen: Chosen, k: int, limits: Limits, on_remark: OnRemark
    ) -> list[Recommendation]:
        """A list as it is given to people, and what is to be said of it."""
        rules = limits.rule_set
        if not chosen.n_rated and rules.rules.calibration:
            on_remark("not calibrated: nothing is known of what this person has rated")
        if rules.remarks or rules.wishes or len(chosen.rows) < k:
            lacking = Shortcomings(rules, k)
            lacking.count(chosen.rows[np.newaxis])
            for line in lacking.lines():
                on_remark(line)
        return listed(self.ratings, chosen.rows, chosen.stars)

    def for_many(
        self,
        user_rows: Rows,
        k: int,
        limits: Limits,
        on_progress: Progress | None = None,
        *,
        settle_ties: bool = True,
    ) -> Rows:
        """Item rows (n, k) of user rows (n,), -1 for unknown users; see `Recommender.top_rows`."""
        top, known = np.full((len(user_rows), k), -1, np.int32), user_rows >= 0
        if limits.rule_set.wishes:  # each list is chosen on its own
            for at in np.flatnonzero(known).tolist():
                rows = self.for_user(int(user_rows[at]), k, limits).rows
                top[at, : len(rows)] = rows
        elif known.any():
            seen = self.seen.histories if limits.exclude_seen else None
            top[known] = top_rows(
                self._ranker, seen, user_rows[known], k, on_progress,
                selection=limits.selection, settle_ties=settle_ties,
            )  # fmt: skip
        if not known.all():
            liked = self.for_anybody(k, limits).rows
            top[np.ix_(~known, np.arange(len(liked)))] = liked
        return top

    def _check(self, allowed: Allowed | None) -> None:
        """Refuse a mask that is not of these items. Raises: ConfigError."""
        if allowed is None:
            return
        n_items, mask = self.ratings.n_items, np.asarray(allowed)
        if mask is not allowed or mask.shape != (n_items,) or mask.dtype != np.bool_:
            raise ConfigError(
                f"allowed must be an array of {n_items:,} booleans, one for each item row"
            )

    def _stars(self, user_row: int, item_rows: Rows) -> Scores:
        users = np.full(len(item_rows), user_row, np.int32)
        return self._scorer.score_pairs(users, item_rows)

    def _from_index(self, items: FactorIndex, user_row: int, k: int, seen: Rows) -> Chosen:
        """What the index finds, put in order anew: it rounds in its own way."""
        rows = items.best(user_row, k, seen)
        stars = self._stars(user_row, rows)
        support = self._ranker.support
        order = np.argsort(-(stars if support is None else stars + support[rows]), kind="stable")
        return Chosen(rows[order], stars[order], len(seen))


def _taken(scores: Scores, k: int, limits: Limits, history: Rows) -> Rows:
    """The list that scores (n_items,) make within limits, for somebody who rated some items."""
    selection, wishes = limits.selection, limits.rule_set.wishes
    if limits.exclude_seen:
        scores[history] = -np.inf
    if limits.left_out is not None:
        scores[limits.left_out] = -np.inf
    if wishes:
        if selection:
            selection.bar(scores)
        return wished(scores, k, wishes, history)
    return selection.best(scores, k) if selection else best(scores, k)
