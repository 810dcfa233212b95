"""`starcast retrain` and `rollback`: a model in service, kept fresh from a store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starcast.artifacts.beside import KEPT
from starcast.cli import completing
from starcast.cli.answers import Answer
from starcast.cli.command_line import require_no_secret
from starcast.display import quoted
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.artifacts.versions import Versions
    from starcast.evaluation.succession import Newcomer, Verdict

_PANEL = "Versions"
Name = Annotated[
    str, typer.Option("--name", help="Of the model in service: its folder below --models-dir.")
]
Folder = Annotated[
    Path, typer.Option("--models-dir", help="Where models and their versions stand.")
]


def retrain(
    *,
    store: Annotated[
        str, typer.Option("--store", metavar="ADDRESS", help="The store of ratings to train on.")
    ],
    name: Name,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="What is trained; what is in service if not given.",
            autocompletion=completing.model_names,
        ),
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option("--for", metavar="lists|stars", help="Picks the model by what it is for."),
    ] = None,
    models_dir: Folder = Path("pretrained_models"),
    keep: Annotated[
        int, typer.Option("--keep", min=2, help="Versions to keep.", rich_help_panel=_PANEL)
    ] = KEPT,
    at_least: Annotated[
        int,
        typer.Option("--at-least", min=2, help="Ratings newer than both models that must judge."),
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything random.")] = 42,
) -> Answer:
    """Train on a store, and put the model in service unless it is really worse.

    For cron and the like: it ends with 0 when a model was deployed or rightly kept. A service that
    serves the folder takes the new model without dropping a request.
    """
    from starcast.data import load
    from starcast.data.store.source import require_store
    from starcast.evaluation.succession import succeed

    require_no_secret(store)
    require_store(store)
    versions = _versions(models_dir, name)
    with versions.held():
        now = versions.adopt()
        in_service = _load(versions)
        newcomer = _newcomer(in_service, model, purpose, seed, at_least)
        ratings = load.load_own(store, scale=in_service and in_service.split.ratings.scale)
        verdict = succeed(ratings, in_service, newcomer)
        number = _done(versions, verdict, now, keep)
    return _answer(verdict, versions, number, now)


def rollback(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the model in service.")],
    *,
    to: Annotated[
        int | None, typer.Option("--to", help="A version; the one before if not given.")
    ] = None,
    models_dir: Folder = Path("pretrained_models"),
) -> Answer:
    """Put the version of a model back in service that was there before."""
    from starcast.cli.show import console

    versions = _versions(models_dir, name)
    with versions.held():
        now, before = versions.roll_back(to)
    was = "" if before is None else f", in the place of version {before}"
    return Answer(
        {"version": now, "before": before, "kept": versions.numbers()},
        lambda: console.print(f"{versions.folder} is version {now} again{was}", soft_wrap=True),
    )


def _versions(models_dir: Path, name: str) -> "Versions":
    from starcast.artifacts.versions import Versions

    if Path(name).name != name or name in ("", ".", "..") or "\0" in name:
        raise ConfigError(f"{quoted(name)} is no name of a folder")
    return Versions(models_dir / name)


def _load(versions: "Versions") -> "Artifact | None":
    from starcast.artifacts import storage

    return None if versions.in_service() is None else storage.load(versions.folder)


def _newcomer(
    in_service: "Artifact | None", model: str | None, purpose: str | None, seed: int, least: int
) -> "Newcomer":
    """What is asked for; else what is in service, with its settings."""
    from starcast import models
    from starcast.evaluation.succession import Newcomer

    if model is None and purpose is None and in_service:
        if in_service.config is None:
            raise ConfigError(
                f"a {in_service.model} is in service, which is made of trained models; say what "
                "is to be trained: --model"
            )
        return Newcomer(in_service.model, in_service.config, seed, least)
    chosen = models.chosen(model, purpose)
    return Newcomer(chosen.name, chosen.settings(), seed, least)


def _done(versions: "Versions", verdict: "Verdict", now: int | None, keep: int) -> int | None:
    """Put the newcomer in service, or note that it is not; the version in service."""
    if not verdict.deploy or verdict.newcomer is None:
        versions.note({"version": now, "did": "kept", **verdict.record()})
        return now
    number = versions.add(verdict.newcomer)
    versions.deploy(number, verdict.record())
    versions.prune(keep)
    return number


def _answer(
    verdict: "Verdict", versions: "Versions", number: int | None, before: int | None
) -> Answer:
    from starcast.cli.show import console

    told: dict[str, Any] = {
        "version": number, "before": before, "folder": versions.folder,
        "kept": versions.numbers(), **verdict.record(),
    }  # fmt: skip
    did = f"deployed version {number}" if verdict.deploy else f"kept version {number}"
    said = f"{versions.folder}: {did}: {_said(verdict)}"
    return Answer(told, lambda: console.print(said, soft_wrap=True))


def _said(verdict: "Verdict") -> str:
    """Why, with both figures."""
    from starcast.evaluation.succession import K

    new, old = verdict.figures
    if new is None:
        return verdict.why
    said = f"RMSE {new.rmse:.4f}, NDCG@{K} {new.ndcg:.4f}"
    if old is not None:
        said += f" against {old.rmse:.4f}, {old.ndcg:.4f} of the one in service"
    judged = f" on {verdict.n_rows:,} ratings of {verdict.n_users:,} users that neither knew"
    p_value = "" if verdict.p_value is None else f" (p = {verdict.p_value:.3f})"
    return f"{verdict.why}: {said}{judged}{p_value}"
