"""What blocks hold is compact, checked, replaced whole, and stays on disk."""

import json
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from starcast.data.blocks.opening import open_blocks
from starcast.data.blocks.writing import Known, Piece, write, write_ratings
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.disk.mapped import is_mapped
from starcast.errors import DataError


@pytest.fixture
def ratings() -> Ratings:
    rng = np.random.default_rng(5)
    pairs = np.unique(rng.integers(0, 40 * 500, 3000))
    stars = (rng.integers(1, 6, len(pairs))).astype(np.float32)
    when = rng.integers(10**9, 10**9 + 60_000, len(pairs))
    users = np.array([f"u{one:02}" for one in pairs // 500])
    return Ratings.from_columns(users, pairs % 500, stars, when, titles={3: "Heat"})


@pytest.fixture
def folder(tmp_path: Path, ratings: Ratings) -> Path:
    write_ratings(tmp_path / "r.blocks", ratings)
    return tmp_path / "r.blocks"


def test_they_are_compact(folder: Path, ratings: Ratings) -> None:
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    n = len(ratings)
    assert (sizes["items"], sizes["codes"], sizes["times"]) == (4 * n, n, 2 * n)
    assert sum(sizes.values()) - sizes["header.json"] < 9 * n + 8 * 41 + 8 * 40 + 24 * 500


def test_what_is_made_of_them_lies_on_disk(
    folder: Path, ratings: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.disk.mapped._SMALL", 0)
    found = open_blocks(folder, "ratings")
    split = SplitPlan("hash", seed=4).divide(found)
    for one in (found, split.train, split.test, split.known):
        columns = one.user_rows, one.item_rows, one.stars, one.timestamps
        assert all(column is not None and is_mapped(column) for column in columns)
    assert is_mapped(split.parts)
    assert [path.name for path in folder.parent.iterdir()] == ["r.blocks"]

    wanted = SplitPlan("hash", seed=4).divide(ratings)
    assert split.fingerprint == wanted.fingerprint
    assert split.times_fingerprint == wanted.times_fingerprint
    assert split.counts == tuple(np.bincount(wanted.parts))
    np.testing.assert_array_equal(split.validation.stars, wanted.validation.stars)
    np.testing.assert_array_equal(split.known.item_rows, ratings.item_rows[wanted.parts < 2])


def test_what_is_written_into_them_never_reaches_the_file(folder: Path) -> None:
    before = (folder / "items").read_bytes()
    open_blocks(folder, "r").item_rows[:] = 7
    assert (folder / "items").read_bytes() == before


def test_they_are_replaced_whole_or_not_at_all(folder: Path, ratings: Ratings) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    known = Known(
        ratings.users, ratings.items, ratings.titles, (), np.unique(ratings.stars), None, None
    )

    def pieces() -> Iterator[Piece]:
        yield Piece(ratings.user_rows[:9], ratings.item_rows[:9], ratings.stars[:9], None)
        raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"cannot write .*r\.blocks: No space left"):
        write(folder, known, pieces(), lambda scale: None)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["r.blocks"]


def test_another_folder_is_left_alone(tmp_path: Path, ratings: Ratings) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(DataError, match="is there and holds no blocks"):
        write_ratings(tmp_path, ratings)
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def change_header(folder: Path, **words: object) -> None:
    path = folder / "header.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | words))


def put(folder: Path, name: str, values: np.ndarray) -> None:
    """Other values under a checksum of their own, as whoever means harm would."""
    content = values.tobytes()
    (folder / name).write_bytes(content)
    sums = json.loads((folder / "header.json").read_text())["sums"]
    change_header(folder, sums=sums | {name: zlib.crc32(content)})


def changed(name: str, dtype: str, at: int, value: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        values = np.fromfile(folder / name, dtype)
        values[at] = value
        put(folder, name, values)

    return damage


def says(text: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "header.json").write_text(text)

    return damage


def pipe(folder: Path) -> None:
    (folder / "items").unlink()
    os.mkfifo(folder / "items")


def flipped(folder: Path) -> None:
    content = bytearray((folder / "codes").read_bytes())
    content[100] ^= 1
    (folder / "codes").write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no file": (lambda folder: (folder / "codes").unlink(), "codes"),
    "a pipe": (pipe, "no regular file"),
    "cut off": (lambda folder: os.truncate(folder / "items", 40), "items has 40 bytes, not"),
    "a bit": (flipped, "codes does not match its checksum"),
    "an item beyond": (changed("items", "int32", 9, 500), "items that are none of"),
    "an item below": (changed("items", "int32", 9, -1), "items that are none of"),
    "a pair twice": (changed("items", "int32", 1, 0), "not sorted by user and item"),
    "a rating beyond": (changed("codes", "uint8", 9, 5), "ratings that there are none of"),
    "users that go back": (changed("offsets", "int64", 5, 0), "do not share out"),
    "users beyond": (changed("offsets", "int64", 5, 10**9), "do not share out"),
    "ids that go back": (changed("users.ends", "int64", 3, 1), "end where they cannot"),
    "an id without end": (changed("users.ends", "int64", -1, 2**60), "end where they cannot"),
    "an id twice": (changed("users.text", "uint8", 5, ord("0")), "must be unique"),
    "no text": (changed("users.text", "uint8", 5, 255), "utf-8"),
    "no JSON": (says("{"), "Expecting"),
    "a list": (says("[1]"), "none of blocks"),
    "deep": (says("[" * 100_000), "blocks"),
    "no format": (lambda folder: change_header(folder, format="x"), "none of blocks"),
    "newer": (lambda folder: change_header(folder, version=2), "another version"),
    "more words": (lambda folder: change_header(folder, colour=1), "colour"),
    "as many": (lambda folder: change_header(folder, n_ratings=2**62), "ratings of 40"),
    "no number": (lambda folder: change_header(folder, n_users="40"), "says there are"),
    "true": (lambda folder: change_header(folder, n_items=True), "says there are"),
    "levels": (lambda folder: change_header(folder, levels=[1, 1]), "do not ascend"),
    "no levels": (lambda folder: change_header(folder, levels=[[1], [2]]), "do not ascend"),
    "NaN": (lambda folder: change_header(folder, levels=[1, float("nan")]), "do not ascend"),
    "scale": (lambda folder: change_header(folder, scale=[5, 1, 1]), "lowest < highest"),
    "short scale": (lambda folder: change_header(folder, scale=[5]), "argument"),
    "type": (lambda folder: change_header(folder, times=[0, "object"]), "times that are none"),
    "kind": (lambda folder: change_header(folder, user_ids="object"), "neither numbers"),
    "sums": (lambda folder: change_header(folder, sums=None), "no checksums"),
    "no sum": (lambda folder: change_header(folder, sums={}), "offsets"),
    "no attributes": (lambda folder: change_header(folder, attributes={}), "no attributes"),
    "attributes": (
        lambda folder: change_header(folder, attributes=[["item", "x", ["a"], [0], [500]]]),
        "that there is none of",
    ),
    "reading": (lambda folder: change_header(folder, reading={"x": 1}), "x"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=DAMAGE.keys())
def test_what_is_read_is_not_believed(
    folder: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(folder)
    with pytest.raises(
        DataError, match=rf"r\.blocks cannot be read as blocks: .*{said}"
    ) as refused:
        open_blocks(folder, "r")
    assert "\n" not in str(refused.value)
