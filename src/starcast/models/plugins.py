"""Models that other packages bring, by entry points in the group "starcast.models".

An entry point is a model's name and what stands for it: a `Model`; a function from settings to the
expression that the model computes; or one from `inputs`, as its argument is called, to a tensor of
Keras.
"""

import inspect
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import final

from starcast.errors import ConfigError, LeftOutWarning, StarcastError
from starcast.models.model import Model
from starcast.models.networks import in_a_line, network
from starcast.models.own_network import keras_network

GROUP = "starcast.models"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # as it is a folder's, too


@final
class Models(Mapping[str, Model]):
    """Ours by name, then those of other packages, which are looked for when they are needed.

    One that cannot be used is left out with a warning of one line; asked for by name, it is a
    ConfigError.

    Args:
        ours: in order.
        reserved: names that are taken besides.
    """

    def __init__(self, ours: Iterable[Model], reserved: Iterable[str] = ()) -> None:
        self._ours = {model.name: model for model in ours}
        self._taken = {*self._ours, *reserved}
        self._loaded: dict[str, Model] = {}

    def __getitem__(self, name: str) -> Model:
        """That model. Raises: KeyError; ConfigError: there is one, but it cannot be used."""
        return self._ours[name] if name in self._ours else self._other(name)

    def __iter__(self) -> Iterator[str]:
        yield from self._ours
        for name in self._others:
            try:
                yield self._other(name).name
            except ConfigError as error:
                warnings.warn(str(error), LeftOutWarning, stacklevel=2)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in self._ours or name in self._others

    @cached_property
    def _others(self) -> Mapping[str, list[EntryPoint]]:
        found: dict[str, list[EntryPoint]] = {}
        for entry in entry_points(group=GROUP):
            found.setdefault(entry.name, []).append(entry)
        return dict(sorted(found.items()))

    def _other(self, name: str) -> Model:
        if name not in self._loaded:
            self._loaded[name] = self._load(name, self._others[name])
        return self._loaded[name]

    def _load(self, name: str, entries: list[EntryPoint]) -> Model:
        packages = sorted({entry.dist.name if entry.dist else "?" for entry in entries})
        who = f"the model '{name}' of the package {' and '.join(packages)}"
        if name in self._taken:
            raise ConfigError(f"{who} is left out: Starcast has one of that name; rename it")
        if len(packages) > 1:
            raise ConfigError(f"{who} is left out: one name is one model's; uninstall one of them")
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{who} is left out: a name is of small letters, digits and hyphens")
        try:
            return _model_of(name, entries[0].load())
        except StarcastError as error:
            raise ConfigError(f"{who} cannot be used: {error}") from None
        except (Exception, SystemExit) as error:
            raise ConfigError(f"{who} cannot be loaded: {in_a_line(error)}") from error


def _model_of(name: str, loaded: object) -> Model:
    """What an entry point stands for. Raises: ConfigError: neither a model nor a network."""
    if isinstance(loaded, Model):
        if loaded.name != name:
            raise ConfigError(f"its entry point is called '{name}', it itself '{loaded.name}'")
        return loaded
    if not callable(loaded):
        raise ConfigError(
            f"a {type(loaded).__name__} is neither a Model nor a function that gives an expression"
        )
    is_of_keras = list(inspect.signature(loaded).parameters)[:1] == ["inputs"]
    return keras_network(name, loaded) if is_of_keras else network(name, loaded)
