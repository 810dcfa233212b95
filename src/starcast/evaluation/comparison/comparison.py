"""Comparison: several models on the same test rows, by their stars and by their lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, final

import numpy as np

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.display import Column, as_html, as_paragraphs, as_text
from starcast.errors import ConfigError
from starcast.evaluation import metrics
from starcast.evaluation.charts.style import Shown
from starcast.evaluation.charts.training_run import drawn
from starcast.evaluation.comparison import charts
from starcast.evaluation.comparison.later_ratings import about_updates
from starcast.evaluation.comparison.names import names_of
from starcast.evaluation.comparison.results_table import lists_columns, stars_columns
from starcast.evaluation.comparison.verdict import LEVEL, Contestant, Verdict
from starcast.evaluation.metrics import LISTS, STARS, Relevance
from starcast.evaluation.report import Report
from starcast.evaluation.tiers import in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEWEST_LINES = 15  # of pairs, that are all said without being asked for


@final
@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparison:
    """Several models judged on the very same test rows, by RMSE and by the NDCG of their lists.

    Attributes:
        reports: one per model, in the order they were given.
        names: one per model, no two alike.
        stars, lists: what each objective says of them, in the order of `reports`.
        n_draws, seed: of the bootstraps.
        failed: by title, why models that were to be compared are not among them.
    """

    reports: tuple[Report, ...]
    names: tuple[str, ...]
    stars: Verdict
    lists: Verdict
    n_draws: int
    seed: int
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdicts(self) -> tuple[Verdict, Verdict]:
        """By stars, and by lists."""
        return self.stars, self.lists

    @property
    def k(self) -> int:
        """Length of the lists."""
        return self.reports[0].k

    @property
    def relevance(self) -> Relevance:
        """Which test ratings a good list would hold."""
        return self.reports[0].relevance

    def sentences(self, *, all_pairs: bool = False) -> list[str]:
        """What both verdicts say: the best, who beats no baseline, who is served worst, and pairs.

        Args:
            all_pairs: every pair; else those of the best model alone, if there are many.
        """
        said: list[str] = []
        for verdict in self.verdicts:
            pairs, best = verdict.pairs(), verdict.ranked()[0]
            if not all_pairs and len(pairs) > _FEWEST_LINES:
                pairs = tuple(pair for pair in pairs if best in (pair.better, pair.worse))
            remarks = [remark.sentence for remark in verdict.against_baselines().values()]
            served = [line for line in [self.served(verdict)] if line]
            said.append(verdict.sentence())
            said += [f"  {line}" for line in [*remarks, *served, *(one.verdict for one in pairs)]]
        return said

    def served(self, verdict: Verdict) -> str:
        """Which users the best model of a verdict serves worst; "" where they are alike."""
        best, lower = verdict.ranked()[0], verdict.objective.lower_is_better
        words = in_words(self.reports[best].user_tiers, verdict.metric, lower_is_better=lower)
        return f"{self.names[best]} {words}" if words else ""

    def tables(self) -> tuple[list[Column], list[Column]]:
        """Columns of the table of stars, and of the table of lists."""
        return stars_columns(self.stars, self.reports), lists_columns(self.lists, self.reports)

    def headings(self) -> tuple[str, str]:
        """Of the two tables."""
        lists = f"Lists of {self.k} from the whole catalogue; relevant: {self.relevance.in_words}"
        return "Predicted stars", lists

    def notes(self) -> list[str]:
        """What to know when reading the tables."""
        first = self.reports[0]
        said = [f"{title} failed: {why}." for title, why in self.failed.items()]
        lists = first.catalogue
        said += filter(None, (first.about_accuracy, lists.about_sample, lists.about_strangers))
        artifacts = [one.artifact for one in self.reports]
        told = zip(self.names, map(drawn, artifacts), strict=True)
        means = "; ".join(f"{name} {share}" for name, share in told if share)
        said += about_updates(self.names, [one.split for one in artifacts])
        return said + ([f"Drawn to the means: {means}."] if means else [])

    @property
    def shown(self) -> Shown:
        """What charts show of it."""
        return Shown(self.names, tuple(one.artifact for one in self.reports))

    def plot(self, chart: str = charts.BOTH) -> "Figure":
        """A chart of it, as a figure of Matplotlib, which a notebook shows.

        Args:
            chart: "rmse-and-ndcg"; "ndcg" or "catalogue-recall" over the length of lists; "rmse" or
                "validation-ndcg" over epochs, where there are any; "held-out-precision",
                "held-out-recall" or "held-out-f1".
        Raises: UnknownNameError: it has no such chart.
        """
        return charts.plot(self, chart)

    def __repr__(self) -> str:
        headed = zip(self.headings(), self.tables(), strict=True)
        tables = [f"{heading}\n{as_text(table)}\n" for heading, table in headed]
        return "\n".join([*tables, *self.notes(), *self.sentences()])

    def _repr_html_(self) -> str:
        headed = zip(self.headings(), self.tables(), strict=True)
        tables = [as_paragraphs([heading]) + as_html(table) for heading, table in headed]
        return "".join(tables) + as_paragraphs([*self.notes(), *self.sentences()])


def compare(
    reports: Sequence[Report],
    *,
    n_draws: int = 2000,
    seed: int = 0,
    failed: Mapping[str, str] = MappingProxyType({}),
) -> Comparison:
    """Judge models against each other by paired bootstraps over the users of their test rows.

    Args:
        reports: two or more, of models of one split, with one list size and rule of relevance.
        n_draws: bootstrap draws.
        seed: of the draws.
        failed: by title, why others that were asked for are not among them.
    Raises:
        ConfigError: fewer than two models or two users, different list sizes or rules, or too few
            draws for any difference to be called real.
        SplitMismatchError: a model was trained on another split.
    Source: `metrics.bootstrap_rmse`, `metrics.bootstrap_means`. Deviations: none.
    """
    reports = tuple(reports)
    _check(reports, n_draws)
    names = names_of([report.artifact for report in reports])
    return Comparison(
        reports=reports,
        names=names,
        stars=_by_stars(reports, names, n_draws, seed),
        lists=_by_lists(reports, names, n_draws, seed),
        n_draws=n_draws,
        seed=seed,
        failed=dict(failed),
    )


def draws_for(n_models: int) -> int:
    """Bootstrap draws that leave room for Holm's factor over all pairs; 2000 for usual numbers."""
    return max(2000, 200 * (n_models * (n_models - 1) // 2))


def _by_stars(
    reports: tuple[Report, ...], names: tuple[str, ...], n_draws: int, seed: int
) -> Verdict:
    n_users = min(len(one.squared_errors) for one in reports)  # later ones have no test rows
    sums = np.vstack([one.squared_errors[:n_users] for one in reports])
    return Verdict(
        objective=STARS,
        metric="RMSE",
        contestants=_contestants(reports, names, [report.rmse for report in reports]),
        tests=metrics.bootstrap_rmse(sums, reports[0].n_rows_of_user[:n_users], n_draws, seed),
    )


def _by_lists(
    reports: tuple[Report, ...], names: tuple[str, ...], n_draws: int, seed: int
) -> Verdict:
    ndcg = np.vstack([report.catalogue.by_user.ndcg for report in reports])
    taking_part = np.isfinite(ndcg[0])  # users with a relevant item, the same for every model
    if np.count_nonzero(taking_part) < 2:
        raise ConfigError(
            f"{reports[0].artifact.split.ratings.name} has relevant test ratings of one user "
            f"({reports[0].relevance.in_words}); a comparison needs at least two users"
        )
    means = [report.catalogue.ranking.ndcg for report in reports]
    return Verdict(
        objective=LISTS,
        metric=f"NDCG@{reports[0].k}",
        contestants=_contestants(reports, names, means),
        tests=metrics.bootstrap_means(ndcg[:, taking_part], n_draws, seed),
    )


def _contestants(
    reports: tuple[Report, ...], names: tuple[str, ...], figures: Sequence[float]
) -> tuple[Contestant, ...]:
    found = zip(reports, names, figures, strict=True)
    return tuple(_contestant(report.artifact, name, figure) for report, name, figure in found)


def _contestant(artifact: Artifact, name: str, figure: float) -> Contestant:
    model = models.find(artifact.model)
    return Contestant(name, figure, bool(artifact.leak), model.is_baseline, model.objective)


def _check(reports: tuple[Report, ...], n_draws: int) -> None:
    if len(reports) < 2:
        raise ConfigError(f"a comparison needs at least two models, got {len(reports)}")
    first = reports[0]
    for report in reports[1:]:
        report.artifact.require_test_of(
            first.artifact.split, f"compare it with {first.artifact.model}"
        )
    list_sizes = sorted({report.k for report in reports})
    if len(list_sizes) > 1:
        raise ConfigError(f"reports with list sizes {list_sizes} cannot be compared; use one k")
    rules = list(dict.fromkeys(str(report.relevance) for report in reports))
    if len(rules) > 1:
        raise ConfigError(f"reports of what is relevant by {' and by '.join(rules)}; use one rule")
    n_users = int(np.count_nonzero(first.n_rows_of_user))
    if n_users < 2:
        raise ConfigError(
            f"{first.artifact.split.ratings.name} has test ratings of {n_users} user; "
            "a comparison needs at least two, and means little below thirty"
        )
    n_pairs = len(reports) * (len(reports) - 1) // 2
    if 2 * n_pairs >= LEVEL * (1 + n_draws):
        raise ConfigError(
            f"{n_draws} draws cannot tell {n_pairs} pairs of models apart; "
            f"use at least {draws_for(len(reports))}"
        )
