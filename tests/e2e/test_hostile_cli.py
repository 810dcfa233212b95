"""Every verb that takes an artifact refuses what a stranger made of it: one line, no answer."""

import json
import subprocess
from pathlib import Path

import hostile_artifacts as hostile
import numpy as np
import pytest
from hostile_artifacts import Change, Parts
from processes import Starcast, command, environment, tree

FIXTURE = Path(__file__).parents[1] / "fixtures" / "artifacts-format-1" / "latent-factor-model"
VERBS: dict[str, list[str]] = {
    "evaluate": ["evaluate", "forged"],
    "predict": ["predict", "forged", "--user", "1", "--item", "1"],
    "recommend": ["recommend", "forged", "--user", "1"],
    "recommend a person": ["recommend", "forged", "--rated", "1=5"],
    "recommend all": ["recommend", "forged", "--all", "--out", "top.parquet"],
    "explain": ["explain", "forged", "--user", "1", "--item", "1"],
    "similar": ["similar", "forged", "--item", "1"],
    "compare": ["compare", "forged", "forged"],
    "blend": ["blend", "forged", "forged"],
    "export": ["export", "forged", "--format", "onnx", "--out", "exported"],
    "serve": ["serve", "--model", "forged", "--port", "0"],
}


def a_row(column: str, row: int) -> Change:
    def change(parts: Parts) -> None:
        rows = parts.tables["ratings.parquet"]
        parts.tables["ratings.parquet"] = rows.with_columns(
            rows[column].scatter(len(rows) - 1, row)
        )

    return change


def factors(columns: slice, value: float = 1) -> Change:
    def change(parts: Parts) -> None:
        weights = parts.weights["weights.safetensors"]
        weights["item_factors"] = weights["item_factors"][:, columns] * np.float32(value)

    return change


def titles(parts: Parts) -> None:
    items = parts.tables["items.parquet"]
    parts.tables["items.parquet"] = items.with_columns(title=None)


HOSTILE: dict[str, tuple[Change, str]] = {
    "a planted row": (a_row("item_row", 1_500_000_000), "has ratings of items that are none"),
    "a row below 0": (a_row("user_row", -1), "has ratings of users that are none"),
    "cut factors": (factors(slice(2)), "'item_factors' is (20, 2), wanted (20, 4)"),
    "no numbers": (factors(slice(None), np.nan), "'item_factors' holds what is no number"),
    "no titles": (titles, "items.parquet has"),
    "history": (lambda parts: parts.manifest.update(history=[1, 2]), "'history'"),
}


def refused(done: "subprocess.CompletedProcess[str]", said: str) -> None:
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("starcast: forged is damaged: ")
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("change", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_it_is_refused_by_every_verb(
    at_once: Starcast, tmp_path: Path, verb: str, change: Change, said: str
) -> None:
    hostile.forge(Parts.of(FIXTURE), change, tmp_path / "forged")
    before = tree(tmp_path)
    refused(at_once(*VERBS[verb]), said)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("verb", ["recommend all", "evaluate"])
def test_no_process_dies_of_it(tmp_path: Path, verb: str) -> None:
    """A row outside its table was written to: a segmentation fault, 139."""
    for name in ("a planted row", "cut factors"):
        hostile.forge(Parts.of(FIXTURE), HOSTILE[name][0], tmp_path / name / "forged")
        done = subprocess.run(
            command(*VERBS[verb]), cwd=tmp_path / name, env=environment(), capture_output=True,
            encoding="utf-8", check=False, timeout=120,
        )  # fmt: skip
        refused(done, HOSTILE[name][1])


@pytest.mark.parametrize("name", ["..", "../../elsewhere", "/tmp/elsewhere", "a\0b", ""])
def test_a_data_set_cannot_send_reports_elsewhere(
    at_once: Starcast, tmp_path: Path, name: str
) -> None:
    """Its name is that of the folder below --out."""
    for folder in ("one", "other"):
        parts = Parts.of(FIXTURE.with_name("autoencoder-model") if folder == "one" else FIXTURE)
        hostile.forge(parts, hostile._set_field(("dataset",), name), tmp_path / folder)
    before = tree(tmp_path)
    for verb in ("compare", "blend"):
        done = at_once(verb, "one", "other", "--out", "reports/here")
        assert done.returncode == 1
        assert "is no name of a data set that a folder could have" in done.stderr
        assert done.stderr.count("\n") == 1
    assert tree(tmp_path) == before


def test_figures_that_a_history_lacks_are_not_missed(at_once: Starcast, tmp_path: Path) -> None:
    for folder in ("one", "other"):
        parts = Parts.of(FIXTURE.with_name("autoencoder-model") if folder == "one" else FIXTURE)
        history = [{"epoch": 1}, {"epoch": 2, "validation": {"mae": 1}, "seconds": None}]
        hostile.forge(parts, hostile._set_field(("history",), history), tmp_path / folder)
    done = at_once("compare", "one", "other")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "reports" / "ratings" / "results.json").read_text("utf-8"))
    assert [model["n_epochs"] for model in results["models"]] == [2, 2]
