"""Evaluate: a trained model on the held-out rows of its split, opened here and nowhere else."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.columns import counts_of
from starcast.display import Column, as_html, as_paragraphs, as_text, figure
from starcast.engines.blocks import Progress
from starcast.engines.setting_kinds import Whole
from starcast.evaluation.catalogue import Catalogue, MakeLists, judge_lists
from starcast.evaluation.list_size import LIST_SIZE, MAX_K
from starcast.evaluation.metrics import ABOVE_MEAN, HeldOutCurves, Relevance
from starcast.evaluation.predictive import Calibration, judge_distributions
from starcast.evaluation.stars import judge_stars
from starcast.evaluation.tiers import UserTier, user_tiers


@final
@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Report:
    """What held-out rows say of one model: of its stars, and of its lists.

    Attributes:
        artifact: the model; of a final one, what it was before it was trained on all rows.
        n_rows: held-out ratings.
        rmse, mae: stars, of predictions clipped to the scale.
        accuracy: share of predictions that round to the exact rating; NaN where `about_accuracy`.
        curves: precision, recall and F1 over a user's own test items, for list sizes 1 to 100.
        k: list size of the catalogue figures.
        relevance: which test ratings a good list from the catalogue would hold.
        squared_errors: float64 (n_users,), Σ of squared errors over each user's rows.
        n_rows_of_user: int64 (n_users,).
        on_progress: told of the users done, and of all, while the catalogue figures are made.
        about_final: of a final model, whose figures these are; "" of another.
        make_lists: of `judge_lists`.
    """

    artifact: Artifact
    n_rows: int
    rmse: float
    mae: float
    accuracy: float
    curves: HeldOutCurves
    k: int
    squared_errors: NDArray[np.float64]
    n_rows_of_user: NDArray[np.int64]
    relevance: Relevance = ABOVE_MEAN
    on_progress: Progress | None = None
    about_final: str = ""
    make_lists: MakeLists | None = None

    @property
    def heading(self) -> str:
        """Whose figures these are, and of how many ratings."""
        run = ", the run that chose its settings" if self.about_final else ""
        return f"{self.artifact.title}{run}: {self.n_rows:,} test ratings"

    @cached_property
    def catalogue(self) -> Catalogue:
        """Figures of lists of k, made when first asked for: they need every score."""
        return judge_lists(self.artifact, self.k, self.relevance, self.on_progress, self.make_lists)

    @cached_property
    def user_tiers(self) -> tuple[UserTier, ...]:
        """How well users are served, by how much they rated."""
        lists = self.catalogue
        errors, n_rows = self.squared_errors[lists.users], self.n_rows_of_user[lists.users]
        return user_tiers(lists.n_train, lists.by_user.ndcg, errors, n_rows)

    @property
    def about_accuracy(self) -> str:
        """Why there is no accuracy, in words; "" where there is."""
        if math.isfinite(self.accuracy):
            return ""
        n_levels = len(np.unique(self.artifact.split.ratings.stars))
        return (
            f"Accuracy: – ({n_levels:,} different ratings, too many for any to be hit exactly; "
            "RMSE and MAE tell how near predictions come)"
        )

    @cached_property
    def calibration(self) -> Calibration | None:
        """What they say of predictive distributions; None of a model that gives none."""
        split = self.artifact.split
        return judge_distributions(self.artifact.scorer, split.test, split.ratings)

    def stars(self) -> dict[str, float]:
        """The figures of predicted stars by printed name."""
        return {"RMSE": self.rmse, "MAE": self.mae, "Accuracy": self.accuracy}

    def held_out(self, k: int) -> dict[str, float]:
        """The figures of lists of k among a user's own test items by printed name.

        Raises: ConfigError: see `require_list_size`.
        """
        require_list_size(k)
        at = k - 1
        return {
            f"Held-out Precision@{k}": float(self.curves.precision[at]),
            f"Held-out Recall@{k}": float(self.curves.recall[at]),
            f"Held-out F1@{k}": float(self.curves.f1[at]),
        }

    def own_items(self, k: int) -> dict[str, float]:
        """The figures over a user's own test items by printed name, for lists of k."""
        return self.stars() | self.held_out(k)

    def groups(self) -> dict[str, dict[str, float]]:
        """Every figure by its printed name, below what it is a figure of."""
        relevance = self.relevance.in_words
        return {
            "Predicted stars": self.stars(),
            **({"Chances of every rating": self.calibration.figures()} if self.calibration else {}),
            "Held-out: rankings of a user's own test items": self.held_out(self.k),
            f"Lists of {self.k} from the whole catalogue; relevant: {relevance}": (
                self.catalogue.figures()
            ),
        }

    def figures(self) -> dict[str, float]:
        """Every figure by its printed name."""
        return {name: value for group in self.groups().values() for name, value in group.items()}

    def __repr__(self) -> str:
        groups = self.groups().items()
        tables = [f"{heading}\n{as_text(_columns(figures))}" for heading, figures in groups]
        return "\n\n".join([*self._introduction(), *tables])

    def _repr_html_(self) -> str:
        groups = self.groups().items()
        tables = [
            as_paragraphs([heading]) + as_html(_columns(figures)) for heading, figures in groups
        ]
        return as_paragraphs(self._introduction()) + "".join(tables)

    def _introduction(self) -> list[str]:
        return [*([self.about_final] if self.about_final else []), self.heading]


def _columns(figures: dict[str, float]) -> list[Column]:
    cells = [figure(value) for value in figures.values()]
    return [Column("figure", list(figures), is_number=False), Column("value", cells)]


def require_list_size(k: int) -> None:
    """Refuse lists of a length for which there are no figures.

    Raises: ConfigError: it is no whole number from 1 to MAX_K.
    """
    Whole(help="Length of lists", most=MAX_K).check("k", k)


def evaluate(
    artifact: Artifact,
    *,
    k: int = LIST_SIZE,
    relevance: Relevance = ABOVE_MEAN,
    on_progress: Progress | None = None,
    make_lists: MakeLists | None = None,
) -> Report:
    """Judge a model on the test rows of its own split.

    A final model has seen them: they judge what it was before it was trained on all rows, and the
    report says so.

    Args:
        artifact: the model.
        k: list size of the catalogue figures.
        relevance: which test ratings a good list from the catalogue would hold.
        on_progress: told of the users done, and of all, once these are asked for.
        make_lists: user rows and a length to lists of item rows, where they are made elsewhere.
    Raises: ConfigError: more stars are asked of a relevant rating than the scale has, or a list
        size that `require_list_size` refuses.
    """
    require_list_size(k)
    about_final, artifact = artifact.about_final, artifact.before_final()
    test = artifact.split.test
    relevance.require_reachable(test.scale.highest)
    told = judge_stars(artifact.scorer, test, artifact.split.ratings, MAX_K)
    return Report(
        artifact=artifact,
        n_rows=len(test),
        rmse=told.rmse,
        mae=told.mae,
        accuracy=told.accuracy,
        curves=told.sums.curves(),
        k=k,
        relevance=relevance,
        squared_errors=told.squared_errors,
        n_rows_of_user=counts_of(test.user_rows, test.n_users),
        on_progress=on_progress,
        about_final=about_final,
        make_lists=make_lists,
    )
