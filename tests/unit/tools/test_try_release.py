"""The trial of a release says what is broken, and which interpreters there are not."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "tools" / "try_release.py"


def tried(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interpreter_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = tried(tmp_path / "x.whl", "--python", "python9.99")
    assert (done.returncode, done.stdout) == (0, "python9.99: not found, not tried\n")


@pytest.mark.long
def test_what_cannot_be_installed_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "starcast-1-py3-none-any.whl"
    broken.write_bytes(b"no wheel")
    done = tried(broken)
    assert done.returncode == 1
    assert broken.name in done.stderr
    assert "install" in done.stderr
