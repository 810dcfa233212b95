"""Logs cannot be forged by what they tell of, nor flooded."""

import logging
import sys

import pytest

from starcast.serve.logs import FloodFilter, LinesFormatter


def logged(message: str, *given: object, line: int = 1, fault: bool = False) -> logging.LogRecord:
    what = sys.exc_info() if fault else None
    return logging.LogRecord("starcast.serve", 40, "a.py", line, message, given, what)


def test_a_record_is_printable_and_its_further_lines_are_indented() -> None:
    formatter = LinesFormatter("%(levelname)s %(message)s")
    shown = formatter.format(logged("%s is damaged", "a\x1b[2J\n2026-01-01 ERROR forged\r"))
    assert shown == "ERROR a\\x1b[2J\n    2026-01-01 ERROR forged\\r is damaged"
    try:
        raise ValueError("evil\nERROR forged")
    except ValueError:
        shown = formatter.format(logged("failed", fault=True))
    assert all(line.startswith("    ") for line in shown.splitlines()[1:])


def test_a_flood_of_one_kind_is_cut_and_others_pass() -> None:
    now = [0.0]
    flood = FloodFilter(lambda: now[0])
    one = [logged("%s failed", n) for n in range(1000)]
    passed = [record.getMessage() for record in one if flood.filter(record)]
    assert 3 <= len(passed) <= 20
    assert passed[0] == "0 failed"
    assert "not logged for 60 s" in passed[-1]
    assert not any("not logged" in message for message in passed[:-1])
    assert flood.filter(logged("another", line=2))
    now[0] = 59.0
    assert not flood.filter(logged("again"))
    now[0] = 61.0
    assert flood.filter(logged("again"))


@pytest.mark.parametrize("error", [ValueError, KeyError])
def test_faults_of_other_kinds_at_one_place_are_told_apart(error: type[Exception]) -> None:
    flood = FloodFilter(lambda: 0.0)
    while flood.filter(logged("failed")):
        pass
    try:
        raise error
    except Exception:
        assert flood.filter(logged("failed", fault=True))
