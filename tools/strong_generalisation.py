"""Lists for people no model has seen: strong generalisation, after Liang et al. 2018.

    .venv-bench/bin/python tools/strong_generalisation.py --data-dir datasets

Whoever is held out is known by four fifths of what they liked and judged by the rest. Settings are
those whose lists are best for validation users; the test users are looked at once, by the winner of
each contestant. The autoencoders need PyTorch, as in the environment of `make bench`, and the best
part of an hour; `--only` trains some contestants, and the page is made of all that were trained.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
import typer
from held_out_users import FIGURES, HeldOut, Task, figures_of
from lists import PLAIN
from numpy.typing import NDArray
from one_line import run_tool
from recipes import write
from rich.console import Console

from starcast import models
from starcast.data.load import load
from starcast.data.ratings import Ratings
from starcast.engines.rows import SparseRows
from starcast.errors import require_name

SEED, SHARE = 42, 0.1  # of the users, and the share of them that validates, and again that tests
Scores = NDArray[np.float32]
Score = Callable[[Ratings], Scores]
console = Console(highlight=False)


class Trial(NamedTuple):
    """A trained contestant.

    Attributes:
        words: its settings, or how long it was trained.
        score: float32 (n_users, n_items) of people known by ratings.
    """

    words: str
    score: Score


class Found(NamedTuple):
    """The winner of a contestant's trials.

    Attributes:
        words: of the trial.
        validation: its figures, means over validation users.
        test: float64 (n, 3), its figures for each test user.
        seconds: that all trials took, on a machine that others used.
    """

    words: str
    validation: NDArray[np.float64]
    test: NDArray[np.float64]
    seconds: float

    def keep(self, path: Path) -> None:
        """Write it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **self._asdict())

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `keep` wrote."""
        with np.load(path) as kept:
            return cls(str(kept["words"]), kept["validation"], kept["test"], float(kept["seconds"]))


def main(
    dataset: Annotated[str, typer.Option(help="A data set by name.")] = "ml-1m",
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    only: Annotated[str, typer.Option(help="Contestants with commas; all if not given.")] = "",
    results: Annotated[Path, typer.Option(help="What was found, kept.")] = Path(
        "build/strong-generalisation"
    ),
    out: Annotated[Path, typer.Option(help="The page.")] = Path("docs/strong-generalisation.md"),
) -> None:
    """Train and judge contestants, and write the page of all that were ever judged."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        require_name("contestant", name, CONTESTANTS)
    ratings = load(dataset, data_dir, mirror=mirror)
    task = Task.of(ratings, SHARE, SEED)
    for name in names or CONTESTANTS:
        winner(name, task).keep(results / f"{name}.npz")
    paths = {name: results / f"{name}.npz" for name in CONTESTANTS}
    kept = {name: Found.read(path) for name, path in paths.items() if path.exists()}
    write(page(task, kept, repr(ratings)), out)
    console.print(f"\n{table(kept)}\n\nwritten to {out}", soft_wrap=True)


def winner(name: str, task: Task) -> Found:
    """The best trial, judged on test users."""
    started = time.monotonic()
    trial = best(name, task)
    seconds = time.monotonic() - started
    validation, test = (
        figures_of(trial.score(users.known), users) for users in (task.validation, task.test)
    )
    return Found(trial.words, validation.mean(axis=0), test, seconds)


@cache
def best(name: str, task: Task) -> Trial:
    """The trial whose lists are best for validation users."""
    found, chosen = -1.0, None
    for trial in CONTESTANTS[name].trials(task):
        figure = ndcg(trial.score, task.validation)
        console.print(f"{name}: {trial.words}: {figure:.4f}", soft_wrap=True)
        if figure > found:
            found, chosen = figure, trial
    assert chosen  # every contestant tries something
    return chosen


def ndcg(score: Score, users: HeldOut) -> float:
    """Mean NDCG@100."""
    return float(figures_of(score(users.known), users)[:, 0].mean())


def popular(task: Task) -> Iterator[Trial]:
    """Counting."""
    counts = np.bincount(task.train.item_rows, minlength=task.train.n_items).astype(np.float32)
    yield Trial("", lambda known: np.tile(counts, (known.n_users, 1)))


def ease(task: Task) -> Iterator[Trial]:
    """EASE as published."""
    return grid("item-item-model", task, PLAIN, {"regularization_factor": (3, 6, 9, 12, 16, 20)})


def item_item(task: Task) -> Iterator[Trial]:
    """The item-item model, knowing no more than EASE does."""
    return grid(
        "item-item-model",
        task,
        {"interest_weight": 0.0, "nearness": PLAIN["nearness"]},
        {
            "activity_exponent": (0.25, 0.5),
            "regularization_factor": (2, 4),
            "popularity_exponent": (0.3, 0.5),
            "dropped_share": (0.3, 0.5),
        },
    )


def item_item_timed(task: Task) -> Iterator[Trial]:
    """The item-item model with what else training users left: the order of their ratings."""
    return grid(
        "item-item-model",
        task,
        {"interest_weight": 0.0},
        {
            "nearness": (75, 150, 300),
            "activity_exponent": (0.25, 0.5),
            "regularization_factor": (2, 4),
            "dropped_share": (0.2, 0.4),
        },
    )


def implicit(task: Task) -> Iterator[Trial]:
    """The implicit factor model."""
    return grid(
        "implicit-factor-model",
        task,
        {"interest_weight": 0.0, "activity_exponent": 0.0, "epochs": 12, "dimension": 128},
        {
            "unobserved_weight": (0.1, 0.2, 0.4),
            "regularization_factor": (0.003, 0.006, 0.012),
        },
    )


def together(task: Task) -> Iterator[Trial]:
    """Scores of the item-item and the implicit factor model, standardised for each user."""
    parts = [best(name, task) for name in ("item-item-timed", "implicit", "item-item")]
    for weights in product((1.0,), (0.0, 0.2, 0.4, 0.6), (0.0, 0.3, 0.6)):

        def score(known: Ratings, weights: tuple[float, ...] = weights) -> Scores:
            scores = [standardised(part.score(known)) for part in parts]
            return np.asarray(sum(w * one for w, one in zip(weights, scores, strict=True)))

        yield Trial(f"1 : {weights[1]:g} : {weights[2]:g}", score)


def autoencoder(network: str) -> Callable[[Task], Iterator[Trial]]:
    """Trains one of `variational_autoencoders`."""

    def trials(task: Task) -> Iterator[Trial]:
        import torch
        import variational_autoencoders as networks

        torch.manual_seed(SEED)
        model = getattr(networks, network)(task.train.n_items)
        validate = lambda score: ndcg(score, task.validation)  # noqa: E731
        score, words = networks.train(model, networks.matrix(task.train), validate, console.print)
        yield Trial(words, score)

    return trials


class Contestant(NamedTuple):
    """Who takes part: a title for the table, and what is tried."""

    title: str
    trials: Callable[[Task], Iterator[Trial]]


CONTESTANTS: Mapping[str, Contestant] = {
    "popular": Contestant("Most popular", popular),
    "ease": Contestant("EASE (Steck 2019)", ease),
    "mult-vae": Contestant("Mult-VAE (Liang et al. 2018)", autoencoder("MultVae")),
    "rec-vae": Contestant("RecVAE (Shenbin et al. 2020)", autoencoder("RecVae")),
    "implicit": Contestant("implicit factor", implicit),
    "item-item": Contestant("item-item, without order", item_item),
    "item-item-timed": Contestant("item-item", item_item_timed),
    "together": Contestant("item-item and implicit factor together", together),
}
BEST = "item-item-timed"
"""Whom the others are compared with, user by user."""


def grid(
    name: str, task: Task, fixed: Mapping[str, Any], tried: Mapping[str, tuple[float, ...]]
) -> Iterator[Trial]:
    """A model with every combination of settings."""
    model = models.find(name)
    for values in product(*tried.values()):
        chosen = dict(zip(tried, values, strict=True))
        config = model.settings(**{**fixed, **chosen})
        engine = model.engine(config, task.train, SEED)
        for _ in range(config.epochs or 1):
            engine.run_epoch()
        scorer = model.scorer(engine.weights(), SparseRows.by_user(task.train), config)
        yield Trial(", ".join(f"{k} {v:g}" for k, v in chosen.items()), folding(scorer))


def folding(scorer: Any) -> Score:
    """Scores of people by folding each of them in."""

    def score(known: Ratings) -> Scores:
        rows = SparseRows.by_user(known)
        people = (scorer.fold_in(*rows.row(user), 1.0) for user in range(known.n_users))
        return np.stack([person.list_all() for person in people])

    return score


def standardised(scores: Scores) -> Scores:
    """Less the mean over items, by their deviation; of each user."""
    moved = scores - scores.mean(axis=1, keepdims=True)
    return np.asarray(moved / moved.std(axis=1, keepdims=True))


def table(kept: Mapping[str, Found]) -> str:
    """Markdown: means over test users ± standard errors, and differences paired by user."""
    lines = [
        f"| | {' | '.join(FIGURES)} | less {CONTESTANTS[BEST].title}: {' | '.join(FIGURES)} | "
        f"validation {FIGURES[0]} |",
        "|---" * (2 * len(FIGURES) + 2) + "|",
    ]
    for name, found in kept.items():
        apart = found.test - kept[BEST].test if BEST in kept else np.full_like(found.test, np.nan)
        cells = [CONTESTANTS[name].title, *map(spread, found.test.T)]
        cells += ["" if name == BEST else spread(column, "+") for column in apart.T]
        lines.append(f"| {' | '.join(cells)} | {found.validation[0]:.4f} |")
    return "\n".join(lines)


def spread(values: NDArray[np.float64], sign: str = "") -> str:
    """Mean ± standard error of the mean.

    >>> spread(np.array([0.1, 0.3])), spread(np.array([0.1, 0.3]), "+")
    ('0.2000 ± 0.1000', '+0.2000 ± 0.1000')
    """
    error = values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():{sign}.4f} ± {error:.4f}"


def page(task: Task, kept: Mapping[str, Found], data: str) -> str:
    """The whole page."""
    rows = "\n".join(
        f"| {CONTESTANTS[name].title} | {found.words} | {found.seconds / 60:.1f} |"
        for name, found in kept.items()
    )
    n_test = len(next(iter(kept.values())).test)
    return PAGE.format(
        data=data, train=task.train, n_test=n_test, seed=SEED, table=table(kept), rows=rows
    )


PAGE = """\
# Strong generalisation

Lists for people no model has seen, known by four fifths of what they liked and judged by the rest;
written by

    .venv-bench/bin/python tools/strong_generalisation.py --data-dir datasets

after Liang, Krishnan, Hoffman, Jebara 2018: ratings of 4 stars and more, users with five of them; a
tenth of the users validates and a tenth tests, seed {seed}; items are those of the training users.
Data: {data}. Training: {train}; {n_test} test users. Recall@k is of min(k, hidden items).

{table}

Mean over test users ± standard error of the mean; differences are paired by user. Every contestant
chose on validation users, by NDCG@100, and was judged on test users once. Mult-VAE and RecVAE are
written anew from the papers in PyTorch (`tools/variational_autoencoders.py`), with the papers'
sizes, rates and weights, and trained until validation did not improve for 25 epochs. EASE and
"item-item, without order" know what the autoencoders know, who liked what; "item-item" also knows
in which order the training users rated, which lies in the data and of which a model of sets makes
nothing. No more is known of a held-out user. The last row sums standardised scores.

| | chosen | minutes, of one shared core |
|---|---|---|
{rows}
"""


if __name__ == "__main__":
    run_tool("strong_generalisation", main)
