"""Whether any model is really worse than the means: sets, splits and seeds, kinds of pairs apart.

    python tools/against_means.py --set ml-100k --set restaurants=ratings.csv

Every model that `starcast compare` trains for stars is trained with its defaults, all choices on
validation rows, and its test rows are opened once. A run is a set, a split and a seed; what it
found stands in a file of --kept, so that a run that was interrupted, or is to have more seeds, goes
on. Differences are tested in pairs, by a bootstrap over users in which all seeds of a user go
together; p-values are Holm's over the models of a set, a split and a kind of pairs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray
from recipes import write
from rich.console import Console

import starcast as sc
from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.engines.protocol import score_ratings, seen_rows
from starcast.errors import StarcastError
from starcast.evaluation.metrics import STARS, bootstrap_rmse
from starcast.scoring.shrinkage import kinds
from starcast.training.plan import Recipe, train_all

MEANS = "means"
PAIRS = {"all": [0, 1, 2, 3], "known": [0], "new users": [1, 3], "new items": [2, 3]}
LEAST = 30  # rows of a kind, below which nothing is said of it
DRAWS = 2000

_HEAD = """# Beside the means

Every model that `starcast compare` trains for stars, with its defaults, beside the means. Made by
`python tools/against_means.py --set NAME --set NAME=FILE`, at low priority on two cores.

RMSE in stars over the test rows of all seeds; p-values of a bootstrap over users, in which all
seeds of a user go together, by Holm over the models of a group. New are users and items without a
training rating. A model is *worse* where its RMSE is higher and p below 0.05.
"""

Doubles = NDArray[np.float64]


class Found(NamedTuple):
    """What a run found.

    Attributes:
        names: of the models, the means first.
        errors: float64 (n_models, 4, n_users), Σ squared errors of each user's rows of each kind.
        n_rows: int64 (4, n_users).
    """

    names: tuple[str, ...]
    errors: Doubles
    n_rows: NDArray[np.int64]


class Line(NamedTuple):
    """A model beside the means, on rows of a kind: RMSE of both over all seeds, and a test."""

    pairs: str
    model: str
    n_rows: int
    means: float
    rmse: float
    p_value: float

    @property
    def verdict(self) -> str:
        """In a word."""
        if self.p_value >= 0.05:
            return "no real difference"
        return "**worse**" if self.rmse > self.means else "better"


def main(
    sets: Annotated[list[str], typer.Option("--set", help="A set by name, or NAME=FILE.")],
    splits: Annotated[str, typer.Option(help="With commas; those that need times only where "
                                             "there are.")] = "random,user-latest,time",
    seeds: Annotated[str, typer.Option(help="With commas.")] = "1,2,3,4,5",
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    kept: Annotated[Path, typer.Option(help="Where runs are kept.")] = Path("build/against-means"),
    out: Annotated[Path, typer.Option(help="The page.")] = Path("build/against-means.md"),
) -> None:  # fmt: skip
    """Train every model on every split, and write what all kept runs say."""
    kept.mkdir(parents=True, exist_ok=True)
    console = Console()
    try:
        for one in sets:
            name, _, source = one.partition("=")
            ratings = sc.load(source) if source else sc.load(name, data_dir=data_dir, mirror=mirror)
            for scheme, seed in product(splits.split(","), map(int, seeds.split(","))):
                place = kept / f"{name}-{scheme}-{seed}.npz"
                if place.exists() or (ratings.timestamps is None and scheme != "random"):
                    continue
                console.print(f"{name}, {scheme}, seed {seed}")
                split = replace(SplitPlan.parse(scheme), seed=seed).divide(ratings)
                keep(run(split, seed), place)
                write(page(kept), out)
        write(page(kept), out)
    except StarcastError as error:
        raise SystemExit(f"against_means: {error}") from None


def run(split: Split, seed: int) -> Found:
    """Train all models that predict stars, and add up their errors on the test rows."""
    names = [name for name, model in models.MODELS.items() if model.objective is STARS]
    names.sort(key=lambda name: name != MEANS)
    train, test = split.train, split.test
    kind = kinds(
        seen_rows(train.user_rows, train.n_users)[test.user_rows],
        seen_rows(train.item_rows, train.n_items)[test.item_rows],
    )
    errors: dict[str, Doubles] = {}

    def judge(artifact: Artifact) -> None:
        errors[artifact.model] = _by_kind(_squared_errors(artifact, test), kind, test)

    train_all(split, {name: models.find(name).settings() for name in names}, Recipe(seed),
              trained=judge)  # fmt: skip
    n_rows = _by_kind(np.ones(len(test)), kind, test).astype(np.int64)
    return Found(tuple(names), np.stack([errors[name] for name in names]), n_rows)


def _squared_errors(artifact: Artifact, test: Ratings) -> Doubles:
    shown = test.scale.clip(score_ratings(artifact.scorer, test))
    return np.square(np.subtract(shown, test.stars, dtype=np.float64))


def _by_kind(values: Doubles, kind: NDArray[np.intp], test: Ratings) -> Doubles:
    """Sums by kind and user, (4, n_users)."""
    cells = kind * test.n_users + test.user_rows
    return np.asarray(np.bincount(cells, values, 4 * test.n_users).reshape(4, -1), np.float64)


def keep(found: Found, place: Path) -> None:
    """A run to a file."""
    fresh = place.with_suffix(".part.npz")
    np.savez_compressed(
        fresh, names=np.array(found.names), errors=found.errors, n_rows=found.n_rows
    )
    fresh.replace(place)


def taken_back(place: Path) -> Found:
    """A run from its file."""
    with np.load(place) as held:
        return Found(tuple(held["names"].tolist()), held["errors"], held["n_rows"])


def lines(runs: Sequence[Found]) -> Iterator[Line]:
    """Each model beside the means, by kind of pairs, over runs on one set by one scheme."""
    names = runs[0].names
    for pairs, chosen in PAIRS.items():
        errors = np.sum([one.errors[:, chosen].sum(axis=1) for one in runs], axis=0)
        n_rows = np.sum([one.n_rows[chosen].sum(axis=0) for one in runs], axis=0)
        if n_rows.sum() < LEAST or np.count_nonzero(n_rows) < 2:
            continue
        rmse = np.sqrt(errors.sum(axis=1) / n_rows.sum())
        p_values = holm([_p_value(errors[[0, n]], n_rows) for n in range(1, len(names))])
        for n, p_value in enumerate(p_values, 1):
            yield Line(pairs, models.find(names[n]).title, int(n_rows.sum()), float(rmse[0]),
                       float(rmse[n]), p_value)  # fmt: skip


def _p_value(errors: Doubles, n_rows: NDArray[np.int64]) -> float:
    return float(bootstrap_rmse(errors, n_rows, DRAWS).p_value[0, 1])


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted for as many tests as there are.

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    adjusted, highest = dict.fromkeys(range(len(p_values)), 0.0), 0.0
    for place, n in enumerate(sorted(adjusted, key=lambda one: p_values[one])):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[n]))
        adjusted[n] = highest
    return [round(adjusted[n], 10) for n in range(len(p_values))]


def page(kept: Path) -> str:
    """All kept runs as a page."""
    groups: dict[str, list[Path]] = {}
    for place in sorted(kept.glob("*-[0-9]*.npz")):
        groups.setdefault(place.stem.rpartition("-")[0], []).append(place)
    told = [_HEAD]
    for name, places in groups.items():
        found = list(lines([taken_back(place) for place in places]))
        told += [f"\n## {name}, {len(places)} seed{'s' * (len(places) > 1)}\n", *_table(found)]
    return "\n".join(told) + "\n"


def _table(found: Sequence[Line]) -> list[str]:
    rows = [
        f"| {line.pairs} | {line.n_rows:,} | {line.model} | {line.means:.4f} | {line.rmse:.4f} | "
        f"{line.rmse - line.means:+.4f} | {line.p_value:.3f} | {line.verdict} |"
        for line in found
    ]
    heads = "| pairs | test rows | model | means | RMSE | difference | p | |"
    return [heads, "|---|---:|---|---:|---:|---:|---:|---|", *rows]


if __name__ == "__main__":
    typer.run(main)
