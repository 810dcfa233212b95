"""docs/own-network.md, followed to the letter: from a file in Keras to a served page."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from own_package import install
from processes import command, environment
from services import connected

PAGE = (Path(__file__).parents[2] / "docs" / "own-network.md").read_text(encoding="utf-8")
MOST_LINES = 15
SOURCE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
READING = """
from keras import layers


def towers(inputs):
    user = layers.Embedding(inputs.n_users, 6)(inputs.user)
    item = layers.Embedding(inputs.n_items, 6)(inputs.item)
    user = user + layers.Dense(6, use_bias=False, name="liked")(inputs.rated)
    item = item + layers.Dense(6, "tanh", name="fans")(inputs.raters)
    return layers.Dense(1)(layers.Concatenate()([user, item, user * item]))
"""
TOML = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
(CHECKED,) = re.findall(r"^from starcast.testing import .*$", PAGE, re.MULTILINE)
LINES = {line.split()[1]: line for line in PAGE.splitlines() if line.startswith("starcast ")}
UNLOADED = """
import sys
import starcast as sc
model = sc.open("pretrained_models/ml-latest-small/own-network")
print(len(model.recommend(414, k=5)), model.predict([1], [260])[0] > 3)
print(sorted({"keras", "tensorflow", "jax", "my_network"} & set(sys.modules)))
"""


def say(home: Path, *arguments: object, fails: bool = False) -> str:
    done = subprocess.run(
        command(*arguments), cwd=home, env=environment(), timeout=300, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file of the page, and the model that its first command trains."""
    home = tmp_path_factory.mktemp("home")
    (home / "my_network.py").write_text(SOURCE, encoding="utf-8")
    line = LINES["train"].replace("--epochs 20", "--epochs 2")  # to be quick
    assert "saved to pretrained_models/ml-latest-small/own-network" in say(home, *line.split()[1:])
    return home


@pytest.fixture
def page(home: Path) -> Iterator[HTTPConnection]:
    """The service."""
    with connected(LINES["serve"].split()[1:], home, environment()) as connection:
        yield connection


def test_three_towers_are_few_lines() -> None:
    assert len(SOURCE.strip().splitlines()) <= MOST_LINES


def test_it_is_judged_asked_and_exported(home: Path) -> None:
    assert re.search(r"RMSE\s+0\.\d+", say(home, *LINES["evaluate"].split()[1:]))
    assert "1" in say(home, *LINES["recommend"].split()[1:])
    assert "its predictions differ" in say(home, *LINES["export"].split()[1:])
    assert list((home / "tf_logs").rglob("events*")), "TensorBoard has its graph"


def test_it_is_compared(home: Path) -> None:
    say(home, "train", "--model", "means")
    folders = [f"pretrained_models/ml-latest-small/{name}" for name in ("own-network", "means")]
    assert "Own network" in say(home, "compare", *folders, "--out", "report")


def test_it_is_served_with_its_page(page: HTTPConnection) -> None:
    for path, said in (("/", "<html"), ("/users/414/recommendations?k=5", "recommendations")):
        page.request("GET", path)
        answer = page.getresponse()
        assert answer.status == 200
        assert said in answer.read().decode()


def test_what_is_kept_is_data(home: Path) -> None:
    """Without the file, and without Keras."""
    (home / "my_network.py").rename(home / "gone.py")
    try:
        done = subprocess.run(
            [sys.executable, "-c", UNLOADED], cwd=home, env=environment(), timeout=120,
            capture_output=True, encoding="utf-8", check=True,
        )  # fmt: skip
    finally:
        (home / "gone.py").rename(home / "my_network.py")
    assert done.stdout == "5 True\n[]\n"


@pytest.mark.parametrize(
    "source",
    [SOURCE, pytest.param(READING, marks=pytest.mark.long)],
    ids=["three towers", "who rated what"],
)
def test_a_package_brings_it_and_it_keeps_what_every_model_promises(
    source: str, tmp_path: Path
) -> None:
    """As docs/own-network.md says of packages: installed, and checked by its name."""
    (entry,) = re.findall(r'^(.*) = "(.*)"$', TOML, re.MULTILINE)
    site = install(tmp_path / "site", "my_network", source, dict([entry]))
    found = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", f"{CHECKED}\nprint(len(check_model({entry[0]!r})))"], cwd=tmp_path,
        env=environment() | {"PYTHONPATH": found}, timeout=300, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def test_what_is_wrong_is_said_before_anything_is_trained(home: Path) -> None:
    wrong = say(home, "train", "--network", "my_network.py:tower", fails=True)
    assert wrong == (
        "starcast: unknown function of my_network.py 'tower': did you mean 'towers'?\n"
    )
    both = say(home, "train", "--network", "my_network.py:towers", "--model", "means", fails=True)
    assert both == "starcast: --network is the model; leave out --model and --for\n"
    alone = say(home, "train", "--model", "own-network", fails=True)
    assert "own-network is trained by --network my_network.py:towers" in alone
