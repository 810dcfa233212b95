"""Weights on disk: the safetensors format, written by its library and read here.

The library maps a file into memory: somebody who shortens it meanwhile ends the process. Here it is
read once, into memory of our own, and what it says of itself is checked before it is read.

Source: the safetensors format, https://huggingface.co/docs/safetensors.
"""

import io
import json
import math
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from starcast.engines.protocol import Weights
from starcast.scoring.schema import Schema

_LENGTH = 8  # bytes that say how long the header is
_MOST_HEADER = 4 << 20  # bytes: some 40,000 arrays

Offsets = dict[str, tuple[tuple[int, ...], int, int]]
"""By name: the shape of an array, and where it begins and ends behind the header."""


def check_header(file: BinaryIO, schema: Schema) -> None:
    """Refuse a file that says other things of its arrays than a schema.

    Raises: ValueError, LookupError, TypeError: it is no such file, or what differs.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(_LENGTH)
    offsets = _offsets(start + file.read(_length(start, size)), size)
    if misfit := schema.misfit({name: shape for name, (shape, *_) in offsets.items()}):
        raise ValueError(misfit)


def arrays(content: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """The arrays in a file's content, whose header has been checked: views."""
    data = _LENGTH + _length(content[:_LENGTH].tobytes(), len(content))
    return {
        name: content[data + begin : data + end].view("<f4").reshape(shape)
        for name, (shape, begin, end) in _offsets(content[:data].tobytes(), len(content)).items()
    }


def _length(start: bytes, size: int) -> int:
    """Of the header's JSON."""
    length = int.from_bytes(start, "little")
    if not 2 <= length <= min(size - _LENGTH, _MOST_HEADER):
        raise ValueError("a header of an impossible length")
    return length


def _offsets(header: bytes, size: int) -> Offsets:
    """The arrays that a header tells of; they must fill a file of so many bytes."""
    entries: dict[str, Any] = json.loads(header[_LENGTH:])
    entries.pop("__metadata__", None)
    offsets = {name: _entry(name, entry) for name, entry in entries.items()}
    at = 0
    for begin, end in sorted((begin, end) for _, begin, end in offsets.values()):
        if begin != at:
            raise ValueError("arrays that do not lie side by side")
        at = end
    if at != size - len(header):
        raise ValueError(f"arrays of {at:,} bytes in {size - len(header):,}")
    return offsets


def _entry(name: str, entry: dict[str, Any]) -> tuple[tuple[int, ...], int, int]:
    if entry["dtype"] != "F32":
        raise ValueError(f"'{name}' is {str(entry['dtype'])[:20]}, wanted F32")
    shape, (begin, end) = tuple(entry["shape"]), entry["data_offsets"]
    sizes = *shape, begin, end
    if not all(type(n) is int and n >= 0 for n in sizes) or end - begin != 4 * math.prod(shape):
        raise ValueError(f"'{name}' has {str(entry['data_offsets'])[:40]} bytes for {shape}")
    return shape, begin, end


def save(weights: Weights, path: Path) -> None:
    """Write arrays by name, in single precision."""
    # The library reads memory from a pointer on: views and NumPy scalars must become arrays.
    save_file({name: np.asarray(weights[name], np.float32, order="C") for name in weights}, path)
    path.chmod(0o644)  # as readable as the files beside it
