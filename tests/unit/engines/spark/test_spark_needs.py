"""What is said where something is missing."""

import os
from importlib import metadata
from pathlib import Path

import pytest

from starcast.engines.spark import needs
from starcast.engines.spark.session import cause, opened
from starcast.errors import ConfigError


def a_java(folder: Path, says: str) -> str:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    program.chmod(0o755)
    return str(folder)


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs pyspark: pip install 'starcast\[spark\]'"):
        needs.require_pyspark()


def test_an_old_pyspark_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: object())
    monkeypatch.setattr(metadata, "version", lambda name: "3.5.1")
    with pytest.raises(ConfigError, match=r"3\.5\.1 is too old, 4\.1 is needed"):
        needs.require_pyspark()


def test_without_java_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(ConfigError, match=r"there is none \(Debian: apt install .*; macOS: brew"):
        needs.require_java()


@pytest.mark.parametrize(
    ("says", "found"),
    [('openjdk version "11.0.2" 2019-01-15', "is Java 11"), ('java version "1.8.0_402"', "Java 8"),
     ("no such thing", "tells no version")],
)  # fmt: skip
def test_another_java_is_refused(
    says: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", a_java(tmp_path, says))
    with pytest.raises(ConfigError, match=found):
        needs.require_java()


def test_a_java_of_17_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", a_java(tmp_path, 'openjdk version "21.0.1" 2023-10-17'))
    needs.require_java()


def test_what_is_no_master_is_refused() -> None:
    pytest.importorskip("pyspark")
    with (
        pytest.raises(ConfigError, match=r"'localhost:7077' is no master of Spark"),
        opened("localhost:7077", {}),
    ):
        pass


def test_the_cause_of_a_failure_is_one_line() -> None:
    of_spark = "[PATH_NOT_FOUND] Path does not exist: file:/x.parquet. SQLSTATE: 42K03;\n'Read\n"
    of_java = (
        "An error occurred while calling o31.load.\n: java.lang.RuntimeException: no S3\n\tat a.b\n"
    )
    of_python = (
        "\n  An exception was thrown from the Python worker:\nTraceback (most recent call last):\n"
        '  File "x.py", line 1\nValueError: too large\n'
    )
    assert cause(of_spark).startswith("[PATH_NOT_FOUND] Path does not exist: file:/x.parquet")
    assert "no S3" in cause(of_java)
    assert cause(of_python) == "ValueError: too large"
    assert "\n" not in cause(of_spark) + cause(of_java)
