"""`starcast compare`: train several models on one split, or take trained ones, and compare them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import compiling, completing, inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.command_line import CHANGES_NOTHING, repeated
from starcast.cli.command_line import given as given_options
from starcast.cli.contestants import ModelNames, chosen, settings_of
from starcast.cli.given import GivenSettings
from starcast.cli.judging import Judging
from starcast.cli.live import Live, show_live
from starcast.cli.logging_options import Logging
from starcast.cli.naming import checked, without_versions
from starcast.cli.observing import observe
from starcast.cli.repeated_verbs import (
    refuse_with_repeat,
    repeat_judged,
    rows_and_contestants,
    rows_of,
)
from starcast.cli.repeating import Again, Repeat
from starcast.cli.report import opened_before, report_on
from starcast.cli.run_file import write_run
from starcast.cli.saving import checkpoints, reserve, tell_convergence
from starcast.cli.saving import keep as keep_model
from starcast.errors import ConfigError, InterruptedTrainingError, TrainingError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.split import Split
    from starcast.engines.settings import Settings
    from starcast.evaluation.repeats import Contestant
    from starcast.training.plan import Recipe

Artifacts = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="ARTIFACT",
        help="Trained models to compare, such as pretrained_models/ml-1m/latent-factor-model. "
        "Without any, models are trained first.",
        show_default=False,
        autocompletion=completing.artifacts,
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Where reports go.")]
Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Of the report: a folder of its own below that of the data set. Without a name, it "
        "takes the place of the last one, which is kept.",
    ),
]
Keep = Annotated[Path, typer.Option("--keep", help="Where trained models go.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="A line for each epoch and pair.")]

_FOR_ARTIFACTS_TOO = {
    "artifacts",
    "k",
    "relevant",
    "name",
    "out",
    "logs",
    "mlflow",
    "explain",
    "verbose",
    "repeat",
}


def compare(
    context: typer.Context,
    *,
    artifacts: Artifacts = None,
    models: ModelNames = None,
    data: opt.Data,
    split: opt.SplitOptions,
    given: GivenSettings,
    refit: opt.Refit = False,
    resuming: opt.Resuming,
    judging: Judging,
    name: Name = None,
    out: Out = Path("reports"),
    keep: Keep = Path("pretrained_models"),
    log: Logging,
    verbose: Verbose = False,
    repeat: Repeat = None,
    live: Live,
) -> Answer:
    """Train models on one split, or take trained ones, and say which differences are real.

    Two verdicts: whose stars are nearest to the ratings (RMSE), and whose lists from the whole
    catalogue hold most of what people liked (NDCG). With --live: whose lists people followed.
    """
    if answered := show_live(context, live):
        return answered
    kept, failed = None, dict[str, str]()
    relevance = judging.relevance  # refused before all else
    log.check()
    own_folder = "" if name is None else checked(name)
    if repeat:
        refuse_with_repeat(context)
        if artifacts:
            _refuse_training_options(context)
            rows, contestants = rows_and_contestants([one for _, one in _load(artifacts)])
        else:
            rows, contestants = rows_of(data, split), _contestants(models, given, refit=refit)
        return repeat_judged(
            context, Again(repeat, out, resuming.fresh), rows, contestants, judging
        )
    if artifacts:
        _refuse_training_options(context)
        judged = _load(artifacts)
    else:
        from starcast.training.plan import Recipe

        names = chosen(models)
        configs = settings_of(names, given.values)
        divided = inputs.load_split(data, split)
        relevance.require_reachable(divided.ratings.scale.highest)
        watch = observe(divided, log, each_epoch=verbose)
        home = keep / inputs.folder_name(divided)
        for model in configs:
            reserve(context, home / model)
        kept = checkpoints(home.joinpath, resuming)
        write = partial(write_run, context)
        with compiling.beside(list(configs)) as begun:
            telling = compiling.telling(begun, watch)
            recipe = Recipe(split.seed, refit, observe=telling, checkpoints=kept)
            trained, failed = _train(divided, names, configs, recipe, home, write)
        judged = [(home / artifact.model, artifact) for artifact in trained]
    command = repeated(context, CHANGES_NOTHING)
    try:
        place = out / inputs.folder_name(judged[0][1].split) / own_folder
        answer = report_on(judged, judging, place, command, failed, all_pairs=verbose, log=log)
    except KeyboardInterrupt as interrupt:
        what = str(interrupt) or "interrupted"
        raise TrainingError(f"{what}; no report was written, trained models are kept") from None
    if kept:
        kept.discard()
    return answer._replace(status=1 if failed else 0)


def _contestants(
    models: list[str] | None, given: GivenSettings, *, refit: bool
) -> "list[Contestant]":
    """What is trained on every split."""
    from starcast.evaluation.repeats import Contestant

    names = chosen(models)
    configs = settings_of(names, given.values)
    return [Contestant(name, configs[name], refit) for name in names]


def _train(
    split: "Split",
    names: Sequence[str],
    configs: "dict[str, Settings]",
    recipe: "Recipe",
    home: Path,
    note_run: Callable[[Path, "Artifact"], None] = lambda *_: None,
) -> "tuple[list[Artifact], dict[str, str]]":
    """Train each model once, save it at once, and hand parents on; by title, why others failed."""
    from starcast import models
    from starcast.cli.show import console
    from starcast.training.plan import in_words, train_all

    kept: list[str] = []
    lost: dict[str, str] = {}

    def trained(artifact: "Artifact") -> None:
        keep_model(artifact, home / artifact.model, recipe.checkpoints)
        note_run(home / artifact.model, artifact)
        kept.append(artifact.model)
        _announce(artifact)
        tell_convergence(artifact)

    def failed(name: str, error: Exception) -> None:
        title = models.find(name).title
        lost[title] = in_words(error)
        console.print(f"{title:<20} failed: {lost[title]}", soft_wrap=True)

    try:
        done = train_all(split, configs, recipe, trained=trained, failed=failed)
    except (InterruptedTrainingError, KeyboardInterrupt) as error:
        broken = next(n for n in configs if n not in kept and models.find(n).title not in lost)
        what = str(error) or "interrupted"
        raise TrainingError(f"{broken}: {what}; {_kept_in(home, kept)}") from None
    found = [done[name] for name in names if name in done]
    if len(found) < 2:
        why = "; ".join(f"{title}: {what}" for title, what in lost.items())
        raise TrainingError(f"{why}; {_kept_in(home, kept)}")
    return found, lost


def _kept_in(home: Path, kept: Sequence[str]) -> str:
    also = f"; trained and kept in {home}: {', '.join(kept)}" if kept else ""
    return f"no report was written{also}"


def _load(folders: Sequence[Path]) -> "list[tuple[Path, Artifact]]":
    """Trained models from disk, in the registry's order, so that each keeps its colour."""
    from starcast import models
    from starcast.artifacts import storage
    from starcast.cli.show import console

    folders = without_versions(folders) or folders
    if len(folders) < 2:
        raise ConfigError(f"a comparison needs at least two trained models, got {folders[0]} alone")
    order = [*models.MODELS, *models.UNLISTED]
    loaded = [(folder, storage.load(folder)) for folder in folders]
    found = sorted(loaded, key=lambda one: order.index(one[1].model))
    for _, artifact in found:
        _announce(artifact)
        if artifact.opened:
            console.print(f"{'':<20} {opened_before(artifact.opened)}", soft_wrap=True)
    return found


def _announce(artifact: "Artifact") -> None:
    from starcast.cli.show import console
    from starcast.evaluation.charts.training_run import summary

    console.print(f"{artifact.title:<20} {summary(artifact)}", soft_wrap=True)


def _refuse_training_options(context: typer.Context) -> None:
    for name, flag in given_options(context):
        if name not in _FOR_ARTIFACTS_TOO:
            raise ConfigError(
                f"{flag} is for training, and these models are trained; leave it or them out"
            )
