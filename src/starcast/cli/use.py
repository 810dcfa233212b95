"""`starcast evaluate` and `predict`: a trained model in use, from its folder alone."""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import completing
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.as_it_came import AsItCame, refuse_alone, show_replay
from starcast.cli.closing import note_opening
from starcast.cli.command_line import require_no_secret
from starcast.cli.judging import Judging
from starcast.cli.logging_options import Logging
from starcast.cli.named_items import item_ids
from starcast.cli.saving import told_of
from starcast.cli.spark import COMPILED, Cluster, Engine, is_spark, judged_lists_there
from starcast.errors import ConfigError, UnknownIdError, require_name

if TYPE_CHECKING:
    from starcast.data.files.options import ReadingOptions
    from starcast.data.ids import Ids
    from starcast.recommend import Recommender

ArtifactFolder = Annotated[
    Path,
    typer.Argument(
        metavar="ARTIFACT",
        help="A trained model, such as pretrained_models/ml-1m/latent-factor-model.",
        autocompletion=completing.artifacts,
    ),
]
Judged = Annotated[
    Path | None,
    typer.Argument(
        metavar="ARTIFACT",
        help="A trained model, such as pretrained_models/ml-1m/latent-factor-model.",
        show_default=False,
        autocompletion=completing.artifacts,
    ),
]
Fallback = Annotated[
    bool, typer.Option("--fallback", help="Answer for unknown ids with damped means.")
]
User = Annotated[str | None, typer.Option("--user", help="A user id.")]
OUT = ".parquet, .csv or .jsonl"
Unknown = Annotated[
    str | None,
    typer.Option(
        "--unknown",
        metavar="fallback|skip|refuse",
        help="What to do with unknown ids of a file: damped means answer (as if nothing is said), "
        "their rows are left out, or all is refused.",
    ),
]
K = Annotated[int, typer.Option("--k", "-k", min=1, help="Length of the list.")]


def evaluate(
    context: typer.Context,
    artifact: Judged = None,
    *,
    judging: Judging,
    replayed: AsItCame,
    engine: Engine = COMPILED,
    cluster: Cluster,
    log: Logging,
) -> Answer:
    """Judge a trained model on the test ratings of its own split, or by a replay of all."""
    there = is_spark(engine, cluster)
    if replayed.as_it_came:
        if there:
            raise ConfigError("--as-it-came is replayed on this machine; leave --engine out")
        return show_replay(context, artifact, judging.k, replayed)
    refuse_alone(context)
    if artifact is None:
        raise ConfigError("name a trained model, or replay ratings with --as-it-came")
    log.check()
    return _judge(artifact, judging, cluster if there else None, log)


def _judge(artifact: Path, judging: Judging, cluster: Cluster | None, log: Logging) -> Answer:
    from starcast.artifacts import storage
    from starcast.cli import show
    from starcast.evaluation.report import evaluate as judge

    relevance = judging.relevance
    trained = storage.load(artifact)
    with ExitStack() as stack:
        make = stack.enter_context(judged_lists_there(cluster, trained)) if cluster else None
        on_progress = stack.enter_context(show.judging(trained.title))
        report = judge(
            trained, k=judging.k, relevance=relevance, on_progress=on_progress, make_lists=make
        )
        report.figures()  # made here, below the bar, and kept
    if report.artifact.leak:
        show.note(f"LEAKY: {report.artifact.leak}")
    if report.artifact.broken_off:
        show.note(f"not trained to its end: {report.artifact.broken_off}")
    note_opening(artifact, report, trained, log)
    record = told_of(trained, artifact) | {
        "k": report.k,
        "relevant": judging.relevant,
        "test_ratings": report.n_rows,
        "test": report.figures(),
        "about_final": report.about_final,
        "by_activity": report.user_tiers,
        "by_popularity": report.catalogue.item_tiers,
    }
    return Answer(record, lambda: show.judged(report, explain=judging.explain))


def predict(
    artifact: ArtifactFolder,
    *,
    user: User = None,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="An item's id or title; repeat for more.")
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            "--pairs",
            metavar="FILE",
            help="A table of users and items (ids or titles), in any form that ratings may have; "
            "predictions for all of it go to --out.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help=f"The file for --pairs: {OUT}.")] = None,
    fallback: Fallback = False,
    unknown: Unknown = None,
    recognition: opt.IdRecognition,
) -> Answer:
    """Predict the stars users would give to items, and how far off they may be, if known."""
    if pairs is not None and out is not None and user is None and not item:
        treatment = treatment_of(unknown, fallback)
        asked = recognition.overrides
        return _predict_pairs(open_recommender(artifact), pairs, out, treatment, asked)
    if user is None or not item or pairs is not None or out is not None:
        raise ConfigError(
            "say of what, in one way: --user ID --item ID, or --pairs FILE --out FILE"
        )
    if given := [*(["--unknown"] if unknown else []), *recognition.overrides.given()]:
        raise ConfigError(f"{given[0]} is for --pairs FILE")
    return _predict_items(open_recommender(artifact, fallback), user, item, fallback=fallback)


def _predict_items(
    recommender: "Recommender", user: str, named: list[str], *, fallback: bool
) -> Answer:
    from starcast.cli.show import console

    with offering_fallback():
        items = item_ids(recommender, named, fallback=fallback)
        predictions = recommender.predict([user] * len(items), items)
    deviations = recommender.predictive_std([user] * len(items), items)
    told = [
        {"user_id": user_id(recommender, user), "item_id": item, "title": recommender.title(item),
         "stars": stars, "deviation": deviation}
        for item, stars, deviation in zip(items, predictions, deviations, strict=True)
    ]  # fmt: skip

    def shown() -> None:
        for one in told:
            spread = f" ± {one['deviation']:.2f}" if math.isfinite(one["deviation"]) else ""
            title = one["title"] or one["item_id"]
            console.print(f"{one['stars']:.2f}{spread}  {title}", soft_wrap=True)

    return Answer(told, shown)


def user_id(recommender: "Recommender", user: str) -> object:
    """A user's id as the model has it, or as typed where it does not know them."""
    users = recommender.artifact.split.ratings.users
    (row,) = users.find([user])
    return users.ids[row].item() if row >= 0 else user


def _predict_pairs(
    recommender: "Recommender", pairs: str, out: Path, unknown: str, options: "ReadingOptions"
) -> Answer:
    from starcast.cli.show import console, note
    from starcast.recommend.table_file import require_ending, write_table

    require_ending(out)
    columns = read_ids(pairs, ("user", "item"), options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        told = recommender.predict_pairs(columns, unknown=unknown)
    for warning in caught:
        note(str(warning.message))
    write_table(out, told.schema, lambda: iter([told]))
    line = f"{len(told):,} predictions saved to {out}"
    return Answer(
        {"predictions": len(told), "out": out}, lambda: console.print(line, soft_wrap=True)
    )


def read_ids(
    source: str, needed: tuple[str, ...], options: "ReadingOptions"
) -> "Mapping[str, Ids]":
    """Columns of ids from a table, of which it is said what was taken for what."""
    from starcast.cli.show import console, note
    from starcast.data.load import load_ids

    require_no_secret(source)
    asked = load_ids(source, needed, options=options)
    console.print(asked.reading.summary, soft_wrap=True)
    for line in asked.reading.remarks:
        note(line)
    return asked.columns


def treatment_of(unknown: str | None, fallback: bool) -> str:
    """What to do with unknown ids of a table, as two options say it.

    Raises: ConfigError: they contradict each other, or one is none.
    """
    from starcast.recommend.pairs import UNKNOWN

    if fallback and unknown not in (None, "fallback"):
        raise ConfigError(f"--fallback and --unknown {unknown} contradict each other; give one")
    return require_name("way with unknown ids", unknown or "fallback", UNKNOWN)


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
