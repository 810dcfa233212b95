"""The cache: used while the source stays the same, and never in the way."""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored_ratings import assert_equal, tiny

from starcast.data import cache
from starcast.data.blocks.opening import home_of
from starcast.data.blocks.writing import write_ratings
from starcast.data.ratings import Ratings
from starcast.data.reading import Reading
from starcast.disk.mapped import is_mapped
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
        "r.csv.starcast.blocks",
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


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def scribble(file: Path) -> None:
    file.write_bytes(b"this is nothing that anybody would write there")


def remove(file: Path) -> None:
    file.unlink()


def deepen(file: Path) -> None:
    file.write_text("[" * 100_000)


FILES = ["source.json", "header.json", "items", "codes", "times", "users.text", "offsets"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [cut, empty, scribble, remove, deepen])
def test_a_cache_that_is_damaged_is_written_anew(
    source: Path, parser: Parser, damage: Callable[[Path], None], name: str
) -> None:
    if (name, damage) == ("header.json", remove):
        pytest.skip("then it is a folder of somebody else's")
    through([source], parser)
    damage(cache.path_for(source) / name)
    for _ in range(2):
        assert_equal(through([source], parser), tiny())
        assert parser.n_calls == 2


def test_blocks_of_other_ratings_in_its_place_are_not_believed(
    source: Path, parser: Parser
) -> None:
    through([source], parser)
    note = (cache.path_for(source) / "source.json").read_bytes()
    write_ratings(cache.path_for(source), tiny(stars=2))
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 2
    write_ratings(cache.path_for(source), tiny(stars=2))
    (cache.path_for(source) / "source.json").write_bytes(note)
    assert_equal(through([source], parser), tiny())


@pytest.mark.parametrize(
    "note", [[], {}, {"stamps": 7}, {"stamps": [], "options": ""}, "source", None]
)
def test_a_cache_that_does_not_tell_its_source_is_written_anew(
    source: Path, parser: Parser, note: Any
) -> None:
    through([source], parser)
    (cache.path_for(source) / "source.json").write_text(json.dumps(note))
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 2


def test_what_comes_from_the_cache_is_nobodys_blocks(source: Path, parser: Parser) -> None:
    """A model that was trained on it does not need it to be there."""
    through([source], parser)
    found = through([source], parser)
    assert parser.n_calls == 1
    assert home_of(found) is None
    assert not is_mapped(found.item_rows)


def test_ratings_that_blocks_do_not_hold_are_parsed_each_time(source: Path, parser: Parser) -> None:
    n = 70_000
    parser.ratings = Ratings.from_columns(np.zeros(n), np.arange(n), np.arange(n) / 4, name="tiny")
    for n_calls in (1, 2):
        assert_equal(through([source], parser), parser.ratings)
        assert parser.n_calls == n_calls
    assert list(source.parent.iterdir()) == [source]


def test_a_cache_of_before_goes_when_the_new_one_is_there(source: Path, parser: Parser) -> None:
    before = [source.with_name(f"r.csv.starcast.{ending}") for ending in ("npz", "parquet")]
    for file in before:
        file.write_bytes(b"whatever it holds, nobody asks")
    assert_equal(through([source], parser), tiny())
    assert parser.n_calls == 1
    assert not any(file.exists() for file in before)


def test_no_flipped_byte_gives_other_ratings_or_a_word_on_the_terminal(
    source: Path, parser: Parser, capfd: pytest.CaptureFixture[str]
) -> None:
    through([source], parser)
    n_noticed = 0
    for target in sorted(cache.path_for(source).iterdir()):
        whole = target.read_bytes()
        for at in range(0, len(whole), 31):
            target.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
            before = parser.n_calls
            ratings = through([source], parser)
            assert_equal(ratings, tiny())
            assert ratings.reading == READING
            n_noticed += parser.n_calls - before
            whole = target.read_bytes()  # it may have been written anew
    assert n_noticed > 10
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_cannot_be_written_does_no_harm(
    source: Path, parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("rename", "replace", "mkdir"):
        monkeypatch.setattr(Path, name, refuse)
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
