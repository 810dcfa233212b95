"""What a tool that runs for hours has found so far, so that the same command goes on.

Beside PAGE.md, PAGE.runs holds the figures of the splits that are finished, and of the split at
work the models that are trained and the checkpoint of the next.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.cli.signals import SIGNALS
from starcast.data.split import Split
from starcast.disk.replacement import replace_file
from starcast.errors import ConfigError
from starcast.training.checkpoints import Checkpoint, Keeping
from starcast.training.identity import library_versions

_FIGURES, _MODELS = "figures.json", "models"


@final
class FinishedRuns:
    """Figures of finished splits, and models of the one at work.

    Args:
        page: that is written in the end.
        command: what is run; that of another is refused.
    Raises: ConfigError: there are runs of another command, or of other versions, or damaged ones.
    """

    def __init__(self, page: Path, command: str) -> None:
        self._folder = page.with_suffix(".runs")
        self._what = {"command": command, **library_versions()}
        self._figures: dict[str, list[list[Any]]] = {}
        if not self._folder.exists():
            return
        try:
            told = json.loads((self._folder / _FIGURES).read_text("utf-8"))
            what, self._figures = told["what"], dict(told["figures"])
        except FileNotFoundError:  # ended before the first split was finished
            return
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ConfigError(f"{self._folder} is damaged ({error}); remove it") from None
        if what != self._what:
            raise ConfigError(f"{self._folder} holds runs of {what}; remove it to start over")

    def found(self, split: Split, seed: int) -> list[list[Any]]:
        """The figures of a split and a seed, a row for each run; none if it is not finished."""
        return self._figures.get(f"{split.fingerprint} {seed}", [])

    def checkpoint(self, split: Split, title: str) -> Checkpoint:
        """Of the training of a model on a split."""
        home = self._folder / _MODELS / split.fingerprint[:12]
        home.mkdir(parents=True, exist_ok=True)
        name = "".join(one if one.isalnum() else "-" for one in title)
        keeping = Keeping(
            remedy=f"remove {self._folder} to start over", tell=_tell, held_back=SIGNALS.held_back
        )
        return Checkpoint(home / name, keeping)

    def keep(self, artifact: Artifact, checkpoint: Checkpoint) -> None:
        """Save a model until its split is finished."""
        if not checkpoint.is_finished:
            storage.save(artifact, checkpoint.folder)
            checkpoint.finish()

    def add(self, split: Split, seed: int, rows: Sequence[Sequence[Any]]) -> None:
        """A split is finished: keep its figures, and its models no longer."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._figures[f"{split.fingerprint} {seed}"] = [list(row) for row in rows]
        told = {"what": self._what, "figures": self._figures}
        with replace_file(self._folder / _FIGURES) as fresh:
            fresh.write_text(json.dumps(told, indent=1), "utf-8")
        shutil.rmtree(self._folder / _MODELS, ignore_errors=True)

    def discard(self) -> None:
        """The page is written."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _tell(line: str) -> None:
    print(f"note: {line}", flush=True)
