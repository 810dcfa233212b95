"""A panic becomes an error, and what it prints itself is not seen."""

import os

import pytest
from polars.exceptions import PanicException

from starcast.disk import panics


def panic() -> None:
    os.write(2, b"thread 'x' panicked at y\nstack backtrace:\n")
    raise PanicException("left is not right")


def fail() -> None:
    os.write(2, b"another\n")
    raise KeyError


def test_a_panic_is_an_error_without_a_report(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="cannot be decoded"), panics.as_errors():
        panic()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_what_others_write_is_only_late(capfd: pytest.CaptureFixture[str]) -> None:
    with panics.as_errors():
        os.write(2, b"a request\n")
        assert capfd.readouterr().err == ""
    assert capfd.readouterr().err == "a request\n"
    with pytest.raises(KeyError), panics.as_errors():
        fail()
    assert capfd.readouterr().err == "another\n"


def test_without_stderr_there_is_nothing_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: int) -> int:
        raise OSError("Bad file descriptor")

    monkeypatch.setattr(os, "dup", closed)
    with pytest.raises(ValueError, match="cannot be decoded"), panics.as_errors():
        raise PanicException("left is not right")
