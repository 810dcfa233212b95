"""Rules: what a list may, must and should hold, as it is asked for; of no catalogue yet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self, TypedDict, final

import numpy as np
from numpy.typing import NDArray

from starcast.display import quoted, shown
from starcast.engines.setting_kinds import Number, Whole
from starcast.errors import ConfigError, UnknownNameError

Items = Sequence[object] | NDArray[Any]
"""Ids, or titles."""

MOST_CHARACTERS = 5000  # of a filter
MOST_GROUPS = 20  # minimums, and maximums, of one list
_LARGEST = 2**31 - 1  # items and ratings there can be
_GROUP = re.compile(r"\s*([0-9]{1,9})\s*:\s*([^=]*[^=\s])\s*(?:=\s*(.*?)\s*)?", re.DOTALL)
_WEIGHT = Number(help="A weight", high=1, reached=True)


class RuleFields(TypedDict, total=False):
    """What may be said in the call itself; see `Rules`."""

    where: str | None
    among: Items | None
    without: Items
    min_ratings: int
    at_most: str | Sequence[str]
    at_least: str | Sequence[str]
    diversity: float
    calibration: float


@final
class Group(NamedTuple):
    """A number of items for each value of a column, or for one value alone."""

    n: int
    column: str
    value: str | None

    def __str__(self) -> str:
        return f"{self.n}:{self.column}" + ("" if self.value is None else f"={self.value}")


@final
@dataclass(frozen=True, kw_only=True)
class Rules:
    """What lists may, must and should hold. Everything acts before a list is cut to its length.

    Attributes:
        where: a filter over columns of items, such as "genres = 'Comedy' and year >= 1990".
        among: ids or titles of the only items to list; None for any.
        without: ids or titles of items not to list.
        min_ratings: training ratings that an item must have.
        at_most: such as "3:director", of each director, or "1:genres=Horror". Of several values of
            an item each counts.
        at_least: such as "2:genres=Documentary".
        diversity: weight in [0, 1] of being unlike what is listed before.
        calibration: weight in [0, 1] of genres being spread as in what the person rated.
    Raises: ConfigError: one is out of its range or of another type.
    """

    where: str | None = None
    among: tuple[object, ...] | None = None
    without: tuple[object, ...] = ()
    min_ratings: int = 0
    at_most: tuple[str, ...] = ()
    at_least: tuple[str, ...] = ()
    diversity: float = 0.0
    calibration: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.where, str | None):
            raise ConfigError(f"where must be a filter as text, got {shown(self.where)}")
        if "\0" in (self.where or ""):
            raise ConfigError(f"the filter {quoted(self.where)} holds a zero byte; remove it")
        Whole(help="", least=0, most=_LARGEST).check("min_ratings", self.min_ratings)
        for name in ("diversity", "calibration"):
            self._set(name, float(_WEIGHT.check(name, getattr(self, name))))
        self._set("among", None if self.among is None else _items("among", self.among))
        self._set("without", _items("without", self.without))
        for name in ("at_most", "at_least"):
            self._set(name, _groups(name, getattr(self, name)))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # as a frozen class sets its own

    @classmethod
    def of(cls, rules: Self | None, given: Mapping[str, Any]) -> Self:
        """Rules, with those in their place that a call itself gives.

        Raises: UnknownNameError: one that there is not, with the nearest. ConfigError: as above.

        >>> Rules.of(Rules(min_ratings=5), {"at_most": "3:director"})
        Rules(where=None, among=None, without=(), min_ratings=5, at_most=('3:director',), at_least=(), diversity=0.0, calibration=0.0)
        """  # noqa: E501  # which shows every field
        known = [one.name for one in fields(cls)]
        for name in given:
            if name not in known:
                raise UnknownNameError("rule", name, known)
        if not isinstance(rules, cls | None):
            raise ConfigError(f"rules must be Rules, got {shown(rules)}")
        return replace(rules or cls(), **given)

    @property
    def maximums(self) -> list[Group]:
        """Of `at_most`."""
        return [_group("at_most", one) for one in self.at_most]

    @property
    def minimums(self) -> list[Group]:
        """Of `at_least`."""
        return [_group("at_least", one) for one in self.at_least]


def _items(name: str, given: object) -> tuple[object, ...]:
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ConfigError(f"{name} must be a list of ids or titles, got {shown(given)}")
    for one in given:
        if isinstance(one, bool) or not isinstance(one, int | str | np.integer):
            raise ConfigError(f"{name} must be ids or titles, got {shown(one)}")
    return tuple(int(one) if isinstance(one, np.integer) else one for one in given)


def _groups(name: str, given: object) -> tuple[str, ...]:
    texts = (given,) if isinstance(given, str) else given
    if not isinstance(texts, Sequence) or not all(isinstance(one, str) for one in texts):
        raise ConfigError(f"{name} must be text such as '{_EXAMPLES[name]}', got {shown(given)}")
    if len(texts) > MOST_GROUPS:
        raise ConfigError(f"{name} may be given {MOST_GROUPS} times, not {len(texts)}")
    for one in texts:
        _group(name, one)
    return tuple(texts)


_EXAMPLES = {"at_most": "3:director", "at_least": "2:genres=Documentary"}


def _group(name: str, text: str) -> Group:
    found = _GROUP.fullmatch(text)
    if not found or "\0" in text or (name == "at_least" and not (found[3] and int(found[1]))):
        raise ConfigError(f"{name} {quoted(text)} is no group; write it as {_EXAMPLES[name]}")
    return Group(int(found[1]), found[2], found[3])
