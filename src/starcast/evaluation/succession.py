"""Succession: whether a model that is trained anew may take the place of the one in service.

Both are judged on ratings that are newer than both: the newer half of what the model in service
does not know. The newcomer trains on the rest, and, once it is deployed, on all. It takes the place
unless it is really worse, by a paired bootstrap over users, at what it is for.
"""

from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.engines.settings import Settings
from starcast.errors import ConfigError
from starcast.evaluation import metrics
from starcast.evaluation.by_ids import ByIds
from starcast.evaluation.list_size import LIST_SIZE
from starcast.evaluation.metrics import STARS
from starcast.training.plan import Recipe, train_all

K, LEVEL = LIST_SIZE, 0.05
_MOST, _FIRST = 0.2, 0.1  # shares of all ratings that judge: at most, and of a first model
_FEWEST_USERS = 6  # of fewer all may happen to be worse off: one in 2⁵ times with six

Mask = NDArray[np.bool_]


@final
class Figures(NamedTuple):
    """Of one model on the ratings that judge."""

    rmse: float
    ndcg: float


@final
class Verdict(NamedTuple):
    """Which model is to be in service.

    Attributes:
        deploy: whether it is the newcomer.
        why: in words that go on from "deployed" or "kept".
        newcomer: trained on all ratings; None where nothing was trained.
        n_rows, n_users: that judged.
        figures: of the newcomer and of the model in service; None of who was not judged.
        p_value: of the difference at what the newcomer is for; None without one.
    """

    deploy: bool
    why: str
    newcomer: Artifact | None = None
    n_rows: int = 0
    n_users: int = 0
    figures: tuple[Figures | None, Figures | None] = (None, None)
    p_value: float | None = None

    def record(self) -> dict[str, Any]:
        """As JSON can hold it."""
        new, old = self.figures
        return {
            "deploy": self.deploy,
            "why": self.why,
            "judged_on": {"ratings": self.n_rows, "users": self.n_users},
            "newcomer": new and {"rmse": new.rmse, f"ndcg@{K}": new.ndcg},
            "in_service": old and {"rmse": old.rmse, f"ndcg@{K}": old.ndcg},
            "p_value": self.p_value,
        }


@final
class Newcomer(NamedTuple):
    """What is trained anew.

    Attributes:
        model: its name in the registry.
        settings: its own.
        seed: of everything random.
        least: ratings that must judge; with fewer the model in service stays.
    """

    model: str
    settings: Settings
    seed: int = 42
    least: int = 100


def succeed(ratings: Ratings, in_service: Artifact | None, newcomer: Newcomer) -> Verdict:
    """Train a model anew and judge it against the one in service.

    Args:
        ratings: all there are.
        in_service: the model that answers now, if there is one.
        newcomer: what is trained.
    Raises: ConfigError, TrainingError: it cannot be trained.
    """
    judging, why = _judging(ratings, in_service, newcomer.least)
    if why:
        return Verdict(False, why)
    artifact = _trained(ratings, judging, newcomer)
    rows = ratings.take(judging)
    contestants = [artifact.before_final(), *([in_service] if in_service else [])]
    judged = [_Judged.of(one, rows, ratings) for one in contestants]
    n_users = int(np.count_nonzero(judged[0].n_rows))
    new, *old = (one.figures() for one in judged)
    if not old:
        return Verdict(True, "the first", artifact, len(rows), n_users, (new, None))
    p_value, is_worse = _test(judged, by_stars=models.find(newcomer.model).objective is STARS)
    why = "really worse" if is_worse else "not really worse"
    return Verdict(not is_worse, why, artifact, len(rows), n_users, (new, old[0]), p_value)


def _judging(ratings: Ratings, in_service: Artifact | None, least: int) -> tuple[Mask, str]:
    """The rows that judge; and why there are too few, "" if there are enough."""
    if in_service is None:
        return _latest(ratings, np.ones(len(ratings), bool), _FIRST), ""
    is_fresh = ~_known(ratings, in_service.split.ratings)
    n_fresh = int(np.count_nonzero(is_fresh))
    if not n_fresh:
        return is_fresh, "there is no rating that it does not know"
    share = min(0.5 * n_fresh / len(ratings), _MOST)
    mask = _latest(ratings, is_fresh, share)
    n, n_users = int(np.count_nonzero(mask)), len(np.unique(ratings.user_rows[mask]))
    if n < least or n_users < _FEWEST_USERS:
        return mask, (
            f"{n:,} ratings of {n_users:,} users would judge, newer than both models; "
            f"at least {least:,} of {_FEWEST_USERS} users are needed"
        )
    return mask, ""


def _known(ratings: Ratings, known: Ratings) -> Mask:
    """Which pairs another set of ratings has, too."""
    users = known.users.find(ratings.users.ids)[ratings.user_rows].astype(np.int64)
    items = known.items.find(ratings.items.ids)[ratings.item_rows]
    pairs = known.user_rows.astype(np.int64) * known.n_items + known.item_rows
    wanted = np.where((users >= 0) & (items >= 0), users * known.n_items + items, -1)
    return np.asarray(np.isin(wanted, pairs))


def _latest(ratings: Ratings, among: Mask, share: float) -> Mask:
    """The latest of some rows, about a share of all, moments whole; without times any half."""
    by = ratings.timestamps
    if by is None:
        plan = SplitPlan("hash", test=0.5)
        by = plan.masks(ratings)[0].astype(np.int64)
    n = max(1, round(share * len(ratings)))
    return np.asarray(among & (by >= np.partition(by[among], -n)[-n]))


def _trained(ratings: Ratings, judging: Mask, newcomer: Newcomer) -> Artifact:
    """Judged by some rows, and then trained on all."""
    is_validation = SplitPlan("hash", test=0.001, seed=newcomer.seed).masks(ratings)[1] & ~judging
    split = Split.of(ratings, judging, is_validation, "newer than both")
    recipe = Recipe(newcomer.seed, final=True)
    found = train_all(split, {newcomer.model: newcomer.settings}, recipe)[newcomer.model]
    if found.broken_off:
        raise ConfigError(f"{newcomer.model} was not trained to its end: {found.broken_off}")
    return found


@final
class _Judged(NamedTuple):
    """One model on the rows that judge.

    Attributes:
        errors: float64 (n_users,), Σ of squared errors of each user.
        n_rows: int64 (n_users,).
        ndcg: float64 (n_visitors,), of users with a liked rating.
    """

    errors: NDArray[np.float64]
    n_rows: NDArray[np.int64]
    ndcg: NDArray[np.float64]

    @classmethod
    def of(cls, artifact: Artifact, rows: Ratings, whole: Ratings) -> "_Judged":
        model = ByIds(artifact, whole)
        users, items = rows.users.ids[rows.user_rows], rows.items.ids[rows.item_rows]
        errors = np.square(model.answers(users, items).stars - rows.stars, dtype=np.float64)
        liked = rows.take(metrics.at_or_above_mean(rows.user_rows, rows.stars))
        visitors, counts = np.unique(liked.user_rows, return_counts=True)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        lists = model.lists(rows.users.ids[visitors], K)
        hits = metrics.find_rows(lists, offsets, liked.item_rows) >= 0
        return cls(
            np.bincount(rows.user_rows, errors, rows.n_users).astype(np.float64),
            np.bincount(rows.user_rows, minlength=rows.n_users),
            metrics.ranking_by_user(hits, counts).ndcg,
        )

    def figures(self) -> Figures:
        rmse = float(np.sqrt(self.errors.sum() / self.n_rows.sum()))
        return Figures(rmse, float(self.ndcg.mean()))


def _test(judged: list[_Judged], *, by_stars: bool) -> tuple[float, bool]:
    """p of the difference, and whether the first is really worse."""
    if by_stars:
        errors = np.vstack([one.errors for one in judged])
        p_value = metrics.bootstrap_rmse(errors, judged[0].n_rows).p_value[0, 1]
        is_lower = judged[0].figures().rmse > judged[1].figures().rmse
    else:
        p_value = metrics.bootstrap_means(np.vstack([one.ndcg for one in judged])).p_value[0, 1]
        is_lower = judged[0].figures().ndcg < judged[1].figures().ndcg
    return float(p_value), bool(is_lower and p_value < LEVEL)
