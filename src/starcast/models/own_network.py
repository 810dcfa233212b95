"""A network of one's own: a function in a file or at hand, read into data when it is trained."""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from starcast.data.ratings import Ratings
from starcast.engines import tuned
from starcast.engines.expression import Expression
from starcast.engines.keras_settings import KERAS, on_keras
from starcast.engines.network_setting import network_of, text_of
from starcast.engines.ordinal import CUTS, in_steps
from starcast.engines.protocol import Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import OwnNetworkSettings
from starcast.errors import ConfigError, StarcastError, UnknownNameError
from starcast.models.model import Model
from starcast.models.networks import engines_of, grow_of, in_a_line, schema_of
from starcast.scoring import network_scorer

Function = Callable[[Any], Any]
"""The inputs that the data have to a tensor of Keras, or to an expression."""

NAME = "own-network"


def own_network(settings: OwnNetworkSettings) -> Expression:
    """What settings record. Raises: ConfigError: they record none."""
    if not settings.network:
        raise ConfigError(
            f"{NAME} is trained by --network my_network.py:towers, or sc.train(split, towers)"
        )
    return network_of(settings.network)


def _scorer(weights: Weights, histories: SparseRows, settings: Any) -> Scorer:
    return network_scorer(own_network(settings), weights, histories)


def _suited(
    settings: OwnNetworkSettings, known: Callable[[], Ratings]
) -> tuple[OwnNetworkSettings, str]:
    """With steps at the end, where ratings are taken as such."""
    network = own_network(settings)
    if settings.loss == "ordinal" and not any(CUTS in part.weights for part in network.parts()):
        network = in_steps(network, known())
    return replace(settings, network=text_of(network)), ""


OWN_NETWORK = Model(
    name=NAME,
    title="Own network",
    formula="a network of your own",
    defaults=tuned.OWN_NETWORK,
    engines=engines_of(own_network),
    elsewhere={KERAS: on_keras(tuned.OWN_NETWORK)},
    scorer=_scorer,
    schema=schema_of(own_network),
    suit=_suited,
    grow=grow_of(own_network),
)


def keras_network(name: str, function: Function) -> Model:
    """A model out of a function of Keras that a package brings; read once the data are there.

    Args:
        name: on the command line.
        function: inputs to a tensor of Keras; see `starcast.engines.keras.inputs`.
    """

    def suit(config: OwnNetworkSettings, known: Callable[[], Ratings]) -> tuple[Any, str]:
        return _suited(replace(config, network=text_from(function, known())), known)

    return replace(
        OWN_NETWORK,
        name=name,
        title=name.replace("-", " ").capitalize(),
        formula=(function.__doc__ or "").strip().partition("\n")[0] or name,
        suit=suit,
    )


def text_from(function: Function, ratings: Ratings) -> str:
    """A network that a function gives for some ratings, as the setting `network` records it.

    Raises: ConfigError, UnknownNameError: in one line, which names the function.
    """
    name = getattr(function, "__name__", type(function).__name__)
    _quieten()
    with _told(f"the network '{name}'"):
        if list(inspect.signature(function).parameters)[:1] == []:
            raise ConfigError("it takes nothing; it is to take the inputs")
        return text_of(_reading().read(function, ratings))


def text_from_file(place: str, ratings: Ratings) -> str:
    """The same of "my_network.py:towers"; the file's folder is on Python's path meanwhile.

    Raises: ConfigError, UnknownNameError: there is no such file or function, or it fails.
    """
    file, _, name = place.rpartition(":")
    if not file or not name.isidentifier():
        raise ConfigError(
            f"--network is FILE.py:FUNCTION, such as my_network.py:towers, not {place}"
        )
    path = Path(file)
    if not path.is_file():
        raise ConfigError(f"there is no file {file}, which --network names")
    _quieten()
    with _importable(path.resolve().parent):
        with _told(str(path)):
            module = _loaded(path)
        function = getattr(module, name, None)
        if function is None:
            raise UnknownNameError(f"function of {path}", name, _functions_of(module))
        if not callable(function):
            raise ConfigError(f"{place} is {type(function).__name__}, not a function")
        return text_from(function, ratings)


def _reading() -> Any:
    try:
        return importlib.import_module("starcast.engines.keras.reading")
    except ModuleNotFoundError as error:
        raise ConfigError(_needs(error)) from None


def _quieten() -> None:
    importlib.import_module("starcast.engines.keras.backend").quieten()


def _needs(error: ModuleNotFoundError) -> str:
    return f"it needs {error.name}, which is not installed: pip install 'starcast[keras]'"


def _loaded(path: Path) -> ModuleType:
    """A file as a module. Raises: whatever its code raises."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigError("it is no file of Python: its name ends in .py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _functions_of(module: ModuleType) -> list[str]:
    """The functions that a file defines itself."""
    return [
        name
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == module.__name__ and name[0] != "_"
    ]


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _told(who: str) -> Iterator[None]:
    """Every fault of code of others is one line that says whose, and where."""
    try:
        yield
    except StarcastError as error:
        raise ConfigError(f"{who}: {error}") from None
    except ModuleNotFoundError as error:
        needed = error.name in ("keras", "tensorflow", "jax")
        raise ConfigError(f"{who}: {_needs(error) if needed else in_a_line(error)}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ConfigError(f"{who} fails: {in_a_line(error)}{_place(error)}") from error


def _place(error: BaseException) -> str:
    """Where in code of others it came about: the last line that is in no package."""
    if isinstance(error, SyntaxError):
        return ""
    ours = str(Path(__file__).parents[1])
    places = [
        (Path(one.filename).name, one.lineno)
        for one in traceback.extract_tb(error.__traceback__)
        if not one.filename.startswith((ours, "<")) and "site-packages" not in one.filename
    ]
    return " ({}:{})".format(*places[-1]) if places else ""
