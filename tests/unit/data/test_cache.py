"""The cache: used while the source stays the same, and never in the way."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from stored_ratings import assert_equal, plant, tiny

from starcast.data import cache, parquet
from starcast.data.ratings import Ratings
from starcast.data.reading import Reading
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
        "r.csv.starcast.parquet",
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
    pl.DataFrame({"user": [1], "item": [2], "rating": [3.0]}).write_parquet(path)


def change(words: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda path: plant(path, lambda _, told: words(told))


def replant(name: str, values: Any) -> Callable[[Path], None]:
    return lambda path: plant(path, lambda columns, _: columns.update({name: np.array(values)}))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut": cut,
    "empty": empty,
    "scribbled on": scribble,
    "foreign": make_foreign,
    "of another version": change(lambda words: words.update(format=3)),
    "without words": change(lambda words: words.clear()),
    "without users": change(lambda words: words.pop("users")),
    "with rows as texts": replant("item_row", ["0", "1", "0"]),
    "with rows too wide": replant("item_row", np.array([0, 1, 0], np.int64)),
    "with nothing in a row": lambda path: plant(
        path, lambda columns, _: columns.update(item_row=[0, None, 1])
    ),
    "of an item that is not there": replant("item_row", np.array([0, 60_000, 1], np.int32)),
    "of an item before the first": replant("item_row", np.array([-1, 1, 1], np.int32)),
    "of a user that is not there": change(lambda words: words.update(ratings_per_user=[2, 0, 1])),
    "of fewer ratings": change(lambda words: words.update(ratings_per_user=[2, 0])),
    "of less than none": change(lambda words: words.update(ratings_per_user=[4, -1])),
    "of untold many": change(lambda words: words.update(ratings_per_user=[2**80, 3 - 2**80])),
    "out of order": replant("item_row", np.array([1, 0, 1], np.int32)),
    "with a pair twice": replant("item_row", np.array([1, 1, 1], np.int32)),
    "with a rating off the scale": replant(
        "star_bits", np.array([1, 60, 5], np.float32).view(np.uint32)
    ),
    "with a rating that is none": replant(
        "star_bits", np.array([1, np.nan, 5], np.float32).view(np.uint32)
    ),
    "with a title too few": change(lambda words: words["titles"].pop()),
    "with users out of order": change(lambda words: words["users"].reverse()),
    "with a genre of nobody": change(
        lambda words: words.update(attributes=[["item", "genre", ["War"], [0], [2]]])
    ),
    "with a genre of no name": change(
        lambda words: words.update(attributes=[["item", "genre", ["War"], [1], [0]]])
    ),
    "without a column": lambda path: plant(path, lambda columns, _: columns.pop("star_bits")),
    "without a row": lambda path: plant(
        path, lambda columns, _: columns.update({k: v[:0] for k, v in columns.items()})
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_cache_that_is_damaged_planted_foreign_or_old_is_written_anew(
    source: Path, parser: Parser, damage: Callable[[Path], None]
) -> None:
    through([source], parser)
    damage(cache.path_for(source))
    said = r"r\.csv\.starcast\.parquet (cannot be read|was not written)"
    with pytest.raises(DataError, match=said):
        parquet.read(cache.path_for(source), "tiny")
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 2
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 2


@pytest.mark.parametrize(
    "notes", [[], {}, {"starcast.source": "[]"}, {"starcast.source": 7}, "starcast.source", None]
)
def test_a_cache_that_does_not_tell_its_source_is_written_anew(
    source: Path, parser: Parser, notes: Any
) -> None:
    through([source], parser)
    plant(cache.path_for(source), lambda _, words: words.update(notes=notes))
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 2


def test_a_cache_of_before_goes_when_the_new_one_is_there(source: Path, parser: Parser) -> None:
    before = source.with_name("r.csv.starcast.npz")
    before.write_bytes(b"whatever it holds, nobody asks")
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 1
    assert not before.exists()


def test_no_flipped_byte_gives_other_ratings_or_a_word_on_the_terminal(
    source: Path, parser: Parser, capfd: pytest.CaptureFixture[str]
) -> None:
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
    assert capfd.readouterr() == ("", "")


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
