"""Test figures of lists over many splits: a list blend, its parts, and what they have to beat.

    python tools/lists.py --dataset ml-100k --seeds 42,43,44,45,46 --out docs/lists/ml-100k.md

On every split the parts are trained and blended, beside counting and plain EASE (Steck 2019), whose
λ is chosen on validation rows. The test rows are opened once. Differences are paired by user.
`--dataset shop` makes up a shop: see `shop.py`.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray
from one_line import run_tool
from recipes import command, parse_recipe, plans, spread, write
from rich.console import Console
from shop import shop

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.load import divide, load
from starcast.data.split import Split
from starcast.evaluation.catalogue import judge_lists
from starcast.evaluation.metrics import Relevance
from starcast.training.fit import fit
from starcast.training.list_stacking import blend_lists

PARTS = (
    "item-item-model",
    "item-item-model --interest-weight 0",
    "implicit-factor-model --interest-weight 0 --activity-exponent 0",
    "bayesian-factorization-model",
)
RELEVANT = ("above-mean", "4", "all")
EASE = "Plain EASE"
GRID = (2.0, 4.0, 8.0, 13.0, 20.0)  # λ, in units of √users
PLAIN = {  # settings with which the item-item model is EASE as published
    "interest_weight": 0.0,
    "nearness": 1e9,
    "activity_exponent": 0.0,
    "popularity_exponent": 0.0,
    "dropped_share": 0.0,
}


class Run(NamedTuple):
    """One model on one split.

    Attributes:
        title: of the model.
        seed: of the split.
        ndcg: by rule of relevance, NDCG@10.
        by_user: float64 (n_users,), NDCG@10 by the first rule; NaN where nothing is relevant.
        hit_stars, coverage: mean stars of hits, and the share of items in any list.
    """

    title: str
    seed: int
    ndcg: Mapping[str, float]
    by_user: NDArray[np.float64]
    hit_stars: float
    coverage: float


def main(
    dataset: Annotated[str, typer.Option(help="A data set by name, or 'shop'.")] = "ml-100k",
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    part: Annotated[
        list[str] | None, typer.Option(help="A model with settings of its own; repeat for more.")
    ] = None,
    split: Annotated[str, typer.Option(help="As in `starcast train`.")] = "random",
    seeds: Annotated[str, typer.Option(help="One split and one training for each.")] = "42",
    trees: Annotated[bool, typer.Option(help="Grow trees as well.")] = False,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("lists.md"),
) -> None:
    """Train, blend and judge on every split; write means, standard errors and differences."""
    recipes = [parse_recipe(text, {}) for text in part or PARTS]
    ratings = shop() if dataset == "shop" else load(dataset, data_dir, mirror=mirror)
    console, runs = Console(highlight=False), list[Run]()
    for plan in plans(split, seeds, {"test": 0.2, "validation": 0.1}):
        divided = divide(plan, ratings, data_dir)
        trained = {
            one.title: fit(
                divided,
                one.model,
                models.find(one.model).settings(**one.settings),
                seed=plan.seed,
                refit=True,
            )
            for one in recipes
        }
        for title, artifact in everything(divided, trained, plan.seed, trees=trees):
            runs.append(judged(title, artifact, plan.seed))
            console.print(f"{plan.seed}  {title}  {runs[-1].ndcg}", soft_wrap=True)
        write(page(runs, repr(ratings), sys.argv[1:]), out)
    console.print(f"\n{table(runs)}\n\nwritten to {out}", soft_wrap=True)


def everything(
    split: Split, trained: Mapping[str, Artifact], seed: int, *, trees: bool
) -> Iterator[tuple[str, Artifact]]:
    """What is judged on a split, by title: what has to be beaten, the parts, and their blends."""
    popular = models.find("most-popular")
    yield popular.title, fit(split, popular.name, seed=seed, refit=True)
    yield EASE, plain_ease(split, seed)
    yield from trained.items()
    yield "List blend", blend_lists(list(trained.values()), seed=seed)
    if trees:
        yield "List blend, trees", blend_lists(list(trained.values()), trees=True, seed=seed)


def plain_ease(split: Split, seed: int) -> Artifact:
    """EASE as published, with the λ whose lists are best on validation rows."""
    model = models.find("item-item-model")
    tried = [
        fit(split, model.name, model.settings(**PLAIN, regularization_factor=strength), seed=seed)
        for strength in GRID
    ]
    best = max(tried, key=lambda artifact: artifact.history[0]["validation"]["ndcg@10"])
    return fit(split, model.name, best.config, seed=seed, refit=True)


def judged(title: str, artifact: Artifact, seed: int) -> Run:
    """The test figures of a model."""
    found = [judge_lists(artifact, 10, Relevance.parse(rule)) for rule in RELEVANT]
    ndcg = {rule: one.ranking.ndcg for rule, one in zip(RELEVANT, found, strict=True)}
    first = found[0]
    return Run(title, seed, ndcg, first.by_user.ndcg, first.hit_stars, first.coverage)


def difference(runs: Sequence[Run], title: str, other: str = EASE) -> str:
    """Mean over splits of the paired difference; its standard error over splits, or over the users
    of a single one."""
    by_seed = {(run.title, run.seed): run.by_user for run in runs}
    seeds = list(dict.fromkeys(run.seed for run in runs))
    apart = [by_seed[title, seed] - by_seed[other, seed] for seed in seeds]
    if len(apart) > 1:
        return spread([float(np.nanmean(one)) for one in apart])
    error = np.nanstd(apart[0]) / np.sqrt(np.isfinite(apart[0]).sum())
    return f"{np.nanmean(apart[0]):+.4f} ± {error:.4f}"


def table(runs: Sequence[Run]) -> str:
    """Markdown: a row per model."""
    heads = ("at or above own mean", "≥ 4 stars", "every test item", "stars of hits", "coverage")
    lines = [
        f"| NDCG@10; relevant is | {' | '.join(heads)} | less plain EASE |",
        "|---" * (len(heads) + 2) + "|",
    ]
    for title in dict.fromkeys(run.title for run in runs):
        own = [run for run in runs if run.title == title]
        cells = [spread([run.ndcg[rule] for run in own]) for rule in RELEVANT]
        cells += [f"{fmean(run.hit_stars for run in own):.2f}"]
        cells += [f"{fmean(run.coverage for run in own):.2f}"]
        lines.append(f"| {title} | {' | '.join(cells)} | {difference(runs, title)} |")
    return "\n".join(lines)


def page(runs: Sequence[Run], data: str, arguments: Sequence[str]) -> str:
    """The whole page: what, by which command, and the table."""
    return (
        f"# Figures of lists\n\n{data}\n\n    {command('lists', arguments)}\n\n{table(runs)}\n\n"
        "Mean ± standard error over splits; of a single split the difference's over users. Every\n"
        "model was trained on training and validation rows, by choices made on validation rows.\n"
    )


if __name__ == "__main__":
    run_tool("lists", main)
