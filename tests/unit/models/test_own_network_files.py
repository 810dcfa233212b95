"""A network of one's own in a file: found, loaded, and every fault of it one line."""

import json
import re
import sys
from pathlib import Path

import pytest

from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.expression import item, output, user
from starcast.engines.network_setting import network_of, text_of
from starcast.engines.settings import OwnNetworkSettings
from starcast.errors import ConfigError, StarcastError
from starcast.models import OWN_NETWORK
from starcast.models.own_network import text_from, text_from_file

GOOD = """
from starcast.engines.expression import item, output, user
WIDTH = 3
def towers(inputs):
    return output(user("p", WIDTH) * item("q", WIDTH))
def nothing():
    return 1
"""
TEXT = text_of(output(user("p", 3) * item("q", 3)))


def test_a_file_is_read_with_its_folder_on_the_path(tmp_path: Path, ratings: Ratings) -> None:
    (tmp_path / "width_of_towers.py").write_text("WIDTH = 3")
    file = tmp_path / "my_network.py"
    file.write_text(GOOD.replace("WIDTH = 3", "from width_of_towers import WIDTH"))
    path = list(sys.path)
    assert text_from_file(f"{file}:towers", ratings) == TEXT
    assert sys.path == path


FAULTS = {
    "no function": ("my_network.py", GOOD, "--network is FILE.py:FUNCTION"),
    "no file": ("nowhere.py:towers", "", "there is no file .*nowhere.py"),
    "another function": ("my_network.py:tower", GOOD, "did you mean 'towers'"),
    "no name": ("my_network.py:a b", GOOD, "--network is FILE.py:FUNCTION"),
    "a number": ("my_network.py:WIDTH", GOOD, "is int, not a function"),
    "no argument": ("my_network.py:nothing", GOOD, "it takes nothing; it is to take the inputs"),
    "no Python": ("my_network.py:f", "def f(:", r"my_network.py fails: SyntaxError: "),
    "a fault": ("my_network.py:f", "1 / 0", r"ZeroDivisionError: division by zero \(my_.*.py:1\)"),
    "an end": ("my_network.py:f", "raise SystemExit(3)", "my_network.py fails: SystemExit: 3"),
    "no exception": (
        "my_network.py:f", "class Odd(BaseException): ...\nraise Odd(3)", "fails: Odd: 3"
    ),
    "missing": ("my_network.py:f", "import nowhere_at_all", "No module named 'nowhere_at_all'"),
    "a fault within": (
        "my_network.py:f", "\ndef f(inputs):\n    return inputs.n_users + 'a'",
        r"the network 'f' fails: TypeError: .* \(my_network.py:3\)",
    ),
    "something else": ("my_network.py:f", "f = lambda inputs: 'x'", "it gives str, not a tensor"),
}  # fmt: skip


@pytest.mark.parametrize(("place", "source", "said"), FAULTS.values(), ids=FAULTS)
def test_every_fault_is_one_line(
    tmp_path: Path, ratings: Ratings, place: str, source: str, said: str
) -> None:
    (tmp_path / "my_network.py").write_text(source, encoding="utf-8")
    with pytest.raises(StarcastError, match=said) as caught:
        text_from_file(str(tmp_path / place), ratings)
    assert "\n" not in str(caught.value)


def test_without_keras_the_extra_is_named(
    ratings: Ratings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    for name in [name for name in sys.modules if name.startswith("starcast.engines.keras.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigError, match=r"it needs keras, which .* 'starcast\[keras\]'"):
        text_from(lambda inputs: None, ratings)
    file = tmp_path / "my_network.py"
    file.write_text("import keras")
    with pytest.raises(ConfigError, match=r"it needs keras, which .* 'starcast\[keras\]'"):
        text_from_file(f"{file}:towers", ratings)


def test_a_network_comes_back_from_its_text_and_nothing_else_does() -> None:
    assert text_of(network_of(TEXT)) == TEXT
    for text, said in (
        ("{", "no JSON"),
        ("[" * 10**5, "no JSON"),
        ("[]", "an expression is a list of"),
        (json.dumps(json.loads(TEXT)[:1]), "reads nothing of the item"),
        ("x" * (10**6 + 1), "must be text of a network"),
    ):
        with pytest.raises(StarcastError, match=said):
            OwnNetworkSettings(network=text)
    with pytest.raises(ConfigError, match="must be text of a network, got 3"):
        OwnNetworkSettings(network=3)  # type: ignore[arg-type]


def test_tables_of_settings_tell_networks_apart_in_a_word() -> None:
    written = OwnNetworkSettings(network=TEXT).written()["network"]
    assert re.fullmatch("[0-9a-f]{8}", written)
    other = text_of(output(user("o", 3) * item("q", 3)))
    assert written != OwnNetworkSettings(network=other).written()["network"]


def test_it_is_found_by_name_and_trained_by_a_function_alone(ratings: Ratings) -> None:
    assert models.find("own-network") is OWN_NETWORK
    assert OWN_NETWORK.name not in models.MODELS
    with pytest.raises(ConfigError, match="is trained by --network"):
        OWN_NETWORK.engine(OWN_NETWORK.settings(), ratings, 1)
