"""The first run on a machine, which compiles: beside, once, and with nobody in the way."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from processes import environment

from starcast.cli import compiling
from starcast.engines import compiled


def test_only_a_first_run_that_can_keep_code_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "engines" / "__pycache__"
    monkeypatch.setattr(compiled, "kept_in", lambda: home)
    assert compiled.is_nothing_kept()
    kept = tmp_path / "engines" / "linear" / "__pycache__" / "gram.fill-1.nbi"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert not compiled.is_nothing_kept()
    monkeypatch.setattr(compiled, "kept_in", lambda: None)  # nothing is compiled
    assert not compiled.is_nothing_kept()

    def nowhere() -> Path:
        raise RuntimeError("no locator available")

    monkeypatch.setattr(compiled, "kept_in", nowhere)
    assert not compiled.is_nothing_kept()


def test_another_process_begins_with_the_last_model_and_ends_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[Sequence[str]] = []
    processes: list[Any] = []
    popen = subprocess.Popen

    def sleeping(argv: Sequence[str], **how: Any) -> Any:
        started.append(argv)
        processes.append(popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", sleeping)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(compiled, "is_nothing_kept", lambda: False)
    with compiling.beside(["one", "two"]):
        assert not started
    monkeypatch.setattr(compiled, "is_nothing_kept", lambda: True)
    with compiling.beside(["one"]):  # which this process compiles itself
        assert not started

    def interrupted() -> None:
        with compiling.beside(["one", "two", "three"]):
            assert started[0][-3:] == ["three", "two", "one"]
            assert processes[0].poll() is None
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert processes[0].poll() is not None
    assert "compiles loops for this machine, once" in capsys.readouterr().out


def test_what_is_kept_is_written_and_read_by_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[str] = []
    monkeypatch.setattr(fcntl, "flock", lambda lock, how: locked.append("lock"))

    class Kept:
        _cache_path = tmp_path

    def kept(key: str) -> str:
        locked.append(key)
        return "code"

    step = compiled._alone(Kept, kept)
    assert step("key") == "code"
    assert locked == ["lock", "key"]
    Kept._cache_path = tmp_path / "nowhere"  # where there can be no lock
    assert step("other") == "code"
    assert locked[-1] == "other"


@pytest.mark.long
def test_models_are_compiled_for_by_training_on_next_to_nothing(tmp_path: Path) -> None:
    names = ["autoencoder-model", "latent-factor-model"]
    kept = environment() | {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    done = subprocess.run(
        [sys.executable, "-m", "starcast.cli.compiling", *names], env=kept, check=False,
        capture_output=True, encoding="utf-8", timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kinds = {path.name.split(".")[0] for path in (tmp_path / "kept").rglob("*.nbi")}
    assert {"products", "lbfgs", "sgd", "held_out_kernel", "top_k"} <= kinds
