"""Models in service, judged by what people did with the lists that they were shown.

A rating is a *hit* of a list that had its item when the rating came, no longer after the list than
`within`; of several such lists the latest has it. Whoever rated at random, or was shown nothing,
hits nothing. People are assigned to models, hence they are what is drawn: a figure is a mean over
people, and where most people met one model alone, models are compared by two samples; where most
met them all, in pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.display import Column, figure, printable
from starcast.errors import DataError
from starcast.evaluation.comparison.verdict import Contestant, Verdict
from starcast.evaluation.metrics import LISTS, Bootstrap, bootstrap_apart, bootstrap_means

if TYPE_CHECKING:
    import polars as pl

DAY = 86_400  # seconds
WITHIN = 30 * DAY
FEWEST = 30  # people of each model, below which no difference is tested
FIGURES = ("hits", "liked hits", "ratings")
Doubles = NDArray[np.float64]


@final
class LiveModel(NamedTuple):
    """What people did with the lists of a model.

    Attributes:
        name: of the model as the service knows it.
        n_people, n_lists, n_ratings, n_hits: people who were shown a list, lists, ratings that
            these people gave since and before another model's list, and hits.
        hit_stars: mean stars of hits; NaN without any.
        by_person: float64 (3, n_people), their `FIGURES`. A hit is liked at or above the mean of
            the person's ratings.
    """

    name: str
    n_people: int
    n_lists: int
    n_ratings: int
    n_hits: int
    hit_stars: float
    by_person: Doubles


@final
@dataclass(frozen=True, eq=False)
class LiveComparison:
    """Models in service beside each other.

    Attributes:
        models: of those who are compared; most hits per person first.
        paired: whether everybody who counts met every model.
        n_left_out: people who do not count, since they met some models but not one, or not all.
        tests: of each of `FIGURES`, intervals and tests in the order of the models; empty where
            there are too few people.
    """

    models: tuple[LiveModel, ...]
    paired: bool
    n_left_out: int
    tests: tuple[Bootstrap, ...]

    def columns(self) -> list[Column]:
        """The figures as a table, a row for each model."""
        models = self.models
        counts = ("people", "lists", "ratings", "hits")
        return [
            Column("model", [printable(one.name) for one in models], is_number=False),
            *(
                Column(name, [f"{getattr(one, f'n_{name}'):,}" for one in models])
                for name in counts
            ),
            Column("hits per person", self._per_person(0)),
            Column("liked hits per person", self._per_person(1)),
            Column("stars of hits", [figure(one.hit_stars) for one in models]),
        ]

    def sentences(self) -> list[str]:
        """Which differences are real, and on whom that stands."""
        if len(self.models) < 2:
            return [f"{printable(self.models[0].name)} alone was shown: nothing to compare it with"]
        if not self.tests:
            return [f"a model has fewer than {FEWEST} people: too few to tell a difference"]
        told = [
            "each person met every model: compared in pairs"
            if self.paired
            else "each model has people of its own: compared by two samples"
        ]
        if self.n_left_out:
            told[0] += f"; {self.n_left_out:,} who met some models, not one or all, are left out"
        for n in (0, 1):
            told.append(f"by {FIGURES[n]} per person:")
            told += [f"  {pair.verdict}" for pair in self._verdict(n).pairs()]
        return told

    def figures(self) -> dict[str, Any]:
        """All of it as plain numbers, for programs."""
        return {
            "paired": self.paired,
            "left_out": self.n_left_out,
            "models": [
                {"model": one.name, "people": one.n_people, "lists": one.n_lists,
                 "ratings": one.n_ratings, "hits": one.n_hits,
                 "stars of hits": None if math.isnan(one.hit_stars) else one.hit_stars,
                 **{f"{name} per person": float(one.by_person[n].mean())
                    for n, name in enumerate(FIGURES)}}
                for one in self.models
            ],
            "p_values": {name: one.p_value.tolist()
                         for name, one in zip(FIGURES, self.tests, strict=False)},
        }  # fmt: skip

    def _per_person(self, n: int) -> list[str]:
        """Means of a figure over people, with intervals where there are any."""
        means = [figure(one.by_person[n].mean()) for one in self.models]
        if not self.tests:
            return means
        ends = zip(means, self.tests[n].low, self.tests[n].high, strict=True)
        return [f"{mean} ({low:.3f}–{high:.3f})" for mean, low, high in ends]

    def _verdict(self, n: int) -> Verdict:
        contestants = tuple(
            Contestant(printable(one.name), float(one.by_person[n].mean()), False, False, LISTS)
            for one in self.models
        )
        metric = f"{FIGURES[n]} per person"
        return Verdict(objective=LISTS, metric=metric, contestants=contestants, tests=self.tests[n])


def compare_live(
    shown: "pl.DataFrame", rated: "pl.DataFrame", within: int = WITHIN
) -> LiveComparison:
    """Compare models by what was shown and what was rated.

    Args:
        shown: a row for each list: user, model, shown_at (int64, seconds) and items (a list).
        rated: a row for each rating: user, item, stars and rated_at (int64, seconds).
        within: seconds after a list in which a rating of one of its items is a hit.
    Raises: DataError: nothing was shown.
    """
    import polars as pl

    if shown.is_empty():
        raise DataError("no list was shown yet: serve with --store, and wait for people")
    met = shown.group_by("user").agg(pl.col("model").unique().sort().alias("met"))
    n_models = shown["model"].n_unique()
    one, every = (met.filter(pl.col("met").list.len() == n) for n in (1, n_models))
    paired = n_models > 1 and len(every) > len(one)
    taken = every if paired else one
    acts = _acts(shown, rated, within).join(taken.select("user"), on="user")
    models = [_model(name, acts.filter(pl.col("model") == name)) for name in _names(shown)]
    models = sorted((one for one in models if one.n_people), key=_order)
    return LiveComparison(
        tuple(models), paired, len(met) - len(taken), _tests(models, paired=paired)
    )


def _names(shown: "pl.DataFrame") -> list[str]:
    return shown["model"].unique().sort().to_list()


def _order(model: LiveModel) -> tuple[float, str]:
    return -model.n_hits / model.n_people, model.name


def _acts(shown: "pl.DataFrame", rated: "pl.DataFrame", within: int) -> "pl.DataFrame":
    """A row for each person and model: lists, ratings, hits, liked hits, and Σ stars of hits."""
    import polars as pl

    key = ["user", "model"]
    lists = shown.group_by(key).agg(pl.len().alias("lists"))
    means = rated.group_by("user").agg(pl.col("stars").mean().alias("mean"))
    hits = (
        _hits(shown, rated, within)
        .join(means, on="user")
        .group_by(key)
        .agg(
            pl.len().alias("hits"),
            (pl.col("stars") >= pl.col("mean")).sum().alias("liked hits"),
            pl.col("stars").sum().alias("hit_stars"),
        )
    )
    latest = rated.sort("rated_at").join_asof(
        shown.sort("shown_at").select("user", "model", "shown_at"),
        left_on="rated_at", right_on="shown_at", by="user", check_sortedness=False,
    )  # fmt: skip
    ratings = latest.drop_nulls("model").group_by(key).agg(pl.len().alias("ratings"))
    return (
        lists.join(ratings, on=key, how="left")
        .join(hits, on=key, how="left")
        .fill_null(0)
        .sort("user")
    )


def _hits(shown: "pl.DataFrame", rated: "pl.DataFrame", within: int) -> "pl.DataFrame":
    """Each rating of something that was shown before, once, with the model of the latest list."""
    import polars as pl

    items = shown.explode("items").rename({"items": "item"}).drop_nulls("item")
    since = pl.col("rated_at") - pl.col("shown_at")
    return (
        rated.join(items, on=["user", "item"])
        .filter(since.is_between(0, within))
        .sort("shown_at", "model")
        .unique(["user", "item"], keep="last", maintain_order=True)
    )


def _model(name: str, acts: "pl.DataFrame") -> LiveModel:
    n_hits = int(acts["hits"].sum())
    return LiveModel(
        name=name,
        n_people=len(acts),
        n_lists=int(acts["lists"].sum()),
        n_ratings=int(acts["ratings"].sum()),
        n_hits=n_hits,
        hit_stars=float(acts["hit_stars"].sum()) / n_hits if n_hits else np.nan,
        by_person=np.stack([acts[figure].cast(float).to_numpy() for figure in FIGURES]),
    )


def _tests(models: Sequence[LiveModel], *, paired: bool) -> tuple[Bootstrap, ...]:
    if len(models) < 2 or min(one.n_people for one in models) < FEWEST:
        return ()
    figures: list[list[Any]] = [[one.by_person[n] for one in models] for n in range(len(FIGURES))]
    if paired:
        return tuple(bootstrap_means(np.stack(by_model)) for by_model in figures)
    return tuple(bootstrap_apart(by_model) for by_model in figures)
