"""`starcast tune`: settings that validate better, searched for; the best model, trained."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.command_line import repeated
from starcast.cli.given import GivenSettings
from starcast.cli.logging_options import Logging
from starcast.cli.naming import checked
from starcast.cli.observing import observe
from starcast.cli.run_file import RUN, write_run
from starcast.cli.saving import keep, reserve, told_of
from starcast.cli.search_options import ModelNames, Search, named
from starcast.errors import ArtifactError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.split import Split
    from starcast.evaluation.tuning.page import Told
    from starcast.training.plan import Recipe
    from starcast.training.tuning.records import Searched, Trial
    from starcast.training.tuning.search import Tell
    from starcast.training.tuning.space import Space

_TUNING, _BEST, _PARENTS = "tuning", "best", "parents"  # folders
_CHANGES_NOTHING = {"mirror", "data_dir", "logs", "mlflow", "fresh"}

Out = Annotated[Path, typer.Option("--out", help="Where searches go, below their data set.")]


def tune(
    context: typer.Context,
    *,
    models: ModelNames = None,
    search: Search,
    data: opt.Data,
    split: opt.SplitOptions,
    given: GivenSettings,
    refit: opt.Refit = False,
    out: Out = Path("pretrained_models"),
    log: Logging,
) -> Answer:
    """Search for settings that validate better, and train the best model with them.

    Trials are judged by validation ratings: RMSE of models for stars, NDCG@10 of models for lists.
    Test ratings are not opened.
    """
    from starcast.training.tuning.needs import require_optuna

    require_optuna()
    log.check()
    from starcast.evaluation.comparison import here
    from starcast.evaluation.tuning.page import Told, write
    from starcast.training.plan import Recipe
    from starcast.training.tuning import search as searching
    from starcast.training.tuning.plan import spaces_of
    from starcast.training.tuning.space import asked_for

    budget, how = search.budget(), search.how(split.seed)
    spaces = spaces_of(named(models), given.values, asked_for(search.space or ()))
    own_folder = "+".join(spaces) if search.name is None else checked(search.name)
    divided = inputs.load_split(data, split)
    folder = out / inputs.folder_name(divided) / _TUNING / own_folder
    _begin(context, folder, fresh=search.fresh)
    parents = _parents(divided, spaces, split.seed, folder / _PARENTS)
    found = searching.search(
        divided, spaces, budget, how, folder, jobs=search.jobs, parents=parents, tell=_lines()
    )
    told = Told(divided, found, how)
    page = write(told, folder, here(repeated(context, _CHANGES_NOTHING)))
    best = searching.best_of(found)
    recipe = Recipe(split.seed, refit, observe=observe(divided, log, each_epoch=False))
    artifact = _trained(told, spaces[best.model], recipe, parents, folder / _BEST)
    write_run(context, folder / _BEST, artifact)
    return _answer(told, artifact, folder / _BEST, page)


def _begin(context: typer.Context, folder: Path, *, fresh: bool) -> None:
    """Keep a search's folder for this command until it ends, and start over if that is asked for.

    Raises: ArtifactError, BusyError: the folder cannot be written, or another run is writing it.
    """
    from starcast.artifacts.replacement import as_artifact_error
    from starcast.disk.lock import alone
    from starcast.disk.replacement import resolved
    from starcast.training.tuning.search import FILE

    with as_artifact_error(folder):
        context.with_resource(alone(resolved(folder)))
        folder.mkdir(exist_ok=True)
        if fresh:
            for left in folder.glob(f"{FILE}*"):  # SQLite's journal goes with it
                left.unlink()
    reserve(context, folder / _BEST)


def _parents(
    split: "Split", spaces: "Mapping[str, Space]", seed: int, home: Path
) -> "dict[str, Artifact]":
    """The parents of models that start from some, from an earlier run of the search, or trained."""
    from starcast.artifacts import storage
    from starcast.cli.show import note
    from starcast.training.tuning.plan import trained_parents

    def find(name: str) -> "Artifact | None":
        with suppress(ArtifactError):
            found = storage.load(home / name)
            if found.split.fingerprint == split.fingerprint and found.seed == seed:
                return found
        note(f"training {name} first, which all trials start from")
        return None

    def trained(artifact: "Artifact") -> None:
        keep(artifact, home / artifact.model)

    return trained_parents(split, spaces, seed, find=find, trained=trained)


def _trained(
    told: "Told", space: "Space", recipe: "Recipe", parents: "Mapping[str, Artifact]", folder: Path
) -> "Artifact":
    """The best model, trained once more and saved, unless an earlier run of the search did so."""
    from starcast.artifacts import storage
    from starcast.cli.show import console
    from starcast.training.plan import train_all
    from starcast.training.tuning.search import best_of

    best = best_of(told.found)
    assert best.best is not None
    config = replace(space.fixed, **best.best.settings)
    with suppress(ArtifactError):
        earlier = storage.load(folder)
        is_it = earlier.config == config and earlier.seed == recipe.seed
        if is_it and earlier.refit == recipe.refit and not earlier.broken_off:
            earlier.require_split(told.split.fingerprint, "")
            return earlier
    artifact = train_all(told.split, {best.model: config}, recipe, find=parents.get)[best.model]
    keep(artifact, folder)
    console.print(f"{artifact.reached}; saved to {folder}", soft_wrap=True)
    return artifact


def _lines() -> "Tell":
    """Tells of trials on the console, a line each."""
    from starcast.cli.show import console
    from starcast.training.tuning.records import COMPLETE, PRUNED

    def tell(model: str, trial: "Trial", searched: "Searched") -> None:
        best = searched.best
        how = f"{trial.value:.4f}" if trial.state == COMPLETE else trial.state
        how = "given up" if trial.state == PRUNED else how
        is_best = " best" if best and best.number == trial.number else ""
        settings = ", ".join(f"{name} {value}" for name, value in trial.settings.items())
        why = f" ({trial.why})" if trial.why else ""
        console.print(
            f"{model} {trial.number:>3}  {how}{why}{is_best}  {trial.seconds:.1f} s  {settings}",
            soft_wrap=True,
        )

    return tell


def _answer(told: "Told", artifact: "Artifact", folder: Path, page: Path) -> Answer:
    from starcast.cli.show import console
    from starcast.evaluation.tuning.page import as_record, verdict

    record = as_record(told) | {"model": told_of(artifact, folder), "report": page}

    def shown() -> None:
        console.print(verdict(told), soft_wrap=True)
        console.print(f"report: {page}", soft_wrap=True)
        console.print(
            f"model: {folder}; starcast train --config {folder / RUN} trains it once more",
            soft_wrap=True,
        )
        console.print(
            f"test ratings were not opened; 'starcast evaluate {folder}' opens them", soft_wrap=True
        )

    return Answer(record, shown)
