"""List blend: several trained models as one list, by what validation rows teach of their scores.

Every part scores as it was before its refit, when it had not seen the validation rows. The test
rows are not looked at.
"""

import time
from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.engines.protocol import ListScorer, Scorer, Scores, score_ratings
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError, TrainingError
from starcast.evaluation.list_size import LIST_SIZE
from starcast.evaluation.metrics import LISTS, Quality, at_or_above_mean
from starcast.scoring.candidates import Candidates, CandidateSource
from starcast.scoring.in_stars import as_trained
from starcast.scoring.list_features import feature_names, years
from starcast.scoring.ranker import Ranker, log_support
from starcast.scoring.weighted_sum import join
from starcast.training.blend_parts import check_parts, described, split_of
from starcast.training.identity import library_versions
from starcast.training.listwise import Examples, cross_fitted, fit, library, loss_of
from starcast.training.quality import ListJudge, rating_quality

_FOLDS = 3
_USERS = 64  # whose scores are held at a time


def blend_lists(parts: Sequence[Artifact], *, trees: bool = False, seed: int = 42) -> Artifact:
    """Put trained models together to one list.

    Its history is one line: `train` is the quality of the mix on the users who taught it,
    `validation` that of mixes which had not seen the user they are judged on.

    Args:
        parts: two or more models of one split, one or more of them made for lists.
        trees: whether LightGBM grows trees beside the listwise logistic.
        seed: of the folds and the trees.
    Returns: a list blend, which needs none of its parts any more. It is leaky if a part is.
    Raises:
        ConfigError: none of the models is made for lists, some are refitted and others not, or
            what `check_parts` refuses; or trees without LightGBM.
        SplitMismatchError: models of different splits.
        TrainingError: a score that is no finite number, or nobody liked a candidate.
    """
    _check(parts)
    if trees:
        library()
    started = time.perf_counter()
    lesson = _Lesson(parts)
    folds = np.random.default_rng(seed).permutation(len(lesson.judge.users)) % _FOLDS
    examples = lesson.examples
    mix = fit(examples, trees=trees, seed=seed)
    fitted = mix.of_candidates(examples.table, examples.valid)
    unseen = cross_fitted(examples, folds, trees=trees, seed=seed)
    loss = loss_of(examples, mix.coefficients.astype(np.float64))
    own = lesson.positions | {"coefficients": mix.coefficients}
    own |= mix.trees.weights() if mix.trees else {}
    deployed = join([(part.model, part.weights) for part in parts], own)
    before = join([(part.model, part.weights_before_refit) for part in parts], own)
    record = {
        "epoch": 1,
        "loss": loss,
        "training_error": loss,
        "train": lesson.quality(fitted),
        "validation": lesson.quality(unseen),
        "seconds": time.perf_counter() - started,
        "trees": len(mix.trees.features) if mix.trees else 0,
        "coefficients": dict(zip(lesson.names, mix.coefficients.tolist(), strict=True)),
    }
    refit = parts[0].refit
    return Artifact(
        model=models.LIST_BLEND.name,
        config=None,
        seed=seed,
        weights=deployed,
        weights_before_refit=before if refit else deployed,
        split=lesson.split,
        best_epoch=1,
        history=(record,),
        units=parts[0].units,
        shares=parts[int(lesson.positions["shown"])].shares,
        refit=refit,
        leak=next((part.leak for part in parts if part.leak), ""),
        versions=library_versions(),
        parts=tuple(
            described(part) | {"validation_rmse": rmse, "validation": dict(lists)}
            for part, rmse, lists in zip(parts, lesson.errors, lesson.qualities, strict=True)
        ),
    )


@final
class _Lesson:
    """What the validation rows say of the parts, and of every candidate they offer."""

    def __init__(self, parts: Sequence[Artifact]) -> None:
        self.split = split_of(parts)
        known, self._held_out = self.split.train, self.split.validation
        self.judge = ListJudge(known, self._held_out)
        scorers, units = [part.scorer_before_refit() for part in parts], parts[0].units
        self.errors = [_rmse(scorer, self._held_out) for scorer in scorers]
        self.qualities = [
            self.judge.of(_ranker(part, scorer))
            for part, scorer in zip(parts, scorers, strict=True)
        ]
        year = years(self.split.ratings.titles)
        shown, strongest = int(np.argmin(self.errors)), self._strongest(scorers)
        self.positions: dict[str, NDArray[Any]] = {
            "shown": np.array(shown),
            "strongest": np.array(strongest),
        }
        if year is not None:
            self.positions["item_year"] = year
        titles = _titles(parts)
        self.names = feature_names(
            [t for t, s in zip(titles, scorers, strict=True) if isinstance(s, ListScorer)],
            [t for t, s in zip(titles, scorers, strict=True) if not isinstance(s, ListScorer)],
            has_years=year is not None,
        )
        histories = SparseRows.by_user(units.standardized(known))
        self._source = CandidateSource([*map(as_trained, scorers)], shown, year, histories)
        self.rows, self.examples = self._examples()

    def quality(self, scores: Scores) -> Quality:
        """Of lists in the order of scores (n, C) of the candidates."""
        best = np.argsort(-np.where(self.examples.valid, scores, -np.inf), axis=1, kind="stable")
        best = best[:, :LIST_SIZE]
        lists = np.take_along_axis(self.rows, best, axis=1)
        lists[~np.take_along_axis(self.examples.valid, best, axis=1)] = -1
        return self.judge.of_lists(lists)

    def _strongest(self, scorers: Sequence[Scorer]) -> int:
        """The list part with the best lists."""
        figures = [
            quality[LISTS.metric] if isinstance(scorer, ListScorer) else -1.0
            for quality, scorer in zip(self.qualities, scorers, strict=True)
        ]
        return int(np.argmax(figures))

    def _examples(self) -> tuple[NDArray[np.int32], Examples]:
        """The candidates of everybody who is judged, and what became of them."""
        users = self.judge.users
        made: list[Candidates] = []
        for at in range(0, len(users), _USERS):
            block = self._source.of_users(users[at : at + _USERS])
            made.append(block._replace(base=block.base[:, :0]))  # which nobody asks for again
        if not made:
            raise TrainingError("no validation rating is at or above its user's mean: no lists")
        rows, valid, table = (
            np.concatenate([getattr(block, name) for block in made])
            for name in ("rows", "valid", "table")
        )
        if not np.all(np.isfinite(table)):
            raise TrainingError("a part does not score every item by a finite number")
        rated, liked = _outcomes(self._held_out, users, rows)
        if not np.any(liked & valid):
            raise TrainingError("none of what was liked is among the candidates of these models")
        return rows, Examples(table, valid, rated & valid, liked & valid)


def _check(parts: Sequence[Artifact]) -> None:
    check_parts(parts)
    if all(models.find(part.model).objective is not LISTS for part in parts):
        raise ConfigError(
            "none of these models is made for lists, and a list blend needs one; add one such as "
            "item-item-model"
        )
    if len({part.refit for part in parts}) > 1:
        plain = next(part.model for part in parts if not part.refit)
        raise ConfigError(
            f"{plain} was not refitted, other parts were; train all with --refit, or none"
        )


def _ranker(part: Artifact, scorer: Scorer) -> Ranker:
    """The lists a part makes alone, before its refit."""
    return Ranker(scorer, part.support * log_support(part.n_raters) if part.support else None)


def _rmse(scorer: Scorer, held_out: Ratings) -> float:
    figures = rating_quality(held_out.stars, score_ratings(scorer, held_out), held_out)
    if not np.isfinite(figures["rmse"]):
        raise TrainingError("a part does not predict a number for every validation rating")
    return figures["rmse"]


def _titles(parts: Sequence[Artifact]) -> list[str]:
    """Of the models, numbered where several are of one kind."""
    plain = [models.find(part.model).title for part in parts]
    return [
        title if plain.count(title) == 1 else f"{title} {plain[: n + 1].count(title)}"
        for n, title in enumerate(plain)
    ]


def _outcomes(
    held_out: Ratings, users: NDArray[np.int32], rows: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of candidates (n, C) of users (n,): rated in held-out rows, and at or above the mean."""
    pairs = held_out.user_rows.astype(np.int64) * held_out.n_items + held_out.item_rows
    wanted = users.astype(np.int64)[:, np.newaxis] * held_out.n_items + rows
    at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    rated = pairs[at] == wanted
    return rated, rated & at_or_above_mean(held_out.user_rows, held_out.stars)[at]
