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


def test_progress_shows_what_either_process_compiles() -> None:
    shown: list[tuple[int, int | None, bool]] = []
    step = compiling.Step(lambda *now: shown.append(now), 2)
    step.here(True)
    step.beside(0)
    step.beside(1)
    step.here(False)
    step.beside(2)
    assert shown == [(0, 2, True), (0, 2, True), (1, 2, True), (1, 2, True), (2, 2, False)]
    alone = compiling.Step(lambda *now: shown.append(now), None)
    alone.here(True)
    alone.here(False)
    assert shown[-2:] == [(0, None, True), (0, None, False)]


def test_what_is_trained_already_is_left_to_its_own_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained: list[str] = []

    def note(split: Any, configs: dict[str, Any], recipe: Any) -> Any:
        trained.extend(configs)
        raise KeyError("no more of it")

    monkeypatch.setattr("starcast.training.plan.train_all", note)
    names = ["deep-neural-network-model", "latent-factor-model"]
    compiling.compile_for(names[:1], lambda: names[:1])
    assert not trained
    assert capsys.readouterr().out == "deep-neural-network-model\n"
    with pytest.raises(KeyError):
        compiling.compile_for(names, lambda: names[:1])
    assert trained == names[1:]


@pytest.mark.long
def test_all_that_models_take_is_compiled_by_training_on_next_to_nothing(tmp_path: Path) -> None:
    names = ["item-item-model", "implicit-factor-model", "latent-factor-model"]
    kept = environment() | {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}

    def run(*module_and_more: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-m", *module_and_more], env=kept, check=False, cwd=tmp_path,
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=500,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return {path.name for path in (tmp_path / "kept").rglob("*.nbc")}

    compiled_for = run("starcast.cli.compiling", *names)
    assert {"sgd", "held_out_kernel", "top_k"} <= {name.split(".")[0] for name in compiled_for}
    assert run("starcast", "compare", "--models", ",".join(names)) == compiled_for
