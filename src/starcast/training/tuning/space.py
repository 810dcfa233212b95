"""The space that a search looks in: made of a solver's settings, their bounds and their priors."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, final

from starcast.display import shown
from starcast.engines.setting_kinds import Choice, Number, Setting, Whole
from starcast.engines.settings import Settings, settings_of
from starcast.errors import ConfigError, require_name
from starcast.training.tuning.priors import PRIORS, AnyOf, Around, LeftOut, Prior

_DIGITS = 4  # significant ones of a number that is tried
_NO_PRIOR = LeftOut("nothing is known of where to look")
_SHARED = "it is shared with the models that this one starts from, which are trained once"


@final
class Range(NamedTuple):
    """Numbers from `low` to `high`, both included.

    Attributes:
        is_log: whether ratios count, not differences.
        is_whole: whether whole numbers alone are meant.
    """

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False

    def value(self, raw: Any) -> float:
        """A number of the range as it is tried: of few digits, which people can read."""
        if self.is_whole:
            return int(raw)
        return min(max(float(f"{raw:.{_DIGITS}g}"), self.low), self.high)

    def nearest(self, value: Any) -> Any:
        """The number of the range that is nearest to a value."""
        return type(self.low)(min(max(value, self.low), self.high))

    def __str__(self) -> str:
        """As it is told to people, and written for `--space`."""
        return f"{self.low:g}:{self.high:g}{':log' if self.is_log else ''}"


@final
class Options(NamedTuple):
    """One of several values, each as text or a number."""

    values: tuple[Any, ...]

    def value(self, raw: Any) -> Any:
        """An option as it is tried."""
        return raw

    def nearest(self, value: Any) -> Any:
        """The option that is a value, else the first."""
        return value if value in self.values else self.values[0]

    def __str__(self) -> str:
        """As it is told to people, and written for `--space`."""
        return "/".join(map(str, self.values))


Parameter = Range | Options


@final
class Space(NamedTuple):
    """Where a search looks for settings of one solver.

    Attributes:
        fixed: the settings that all trials start from, the given ones among them.
        parameters: what is varied, by setting.
        left_out: why the other settings are not, by setting.
    """

    fixed: Settings
    parameters: Mapping[str, Parameter]
    left_out: Mapping[str, str]

    def start(self) -> dict[str, Any]:
        """The point of the space that is nearest to the defaults."""
        told = self.fixed.written()
        return {name: one.nearest(told[name]) for name, one in self.parameters.items()}

    def told(self) -> dict[str, str]:
        """The parameters as text, by setting."""
        return {name: str(one) for name, one in self.parameters.items()}


def space_of(
    fixed: Settings,
    *,
    given: Collection[str] = (),
    asked: Mapping[str, str] | None = None,
    shared: Collection[str] = (),
) -> Space:
    """The space of a solver.

    Args:
        fixed: its settings, with given ones on top of the defaults.
        given: the names of those that stay as they are.
        asked: what to vary otherwise than the priors say, as text, by setting; see `parsed`.
        shared: those that models it starts from have to agree to.
    Raises: UnknownNameError, ConfigError: no such setting, one that cannot be varied or is given,
        a range that is none, or nothing is left to vary.
    """
    asked, own = asked or {}, settings_of(fixed)
    for name in asked:
        require_name("setting to vary", name, own)
        if name in given:
            raise ConfigError(f"{name} is given and is to be varied: leave one of both out")
    parameters: dict[str, Parameter] = {}
    left_out: dict[str, str] = {}
    for name, setting in own.items():
        prior = LeftOut(_SHARED, ever=False) if name in shared else PRIORS.get(name, _NO_PRIOR)
        if name in given:
            left_out[name] = "it is given"
            continue
        if name in asked:
            found: Parameter | str = parsed(name, asked[name], setting, prior)
        else:
            found = _by_prior(setting, prior, getattr(fixed, name))
        if isinstance(found, str):
            left_out[name] = found
        else:
            parameters[name] = found
    return Space(fixed, parameters, left_out)


def _by_prior(setting: Setting, prior: Prior, default: Any) -> Parameter | str:
    """What is varied of a setting, or why it is not."""
    if isinstance(prior, LeftOut):
        return prior.reason
    if isinstance(prior, AnyOf):
        options = prior.options or getattr(setting, "names", ())
        told = setting.told(default)
        options = tuple(setting.told(setting.check("", one)) for one in options)
        return Options(options if told in options else (told, *options))
    if not isinstance(setting, Whole | Number) or default is None:
        return _NO_PRIOR.reason
    if isinstance(prior, Around):
        if not default:
            return "its default is 0, which has no neighbourhood: --space says where to look"
        return _bounded(setting, default / prior.factor, default * prior.factor, is_log=True)
    return _bounded(setting, min(prior.low, default), max(prior.high, default), is_log=False)


def _bounded(setting: Whole | Number, low: float, high: float, *, is_log: bool) -> Range:
    """A range within a setting's own bounds."""
    if isinstance(setting, Whole):
        least, most = max(setting.least, round(low)), min(setting.most, round(high))
        return Range(least, most, is_log and least > 0, is_whole=True)
    return Range(float(max(setting.low, low)), float(min(setting.high, high)), is_log)


def parsed(name: str, text: str, setting: Setting, prior: Prior = _NO_PRIOR) -> Parameter:
    """What is asked for: LOW:HIGH, LOW:HIGH:log, LOW:HIGH:linear, or options with / between.

    Raises: ConfigError, UnknownNameError: it is none, or out of the setting's bounds.

    >>> from starcast.engines.setting_catalogue import SETTINGS
    >>> parsed("dimension", "8:64", SETTINGS["dimension"], Around(4))
    Range(low=8, high=64, is_log=True, is_whole=True)
    >>> parsed("loss", "mse/huber", SETTINGS["loss"])
    Options(values=('mse', 'huber'))
    """
    if isinstance(prior, LeftOut) and not prior.ever:
        raise ConfigError(f"{name} cannot be varied: {prior.reason}")
    if isinstance(setting, Whole | Number) and ":" in text:
        return _range(name, text, setting, is_log=isinstance(prior, Around))
    apart = "[/,]" if isinstance(setting, Whole | Number | Choice) else "/"  # others are lists
    words = [word.strip() for word in re.split(apart, text) if word.strip()]
    values = tuple(dict.fromkeys(setting.told(_checked(name, word, setting)) for word in words))
    if len(values) < 2:
        how = "LOW:HIGH or " if isinstance(setting, Whole | Number) else ""
        raise ConfigError(
            f"{name} varies over {shown(text)}: give {how}several values with / between, or "
            "the one as an option of its own"
        )
    return Options(values)


def _range(name: str, text: str, setting: Whole | Number, *, is_log: bool) -> Range:
    low, high, *scale = text.split(":")
    if scale not in ([], ["log"], ["linear"]):
        raise ConfigError(
            f"{name}: {shown(text)} is none of LOW:HIGH, LOW:HIGH:log, LOW:HIGH:linear"
        )
    ends = [_checked(name, end, setting) for end in (low, high)]
    if not ends[0] < ends[1]:
        raise ConfigError(
            f"{name}: {shown(text)} has its lower end first, and an upper one above it"
        )
    is_log = scale == ["log"] or (is_log and not scale and ends[0] > 0)
    if is_log and not ends[0] > 0:
        raise ConfigError(f"{name}: {shown(text)} begins at 0, which a logarithmic scale has not")
    return Range(ends[0], ends[1], is_log, isinstance(setting, Whole))


def _checked(name: str, word: str, setting: Setting) -> Any:
    """A word as a value of the setting."""
    if not isinstance(setting, Whole | Number):
        return setting.check(name, word)
    kind = "whole number" if isinstance(setting, Whole) else "number"
    try:
        number = setting.written(word)
    except ValueError:
        raise ConfigError(f"{name}: {shown(word)} is no {kind}") from None
    return setting.check(name, number)


def asked_for(texts: Sequence[str]) -> dict[str, str]:
    """What several NAME=WHAT ask for, by name.

    Raises: ConfigError: one is of another form, or speaks of the same setting again.

    >>> asked_for(["learning-rate=0.001:0.1"])
    {'learning_rate': '0.001:0.1'}
    """
    asked: dict[str, str] = {}
    for text in texts:
        name, equals, what = text.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if not (name and equals and what.strip()):
            raise ConfigError(f"--space takes NAME=LOW:HIGH or NAME=ONE/OTHER, got {shown(text)}")
        if name in asked:
            raise ConfigError(f"--space speaks of {name} twice; put it into one")
        asked[name] = what.strip()
    return asked
