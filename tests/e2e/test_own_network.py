"""CONTRIBUTING's "Add a model", followed to the letter: from a file of one's own to a served list.

File, registry line and commands are those of the page; a package is laid out as an installer would.
"""

import json
import os
import re
import subprocess
import tomllib
import warnings
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from own_package import install
from processes import command, environment
from services import connected

with warnings.catch_warnings():  # what its import warns of is not ours to mend
    warnings.simplefilter("ignore")
    import onnxruntime

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Add a model\n")[2].partition("\n## ")[0]
MOST_LINES = 25
pytestmark = pytest.mark.long  # a training by the plain interpreter
USERS, ITEMS = (1, 610, 414), (1, 260, 318)  # of ml-latest-small


def block(kind: str) -> str:
    """The first block of the section in a language."""
    found = re.search(rf"```{kind}\n(.*?)```", SECTION, re.DOTALL)
    assert found
    return found[1]


class Newcomer(NamedTuple):
    """A folder to work in, and an environment in which the package is installed."""

    home: Path
    environment: dict[str, str]

    def say(self, line: str, *more: object) -> str:
        """Run a command of the page; what it printed."""
        program, *arguments = line.split()
        assert program == "starcast"
        done = subprocess.run(
            command(*arguments, *more), cwd=self.home, env=self.environment, timeout=300,
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """Somebody who has copied the file, written the line, and installed the package."""
    home = tmp_path_factory.mktemp("newcomer")
    entries = tomllib.loads(block("toml"))["project"]["entry-points"]["starcast.models"]
    site = install(home / "site", "three_towers", block("python"), entries)
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    return Newcomer(home, environment() | {"PYTHONPATH": path})


@pytest.fixture(scope="module")
def commands() -> dict[str, str]:
    """The commands of the page, by verb."""
    lines = [line for line in SECTION.splitlines() if line.startswith("starcast ")]
    return {line.split()[1]: line for line in lines}


@pytest.fixture(scope="module")
def trained(newcomer: Newcomer, commands: dict[str, str]) -> str:
    """What training said."""
    return newcomer.say(commands["train"])


@pytest.fixture
def service(newcomer: Newcomer, commands: dict[str, str], trained: str) -> Iterator[HTTPConnection]:
    """The model, served."""
    words = commands["serve"].split()[1:]
    with connected(words, newcomer.home, newcomer.environment) as connection:
        yield connection


def ask(service: HTTPConnection, method: str, path: str, body: Any = None) -> Any:
    content = None if body is None else json.dumps(body)
    service.request(method, path, content, {"content-type": "application/json"})
    answer = service.getresponse()
    said = json.loads(answer.read())
    assert answer.status == 200, said
    return said


def test_the_file_is_short_and_the_line_is_one() -> None:
    assert len(block("python").splitlines()) <= MOST_LINES
    entries = [line for line in block("toml").splitlines() if "=" in line]
    assert entries == ['three-towers = "three_towers:three_towers"']


def test_it_trains_and_is_judged(
    newcomer: Newcomer, commands: dict[str, str], trained: str
) -> None:
    assert "Three towers" in trained
    assert "saved to pretrained_models/ml-latest-small/three-towers" in trained
    judged = newcomer.say(commands["evaluate"])
    rmse = re.search(r"RMSE\s+(\d\.\d+)", judged)
    assert rmse, judged
    assert 0.8 < float(rmse[1]) < 0.95  # a constant has 1.04 there, the latent factor model 0.854


def test_it_is_offered_where_models_are(newcomer: Newcomer) -> None:
    assert "three-towers" in newcomer.say("starcast train --help")


def test_it_is_served_and_exported_with_the_same_predictions(
    newcomer: Newcomer, commands: dict[str, str], service: HTTPConnection
) -> None:
    listed = ask(service, "GET", f"/users/{USERS[0]}/recommendations?k=5")
    assert len(listed["recommendations"]) == 5
    own = {"ratings": [{"item": 260, "stars": 5}, {"item": 1196, "stars": 4.5}]}
    assert len(ask(service, "POST", "/recommendations", own)["recommendations"]) == 10

    assert "read back, its predictions differ" in newcomer.say(commands["export"])
    folder = newcomer.home / commands["export"].split()[-1]
    rows = [
        [json.loads((folder / f"{side}s.json").read_text())["ids"].index(one) for one in ids]
        for side, ids in (("user", USERS), ("item", ITEMS))
    ]
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    for user_id, user_row in zip(USERS, rows[0], strict=True):
        given = {"user_rows": np.full(3, user_row), "item_rows": np.array(rows[1])}
        exported = session.run(["stars"], given)[0]
        said = ask(service, "POST", "/predict", {"user": user_id, "items": list(ITEMS)})
        served = [one["stars"] for one in said["predictions"]]
        np.testing.assert_allclose(exported, served, rtol=0, atol=6e-5)  # to four decimals


def test_a_package_that_breaks_costs_a_line_and_no_other_model(
    tmp_path: Path, newcomer: Newcomer
) -> None:
    """An upgrade may take away what a package needs."""
    site = install(tmp_path / "site", "rotten", "import nowhere", {"rotten-net": "rotten:net"})
    path = os.pathsep.join([str(site), newcomer.environment["PYTHONPATH"]])

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(*arguments), cwd=tmp_path, env=newcomer.environment | {"PYTHONPATH": path},
            timeout=120, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip

    line = (
        "starcast: the model 'rotten-net' of the package rotten cannot be loaded: "
        "ModuleNotFoundError: No module named 'nowhere'\n"
    )
    named = run("train", "--model", "rotten-net")
    assert (named.returncode, named.stdout, named.stderr) == (1, "", line)
    listed = run("train", "--help")
    assert (listed.returncode, listed.stderr) == (0, line)
    assert "three-towers" in listed.stdout
    other = run("train", "--model", "latent-factor-model", "--epochs", 1)
    assert (other.returncode, other.stderr) == (0, "")
