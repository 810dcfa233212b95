"""`starcast evaluate --as-it-came`: ratings in order of time, predicted first and learned after."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, final

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.command_line import given
from starcast.cli.groups import Group
from starcast.cli.saving import replacing, tell_replaced
from starcast.errors import ArtifactError, ConfigError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.ratings import Ratings
    from starcast.engines.settings import Settings
    from starcast.evaluation.as_it_came import Replay, ReplayPlan

_PANEL = "As it came"
_FOR_ARTIFACTS_ALONE = {"relevant", "explain", "logs", "mlflow"}
_SHARED = _FOR_ARTIFACTS_ALONE | {"artifact", "k", "engine", "master", "spark_config"}


def _option(*names: str, help: str, metavar: str | None = None) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(
        *names, help=help, metavar=metavar, rich_help_panel=_PANEL
    )
    return found


@final
@dataclass(frozen=True, kw_only=True)
class AsItCame(Group):
    """A replay, and of what."""

    as_it_came: Annotated[
        bool,
        _option(
            "--as-it-came",
            help="Replay ratings in order of time: predict each before it is known, learn after. "
            "For a model that is never updated, one that people are folded into, one that is "
            "updated, and one that is trained anew. Without ARTIFACT, of --model.",
        ),
    ] = False
    model: Annotated[
        str | None, _option("--model", help="What is replayed, with its defaults.")
    ] = None
    delay: Annotated[
        str, _option("--delay", help="After how long a rating is known: 0, 90s, 12h, 1d.")
    ] = "1d"
    update_every: Annotated[
        str, _option("--update-every", help="Of the data's time, between two updates.")
    ] = "1d"
    retrain_every: Annotated[
        str, _option("--retrain-every", help="Of the data's time, between two trainings.")
    ] = "1w"
    first_share: Annotated[
        float,
        _option("--first-share", help="Of the ratings, the oldest, that train before the replay."),
    ] = 0.9
    windows: Annotated[
        int, _option("--windows", help="Spans of time that figures are told for.")
    ] = 10
    seed: Annotated[int, _option("--seed", help="Of everything random.")] = 42
    out: Annotated[Path, _option("--out", help="Where the chart and the JSON go.")] = Path(
        "reports"
    )
    data: opt.Data


def refuse_alone(context: typer.Context) -> None:
    """Refuse options of a replay without one. Raises: ConfigError."""
    for name, flag in given(context):
        if name not in _SHARED:
            raise ConfigError(f"{flag} is for --as-it-came; give that, too, or leave it out")


def show_replay(context: typer.Context, artifact: Path | None, k: int, options: AsItCame) -> Answer:
    """Replay, and write the chart and the JSON."""
    from starcast import models
    from starcast.artifacts import storage
    from starcast.cli import show
    from starcast.evaluation.as_it_came import replay

    for name, flag in given(context):
        if name in _FOR_ARTIFACTS_ALONE:
            raise ConfigError(f"{flag} has no effect with --as-it-came; leave it out")
    plan = _plan(options, k)
    trained = storage.load(artifact) if artifact else None
    if trained and options.model:
        raise ConfigError("an artifact says which model is replayed; leave --model out")
    model, settings = _model_of(trained, models.chosen(options.model, None).name)
    ratings = _ratings(trained, options, context)
    with show.judging(models.find(model).title) as on_progress:
        replayed = replay(
            ratings, model, settings, plan, lambda name, done, total: on_progress(done, total)
        )
    chart, figures, before = _write(replayed, options.out)
    tell_replaced(figures, before)

    def shown() -> None:
        _print(replayed)
        show.console.print(f"chart: {chart}, all figures: {figures}", soft_wrap=True)

    return Answer(replayed.record() | {"replaced": before}, shown)


def _plan(options: AsItCame, k: int) -> "ReplayPlan":
    from starcast.evaluation.as_it_came import ReplayPlan
    from starcast.evaluation.as_it_came.plan import seconds_of

    return ReplayPlan(
        first=options.first_share,
        delay=seconds_of(options.delay),
        update_every=seconds_of(options.update_every),
        retrain_every=seconds_of(options.retrain_every),
        windows=options.windows,
        k=k,
        seed=options.seed,
    )


def _model_of(trained: "Artifact | None", named: str) -> "tuple[str, Settings | None]":
    if trained is None:
        return named, None
    if trained.config is None:
        raise ConfigError(
            f"a {trained.model} is made of trained models, and cannot be trained by the week; "
            "replay one of its parts"
        )
    return trained.model, trained.config


def _ratings(trained: "Artifact | None", options: AsItCame, context: typer.Context) -> "Ratings":
    """Those that the options name; else the artifact's, or the data set that it was trained on."""
    from starcast.data.movielens.catalog import CATALOG

    named = {name for name, _ in given(context)} & {"dataset", "ratings"}
    if trained is None or named:
        return inputs.load_ratings(options.data)
    ratings = trained.split.ratings
    if ratings.timestamps is not None:
        return ratings
    if ratings.name not in CATALOG:
        raise ConfigError(
            f"this model holds no times of {ratings.name}; name its ratings: --ratings FILE"
        )
    return inputs.load_ratings(replace(options.data, dataset=ratings.name))


def _write(replayed: "Replay", out: Path) -> tuple[Path, Path, Path | None]:
    """Write chart and figures; where they are, and the figures that were there before."""
    from starcast.disk.replacement import replace_file
    from starcast.evaluation.as_it_came.chart import draw

    folder = out / inputs.checked_folder_name(replayed.dataset) / "as-it-came"
    chart, figures = (folder / f"{replayed.model}.{ending}" for ending in ("png", "json"))
    with replacing(folder, figures.name) as before:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replace_file(chart) as fresh:
                fresh.write_bytes(draw(replayed).png)
            with replace_file(figures) as fresh:
                fresh.write_text(json.dumps(replayed.record(), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            why = error.strerror or error
            raise ArtifactError(f"cannot write {folder}: {why}") from None
    return chart, figures, before and before / figures.name


def _print(replayed: "Replay") -> None:
    from rich.text import Text

    from starcast.cli.show import console, note
    from starcast.display import as_text
    from starcast.evaluation.as_it_came import tables
    from starcast.models import find

    for line in replayed.remarks:
        note(line)
    console.print(
        f"{find(replayed.model).title}, trained on the oldest {replayed.n_first:,} ratings; "
        f"{len(replayed.times):,} replayed, {len(replayed.session_times):,} visits; a rating is "
        f"known after {tables.in_words(replayed.plan.delay)}",
        soft_wrap=True,
    )
    headed = (
        ("All of the replay", tables.overall(replayed)),
        ("RMSE over time", tables.over_time(replayed, 0)),
        (f"NDCG@{replayed.plan.k} over time", tables.over_time(replayed, 1)),
    )
    for heading, table in headed:
        console.print(heading)
        console.print(Text(as_text(table)), soft_wrap=True)
        console.print()
