"""What `starcast doctor` finds, and what it says where something is wrong."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from starcast.cli import doctor, main
from starcast.errors import StarcastError

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def told(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(["doctor", *arguments])
    return int(exited.value.code or 0)


def test_a_sound_installation_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("--json") == 0
    printed = capsys.readouterr()
    record = json.loads(printed.out)
    found = {one["name"]: one["found"] for one in record["findings"]}
    assert record["works"] is True
    assert printed.err == ""
    assert found["self-test"].startswith("passed in ")
    assert found["extra serve"] == "here"
    assert {"starcast", "numba", "threads", "BLAS", "compiled code"} <= found.keys()


def test_every_extra_of_users_is_looked_for() -> None:
    declared = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    assert set(doctor.EXTRAS) == set(declared["optional-dependencies"]) - {
        "docs",
        "release",
        "test",
    }
    names = {one.split(">")[0].split("[")[0] for one in declared["dependencies"]}
    assert set(doctor._LIBRARIES) - {"llvmlite"} <= names


@pytest.mark.parametrize("error", [StarcastError("no good"), OSError(28, "full"), KeyError("x")])
def test_a_fault_is_a_line_and_a_status(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> Any:
        raise error

    monkeypatch.setattr(doctor, "_self_test", fails)
    assert told() == 1
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith("starcast: self-test: ")
    assert "self-test" in printed.out


def test_what_is_missing_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_self_test", lambda: "passed")
    monkeypatch.setattr(doctor, "EXTRAS", {"moon": ("starcast_of_the_moon",)})
    assert told() == 0  # an extra need not be here
    assert "pip install 'starcast[moon]'" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "_LIBRARIES", ("starcast-of-the-moon",))
    assert told() == 1
    assert "starcast-of-the-moon: is not installed" in capsys.readouterr().err
