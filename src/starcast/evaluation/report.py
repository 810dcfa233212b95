"""Evaluate: a trained model on the held-out rows of its split, opened here and nowhere else."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.display import Column, as_html, as_paragraphs, as_text, figure
from starcast.engines.protocol import score_ratings
from starcast.evaluation import metrics
from starcast.evaluation.metrics import HeldOutCurves, RankingMetrics
from starcast.recommend import Recommender
from starcast.scoring.blocks import Progress

MAX_K = 100


@final
@dataclass(frozen=True, slots=True)
class Catalogue:
    """How good top-k lists from the whole catalogue are.

    Attributes:
        ranking: against the held-out items rated at or above the user's mean.
        coverage: share of the catalogue in at least one list.
        novelty: mean self-information of the listed items, bits.
    """

    ranking: RankingMetrics
    coverage: float
    novelty: float


@final
@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Report:
    """What held-out rows say of one model.

    Attributes:
        artifact: the model.
        n_rows: held-out ratings.
        rmse, mae: stars, of predictions clipped to the scale.
        accuracy: share of predictions that round to the exact rating.
        curves: precision, recall and F1 over a user's own test items, for list sizes 1 to 100.
        k: list size of the catalogue figures.
        squared_errors: float64 (n_users,), Σ of squared errors over each user's rows.
        n_rows_of_user: int64 (n_users,).
        on_progress: told of the users done, and of all, while the catalogue figures are made.
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
    on_progress: Progress | None = None

    @cached_property
    def catalogue(self) -> Catalogue:
        """Figures of top-k lists, made when first asked for: they need every score."""
        test, train = self.artifact.split.test, self.artifact.split.train
        relevant = test.take(metrics.at_or_above_mean(test.user_rows, test.stars))
        users, first = np.unique(relevant.user_rows, return_index=True)
        lists = Recommender(self.artifact).top_rows(users, self.k, on_progress=self.on_progress)
        n_raters = np.bincount(train.item_rows, minlength=train.n_items)
        return Catalogue(
            metrics.ranking_at_k(lists, np.append(first, len(relevant)), relevant.item_rows),
            metrics.coverage(lists, train.n_items),
            metrics.novelty(lists, n_raters, len(np.unique(train.user_rows))),
        )

    def own_items(self, k: int) -> dict[str, float]:
        """The figures over a user's own test items by printed name, for lists of k."""
        at = k - 1
        return {
            "RMSE": self.rmse,
            "MAE": self.mae,
            "Accuracy": self.accuracy,
            f"Precision@{k}": float(self.curves.precision[at]),
            f"Recall@{k}": float(self.curves.recall[at]),
            f"F1@{k}": float(self.curves.f1[at]),
        }

    def figures(self) -> dict[str, float]:
        """Every figure by its printed name."""
        k, catalogue = self.k, self.catalogue
        return self.own_items(k) | {
            f"Catalogue Precision@{k}": catalogue.ranking.precision,
            f"Catalogue Recall@{k}": catalogue.ranking.recall,
            f"NDCG@{k}": catalogue.ranking.ndcg,
            f"MAP@{k}": catalogue.ranking.map,
            f"HitRate@{k}": catalogue.ranking.hit_rate,
            f"Coverage@{k}": catalogue.coverage,
            f"Novelty@{k}": catalogue.novelty,
        }

    def __repr__(self) -> str:
        return f"{self._heading()}\n{as_text(self._columns())}"

    def _repr_html_(self) -> str:
        return as_paragraphs([self._heading()]) + as_html(self._columns())

    def _heading(self) -> str:
        return f"{self.artifact.title}: {self.n_rows:,} test ratings"

    def _columns(self) -> list[Column]:
        figures = self.figures()
        cells = [figure(value) for value in figures.values()]
        return [Column("figure", list(figures), is_number=False), Column("value", cells)]


def evaluate(artifact: Artifact, *, k: int = 10, on_progress: Progress | None = None) -> Report:
    """Judge a model on the test rows of its own split.

    Args:
        artifact: the model.
        k: list size of the catalogue figures.
        on_progress: told of the users done, and of all, once these are asked for.
    """
    test = artifact.split.test
    raw = score_ratings(artifact.scorer, test)
    shown = test.scale.clip(raw)
    errors = np.square(np.subtract(shown, test.stars, dtype=np.float64))
    return Report(
        artifact=artifact,
        n_rows=len(test),
        rmse=metrics.rmse(test.stars, shown),
        mae=metrics.mae(test.stars, shown),
        accuracy=metrics.accuracy(test.stars, test.scale.nearest(shown)),
        curves=metrics.held_out_curves(test.user_rows, test.stars, raw, MAX_K),
        k=k,
        squared_errors=np.bincount(test.user_rows, errors, test.n_users).astype(np.float64),
        n_rows_of_user=np.bincount(test.user_rows, minlength=test.n_users),
        on_progress=on_progress,
    )
