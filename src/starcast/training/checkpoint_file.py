"""A checkpoint on disk: one file that is replaced whole, holds nothing executable, is not believed.

The format is that of safetensors, written by its library: arrays, each called part/name, and a
record in JSON among the metadata. The record holds the SHA-256 of every part and of itself. What
the file says of its arrays is looked at before they are read, part by part.

Source: the safetensors format, https://huggingface.co/docs/safetensors.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from starcast.disk.reading import open_regular
from starcast.disk.replacement import replace_file
from starcast.engines.protocol import Engine, ResumableEngine
from starcast.engines.sampler import Sampler
from starcast.engines.state import State, named_parts

_FORMAT, _VERSION = "starcast-checkpoint", 1
_KEY = "checkpoint"  # of the record among the metadata
_MOST_HEADER = 64 << 20  # bytes: some 100,000 epochs of a history
_SLACK = 1 << 20  # bytes: figures, counts, random numbers
_LENGTH = 8  # bytes that say how long the header is
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "BOOL": "|b1",
}  # fmt: skip

Record = dict[str, Any]
"""What JSON can hold, by name."""


def write(path: Path, record: Mapping[str, Any], parts: Mapping[str, State]) -> None:
    """Put a checkpoint in the place of another, whole or not at all.

    Raises: OSError, BusyError: it cannot be written.
    """
    arrays = named_parts(**parts)
    head = {"format": _FORMAT, "version": _VERSION}
    sums = {name: sum_of(part) for name, part in parts.items()}
    signed = _signed({**head, **record, "sums": sums})
    with replace_file(path) as fresh:
        try:
            save_file(arrays, fresh, {_KEY: json.dumps(signed)})
        except SafetensorError as error:  # as which the library tells of a full disk
            raise OSError(str(error)) from None
        fresh.chmod(0o644)


def sum_of(arrays: State) -> str:
    """SHA-256 (hex) of arrays and of what they are called."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def most_bytes(engine: Engine) -> int:
    """More than any part of a checkpoint of such an engine takes."""
    draws = engine.sweeps if isinstance(engine, Sampler) else 1
    weights = sum(array.nbytes for array in engine.weights().values())
    state = 0
    if isinstance(engine, ResumableEngine):
        state = sum(array.nbytes for array in engine.state().values())
    return _SLACK + 2 * state + 2 * draws * weights


@final
class CheckpointFile:
    """A checkpoint to be read.

    Attributes:
        record: as it was written, if its sum is right.

    Raises:
        FileNotFoundError: there is none.
        OSError, ValueError: it cannot be read, is none, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            self._start, header = _header(file, size)
        self._entries = {name: _Entry.of(name, one) for name, one in header.items()
                         if name != "__metadata__"}  # fmt: skip
        _check_places(list(self._entries.values()), size - self._start)
        self.record = _record(header)

    def part(self, name: str, most_bytes: int) -> State:
        """The arrays of a part, none if it has no such part.

        Args:
            name: of the part.
            most_bytes: more than this one never was.
        Raises: OSError, ValueError: it cannot be read, is larger, or is damaged.
        """
        found = {one: entry for one, entry in self._entries.items() if one.startswith(f"{name}/")}
        n_bytes = sum(entry.n_bytes for entry in found.values())
        if n_bytes > most_bytes:
            raise ValueError(f"{n_bytes:,} bytes where {most_bytes:,} would be many")
        with open_regular(self._path) as file:
            arrays = {one.removeprefix(f"{name}/"): self._read(file, entry)
                      for one, entry in found.items()}  # fmt: skip
        if sum_of(arrays) != self.record["sums"].get(name, sum_of({})):
            raise ValueError(f"its {name} does not match its checksum")
        return arrays

    def _read(self, file: BufferedReader, entry: "_Entry") -> NDArray[Any]:
        array = np.empty(entry.shape, entry.dtype)
        file.seek(self._start + entry.begin)
        flat = array.reshape(-1).view(np.uint8)
        if file.readinto(flat.data) != entry.n_bytes:
            raise ValueError("it ends too early")
        return array


@final
class _Entry:
    """Where an array lies behind the header, and what it is."""

    def __init__(self, dtype: str, shape: tuple[int, ...], begin: int, end: int) -> None:
        self.dtype, self.shape, self.begin = np.dtype(dtype), shape, begin
        self.n_bytes = end - begin

    @classmethod
    def of(cls, name: str, told: Any) -> Self:
        try:
            dtype, shape = _TYPES[told["dtype"]], tuple(told["shape"])
            begin, end = told["data_offsets"]
        except (TypeError, LookupError, ValueError):
            raise ValueError(f"what it says of '{name[:40]}' makes no sense") from None
        if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)):
            raise ValueError(f"'{name[:40]}' has sizes that are none")
        if end - begin != math.prod(shape) * np.dtype(dtype).itemsize or len(shape) > 8:
            raise ValueError(f"'{name[:40]}' has {end - begin:,} bytes for {shape}")
        return cls(dtype, shape, begin, end)


def _header(file: BufferedReader, size: int) -> tuple[int, dict[str, Any]]:
    """Where arrays begin, and what the file says of them. Raises: ValueError."""
    length = int.from_bytes(file.read(_LENGTH), "little")
    if not 2 <= length <= min(size - _LENGTH, _MOST_HEADER):
        raise ValueError("a header of an impossible length")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError):
        raise ValueError("its header is no JSON") from None
    if not isinstance(header, dict):
        raise ValueError("its header is none")
    return _LENGTH + length, header


def _check_places(entries: list[_Entry], n_bytes: int) -> None:
    """Arrays lie side by side and fill the file. Raises: ValueError."""
    at = 0
    for entry in sorted(entries, key=lambda one: (one.begin, one.n_bytes)):
        if entry.begin != at:
            raise ValueError("arrays that do not lie side by side")
        at += entry.n_bytes
    if at != n_bytes:
        raise ValueError(f"arrays of {at:,} bytes in {n_bytes:,}")


def _record(header: Mapping[str, Any]) -> Record:
    """The record in a header. Raises: ValueError: there is none, or it is damaged."""
    try:
        record = json.loads(header["__metadata__"][_KEY])
        is_ours = record["format"] == _FORMAT
    except (TypeError, LookupError, ValueError, RecursionError):
        is_ours = False
    if not is_ours:
        raise ValueError("it is no checkpoint")
    if record.get("version") != _VERSION:
        raise ValueError(f"it has format {str(record.get('version'))[:20]}, not {_VERSION}")
    if _signed(record) != record or not isinstance(record.get("sums"), dict):
        raise ValueError("it does not match its own checksum")
    return {name: value for name, value in record.items() if name != "sum"}


def _signed(record: Mapping[str, Any]) -> Record:
    """With the sum of all the rest."""
    rest = {name: value for name, value in record.items() if name != "sum"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return rest | {"sum": hashlib.sha256(text.encode()).hexdigest()}
