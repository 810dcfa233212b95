"""Recommender: a trained model in use."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack, final

from numpy.typing import ArrayLike

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.display import printable
from starcast.engines.blocks import Progress
from starcast.errors import UnknownIdError, UnknownNameError
from starcast.evaluation.list_size import LIST_SIZE
from starcast.recommend import index, lists
from starcast.recommend.answers import Explanation, Recommendation, check_length
from starcast.recommend.folded_in import FoldedInUser
from starcast.recommend.given_ratings import checked_ratings, columns_of
from starcast.recommend.lister import Limits, Lister
from starcast.recommend.persons import Persons
from starcast.recommend.predictor import Predictor
from starcast.recommend.remarks import OnRemark, warned
from starcast.recommend.rules import RuleFields, Rules
from starcast.scoring.top_lists import Allowed

RANKINGS = ("list", "stars")


@final
class Recommender(Predictor):
    """A trained model in use. It may be asked by several threads at once.

    Args:
        artifact, fallback: as of `Predictor`.
        approximate: make an index of a catalogue of 200,000 items or more, and `recommend` from it
            (docs/large-catalogues.md); lists of smaller ones stay exact.
        rank_by: what orders lists. "list": the model's own list scores, or predicted stars and how
            many ratings support them; "stars": predicted stars alone.
    Attributes:
        item_columns: what items are filtered and grouped by.
    Raises:
        ConfigError: an approximate list of a model whose scores are no inner products.
        UnknownNameError: something else to rank by.
    """

    def __init__(
        self,
        artifact: Artifact,
        *,
        fallback: bool = False,
        approximate: bool = False,
        rank_by: str = "list",
    ) -> None:
        if rank_by not in RANKINGS:
            raise UnknownNameError("order of lists", rank_by, RANKINGS)
        super().__init__(artifact, fallback=fallback)
        self._made_with = {"approximate": approximate, "rank_by": rank_by}
        self.ranker = artifact.ranker(by_stars=rank_by == "stars")
        found = index.build(artifact, self.ranker) if approximate else None
        self._lister = Lister(artifact, self.ranker, self._pairs, found)
        self.item_columns = self._lister.item_columns
        self._persons = Persons(artifact, self.ranker, self._lister)

    def recommend(
        self,
        user_id: object,
        k: int = LIST_SIZE,
        *,
        exclude_seen: bool = True,
        allowed: Allowed | None = None,
        left_out: Rows | None = None,
        rules: Rules | None = None,
        on_remark: OnRemark = warned,
        **given: Unpack[RuleFields],
    ) -> list[Recommendation]:
        """The k items that suit a user best, best first, with the stars they are predicted.

        Args:
            user_id: an external id.
            k: length of the list; shorter where no more items are left.
            exclude_seen: leave out what the user rated in training or validation.
            allowed: bool (n_items,), the only item rows to list; None lists any.
            left_out: int32 (n,), item rows to leave out besides, as those seen since training.
            rules: what the list may, must and should hold.
            on_remark: told what it lacks of that, a line each; warns if not given.
            given: rules in the call itself, such as `where="year >= 1990"`; see `Rules`.
        Raises:
            UnknownIdError: a user that was not in the training data, unless `fallback` is set.
            UnknownNameError, ConfigError: a rule that there is not, or that cannot be obeyed here.
        """
        check_length(k)
        limits = self._lister.limits(exclude_seen, allowed, rules, given, left_out)
        try:
            user_row = self._ratings.users.row(user_id)
        except UnknownIdError:
            if not self._fallback:
                raise
            chosen = self._lister.for_anybody(k, limits)
        else:
            chosen = self._lister.for_user(user_row, k, limits)
        return self._lister.answer(chosen, k, limits, on_remark)

    def for_anybody(
        self, k: int = LIST_SIZE, allowed: Allowed | None = None, rules: Rules | None = None,
        on_remark: OnRemark = warned,
    ) -> list[Recommendation]:  # fmt: skip
        """What `recommend` gives to somebody of whom nothing is known, by damped means."""
        check_length(k)
        limits = self._lister.limits(False, allowed, rules, {})
        chosen = self._lister.for_anybody(k, limits)
        return self._lister.answer(chosen, k, limits, on_remark)

    def fold_in(
        self,
        item_ids: ArrayLike | Sequence[object] | Mapping[Any, float],
        stars: ArrayLike | None = None,
    ) -> FoldedInUser:
        """A person unknown to the model, known by ratings: no retraining, stored weights untouched.

        Args:
            item_ids: (n,) external ids or titles, each item once; none at all gives what suits
                everybody. Or a mapping of them to stars, such as {"toy story": 5}.
            stars: (n,) ratings on the model's scale, beside a list.
        Raises:
            UnknownIdError: an item that was not in the training data, or a title that may mean
                several; says what is near.
            ConfigError: columns of different length, an item that is rated twice, stars that are no
                numbers or outside the scale, or a model that folds nobody in.
        """
        columns = columns_of(item_ids, stars)
        rated = checked_ratings(self._ratings, self.named_items.rows, *columns)
        return self._persons.known_by(*rated)

    def explain(self, user_id: object, item_id: object, k: int = 5) -> Explanation:
        """Which of a user's own ratings pull the prediction for an item up or down.

        The prediction is that of `predict`. The effects come from folding the user in anew, with
        and without a rating (see `FoldedInUser.explain`), since the stored weights cannot be had
        without;
        docs/fold-in.md measures how close the two are.

        Args:
            user_id: an external id.
            item_id: an external id, or a title.
            k: most reasons that are given.
        Raises:
            UnknownIdError: an id that was not in the training data, or a title of none or several.
            ConfigError: k is less than 1, or the model folds nobody in.
        """
        users, items = self._ratings.users, self._ratings.items
        user_row, item_row = users.row(user_id), self.named_items.row(item_id)
        told = self._persons.user(user_row).explain(items.ids[item_row].item(), k)
        shown = self.predict(users.ids[[user_row]], items.ids[[item_row]])
        return told._replace(prediction=float(shown[0]))

    def allowed(self, rules: Rules) -> Allowed | None:
        """bool (n_items,), what filters leave; None: all. Raises: as `recommend`."""
        selection = self._lister.limits(False, None, rules, {}).selection
        return selection.allowed if selection else None

    def top_rows(
        self,
        user_rows: Rows,
        k: int,
        *,
        exclude_seen: bool = True,
        settle_ties: bool = True,
        on_progress: Progress | None = None,
    ) -> Rows:
        """The k best item rows for many users, in memory that does not grow with their number.

        Args:
            user_rows: int32 (n,).
            k: length of the lists.
            exclude_seen: leave out what a user rated in training or validation.
            settle_ties: put scores that are alike but for rounding in the order that `recommend`
                has them in; a judge of many long lists need not.
            on_progress: told of the users done and of all there are, now and then.
        Returns: int32 (n, k), best first, ties to the lower row, -1 where none is left.
        """
        check_length(k)
        return self._lister.for_many(
            user_rows, k, Limits(exclude_seen), on_progress, settle_ties=settle_ties
        )

    def recommend_all(
        self,
        path: Path,
        k: int = LIST_SIZE,
        *,
        users: ArrayLike | None = None,
        exclude_seen: bool = True,
        allowed: Allowed | None = None,
        on_progress: Progress | None = None,
        rules: Rules | None = None,
        on_remark: OnRemark = warned,
        make: lists.MakeLists | None = None,
        **given: Unpack[RuleFields],
    ) -> Path:
        """A file of the k best items of many users, in memory that does not grow with their number.

        Its columns are user_id, rank (from 1), item_id, title and prediction, sorted by rank within
        each user.

        Args:
            path: ends in .parquet, .csv or .jsonl; what was there is replaced whole or not at all.
            users: (n,) external ids, whose lists come in this order; every user if not given.
            k, exclude_seen, on_progress: as in `top_rows`; make: as in `lists.write_all`.
            allowed, rules, on_remark, given: as in `recommend`.
        Returns: the path.
        Raises:
            ConfigError: k is less than 1, or the path cannot be written.
            UnknownIdError: a user that was not in the training data, unless `fallback` is set.
        """
        check_length(k)
        known = self._ratings.users
        ids = known.ids if users is None else known.like(users)
        rows = known.find(ids) if self._fallback else known.rows(ids)
        limits = self._lister.limits(exclude_seen, allowed, rules, given)
        wanted = lists.Wanted(ids, rows, k, limits)
        return lists.write_all(self._lister, wanted, path, on_progress, on_remark, make)

    def save(self, folder: str | Path) -> Path:
        """Write the model to a folder, from which `starcast.open` and every verb take it.

        Raises: ArtifactError: the folder cannot be written; what was there is untouched.
        """
        return storage.save(self.artifact, Path(folder))

    def __repr__(self) -> str:
        name = printable(self._ratings.name)
        return f"{self.artifact.title} of {name}: {self.artifact.reached}{self.artifact.retrained}"

    def seen_rows(self, user_row: int) -> Rows:
        """Item rows the user is known to have rated (see `Seen`); int32, ascending."""
        return self._lister.seen.rows(user_row)
