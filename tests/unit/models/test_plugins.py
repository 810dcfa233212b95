"""Models of other packages: found when they are needed, and in one line when they are broken."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from own_package import install

from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.expression.weights import tables_of
from starcast.engines.network_setting import network_of
from starcast.errors import ConfigError, LeftOutWarning, UnknownNameError
from starcast.models import BLEND, Model
from starcast.models.known import KNOWN
from starcast.models.plugins import Models

NETWORK = '''
from starcast.engines.expression import concatenate, hidden_layers, item, output, user

def small(settings):
    """tanh([p ; q])."""
    both = concatenate(user("p", settings.dimension), item("q", settings.dimension))
    return output(hidden_layers(both, settings.layers[:-1], "tanh"))
'''
Install = Callable[..., Models]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs packages, and gives the registry as a fresh process would see it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def registry(source: str = NETWORK, package: str = "mine", **entries: str) -> Models:
        given = {name.replace("_", "-"): place for name, place in entries.items()}
        install(tmp_path, package, source, given)
        sys.modules.pop(package, None)
        found = Models(KNOWN, reserved=[BLEND.name])
        monkeypatch.setattr(models, "MODELS", found)
        return found

    yield registry
    for package in ("mine", "yours"):
        sys.modules.pop(package, None)


def test_a_function_becomes_a_model_under_the_name_of_its_entry_point(installed: Install) -> None:
    found = installed(my_net="mine:small")
    assert list(found) == [*(model.name for model in KNOWN), "my-net"]
    assert len(found) == len(KNOWN) + 1
    model = models.find("my-net")
    assert model is found["my-net"]
    assert (model.name, model.title, model.formula) == ("my-net", "My net", "tanh([p ; q]).")
    assert model.settings(dimension=7).optimizer == "Adam"


def test_a_model_is_taken_as_it_is(installed: Install) -> None:
    source = (
        NETWORK
        + """
from starcast.models import network
NET = network("my-net", small, title="Mine", formula="f(u, i)")
"""
    )
    installed(source, my_net="mine:NET")
    assert models.find("my-net").title == "Mine"
    assert isinstance(models.find("my-net"), Model)


def test_nothing_is_imported_for_a_model_of_ours(installed: Install) -> None:
    installed("raise RuntimeError", my_net="mine:small")
    assert models.find("latent-factor-model") is KNOWN[0]
    assert "mine" not in sys.modules


def test_an_unknown_name_is_answered_with_the_nearest_of_all(installed: Install) -> None:
    installed(my_net="mine:small")
    with pytest.raises(UnknownNameError, match="unknown model 'my-nett': did you mean 'my-net'"):
        models.find("my-nett")


BROKEN = {
    "no such module": (NETWORK, "yours:small", "cannot be loaded: ModuleNotFoundError: No module"),
    "no such function": (NETWORK, "mine:large", "cannot be loaded: AttributeError: .*'large'"),
    "syntax": ("def small(:", "mine:small", "cannot be loaded: SyntaxError: "),
    "import": ("import nowhere", "mine:small", "cannot be loaded: ModuleNotFoundError: .*nowhere"),
    "exit": ("raise SystemExit(3)", "mine:small", "cannot be loaded: SystemExit: 3"),
    "recursion": ("def f(): f()\nf()", "mine:f", "cannot be loaded: RecursionError: "),
    "a number": ("small = 3", "mine:small", "cannot be used: a int is neither a Model nor a func"),
    "a module": (NETWORK, "mine", "cannot be used: a module is neither a Model nor a function"),
    "no expression": ("def small(s): return [1]", "mine:small", "used: my-net: it gives list, not"),
    "arguments": ("def small(): pass", "mine:small", "my-net fails: TypeError: .*1 was given"),
    "a fault": (
        "def small(s):\n    return 1 / 0", "mine:small",
        r"cannot be used: my-net fails: ZeroDivisionError: division by zero \(mine.py:2\)",
    ),
    "no such setting": (
        "def small(s):\n    return s.widht", "mine:small",
        r"my-net fails: AttributeError: .*'widht'.* \(mine.py:2\)",
    ),
    "width": (NETWORK.replace("return output(", "return ("), "mine:small",
              r"a network hands on one number, not 'tanh' \(width 8\); end it with output"),
    "one side": (NETWORK.replace("item(", "user("), "mine:small", "reads nothing of the item"),
    "a word": (NETWORK.replace('"tanh"', '"tahn"'), "mine:small", "did you mean 'tanh'"),
    "another name": (
        NETWORK + "from starcast.models import network\nnet = network('other', small)", "mine:net",
        "its entry point is called 'my-net', it itself 'other'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "place", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_one_line_and_costs_no_other_model(
    source: str, place: str, said: str, installed: Install
) -> None:
    found = installed(source, my_net=place)
    with pytest.raises(ConfigError, match=said) as caught:
        models.find("my-net")
    line = str(caught.value)
    assert line.startswith("the model 'my-net' of the package mine cannot be ")
    assert "\n" not in line
    with pytest.warns(LeftOutWarning, match=said):
        assert list(found) == [model.name for model in KNOWN]
    assert "my-net" in found, "the name is taken"


@pytest.mark.parametrize("name", ["latent-factor-model", "blend"])
def test_a_name_of_ours_is_not_to_be_taken(name: str, installed: Install) -> None:
    found = installed(**{name: "mine:small"})
    assert models.find(name) is (BLEND if name == BLEND.name else KNOWN[0])
    with pytest.warns(LeftOutWarning, match=f"'{name}' of the package mine is left out: Starcast"):
        assert list(found) == [model.name for model in KNOWN]


@pytest.mark.parametrize("name", ["My-Net", "..", "a/b", "net!", "-net", "ネット"])
def test_a_name_that_is_no_folders_is_refused(name: str, installed: Install) -> None:
    installed(**{name: "mine:small"})
    with pytest.raises(ConfigError, match="left out: a name is of small letters, digits and"):
        models.find(name)


def test_one_name_is_one_packages(installed: Install) -> None:
    installed(my_net="mine:small")
    installed(package="yours", my_net="yours:small")
    with pytest.raises(ConfigError, match="'my-net' of the package mine and yours is left out"):
        models.find("my-net")


KERAS = '''
def towers(inputs):
    """p · q, in Keras."""
    from keras import layers
    sides = (inputs.n_users, inputs.user), (inputs.n_items, inputs.item)
    return layers.Dot(axes=1)([layers.Embedding(n, 3)(rows) for n, rows in sides])
'''


def test_a_function_of_inputs_is_keras_and_read_when_the_data_are_there(
    installed: Install, ratings: Ratings
) -> None:
    installed(KERAS, my_net="mine:towers")
    model = models.find("my-net")
    assert (model.title, model.formula) == ("My net", "p · q, in Keras.")
    assert model.settings().network == ""  # type: ignore[attr-defined]
    assert model.suit
    config, given_up = model.suit(model.settings(), lambda: ratings)
    assert given_up == ""
    network = network_of(config.network)
    assert tables_of(network) == {"user": ["user_embedding"], "item": ["item_embedding"]}
    assert model.engine(config, ratings, 1).run_epoch().loss > 0


def test_a_function_of_inputs_that_is_wrong_is_named_when_it_is_read(
    installed: Install, ratings: Ratings
) -> None:
    installed(KERAS.replace("3)(rows)", "3)(inputs.wear)"), my_net="mine:towers")
    suit = models.find("my-net").suit
    assert suit
    with pytest.raises(ConfigError, match="the network 'towers': unknown input 'wear'"):
        suit(models.find("my-net").settings(), lambda: ratings)
