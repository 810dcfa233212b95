"""Artifacts made by a stranger: every sum is right, and something that is said is not.

`of_weights`, `of_tables` and `of_manifest` list what can be done to an artifact, made from its own
parts: each weight, each column, each field. `forge` writes what is left, with all sums and the
fingerprint made anew, so that nothing but its meaning is wrong.
"""

import copy
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from starcast.artifacts import manifest as manifests
from starcast.artifacts.manifest_fields import FIELDS
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split.fingerprint import RowSum, fingerprint
from starcast.errors import StarcastError

Weights = dict[str, NDArray[Any]]
TABLES = ("users.parquet", "items.parquet", "ratings.parquet")


@dataclass
class Parts:
    """What an artifact is made of, to be changed."""

    folder: Path
    manifest: dict[str, Any]
    weights: dict[str, Weights]
    tables: dict[str, pl.DataFrame]

    @classmethod
    def of(cls, folder: Path) -> "Parts":
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        return cls(
            folder,
            manifest,
            {path.name: load_file(path) for path in folder.glob("*.safetensors")},
            {name: pl.read_parquet(folder / name) for name in TABLES},
        )

    def copy(self) -> "Parts":
        """Another, whose arrays and tables are the same until they are replaced."""
        weights = {name: dict(one) for name, one in self.weights.items()}
        return Parts(self.folder, copy.deepcopy(self.manifest), weights, dict(self.tables))


ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 7, 1.5, 10**30, "", "x", "\ud800", [], [1, 2], [{}], {}, {"x": 1},
    {"x": None},
)  # fmt: skip
"""What a field of JSON may hold."""

Change = Callable[[Parts], None]
Mutation = tuple[str, Change]


def forge(parts: Parts, change: Change, folder: Path) -> None:
    """Write changed parts as an artifact whose sums are right, and its fingerprint if it can be."""
    changed = parts.copy()
    change(changed)
    folder.mkdir(parents=True)
    for name, weights in changed.weights.items():
        old = parts.weights[name]
        if weights.keys() == old.keys() and all(weights[one] is old[one] for one in old):
            shutil.copyfile(parts.folder / name, folder / name)
        else:
            whole = {one: np.asarray(array, order="C") for one, array in weights.items()}
            save_file(whole, folder / name)
    for name, table in changed.tables.items():
        if table is parts.tables[name]:
            shutil.copyfile(parts.folder / name, folder / name)
        else:
            table.write_parquet(folder / name)
            changed.manifest["fingerprint"] = _fingerprint(changed)
    sign(changed.manifest, folder)


def sign(manifest: dict[str, Any], folder: Path) -> None:
    """Write a manifest with the sums of the files that lie there."""
    if isinstance(manifest.get("files"), dict):
        for name in manifest["files"]:
            if (folder / name).is_file():
                content = (folder / name).read_bytes()
                manifest["files"][name] = hashlib.sha256(content).hexdigest()
    if "sum" in manifest:
        with suppress(UnicodeEncodeError):
            manifest["sum"] = manifests._sum_of(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


UNUSABLE = (ValueError, TypeError, AttributeError, LookupError)


def _fingerprint(parts: Parts) -> str:
    users, items, rows = (parts.tables[name] for name in TABLES)
    try:
        user_rows, item_rows, stars, part = (
            rows[name].to_numpy() for name in ("user_row", "item_row", "rating", "part")
        )
        known = (Vocabulary(_ids(users["user_id"]), "user"), Vocabulary(_ids(items["item_id"])))
        scale, titles = RatingScale(**parts.manifest["scale"]), np.array([])
        ratings = Ratings(user_rows, item_rows, stars, None, *known, scale, titles, "")
        if part.dtype != np.uint8:
            return ""
        return fingerprint(RowSum.of_parts(ratings, part), scale)
    except (*UNUSABLE, StarcastError, pl.exceptions.PolarsError):
        return ""


def _ids(column: pl.Series) -> NDArray[Any]:
    return column.to_numpy() if column.dtype.is_integer() else column.to_numpy().astype(np.str_)


def of_weights(parts: Parts, other: Parts) -> Iterator[Mutation]:
    """Everything that can be done to the weights, and what another model's are good for."""
    for file, weights in parts.weights.items():
        for name, array in weights.items():
            for what, changed in _changed(array):
                yield f"{file}: {name} {what}", _set_weight(file, name, changed)
            yield f"{file}: {name} missing", _drop_weight(file, name)
        yield f"{file}: another", _set_weight(file, "another", np.zeros(3, np.float32))
        yield f"{file}: of another model", _set_weights(file, next(iter(other.weights.values())))
        yield f"{file}: empty", _set_weights(file, {})


def _changed(array: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    for axis in range(array.ndim):
        yield f"cut along axis {axis}", np.delete(array, -1, axis)
        yield f"doubled along axis {axis}", np.concatenate([array, array], axis)
    if array.ndim > 1 and array.shape[-1] != array.shape[-2]:
        yield "transposed", np.swapaxes(array, -1, -2)
    yield "with an axis more", array[np.newaxis]
    if array.ndim > 1:
        yield "flat", array.ravel()
    elif array.size > 1:
        yield "alone", array[:1]
    for kind in (np.float64, np.float16, np.int32, np.uint8):
        with np.errstate(over="ignore", invalid="ignore"):
            yield f"as {np.dtype(kind)}", array.astype(kind)
    for value in (np.nan, np.inf, -np.inf, 3e38, -1e20):
        holed = array.copy()
        holed.reshape(-1)[-1:] = value
        yield f"with {value:g}", holed
    yield "all nan", np.full_like(array, np.nan)
    yield "all 1e15", np.full_like(array, 1e15)
    yield "all -1", np.full_like(array, -1)
    yield "reversed", np.flip(array).copy()


def _set_weight(file: str, name: str, array: NDArray[Any]) -> Change:
    return lambda parts: parts.weights[file].__setitem__(name, array)


def _drop_weight(file: str, name: str) -> Change:
    return lambda parts: parts.weights[file].__delitem__(name)


def _set_weights(file: str, weights: Weights) -> Change:
    return lambda parts: parts.weights.__setitem__(file, dict(weights))


def of_tables(parts: Parts) -> Iterator[Mutation]:
    """Everything that can be done to the tables."""
    for table, frame in parts.tables.items():
        yield from _of_table(table, frame)


def _of_table(table: str, frame: pl.DataFrame) -> Iterator[Mutation]:
    changed: dict[str, pl.DataFrame] = {
        "empty": frame.clear(),
        "cut": frame.head(len(frame) - 1),
        "one more row": pl.concat([frame, frame.tail(1)]),
        "doubled": pl.concat([frame, frame]),
        "reversed": frame.reverse(),
        "two rows swapped": pl.concat([frame.head(2).reverse(), frame.slice(2)]),
        "another column": frame.with_columns(another=1),
        "no columns": pl.DataFrame({"another": [1] * len(frame)}),
    }
    for column in frame.columns:
        changed[f"no {column}"] = frame.drop(column)
        for what, values in _column(frame[column]):
            changed[f"{column} {what}"] = frame.with_columns(values.alias(column))
    for what, one in changed.items():
        yield f"{table}: {what}", _set_table(table, one)


def _set_table(table: str, frame: pl.DataFrame) -> Change:
    return lambda parts: parts.tables.__setitem__(table, frame)


def _column(column: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    n = len(column)
    if isinstance(column.dtype, pl.List):
        for what, end in (("null", None), ("a null", [None]), ("long", ["x" * 30_000_000, "y"])):
            yield f"with {what}", pl.Series([*column.to_list()[:-1], end], dtype=column.dtype)
        yield "as text", pl.Series(["x"] * n)
        yield "as numbers", pl.Series([[1]] * n)
        yield "as lists of lists", pl.Series([[["x"]]] * n)
        return
    last = pl.Series([False] * (n - 1) + [True])
    yield "null once", column.set(last, None)
    yield "all null", pl.Series([None] * n, dtype=column.dtype)
    yield "all alike", pl.Series([column[0]] * n, dtype=column.dtype)
    yield "as lists", pl.Series([[1]] * n)
    yield "as bytes", pl.Series([b"x"] * n)
    yield "as dates", pl.Series(range(n)).cast(pl.Date)
    if column.dtype == pl.String:
        yield "long", column.set(last, "x" * 3_000_000)
        return
    yield "as text", column.cast(pl.String)
    for kind in (pl.Float64, pl.Float32, pl.Int64, pl.UInt64, pl.Int8, pl.Boolean):
        if kind != column.dtype:
            yield f"as {kind}", column.cast(kind, strict=False).fill_null(0)
    for whole in (-1, 77, 200, 10**6, 2**31 - 1):
        if not (column.dtype == pl.UInt8 and not 0 <= whole < 256):
            yield f"with {whole}", column.set(last, whole)
    if column.dtype.is_float():
        for value in (np.nan, np.inf, -np.inf, 1e30):
            yield f"with {value:g}", column.set(last, value)
        yield "all nan", pl.Series([np.nan] * n, dtype=column.dtype)


def of_manifest(parts: Parts) -> Iterator[Mutation]:
    """Every field and what is in it, replaced by what JSON may hold, and left out."""
    for name in (*FIELDS, "another"):
        for value in ODD:
            yield f"manifest: {name} = {value!r}", _set_field((name,), value)
        yield f"manifest: no {name}", _drop_field((name,))
    inner = [("scale", "lowest"), ("scale", "highest"), ("scale", "step"), ("ids", "users"),
             ("ids", "items"), ("metrics", "test"), ("versions", "numpy"), ("history", 0),
             ("history", -1, "epoch"), ("history", -1, "validation"), ("history", -1, "seconds"),
             ("files", "weights.safetensors")]  # fmt: skip
    inner += [("config", name) for name in parts.manifest["config"] or ()]
    for n, part in enumerate(parts.manifest.get("parts", ())):
        inner += [("parts", n, name) for name in part]
        inner += [("parts", n, "settings", name) for name in part["settings"]]
    for place in inner:
        for value in (*ODD, 1e300, 1e-300, 2**63):
            yield f"manifest: {place} = {value!r}", _set_field(place, value)
        yield f"manifest: no {place}", _drop_field(place)


def _set_field(place: tuple[Any, ...], value: Any) -> Change:
    def change(parts: Parts) -> None:
        *way, name = place
        _inner(parts, way)[name] = value

    return change


def _drop_field(place: tuple[Any, ...]) -> Change:
    def change(parts: Parts) -> None:
        *way, name = place
        inner = _inner(parts, way)
        if isinstance(inner, list) or name in inner:
            del inner[name]

    return change


def _inner(parts: Parts, way: list[Any]) -> Any:
    inner: Any = parts.manifest
    for step in way:
        inner = inner[step]
    return inner


def forged(parts: Parts, mutations: Iterable[Mutation], place: Path) -> Iterator[tuple[str, Path]]:
    """Hostile versions of an artifact, one after the other; each is gone when the next is made."""
    for what, change in mutations:
        forge(parts, change, place / "forged")
        yield what, place / "forged"
        shutil.rmtree(place / "forged")


def in_place_of_files(folder: Path, like: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """What may lie in a folder where a file should; each is for a new copy of another artifact."""
    for name in sorted(path.name for path in like.iterdir()):
        path = folder / name

        yield f"{name}: nothing", path.unlink
        yield f"{name}: empty", partial(_put, path, Path.touch)
        yield f"{name}: a folder", partial(_put, path, Path.mkdir)
        yield f"{name}: a pipe", partial(_put, path, os.mkfifo)
        yield f"{name}: a socket", partial(_put, path, _bind)
        for target in ("/dev/zero", "/dev/tty", name):
            link = partial(Path.symlink_to, target=target)
            yield f"{name}: a link to {target}", partial(_put, path, link)


def _put(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def _bind(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def bombs(source: Path, place: Path) -> list[Path]:
    """Small artifacts, but for holes in files, that would become large; their sums are right."""
    made = []
    for name, make in _BOMBS.items():
        folder = place / name.replace(" ", "-")
        shutil.copytree(source, folder)
        make(folder)
        if (folder / "manifest.json").stat().st_size < 1 << 20 and "hole" not in name:
            sign(json.loads((folder / "manifest.json").read_text("utf-8")), folder)
        made.append(folder)
    return made


def _many_rows(folder: Path, table: str) -> None:
    first = pl.read_parquet(folder / table).head(1)
    rows = [pl.repeat(one[0], 20_000_000, dtype=one.dtype).alias(one.name) for one in first]
    pl.select(rows).write_parquet(folder / table)


def _titles(folder: Path, *titles: str) -> None:
    items = pl.read_parquet(folder / "items.parquet")
    every = [*titles, *[titles[-1]] * (len(items) - len(titles))]
    items.with_columns(title=pl.Series(every)).write_parquet(folder / "items.parquet")


def _large_manifest(folder: Path, n_bytes: int) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    record = {"epoch": 1, "seconds": 0.5}
    manifest["history"] = [record] * (n_bytes // len(json.dumps(record) + ", ") - 200)
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def _deep_manifest(folder: Path) -> None:
    text = '{"format":' + "[" * 2_000_000 + "]" * 2_000_000 + "}"
    (folder / "manifest.json").write_text(text, "utf-8")


def _long_header(folder: Path) -> None:
    one = '"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    header = ("{" + ",".join(one % n for n in range(400_000)) + "}").encode()
    content = len(header).to_bytes(8, "little") + header
    (folder / "weights.safetensors").write_bytes(content)


def _hole(folder: Path, name: str, *, n_kept: int = 0) -> None:
    """Ten gigabytes of nothing at the end of a file, but for its last bytes."""
    content = (folder / name).read_bytes()
    with (folder / name).open("r+b") as file:
        file.truncate(10_000_000_000)
        file.seek(0, 2)
        file.write(content[len(content) - n_kept :])


_BOMBS: dict[str, Callable[[Path], None]] = {
    **{f"rows of {table}": partial(_many_rows, table=table) for table in TABLES},
    "one title": lambda folder: _titles(folder, "x" * 250_000_000, ""),
    "equal titles": lambda folder: _titles(folder, "x" * 4_000_000),
    "manifest": partial(_large_manifest, n_bytes=100_000_000),
    "manifest as large as can be": partial(_large_manifest, n_bytes=16 << 20),
    "deep manifest": _deep_manifest,
    "header": _long_header,
    "hole in weights": partial(_hole, name="weights.safetensors"),
    "hole in items": partial(_hole, name="items.parquet"),
    "hole before a footer": partial(_hole, name="items.parquet", n_kept=2000),
}
