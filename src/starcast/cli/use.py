"""`starcast evaluate` and `predict`: a trained model in use, from its folder alone."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import options as opt
from starcast.cli.groups import grouped
from starcast.errors import UnknownIdError

if TYPE_CHECKING:
    from starcast.recommend import Recommender

ArtifactFolder = Annotated[
    Path,
    typer.Argument(help="A trained model, such as pretrained_models/ml-1m/latent-factor-model."),
]
Fallback = Annotated[
    bool, typer.Option("--fallback", help="Answer for unknown ids with damped means.")
]
User = Annotated[str, typer.Option("--user", help="A user id.")]
K = Annotated[int, typer.Option("--k", "-k", min=1, help="Length of the list.")]


@grouped
def evaluate(artifact: ArtifactFolder, *, judging: opt.Judging) -> None:
    """Judge a trained model on the test ratings of its own split."""
    from starcast.artifacts import storage
    from starcast.cli import show
    from starcast.evaluation.report import evaluate as judge

    relevance = judging.relevance
    trained = storage.load(artifact)
    with show.judging(trained.title) as on_progress:
        report = judge(trained, k=judging.k, relevance=relevance, on_progress=on_progress)
        report.figures()  # made here, below the bar, and kept
    if report.artifact.leak:
        show.note(f"LEAKY: {report.artifact.leak}")
    if report.artifact.broken_off:
        show.note(f"not trained to its end: {report.artifact.broken_off}")
    show.judged(report, explain=judging.explain)


def predict(
    artifact: ArtifactFolder,
    user: User,
    item: Annotated[list[str], typer.Option("--item", help="An item id; repeat for more.")],
    fallback: Fallback = False,
) -> None:
    """Predict the stars a user would give to items, and how far off they may be, if known."""
    from starcast.cli.show import console

    recommender = open_recommender(artifact, fallback)
    with offering_fallback():
        predictions = recommender.predict([user] * len(item), item)
    deviations = recommender.predictive_std([user] * len(item), item)
    for name, stars, deviation in zip(item, predictions, deviations, strict=True):
        spread = f" ± {deviation:.2f}" if math.isfinite(deviation) else ""
        console.print(f"{stars:.2f}{spread}  {recommender.title(name) or name}", soft_wrap=True)


@contextmanager
def offering_fallback() -> Iterator[None]:
    """Say of ids that are refused that they need not be."""
    try:
        yield
    except UnknownIdError as error:
        raise UnknownIdError(f"{error}; --fallback answers with means") from None


def open_recommender(folder: Path, fallback: bool = False, rank_by: str = "list") -> "Recommender":
    """The model in a folder, ready to be asked."""
    from starcast.artifacts import storage
    from starcast.recommend import Recommender

    return Recommender(storage.load(folder), fallback=fallback, rank_by=rank_by)
