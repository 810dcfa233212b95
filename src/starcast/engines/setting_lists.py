"""Kinds of settings that are several values: names, or widths of layers."""

import re
from dataclasses import dataclass
from typing import Any, final

from starcast.display import shown
from starcast.engines.setting_kinds import Setting, is_whole
from starcast.errors import ConfigError, require_name

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


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
