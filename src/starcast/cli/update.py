"""`starcast update`: later ratings into a trained model, without training it again."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, final

import typer

from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.command_line import require_no_secret
from starcast.cli.groups import Group
from starcast.cli.saving import reserve
from starcast.cli.use import ArtifactFolder
from starcast.data.store.address import is_address
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.ratings import Ratings
    from starcast.data.split.arrivals import Arrivals


@final
@dataclass(frozen=True, kw_only=True)
class Later(Group):
    """Later ratings."""

    ratings: Annotated[
        list[str] | None,
        typer.Option(
            "--ratings",
            help="The later ratings, in any form that ratings have: a file, a folder, a pattern, "
            "an archive, '-' for standard input, or a database. Repeat to join several.",
        ),
    ] = None
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="ADDRESS",
            help="A store of ratings, of which all is taken in that the model does not know yet.",
        ),
    ] = None
    items: Annotated[
        Path | None,
        typer.Option("--items", help="Titles and genres of new items: a file with ids and titles."),
    ] = None
    recognition: opt.Recognition

    @property
    def sources(self) -> list[str]:
        """Files, and the store."""
        return [*(self.ratings or ()), *([self.store] if self.store is not None else ())]


def update(
    context: typer.Context,
    artifact: ArtifactFolder,
    *,
    later: Later,
) -> Answer:
    """Take later ratings into a trained model, in seconds, and in its place.

    New users and items are known from then on. Test ratings stay unseen: figures before and after
    are of the same. The same ratings once more change nothing.
    """
    from starcast.artifacts import storage
    from starcast.artifacts.updating import require_updatable
    from starcast.artifacts.updating import update as updated
    from starcast.data.store.source import require_store

    if not later.sources:
        raise ConfigError("name the later ratings: --ratings FILE, or --store ADDRESS")
    for address in filter(is_address, later.sources):
        require_no_secret(address)
    if later.store is not None:
        require_store(later.store)
    reserve(context, artifact)
    trained = storage.load(artifact)
    require_updatable(trained)
    arrived = _arrived(later, trained)
    started = time.perf_counter()
    grown, arrivals = updated(trained, arrived)
    seconds = time.perf_counter() - started
    if not arrivals.change_nothing:
        storage.save(grown, artifact)  # in its place, as it says: no version is kept
    told = arrivals._asdict() | {
        "model": grown.model,
        "folder": artifact,
        "changed": not arrivals.change_nothing,
        "fingerprint": grown.split.fingerprint,
        "extends": list(grown.split.extends),
        "seconds": round(seconds, 3),
    }
    return Answer(told, lambda: _tell(grown, arrivals, artifact, seconds))


def _arrived(later: Later, trained: "Artifact") -> "Ratings":
    from starcast.cli.show import console, note
    from starcast.data import load

    found = load.load_own(
        later.sources,
        later.items,
        options=later.recognition.overrides,
        scale=trained.split.ratings.scale,
    )
    if found.reading:
        console.print(found.reading.summary, soft_wrap=True)
        for line in found.reading.remarks:
            note(line)
    return found


def _tell(grown: "Artifact", arrivals: "Arrivals", folder: Path, seconds: float) -> None:
    from starcast.cli.show import console, note

    for line in arrivals.remarks():
        note(line)
    if arrivals.change_nothing:
        console.print(f"nothing to learn; {folder} stays as it is", soft_wrap=True)
        return
    split = grown.split
    for line in (
        f"{arrivals.in_words()}; {grown.title} knows them after {seconds:.2f} s; saved to {folder}",
        f"split {split.fingerprint[:12]} extends {split.extends[-1][:12]}, with the same test "
        "ratings",
    ):
        console.print(line, soft_wrap=True, highlight=False)
