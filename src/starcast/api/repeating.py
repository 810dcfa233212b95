"""Models on many splits, from Python."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from starcast import models as registry
from starcast.data.load import divide
from starcast.data.movielens.catalog import data_dir_of
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.errors import ConfigError
from starcast.evaluation.metrics import Relevance
from starcast.evaluation.repeats import CellFigures, Contestant, Repeated, Times, by_test, run_cell
from starcast.recommend import Recommender


def repeat(
    ratings: Ratings,
    models: Sequence[str | Recommender],
    times: str | int = "5",
    *,
    scheme: str | None = None,
    test: float | None = None,
    validation: float | None = None,
    split_seed: int = 42,
    seed: int = 42,
    refit: bool = False,
    k: int = 10,
    relevant: str = "above-mean",
    data_dir: str | Path | None = None,
) -> Repeated:
    """Train and judge models on many splits, by many seeds; no model is kept.

    What was done is lost if it is interrupted; `starcast compare --repeat` keeps it.

    Args:
        ratings: the data set.
        models: names, with their default settings, and trained models, for their settings alone.
        times: as many splits, or "5x3" for as many training seeds on each.
        scheme, test, validation: as for `split`.
        split_seed, seed: the first of the splits and of the trainings; both count up.
        refit: of the models that are named.
        k, relevant: as for `evaluate`.
        data_dir: as for `split`.
    Raises: ConfigError: no models, no such number of repeats, or splits that would be the same.
    """
    if not models:
        raise ConfigError("name a model to repeat")
    has_given = ratings.given_test is not None
    plan = SplitPlan.parse(scheme, has_given=has_given, test=test, validation=validation)
    cells = list(Times.parse(str(times)).cells(replace(plan, seed=split_seed), seed))
    contestants = [_contestant(model, refit=refit) for model in models]
    judge, found = by_test(k, Relevance.parse(relevant)), list[CellFigures]()
    for cell in cells:
        split = divide(cell.plan, ratings, data_dir_of(data_dir))
        figures = run_cell(split, contestants, cell.seed, judge)
        n_train, _, n_test = split.counts
        found.append(
            CellFigures(cell.number, split.scheme, split.fingerprint, cell.seed, n_test / n_train,
                        figures)
        )  # fmt: skip
    return Repeated(repr(ratings), tuple(found))


def _contestant(model: str | Recommender, *, refit: bool) -> Contestant:
    if isinstance(model, str):
        return Contestant(model, registry.find(model).settings(), refit)
    return Contestant.of(model.artifact)
