"""Lists have one length everywhere: on the command line, in Python, over HTTP, in every report."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, environment, tree
from starlette.testclient import TestClient
from typer.main import get_command

import starcast as sc
from starcast.artifacts import storage
from starcast.cli.app import app
from starcast.evaluation.comparison import report_folder
from starcast.evaluation.list_size import LIST_SIZE
from starcast.recommend import Recommender
from starcast.recommend.folded_in import FoldedInUser
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app

OF_2018 = 20


def verbs(group: Any, *words: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, *words, name)
        else:
            yield " ".join([*words, name]), command


def test_no_verb_has_a_length_of_its_own() -> None:
    found = {name: option.default for name, verb in verbs(get_command(app))
             for option in verb.params if option.name == "k"}  # fmt: skip
    del found["explain"]  # whose k reasons are no list
    assert len(found) >= 5
    assert set(found.values()) == {LIST_SIZE}, found


def test_neither_has_python() -> None:
    offered = [getattr(place, name) for place in (sc, Recommender, FoldedInUser)
               for name in dir(place) if not name.startswith("_")]  # fmt: skip
    taken = {
        one.__qualname__: inspect.signature(one).parameters["k"].default
        for one in offered
        if inspect.isfunction(one)
        and one.__name__ != "explain"  # as above
        and "k" in inspect.signature(one).parameters
    }
    taken = {name: k for name, k in taken.items() if k is not inspect.Parameter.empty}
    assert len(taken) >= 6
    assert set(taken.values()) == {LIST_SIZE}, taken


def lengths(schema: Any) -> Iterator[Any]:
    """Every default of a `k` in a document of OpenAPI."""
    if isinstance(schema, dict):
        if schema.get("name") == "k" and "in" in schema:
            yield schema["schema"].get("default")
        found = schema.get("properties")
        if isinstance(found, dict) and isinstance(found.get("k"), dict):
            yield found["k"].get("default")
        for one in schema.values():
            yield from lengths(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from lengths(one)


def test_neither_has_the_service(folder: Path) -> None:
    with TestClient(create_app(ModelStore([folder]))) as client:
        found = list(lengths(client.get("/openapi.json").json()))
    found = [one for one in found if one is not None]  # which asks for it, or is an answer
    assert len(found) >= 3
    assert set(found) == {LIST_SIZE}, found


def test_every_report_says_the_same(
    at_once: Starcast, planted_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_folder, "draw", lambda _: {})
    train = ["train", "--ratings", planted_files / "planted.csv", "--epochs", 1, "--dimension", 2]
    said = [
        at_once(*train, "--optimizer", "SGD", "--test"),
        at_once(*train, "--optimizer", "iALS", "--model", "implicit-factor-model"),
        at_once(*train, "--optimizer", "iALS", "--model", "implicit-factor-model", "--test",
                "--json", "--name", "lists"),
    ]  # fmt: skip
    home = Path("pretrained_models/planted")
    folders = [home / name for name in ("latent-factor-model", "implicit-factor-model")]
    said += [at_once("evaluate", folders[1]), at_once("evaluate", folders[0], "--json")]
    said += [at_once("compare", *folders), at_once("blend", *folders, "--for", "lists")]
    assert [done.returncode for done in said] == [0] * len(said), [done.stderr for done in said]
    told = {str(n): done.stdout for n, done in enumerate(said)}
    reports = tmp_path / "reports" / "planted"
    told |= {name: (reports / name).read_text(encoding="utf-8") for name in tree(reports)}
    manifests = (storage.read_manifest(tmp_path / folder) for folder in folders)
    told |= {f"manifest {n}": str(manifest) for n, manifest in enumerate(manifests)}
    for name, text in told.items():
        assert set(re.findall(r"@(\d+)", text)) == {str(LIST_SIZE)}, name


def test_the_entry_point_of_2018_prints_what_it_always_did(
    planted_files: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, Path(__file__).parents[2] / "main.py", "--optimizer", "SGD", "--epochs",
         "1", "--dimension", "2", "--ratings", planted_files / "planted.csv"],
        cwd=tmp_path, env=environment(), capture_output=True, encoding="utf-8", check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"@(\d+)", done.stdout)) == {str(OF_2018)}
