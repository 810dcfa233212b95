"""Stages: what a run has made so far, as Parquet in a folder that all executors see.

A stage that is written is read instead of being made again: by tasks that have to be repeated, and
by a run that goes on where an earlier one was ended.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from starcast.engines.spark.session import Session
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


_WORDS = "words string"  # columns of a note


@final
class Stages:
    """The stages in a place.

    Args:
        session: that writes and reads them.
        place: a folder, or an address such as s3a://bucket/run.

    Attributes:
        run: tells the stages of a run from those that an earlier one has left.
    """

    def __init__(self, session: Session, place: str) -> None:
        self._session, self.run = session, ""
        self._schemas: dict[str, Any] = {}  # by stage; to infer one is a job of its own
        self.place = place.rstrip("/")
        if "://" not in place:
            self.place = str(Path(place).resolve())

    def write(self, name: str, frame: "DataFrame") -> "DataFrame":
        """Write a stage, over what is there, and read it back."""
        frame.write.mode("overwrite").parquet(f"{self.place}/{name}")
        self._schemas[name] = frame.schema
        return self.read(name)

    def read(self, name: str) -> "DataFrame":
        """A stage that is there."""
        reader, path = self._session.spark.read, f"{self.place}/{name}"
        if name not in self._schemas:
            self._schemas[name] = reader.parquet(path).schema
        return reader.schema(self._schemas[name]).parquet(path)

    def find(self, name: str, schema: str) -> "DataFrame | None":
        """A stage of such columns; None where there is none, or not all of it."""
        self._schemas.setdefault(name, schema)
        try:
            found = self.read(name)
            found.schema  # noqa: B018  # asks for it: a path is looked at no sooner
            return found
        except Exception as error:
            told = str(error)
            if "PATH_NOT_FOUND" in told or "UNABLE_TO_INFER_SCHEMA" in told:
                return None
            raise

    def once(self, name: str, make: "Callable[[], DataFrame]") -> "DataFrame":
        """A stage of this run: made if it is not there, or that of another."""
        of = f"{name}.of"
        if self.noted(of) != {"run": self.run}:
            self.write(name, make())
            self.note(of, {"run": self.run})
        return self.read(name)

    def note(self, name: str, words: Mapping[str, Any]) -> None:
        """Write a stage of one row: plain values."""
        import pyarrow as pa

        self.write(name, self._session.frame(pa.table({"words": [json.dumps(words)]})).coalesce(1))

    def noted(self, name: str) -> dict[str, Any] | None:
        """What `note` wrote, None where it is not there or not whole."""
        found = self.find(name, _WORDS)
        rows = found.toArrow().to_pylist() if found is not None else []
        if len(rows) != 1:
            return None
        words: dict[str, Any] = json.loads(rows[0]["words"])
        return words


def place_of(session: Session, work: str | None, beside: Path) -> str:
    """The folder of a run's stages.

    Args:
        session: whose executors must see it.
        work: as given.
        beside: where the model goes, on this machine.
    Raises: ConfigError: none was given, and executors may not see the disk of this machine.
    """
    if work:
        return work
    if not session.is_one_machine:
        raise ConfigError(
            f"the executors of {session.master} need a folder that all of them see, for what is "
            "under way: --work s3a://bucket/folder, hdfs://… or a shared disk"
        )
    return str(beside.with_name(f"{beside.name}.spark"))


def clear(place: str) -> None:
    """Take stages away that lie on this machine."""
    shutil.rmtree(place, ignore_errors=True)
