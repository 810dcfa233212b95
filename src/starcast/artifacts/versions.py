"""Versions of a model, or of a report: kept beside it, put in its place, and put back.

Beside its folder, NAME, stands NAME.versions: a folder for each version, and `history.jsonl`, a
line for each thing that was done. Which version is in service is told by its manifest, so that a
run that is killed leaves nothing untrue. `keep_standing` is for whoever replaces what is there.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.beside import KEPT, VERSIONS
from starcast.artifacts.replacement import MANIFEST, as_artifact_error, atomic_replace
from starcast.disk.lock import alone
from starcast.disk.reading import read_at_most
from starcast.disk.replacement import replace_file, resolved, standing
from starcast.errors import ArtifactError, ConfigError

_HISTORY, _MOST_BYTES, _MOST_LINES = "history.jsonl", 64 << 20, 10_000
_PUT, _BACK = ("adopted", "deployed"), "rolled back"


@final
class Versions:
    """The versions of one model, or of another folder that is replaced whole.

    Args:
        folder: of what is in service; there need be none yet.
        mark: the file that makes a folder one of its kind.
    """

    def __init__(self, folder: Path, mark: str = MANIFEST) -> None:
        self.folder, self.home = folder, folder.with_name(f"{folder.name}{VERSIONS}")
        self._mark = mark

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs from doing anything with these versions.

        Raises: BusyError: another one is. ArtifactError: nothing can be written there.
        """
        with as_artifact_error(self.home), alone(resolved(self.home)):
            yield

    def numbers(self) -> list[int]:
        """The versions that are kept, ascending."""
        if not self.home.is_dir():
            return []
        names = (path.name for path in self.home.iterdir() if (path / self._mark).is_file())
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal())

    def in_service(self) -> int | None:
        """The version that the folder holds; None of another model, or of none."""
        manifest = standing(self.folder) / self._mark
        if not manifest.is_file():
            return None
        now = manifest.read_bytes()
        same = (n for n in reversed(self.numbers()) if self._manifest(n) == now)
        return next(same, None)

    def adopt(self) -> int | None:
        """The version in service, after what came into the folder otherwise has become one."""
        found = self.in_service()
        if found is None and (standing(self.folder) / self._mark).is_file():
            found = self._next()
            self._copy(standing(self.folder), self.place(found))
            self.note({"version": found, "did": "adopted"})
        return found

    def keep_standing(self) -> Path | None:
        """Keep as a version what stands in the folder and is about to be replaced.

        The latest are kept, as many as `KEPT`; older ones go.

        Returns: where it is kept; None where nothing stands there.
        Raises: ArtifactError: it cannot be kept. BusyError: another run is at work on it.
        """
        with self.held():
            number = self.adopt()
            if number is None:
                return None
            self.prune(KEPT)
            return self.place(number)

    def add(self, artifact: Artifact) -> int:
        """Keep a model as a version, not yet in service; its number."""
        number = self._next()
        storage.save(artifact, self.place(number))
        return number

    def deploy(self, number: int, said: Mapping[str, Any]) -> None:
        """Put a version in service; what is said of it goes to the history."""
        self._copy(self.place(number), self.folder)
        self.note({"version": number, "did": "deployed", **said})

    def roll_back(self, number: int | None = None) -> tuple[int, int | None]:
        """Put the version in service that was before, or another.

        Returns: the version in service now, and the one that was.
        Raises: ConfigError: there is no such version.
        """
        now, kept, line = self.adopt(), self.numbers(), self._line()  # read before all is done
        if number is None:
            before = [one for one in line if one in kept and one != now]
            if not before:
                raise ConfigError(
                    f"no version of {self.folder} came before the one in service; kept: "
                    f"{', '.join(map(str, kept)) or 'none'}"
                )
            number = before[-1]
        if number not in kept:
            raise ConfigError(
                f"{self.folder} has no version {number}; kept: {', '.join(map(str, kept))}"
            )
        self._copy(self.place(number), self.folder)
        self.note({"version": number, "did": _BACK})
        return number, now

    def prune(self, keep: int) -> list[int]:
        """Remove versions but the newest, the one in service, and the one before it."""
        line = [one for one in self._line() if one in self.numbers()]
        spared = {*self.numbers()[-keep:], *line[-2:], self.in_service()}
        removed = [one for one in self.numbers() if one not in spared]
        for one in removed:
            shutil.rmtree(self.place(one), ignore_errors=True)
        return removed

    def place(self, number: int) -> Path:
        """The folder of a version."""
        return self.home / f"{number:04d}"

    def note(self, record: Mapping[str, Any]) -> None:
        """Add a line to the history."""
        self.home.mkdir(parents=True, exist_ok=True)
        lines = [*self.history()[-_MOST_LINES:], record]
        with replace_file(self.home / _HISTORY) as fresh:
            fresh.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")

    def history(self) -> list[Mapping[str, Any]]:
        """What was done, oldest first. Raises: ArtifactError: it cannot be read."""
        path = self.home / _HISTORY
        if not path.exists():
            return []
        try:
            lines = read_at_most(path, _MOST_BYTES).decode("utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{path} cannot be read: {error}") from None
        return [self._record(number, line) for number, line in enumerate(lines, 1)]

    def _record(self, number: int, line: str) -> Mapping[str, Any]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise ArtifactError(
                f"{self.home / _HISTORY} cannot be read: line {number} is no record; remove it, or "
                "move the file away: the versions themselves stay"
            )
        return record

    def _line(self) -> list[int]:
        """The versions that led to the one in service: what was rolled back is none of them."""
        line: list[int] = []
        for record in self.history():
            number = record.get("version")
            if record.get("did") in _PUT and isinstance(number, int):
                line.append(number)
            elif record.get("did") == _BACK and number in line:
                line = line[: line.index(number) + 1]
        return line

    def _next(self) -> int:
        told = [one.get("version") for one in self.history()]
        numbers = [one for one in told if isinstance(one, int)]
        return max([0, *self.numbers(), *numbers]) + 1

    def _manifest(self, number: int) -> bytes:
        return (self.place(number) / self._mark).read_bytes()

    def _copy(self, source: Path, target: Path) -> None:
        with atomic_replace(target, self._mark) as fresh:
            for path in sorted(source.iterdir()):
                if path.is_file():
                    shutil.copyfile(path, fresh / path.name)
