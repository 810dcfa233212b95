"""Weights are read as the library would read them, unless they are not what they should be."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save, save_file

from starcast.artifacts import weights_file
from starcast.scoring.schema import Schema

WEIGHTS = {
    "mean": np.array(3.5, np.float32),
    "user_factors": np.arange(6, dtype=np.float32).reshape(3, 2),
    "ünd so": np.array([1, -1], np.float32),
}
SCHEMA = Schema({"mean": (), "user_factors": (3, 2), "ünd so": ("n",)}, lambda w, s: 0.0)


def content_of(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def made(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_arrays_are_those_of_the_library(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "w", {"said": "by others"})
    data = (tmp_path / "w").read_bytes()
    weights_file.check_header(io.BytesIO(data), SCHEMA)
    ours, theirs = weights_file.arrays(content_of(data)), load_file(tmp_path / "w")
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, strict=True)


def test_another_shape_is_refused_before_the_data_are_read() -> None:
    """The header alone is enough: what follows may be gigabytes."""
    weights = WEIGHTS | {"user_factors": np.zeros((3, 3), np.float32)}
    with pytest.raises(ValueError, match=r"'user_factors' is \(3, 3\), wanted \(3, 2\)"):
        weights_file.check_header(io.BytesIO(save(weights)), SCHEMA)


ONE = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
WRONG = {
    "cut": made(ONE, bytes(7)),
    "too long": made(ONE, bytes(9)),
    "another type": made({"a": ONE["a"] | {"dtype": "F64"}}, bytes(8)),
    "another size": made({"a": ONE["a"] | {"shape": [3]}}, bytes(8)),
    "a size below 0": made({"a": ONE["a"] | {"shape": [-1, -2]}}, bytes(8)),
    "a size that is none": made({"a": ONE["a"] | {"shape": [2.0]}}, bytes(8)),
    "offsets upside down": made({"a": ONE["a"] | {"data_offsets": [8, 0]}}, bytes(8)),
    "two in one place": made(ONE | {"b": ONE["a"]}, bytes(8)),
    "a hole": made({"a": ONE["a"] | {"data_offsets": [4, 12]}}, bytes(12)),
    "no offsets": made({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)),
    "no entries": made({"a": 3}, bytes(8)),
    "no mapping": made([ONE], bytes(8)),
    "no json": (20).to_bytes(8, "little") + b"{" * 20,
    "a header beyond the end": (2**63).to_bytes(8, "little") + b"{}",
    "no header": b"\0" * 7,
    "nothing": b"",
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_a_file_that_contradicts_itself_is_refused(data: bytes) -> None:
    schema = Schema({"a": (2,)}, lambda w, s: 0.0)
    weights_file.check_header(io.BytesIO(made(ONE, bytes(8))), schema)
    with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
        weights_file.check_header(io.BytesIO(data), schema)


def test_what_contradicts_itself_is_named() -> None:
    schema = Schema({"a": (2,)}, lambda w, s: 0.0)
    with pytest.raises(ValueError, match=r"^arrays of 8 bytes in 7$"):
        weights_file.check_header(io.BytesIO(WRONG["cut"]), schema)
    with pytest.raises(ValueError, match=r"^'a' is F64, wanted F32$"):
        weights_file.check_header(io.BytesIO(WRONG["another type"]), schema)
