"""`starcast compare` up to the report: which models, in which shape, in which order."""

import io
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tiny_reports import artifact, deep_network, pair_of_reports, split

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.cli import compare as verb
from starcast.cli import contestants, main, results
from starcast.errors import ConfigError, TrainingError, UnknownNameError
from starcast.evaluation.comparison import compare
from starcast.training.plan import Recipe

FACTOR, DEEP, COLD, TRANSFER, *_ = models.MODELS


def test_all_models_unless_some_are_named() -> None:
    assert contestants.chosen(None) == list(models.MODELS)
    assert contestants.chosen([f" {DEEP}, {FACTOR},{DEEP}"]) == [FACTOR, DEEP]


def test_one_model_is_no_comparison() -> None:
    with pytest.raises(ConfigError, match="at least two models"):
        contestants.chosen([f"{DEEP},{DEEP}"])


def test_a_wrong_name_is_told_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean '{FACTOR}'"):
        contestants.chosen([f"latent-factor,{DEEP}"])


def test_defaults_are_compared_and_parents_fit_their_ensemble() -> None:
    configs = contestants.settings_of(list(models.MODELS), {})
    assert configs == {name: models.find(name).settings() for name in models.MODELS}


def test_parents_come_first_and_share_the_shape() -> None:
    configs = contestants.settings_of([TRANSFER, COLD], {"epochs": 3, "dimension": 8})
    assert list(configs)[-1] == TRANSFER
    assert set(configs) == {FACTOR, DEEP, COLD, TRANSFER}
    assert {config.epochs for config in configs.values()} == {3}
    assert {asdict(config)["dimension"] for config in configs.values()} == {8}


def trained_as_asked(asked: list[tuple[str, list[str]]], failing: str = "") -> Any:
    """A stand-in for `fit` that notes what it was asked, and is interrupted at one model."""

    def fit(of: Any, name: str, *_: Any, parents: list[Artifact] | None, **__: Any) -> Artifact:
        asked.append((name, [parent.model for parent in parents or ()]))
        if name == failing:
            raise KeyboardInterrupt
        made = deep_network(of) if name == DEEP else artifact(of)
        return replace(made, model=name)

    return fit


def test_parents_are_trained_once_and_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, list[str]]] = []
    monkeypatch.setattr("starcast.training.plan.fit", trained_as_asked(asked))
    monkeypatch.setattr(verb, "keep_model", lambda *_: None)
    configs = contestants.settings_of([TRANSFER, FACTOR], {})
    found, failed = verb._train(split(), [TRANSFER, FACTOR], configs, Recipe(1), tmp_path)
    assert not failed
    assert asked == [(FACTOR, []), (DEEP, []), (TRANSFER, [FACTOR, DEEP])]
    assert [one.model for one in found] == [TRANSFER, FACTOR]


def test_what_was_trained_before_an_interruption_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.training.plan.fit", trained_as_asked([], failing=DEEP))
    configs = contestants.settings_of([FACTOR, DEEP], {})
    with pytest.raises(TrainingError) as caught:
        verb._train(split(), [FACTOR, DEEP], configs, Recipe(1), tmp_path)
    assert str(caught.value) == (
        f"{DEEP}: interrupted; no report was written; trained and kept in {tmp_path}: {FACTOR}"
    )
    assert storage.load(tmp_path / FACTOR).model == FACTOR


def test_a_model_that_broke_off_is_kept_and_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = artifact(broken_off="the loss is no longer a number in epoch 3")
    monkeypatch.setattr("starcast.training.plan.fit", lambda *_, **__: broken)
    configs = contestants.settings_of([FACTOR, DEEP], {})
    with pytest.raises(TrainingError, match=r"epoch 3; the weights so far \(best epoch 2\) are"):
        verb._train(split(), [FACTOR, DEEP], configs, Recipe(1), tmp_path)
    assert storage.load(tmp_path / f"{FACTOR}-interrupted").broken_off


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    """Folders of two trained models of one split."""
    shared = split()
    folders = [tmp_path / "a", tmp_path / "b"]
    for made, folder in zip((artifact(shared), deep_network(shared)), folders, strict=True):
        storage.save(made, folder)
    return [str(folder) for folder in folders]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_trained_models_are_compared(
    kept: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = kept[::-1]  # in whatever order
    status, _, err = said(capsys, *kept, "--out", str(tmp_path / "reports"), "--k", "2")
    assert (status, err) == (0, "")
    rows = (tmp_path / "reports" / "tiny" / "results.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == [FACTOR, DEEP]
    page = (tmp_path / "reports" / "tiny" / "index.html").read_text(encoding="utf-8")
    assert f"starcast compare {kept[0]} {kept[1]} --k 2<" in page  # --out changes no figure


@pytest.mark.parametrize(
    ("options", "flag"),
    [(["--epochs", "3"], "--epochs"), (["--models", "x"], "--models"), (["--refit"], "--refit"),
     (["--seed", "42"], "--seed")],
)  # fmt: skip
def test_training_options_do_not_go_with_trained_models(
    kept: list[str], options: list[str], flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = said(capsys, *kept, *options)
    assert status == 1
    assert err.startswith(f"starcast: {flag} is for training")


def test_one_trained_model_is_refused(kept: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = said(capsys, kept[0])
    assert status == 1
    assert "at least two trained models" in err


def test_trained_models_of_two_splits_are_refused(
    kept: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage.save(deep_network(split(39)), tmp_path / "other")
    out = tmp_path / "reports"
    status, _, err = said(capsys, kept[0], str(tmp_path / "other"), "--out", str(out))
    assert status == 1
    assert "cannot compare it with latent-factor-model" in err
    assert not out.exists()


@pytest.mark.parametrize("rule", ["6", "four", "nan"])
def test_relevance_is_refused_before_anything_is_trained(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verb, "_train", lambda *_: pytest.fail("it trains"))
    status, _, err = said(
        capsys, "--relevant", rule, "--keep", str(tmp_path), "--out", str(tmp_path)
    )
    assert status == 1
    assert len(err.splitlines()) == 1


def test_relevance_goes_with_trained_models_and_into_the_report(
    kept: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = said(capsys, *kept, "--out", str(tmp_path / "reports"), "--relevant", "all")
    assert (status, err) == (0, "")
    assert "relevant: every test item" in out
    page = (tmp_path / "reports" / "tiny" / "index.html").read_text(encoding="utf-8")
    assert "relevant: every test item" in page
    assert "--relevant all<" in page


@pytest.mark.parametrize("width", [60, 90, 120])
def test_a_narrow_terminal_gets_each_table_once(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(file=io.StringIO(), width=width)
    monkeypatch.setattr(results, "console", console)
    results.show(compare(pair_of_reports()))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert len(re.findall(r"^Deep network ", printed, re.M)) == 2
    assert "…" not in printed
    assert "1.0000 (1.000–1.000)" in printed
    assert "nan" not in printed  # no user has ten test ratings


def failing_at(broken: str, error: Exception) -> Any:
    def fit(of: Any, name: str, *_: Any, **__: Any) -> Artifact:
        if name == broken:
            raise error
        made = deep_network(of) if name == DEEP else artifact(of)
        return replace(made, model=name)

    return fit


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ConfigError("no steps"), "no steps"),
        (FloatingPointError("overflow"), "FloatingPointError: overflow"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_who_fails_is_a_line_and_the_others_are_reported(
    error: Exception,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("starcast.training.plan.fit", failing_at("means", error))
    monkeypatch.setattr("starcast.cli.inputs.load_split", lambda *_: split())
    places = ["--out", str(tmp_path), "--keep", str(tmp_path / "kept"), "--logs", str(tmp_path)]
    status, out, err = said(capsys, "--models", f"{FACTOR},{DEEP},means", *places)
    assert status == 1
    assert err == ""
    assert f"Means                failed: {why}" in out
    assert "Best stars:" in out
    page = (tmp_path / "tiny" / "index.html").read_text(encoding="utf-8")
    assert f"Means failed: {why}" in page


def test_what_starts_from_a_model_that_failed_fails_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.training.plan.fit", failing_at(DEEP, TrainingError("no")))
    monkeypatch.setattr(verb, "keep_model", lambda *_: None)
    names = [FACTOR, COLD, TRANSFER]
    found, failed = verb._train(
        split(), names, contestants.settings_of(names, {}), Recipe(1), tmp_path
    )
    assert [one.model for one in found] == [FACTOR, COLD]
    assert failed == {
        "Deep network": "no",
        "Ensemble, transfer": f"it starts from {DEEP}, which failed",
    }


def test_an_interruption_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who presses Ctrl-C wants the next model trained."""
    stopped = artifact(broken_off="interrupted in epoch 3")
    monkeypatch.setattr("starcast.training.plan.fit", lambda *_, **__: stopped)
    configs = contestants.settings_of([FACTOR, DEEP], {})
    with pytest.raises(TrainingError, match=rf"^{FACTOR}: interrupted in epoch 3;.*no report"):
        verb._train(split(), [FACTOR, DEEP], configs, Recipe(1), tmp_path)
