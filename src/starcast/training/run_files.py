"""A run as TensorBoard reads it, written at once: what cannot be written is an OSError here."""

import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from starcast.engines.protocol import Scores

_FLUSH = 10.0  # seconds after which TensorBoard, if it is looking, shall see what there is


@final
class RunFiles:
    """The files of one run: scalars and a graph in an event file, tables for the projector.

    tensorboardX's own writer leaves an event file to a thread, where a full disk is a traceback
    that nobody catches; its records and tables are used as they are.

    Args:
        folder: of the run; made if it is not there.
        ending: of the event file's name, where another may be written in the same second.
    Raises: OSError: something cannot be written; so does every method.
    """

    def __init__(self, folder: Path, ending: str = "") -> None:
        from tensorboardX.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._flushed = folder, time.monotonic()
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}{ending}"
        self._records = RecordWriter(str(folder / name))
        self._event(file_version="brain.Event:2")

    def scalar(self, name: str, value: float, step: int) -> None:
        """A figure of an epoch."""
        from tensorboardX.summary import scalar

        self._event(summary=scalar(name, value), step=step)

    def summary(self, summary: Any) -> None:
        """What tensorboardX made to be written."""
        self._event(summary=summary)

    def graph(self, graph: bytes) -> None:
        """A serialized GraphDef."""
        self._event(graph_def=graph)

    def embedding(self, name: str, table: Scores, labels: Sequence[str]) -> None:
        """A table (n, d) for the projector, and a label (n,) for each row."""
        from tensorboardX.embedding import append_pbtxt, make_mat, make_tsv

        place = self._folder / "00000" / name
        place.mkdir(parents=True, exist_ok=True)
        make_tsv(labels, str(place))
        make_mat(table, str(place))
        append_pbtxt(labels, None, str(self._folder), f"00000/{name}", 0, name)

    def close(self) -> None:
        """Write what is left."""
        try:
            self._records.flush()
        finally:
            self._records.close()

    def _event(self, **content: Any) -> None:
        from tensorboardX.proto.event_pb2 import Event

        event = Event(wall_time=time.time(), **content)
        self._records.write(event.SerializeToString())
        if time.monotonic() - self._flushed > _FLUSH:
            self._records.flush()
            self._flushed = time.monotonic()
