"""How good an update is, beside training anew and beside doing nothing, and how long each takes.

    python tools/updates.py --dataset ml-1m --data-dir datasets --out docs/updates.md

Ratings in order of time: all but the last train a model, a hundredth of all that come next update
it, and those after them judge. Ratings of equal time are cut by their place. Times are seconds of
the processor, both cores together, of everything but the reading of files: a busy machine slows
them less than the clock. A table goes between two marks of the page.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray
from one_line import run_tool
from rich.console import Console

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.updating import update
from starcast.data.load import load
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.data.split.growing import grow
from starcast.engines.blas import spin_briefly
from starcast.evaluation.report import evaluate
from starcast.training.fit import fit

_VALIDATION = 0.1
_MARK = "<!-- tools/updates.py: {} -->"
_HEAD = (
    "| model | trained on | doing nothing | updated | trained anew | gap closed | "
    "s to update | s to train | share |\n|---|---|---|---|---|---|---|---|---|"
)


class Cut(NamedTuple):
    """Ratings before, at and after an update.

    Attributes:
        split: those before train and validate, those after are the test.
        later: those of the update.
    """

    split: Split
    later: Ratings

    @classmethod
    def of(cls, ratings: Ratings, trained: float, updated: float, seed: int) -> "Cut":
        """By the shares of ratings that train, and that update."""
        assert ratings.timestamps is not None
        rank = np.empty(len(ratings))
        rank[np.argsort(ratings.timestamps, kind="stable")] = np.arange(len(ratings)) / len(ratings)
        is_later = (rank >= trained) & (rank < trained + updated)
        rest = _encoded(ratings, ~is_later)
        rank = rank[~is_later]
        parts = np.where(rank >= trained, TEST, TRAIN).astype(np.uint8)
        known = np.flatnonzero(parts == TRAIN)
        chosen = np.random.default_rng(seed).permutation(known)[: round(_VALIDATION * len(known))]
        parts[chosen] = VALIDATION
        return cls(Split(rest, parts, f"oldest {trained:.0%}"), _encoded(ratings, is_later))


class Figures(NamedTuple):
    """Of one model: RMSE, NDCG@10, and processor seconds that it took."""

    rmse: float
    ndcg: float
    seconds: float


class Trial(NamedTuple):
    """What became of one model at one cut."""

    title: str
    trained: float
    nothing: Figures
    updated: Figures
    anew: Figures

    @classmethod
    def mean_of(cls, trials: "Sequence[Trial]") -> "Trial":
        """The means of all figures, over seeds."""
        by_kind = zip(*((one.nothing, one.updated, one.anew) for one in trials), strict=True)
        figures = (Figures(*np.mean(kind, axis=0).tolist()) for kind in by_kind)
        return cls(trials[0].title, trials[0].trained, *figures)


def _encoded(ratings: Ratings, mask: NDArray[np.bool_]) -> Ratings:
    """Some rows over vocabularies of their own, which keep their order."""
    rows = ratings.take(mask)
    titles = dict(zip(ratings.items.ids.tolist(), ratings.titles.tolist(), strict=True))
    users, items = rows.users.ids[rows.user_rows], rows.items.ids[rows.item_rows]
    return Ratings.from_columns(
        users, items, rows.stars, rows.timestamps, titles=titles, scale=rows.scale, name=rows.name
    )


def _figures(artifact: Artifact, seconds: float) -> Figures:
    report = evaluate(artifact)
    return Figures(report.rmse, report.catalogue.ranking.ndcg, seconds)


def trial(cut: Cut, name: str, trained: float, seed: int, updates: int = 3) -> Trial:
    """Train, update and train anew; updates are timed several times, the least counts."""
    settings = models.find(name).settings()
    before = time.process_time()
    artifact = fit(cut.split, name, settings, seed=seed)
    first = time.process_time() - before
    artifact = replace(artifact, measured_residual_rmse=artifact.residual_rmse)  # as a saved one
    seconds = []
    for _ in range(updates + 1):  # the first compiles
        artifact = replace(artifact)
        cut.split.fingerprint  # noqa: B018  # likewise
        before = time.process_time()
        grown = update(artifact, cut.later).artifact
        seconds.append(time.process_time() - before)
    before = time.process_time()
    anew = fit(grow(cut.split, cut.later).split, name, settings, seed=seed)
    again = time.process_time() - before
    return Trial(
        models.find(name).title, trained, _figures(artifact, first),
        _figures(grown, min(seconds[1:])), _figures(anew, again),
    )  # fmt: skip


def _line(one: Trial) -> str:
    def gap(metric: str) -> str:
        nothing, updated, anew = (
            getattr(each, metric) for each in (one.nothing, one.updated, one.anew)
        )
        return f"{(updated - nothing) / (anew - nothing):.0%}"

    def both(each: Figures) -> str:
        return f"{each.rmse:.4f}, {each.ndcg:.4f}"

    update_s, anew_s = one.updated.seconds, one.anew.seconds
    return (
        f"| {one.title} | {one.trained:.0%} | {both(one.nothing)} | {both(one.updated)} | "
        f"{both(one.anew)} | {gap('rmse')}, {gap('ndcg')} | {update_s:.2f} | {anew_s:.1f} | "
        f"1/{anew_s / update_s:.0f} |"
    )


def placed(page: str, name: str, table: str) -> str:
    """The page with a table between the marks of that name."""
    start, end = _MARK.format(name), _MARK.format(f"end of {name}")
    before, found, rest = page.partition(start)
    if not found or end not in rest:
        raise SystemExit(f"updates.py: the page has no place for {name}: {start} … {end}")
    return f"{before}{start}\n{table}\n{end}{rest.partition(end)[2]}"


def _trials(
    ratings: Ratings, names: list[str], cuts: list[float], share: float, n_seeds: int
) -> Iterator[Trial]:
    for name in names:
        for n, trained in enumerate(cuts):
            seeds = range(n, n + n_seeds * len(cuts), len(cuts))
            yield Trial.mean_of(
                [
                    trial(Cut.of(ratings, trained, share, one), name, trained, one + 1)
                    for one in seeds
                ]
            )


def main(
    dataset: Annotated[str, typer.Option(help="With times.")] = "ml-1m",
    data_dir: Annotated[Path, typer.Option()] = Path("datasets"),
    model: Annotated[list[str], typer.Option(help="Repeat for more.")] = [  # noqa: B006
        "latent-factor-model",
        "item-item-model",
        "bayesian-factorization-model",
        "deep-neural-network-model",
    ],
    cut: Annotated[list[float], typer.Option(help="Share of ratings that trains.")] = [  # noqa: B006
        0.85,
        0.9,
        0.95,
    ],
    share: Annotated[float, typer.Option(help="Of all ratings, that updates.")] = 0.01,
    seeds: Annotated[
        int, typer.Option(min=1, help="Of training and of validation rows; figures are means.")
    ] = 1,
    out: Annotated[Path | None, typer.Option(help="A page with a place for the table.")] = None,
) -> None:
    """Measure, and print a table."""
    spin_briefly()
    console, lines = Console(soft_wrap=True), [_HEAD]
    for one in _trials(load(dataset, data_dir), model, cut, share, seeds):
        lines.append(_line(one))
        console.print(lines[-1], highlight=False, markup=False)
    if out:
        page = out.read_text(encoding="utf-8")
        out.write_text(placed(page, dataset, "\n".join(lines)), encoding="utf-8")


if __name__ == "__main__":
    run_tool("updates.py", main)
