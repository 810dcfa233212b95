"""Answers in files: what is written, in each format, and that it is harmless."""

import json
from pathlib import Path

import polars as pl
import pytest

from starcast.errors import ConfigError
from starcast.recommend.table_file import write_table

HOSTILE = ["=1+1", "\x1b[2J", "a\nb", 'Zoë "57" 😀', "\u202eevil", "\x9b2J", "\x7f", "plain"]
FRAME = pl.DataFrame(
    {"user_id": HOSTILE, "rank": range(8), "prediction": [0.5, None, 2.25, 3, 4, 5, 6, 7]},
    schema={"user_id": pl.String, "rank": pl.Int32, "prediction": pl.Float32},
)


def write(path: Path) -> Path:
    return write_table(path, FRAME.schema, lambda: iter([FRAME[:3], FRAME[3:]]))


def test_parquet_has_the_texts_as_they_are(tmp_path: Path) -> None:
    read = pl.read_parquet(write(tmp_path / "t.parquet"))
    assert read.equals(FRAME)
    assert read.schema == FRAME.schema


def test_json_lines_are_exact_and_only_ascii_that_is_seen(tmp_path: Path) -> None:
    content = write(tmp_path / "t.jsonl").read_bytes()
    assert all(byte == ord("\n") or 32 <= byte < 127 for byte in content)
    rows = [json.loads(line) for line in content.splitlines()]
    assert [row["user_id"] for row in rows] == HOSTILE
    assert [row["prediction"] for row in rows] == FRAME["prediction"].to_list()
    assert list(rows[0]) == FRAME.columns


def test_csv_is_obeyed_by_no_spreadsheet_or_terminal(tmp_path: Path) -> None:
    text = write(tmp_path / "t.csv").read_text(encoding="utf-8")
    read = pl.read_csv(tmp_path / "t.csv")
    assert read["user_id"].to_list() == [
        "'=1+1", "\\x1b[2J", "a\\nb", 'Zoë "57" 😀', "\\u202eevil", "\\x9b2J", "\\x7f", "plain",
    ]  # fmt: skip
    assert read["prediction"].to_list() == FRAME["prediction"].to_list()
    assert len(text.splitlines()) == 9


@pytest.mark.parametrize("name", ["t.txt", "t", "t.json", "t.CSV"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"neither in \.parquet nor in \.csv or \.jsonl"):
        write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_what_fails_leaves_what_was_there(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"t{ending}")
    before = path.read_bytes()

    def broken() -> "list[pl.DataFrame]":
        raise OSError("no more")

    with pytest.raises(ConfigError, match="cannot write"):
        write_table(path, FRAME.schema, lambda: iter(broken()))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
