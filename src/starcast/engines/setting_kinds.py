"""Kinds of settings: what each may be, how it is read and checked, and what is told of it."""

import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar, final

from starcast.display import shown
from starcast.errors import ConfigError, require_name

KEY = "setting"  # in the metadata of a field
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(ABC):
    """One setting, whichever solvers have it: it lies in the metadata of their fields.

    Attributes:
        help: what it is, in a line without an end.
        panel: of `--help`, in which it stands.
        flags: on the command line, where they are not the name.
        of_2018: whether it is one of the flags of the 2018 system.
        recorded: whether training writes it, so that no option gives it.
    """

    help: str
    panel: str = "Hyper-parameters"
    flags: tuple[str, ...] = ()
    of_2018: bool = False
    recorded: bool = False

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
            verb = "be" if math.isinf(self.high) else "lie in"
            raise ConfigError(f"{name} must {verb} {self.range}, got {shown(number)}")
        return number


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


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(Setting):
    """Any of some names, each once: a sequence, or text such as "histories,days" or "none"."""

    names: tuple[str, ...]
    one: str

    @property
    def line(self) -> str:
        """What they are, and all they may be."""
        return f"{self.help}: {self.range}."

    @property
    def range(self) -> str:
        """The names."""
        return f"any of {','.join(self.names)}, or none"

    def check(self, name: str, value: object) -> tuple[str, ...]:
        """The names in the order given."""
        is_none = isinstance(value, str) and value.strip() == "none"
        members = [] if is_none else _members(value)
        if members is None:
            raise ConfigError(f"{name} must be {self.range}, got {shown(value)}")
        chosen = tuple(require_name(self.one, member, self.names) for member in members)
        if twice := [one for one in self.names if chosen.count(one) > 1]:
            raise ConfigError(f"{name} has {twice[0]} twice: {shown(chosen)}")
        return chosen


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Widths(Setting):
    """Widths of layers, the last of them 1: a sequence, or text such as "[64,32,16,8,1]"."""

    widest: int
    deepest: int

    @property
    def range(self) -> str:
        """The bounds."""
        return f"2 to {self.deepest:,} widths of 1 to {self.widest:,}, the last 1"

    def check(self, name: str, value: object) -> tuple[int, ...]:
        """The widths, from the lowest layer up."""
        members = _members(value) or []
        if isinstance(value, str):
            members = [int(one) if _WHOLE.fullmatch(one) else one for one in members]
        widths = tuple(int(one) for one in members if is_whole(one))
        if not widths or len(widths) < len(members):
            raise ConfigError(f"{shown(value)} is no list of layer widths; write [64,32,16,8,1]")
        got = f"got {shown(list(widths))}"
        if len(widths) < 2 or min(widths) < 1 or widths[-1] != 1:
            raise ConfigError(f"{name} must be at least two widths and end in 1, {got}")
        if len(widths) > self.deepest:
            raise ConfigError(f"{name} must be at most {self.deepest:,} widths, {got}")
        if max(widths) > self.widest:
            raise ConfigError(f"no layer may be wider than {self.widest:,}, {got}")
        return widths


def is_whole(value: Any) -> bool:
    """Whether it is a whole number by type: 8.0 and True are none.

    >>> is_whole(8), is_whole(8.0), is_whole(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def _members(value: Any) -> list[Any] | None:
    """What is in a list, or in text that writes one; None where it is neither.

    >>> _members("[64, 1]"), _members("a,b"), _members("[]"), _members((1, 2)), _members(3)
    (['64', '1'], ['a', 'b'], [], [1, 2], None)
    """
    value = value.tolist() if hasattr(value, "tolist") else value  # an array
    if not isinstance(value, str):
        return list(value) if isinstance(value, list | tuple) else None
    text = value.strip()
    if text[:1] == "[" and text[-1:] == "]" and not (text := text[1:-1].strip()):
        return []
    return [part.strip() for part in text.split(",")]
