"""The cache: used while the source stays the same, and never in the way."""

import errno
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from starcast.data import cache, packed
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.reading import Reading
from starcast.data.scale import RatingScale
from starcast.errors import DataError

LONG_AGO = 1_000_000_000
READING = Reading(
    source="r.csv",
    form="text separated by commas",
    columns={"user": "'who'", "item": "column 2"},
    unused=("note",),
    n_rows=6,
    left_out={"older ratings": 3},
    notes=("a note",),
)


def tiny(stars: float = 4.5) -> Ratings:
    return Ratings.from_columns(
        np.array(["ann", "ann", "bob"]),
        np.array([7, 3, 7]),
        np.array([stars, 1, 5]),
        np.array([30, 20, 10]),
        titles={3: "Três \"3\" (2003)"},
        scale=RatingScale(0.5, 5, 0.5),
        name="tiny",
    )  # fmt: skip


def assert_equal(one: Ratings, other: Ratings) -> None:
    for column in ("user_rows", "item_rows", "stars", "timestamps", "titles"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), column, True)
    for vocabulary in ("users", "items"):
        mine, theirs = getattr(one, vocabulary), getattr(other, vocabulary)
        np.testing.assert_array_equal(mine.ids, theirs.ids, strict=True)
        assert mine.kind == theirs.kind
    assert (one.scale, one.name) == (other.scale, other.name)


class Parser:
    """Counts how often it is asked to parse."""

    def __init__(self) -> None:
        self.n_calls = 0
        self.ratings = tiny()

    def __call__(self) -> Ratings:
        self.n_calls += 1
        return replace(self.ratings, reading=READING)


@pytest.fixture
def parser() -> Parser:
    return Parser()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return settled(tmp_path / "r.csv", "a source that Parser does not look at")


def settled(path: Path, text: str, modified: int = LONG_AGO) -> Path:
    path.write_text(text)
    os.utime(path, (modified, modified))
    return path


def through(sources: list[Path], parser: Parser, options: str = "") -> Ratings:
    return cache.through(sources, parser, name="tiny", options=options)


def test_the_second_time_comes_from_the_cache(source: Path, parser: Parser) -> None:
    first, second = through([source], parser), through([source], parser)
    assert parser.n_calls == 1
    assert second is not first
    assert_equal(second, first)
    assert second.reading == first.reading == READING
    assert sorted(path.name for path in source.parent.iterdir()) == [
        "r.csv",
        "r.csv.starcast.npz",
    ]


def test_an_unchanged_source_is_not_read_again(
    source: Path, parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    through([source], parser)
    monkeypatch.setattr(cache, "_digest", lambda _: pytest.fail("the source was hashed"))
    through([source], parser)
    assert parser.n_calls == 1


def test_a_touched_source_is_hashed_and_the_cache_stamped_anew(
    source: Path, parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    through([source], parser)
    os.utime(source, (LONG_AGO + 5, LONG_AGO + 5))
    through([source], parser)
    assert parser.n_calls == 1
    monkeypatch.setattr(cache, "_digest", lambda _: pytest.fail("the source was hashed"))
    through([source], parser)
    assert parser.n_calls == 1


def test_a_source_of_another_size_is_parsed_again(source: Path, parser: Parser) -> None:
    through([source], parser)
    settled(source, "a longer source that Parser does not look at")
    parser.ratings = tiny(stars=2)
    assert_equal(through([source], parser), tiny(stars=2))
    assert_equal(through([source], parser), tiny(stars=2))
    assert parser.n_calls == 2


def test_a_source_of_another_content_is_parsed_again(source: Path, parser: Parser) -> None:
    through([source], parser)
    settled(source, source.read_text().upper(), LONG_AGO + 5)
    through([source], parser)
    assert parser.n_calls == 2


def test_a_change_within_a_tick_of_the_clock_is_noticed(source: Path, parser: Parser) -> None:
    now = os.stat(source).st_atime_ns  # noqa: PTH116 - only its clock matters
    source.write_text("abc")
    modified = source.stat().st_mtime_ns
    through([source], parser)
    source.write_text("abd")
    os.utime(source, ns=(now, modified))  # as if the file system had seen no time pass
    through([source], parser)
    assert parser.n_calls == 2


def test_every_source_counts(source: Path, parser: Parser) -> None:
    items = settled(source.with_name("i.csv"), "items")
    through([source, items], parser)
    through([source, items], parser)
    assert parser.n_calls == 1
    settled(items, "other")
    os.utime(items, (LONG_AGO + 5, LONG_AGO + 5))
    through([source, items], parser)
    assert parser.n_calls == 2
    through([source], parser)
    assert parser.n_calls == 3
    other = settled(source.with_name("j.csv"), "items")
    through([source], parser)
    through([source, other], parser)
    assert parser.n_calls == 4


def test_other_options_are_not_mixed_up(source: Path, parser: Parser) -> None:
    through([source], parser, "one scale")
    through([source], parser, "another scale")
    assert parser.n_calls == 2


def test_the_name_is_the_callers(source: Path, parser: Parser) -> None:
    through([source], parser)
    assert cache.through([source], parser, name="other").name == "other"
    assert parser.n_calls == 1


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scribble(path: Path) -> None:
    path.write_bytes(b"this is no zip archive, and long enough to be one")


def make_foreign(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, item_row=np.arange(3))


def rewrite(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a member as if it had always been so, with a sum that fits."""
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def make_old(path: Path) -> None:
    rewrite(path, "notes.json", lambda notes: notes.replace(b'format": "3"', b'format": "2"'))


def break_notes(path: Path) -> None:
    rewrite(path, "notes.json", lambda _: b"[]")


def shorten_a_column(path: Path) -> None:
    rewrite(path, "seconds.npy", lambda column: column.replace(b"(3,)", b"(2,)")[:-1])


def mistype_a_column(path: Path) -> None:
    rewrite(path, "seconds.npy", lambda column: column.replace(b"|u1", b"|i1"))


def break_off_a_column(path: Path) -> None:
    rewrite(path, "seconds.npy", lambda column: column[:-1])


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        empty,
        scribble,
        make_foreign,
        make_old,
        break_notes,
        shorten_a_column,
        mistype_a_column,
        break_off_a_column,
    ],
)
def test_a_cache_that_is_damaged_foreign_or_old_is_written_anew(
    source: Path, parser: Parser, damage: Callable[[Path], None]
) -> None:
    through([source], parser)
    damage(cache.path_for(source))
    with pytest.raises(DataError, match=r"r\.csv\.starcast\.npz (cannot be read|was not written)"):
        packed.read(cache.path_for(source), "tiny")
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 2
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 2


def test_no_flipped_byte_gives_other_ratings(source: Path, parser: Parser) -> None:
    through([source], parser)
    target = cache.path_for(source)
    whole = target.read_bytes()
    n_noticed = 0
    for at in range(0, len(whole), 7):
        target.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        before = parser.n_calls
        ratings = through([source], parser)
        assert_equal(ratings, tiny())
        assert ratings.reading == READING
        n_noticed += parser.n_calls - before
    assert n_noticed > 10


def test_a_folder_that_cannot_be_written_does_no_harm(
    source: Path, parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "replace", refuse)
    for n_calls in (1, 2):
        assert_equal(through([source], parser), tiny())
        assert parser.n_calls == n_calls
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_does_no_harm(source: Path, parser: Parser) -> None:
    source.parent.chmod(0o500)
    try:
        assert_equal(through([source], parser), tiny())
    finally:
        source.parent.chmod(0o700)
    assert list(source.parent.iterdir()) == [source]


def test_a_folder_in_the_caches_place_does_no_harm(source: Path, parser: Parser) -> None:
    cache.path_for(source).mkdir()
    assert_equal(through([source], parser), tiny())
    assert sorted(source.parent.iterdir()) == [source, cache.path_for(source)]


def test_a_source_that_changes_while_it_is_parsed_is_not_cached(
    source: Path, parser: Parser
) -> None:
    def parse() -> Ratings:
        settled(source, "changed meanwhile")
        return parser()

    cache.through([source], parse, name="tiny")
    assert not cache.path_for(source).exists()


def test_what_parsing_raises_is_passed_on(source: Path) -> None:
    def parse() -> Ratings:
        raise DataError("no ratings here")

    for path in (source, source.with_name("nowhere.csv")):
        with pytest.raises(DataError, match="no ratings here"):
            cache.through([path], parse, name="tiny")
        assert not cache.path_for(path).exists()


def build(
    stars: list[float],
    when: list[int] | None = None,
    scale: RatingScale | None = None,
    n_items: int | None = None,
) -> Ratings:
    n = len(stars)
    return Ratings.from_columns(
        np.zeros(n, np.int64),
        np.arange(n) * 10**12,
        np.array(stars),
        None if when is None else np.array(when),
        scale=scale,
    )


@pytest.mark.parametrize(
    "ratings",
    [
        build([1, 2, 5]),
        build([1, 2, 5], [7, 7, 7]),
        build([1, 2], [-(2**63), 2**63 - 1]),
        build([1, 2], [0, 2**32]),
        build([0.1, 0.7, 0.3]),
        build([1.25, 3.5], scale=RatingScale(1, 5, 1)),  # between the steps
        build([1, 1.0001, 900]),  # more levels than a byte counts
        build(list(range(256))),
        build(list(range(257))),
        build(list(np.arange(70_000) % 5 + 1.0)),  # item rows beyond 16 bits
        build([-3, 0, 3]),
    ],
    ids=lambda ratings: f"{len(ratings)} of {ratings.scale}",
)
@pytest.mark.parametrize("small", [False, True])
def test_packing_is_exact(tmp_path: Path, ratings: Ratings, small: bool) -> None:
    path = tmp_path / "packed.npz"
    packed.write(path, ratings, {"a note": "kept"}, small=small)
    assert_equal(packed.read(path, "ratings"), ratings)
    assert packed.read_notes(path)["a note"] == "kept"


def test_packing_in_blocks_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "_BLOCK", 2)
    packed.write(tmp_path / "p.npz", tiny(), {})
    assert_equal(packed.read(tmp_path / "p.npz", "tiny"), tiny())


def test_numpy_opens_what_is_packed(tmp_path: Path) -> None:
    packed.write(tmp_path / "p.npz", tiny(), {})
    with np.load(tmp_path / "p.npz", allow_pickle=False) as arrays:
        assert {
            name: (arrays[name].dtype.str, arrays[name].tolist()) for name in arrays.files[:3]
        } == {
            "item_row": ("|u1", [0, 1, 1]),
            "level": ("|u1", [1, 8, 9]),  # half stars above half a star
            "seconds": ("|u1", [10, 20, 0]),  # after the first
        }


def test_the_same_ratings_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.npz", "other.npz"):
        packed.write(tmp_path / name, tiny(), {}, small=True)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_packing_keeps_users_and_items_without_rows(tmp_path: Path) -> None:
    part = tiny().take(np.array([False, False, True]))
    packed.write(tmp_path / "part.npz", part, {})
    again = packed.read(tmp_path / "part.npz", "tiny")
    assert_equal(again, part)
    assert (again.n_users, len(again)) == (2, 1)


def test_an_unwritable_target_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        packed.write(tmp_path / "nowhere" / "p.npz", tiny(), {})


def test_a_missing_packed_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p\.npz cannot be read as packed ratings"):
        packed.read(tmp_path / "p.npz", "tiny")


def test_vocabularies_stay_searchable(tmp_path: Path) -> None:
    packed.write(tmp_path / "p.npz", tiny(), {})
    users: Vocabulary = packed.read(tmp_path / "p.npz", "tiny").users
    assert users.rows(["bob"]).tolist() == [1]
