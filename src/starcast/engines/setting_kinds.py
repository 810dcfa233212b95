"""Kinds of settings: what each may be, how it is read and checked, and what is told of it."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar, final

from starcast.display import shown
from starcast.errors import ConfigError, require_name

KEY = "setting"  # in the metadata of a field


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(ABC):
    """One setting, whichever solvers have it: it lies in the metadata of their fields.

    Attributes:
        help: what it is, in a line without an end.
        panel: of `--help`, in which it stands.
        flags: on the command line, where they are not the name.
        of_2018: whether it is one of the flags of the 2018 system.
        recorded: whether training writes it, so that no option gives it.
        follows: the setting whose value it takes where that is given and it is not.
    """

    help: str
    panel: str = "Hyper-parameters"
    flags: tuple[str, ...] = ()
    of_2018: bool = False
    recorded: bool = False
    follows: str = ""

    written: ClassVar[type] = str
    """What one word of a command line is taken for."""

    def field(self, default: object) -> Any:
        """A field of a solver's settings. A default of None allows None, for no bound."""
        return field(default=default, metadata={KEY: self})

    @property
    def line(self) -> str:
        """What it is, for `--help`."""
        return f"{self.help}."

    @property
    @abstractmethod
    def range(self) -> str:
        """What it may be, in words."""

    def told(self, value: Any) -> Any:
        """A value in a table: a number, or text, of a list as well."""
        return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else value

    @abstractmethod
    def check(self, name: str, value: object) -> Any:
        """The value as solvers take it.

        Raises: ConfigError, UnknownNameError: out of range, or of another type.
        """


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Setting):
    """A whole number in [least, most]."""

    most: int
    least: int = 1

    written: ClassVar[type] = int

    @property
    def range(self) -> str:
        """The bounds."""
        return f"{self.least:,} to {self.most:,}"

    def check(self, name: str, value: object) -> int:
        """An int; neither 8.0 nor True is one."""
        if not is_whole(value):
            raise ConfigError(f"{name} must be a whole number, got {shown(value)}")
        number = int(value)  # type: ignore[call-overload]  # it is whole, as was just seen
        if not self.least <= number <= self.most:
            raise ConfigError(f"{name} must {self._bound(number)}, got {shown(number)}")
        return number

    def _bound(self, number: int) -> str:
        if self.least != 1:
            return f"lie in [{self.least:,}, {self.most:,}]"
        return "be at least 1" if number < 1 else f"be at most {self.most:,}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Setting):
    """A number from `low`, which is allowed unless `above`, to `high`, which is if `reached`."""

    low: float = 0.0
    above: bool = False
    high: float = math.inf
    reached: bool = False

    written: ClassVar[type] = float

    @property
    def range(self) -> str:
        """The bounds; an interval where there are two."""
        if math.isinf(self.high):
            return f"more than {self.low:g}" if self.above else f"{self.low:g} or more"
        left, right = "(" if self.above else "[", "]" if self.reached else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"

    def check(self, name: str, value: object) -> float:
        """A float; an int will do."""
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ConfigError(f"{name} must be a number, got {shown(value)}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        is_above = number > self.low or (number == self.low and not self.above)
        is_below = number < self.high or (number == self.high and self.reached)
        if not (is_above and is_below):
            unbounded = "be" if math.isfinite(number) else "be finite and"
            verb = unbounded if math.isinf(self.high) else "lie in"
            raise ConfigError(f"{name} must {verb} {self.range}, got {shown(number)}")
        return number


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Setting):
    """Yes or no."""

    written: ClassVar[type] = bool

    @property
    def range(self) -> str:
        """Both."""
        return "yes or no"

    def check(self, name: str, value: object) -> bool:
        """A bool; neither 1 nor "yes" is one."""
        if not isinstance(value, bool):
            raise ConfigError(f"{name} must be True or False, got {shown(value)}")
        return value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Setting):
    """One of some names."""

    names: tuple[str, ...]

    @property
    def line(self) -> str:
        """What it is, and all it may be."""
        return f"{self.help}: {self.range}."

    @property
    def range(self) -> str:
        """The names."""
        return ", ".join(self.names)

    def check(self, name: str, value: object) -> str:
        """A name, spelled as it is known."""
        return require_name(name, value, self.names)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number by type: 8.0 and True are none.

    >>> is_whole(8), is_whole(8.0), is_whole(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)
