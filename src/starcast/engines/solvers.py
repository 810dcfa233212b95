"""The solvers of one model: their default settings, and what is made of given ones.

The engine and the optimizer together pick the solver; the compiled engine's are the defaults.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from starcast.engines.setting_catalogue import SETTINGS, told
from starcast.engines.settings import COMPILED, Settings, settings_of
from starcast.errors import ConfigError, require_name


@final
@dataclass(frozen=True, slots=True)
class Solvers:
    """How a model can be trained.

    Attributes:
        model: its name.
        defaults: settings by optimizer; the first is the default.
        elsewhere: those of other engines than the compiled one, by engine.
    """

    model: str
    defaults: Mapping[str, Settings]
    elsewhere: Mapping[str, Mapping[str, Settings]] = field(default_factory=dict)

    def settings(self, given: Mapping[str, Any]) -> Settings:
        """The defaults of the (given or default) engine and optimizer, with given settings on top.

        Args:
            given: by name; None means not given.
        Raises:
            UnknownNameError: no such setting, or an engine or an optimizer the model cannot be
                trained by.
            ConfigError: a setting it does not have, with those it has; or one out of range.
        """
        engine, optimizer = given.get("engine"), given.get("optimizer")
        own = self._by(COMPILED if engine is None else engine, optimizer)
        chosen = _checked(given)
        if own.engine == COMPILED:
            chosen.pop("engine", None)
        if foreign := [name for name in chosen if name not in settings_of(own)]:
            raise ConfigError(self._lacks(own, foreign))
        return replace(own, **_led(own, chosen))

    def having(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Those of given settings that the model has, by the given engine and optimizer if it has
        those.

        Raises: UnknownNameError, ConfigError: a setting that no model has, or one out of range.

        >>> from starcast.engines import tuned
        >>> given = {"optimizer": "SGD", "epochs": 3, "batch_size": 100}
        >>> Solvers("factors", tuned.FACTORS).having(given)
        {'optimizer': 'SGD', 'epochs': 3}
        >>> Solvers("network", tuned.NETWORK).having(given)
        {'epochs': 3, 'batch_size': 100}
        """
        chosen = _checked(given)
        engine, optimizer = chosen.get("engine"), chosen.get("optimizer")
        solvers = self.engines.get(engine or COMPILED, self.defaults)
        own = solvers.get(optimizer or "") or next(iter(solvers.values()))
        names = {*settings_of(own), "engine"}
        names -= {"optimizer"} if optimizer != own.optimizer else set()
        names -= {"engine"} if engine != own.engine else set()
        return {name: value for name, value in chosen.items() if name in names}

    def recorded(self, record: Mapping[str, Any]) -> Settings:
        """Settings as an artifact records them.

        What an older version did not know has the default of its class; what it recorded of every
        model, used or not, is left out.

        Raises: ConfigError, UnknownNameError: they are no settings of this model.
        """
        for name in record:
            require_name("setting", name, SETTINGS)
        solver = type(self._by(record.get("engine", COMPILED), record["optimizer"]))
        known = set(settings_of(solver))
        if "network" in known and "network" not in record:  # features were the Bayesian model's
            known -= {"features"}
        return solver(**_led(solver, {name: record[name] for name in record if name in known}))

    def require(self, settings: Settings) -> None:
        """Refuse settings that are none of the model's. Raises: UnknownNameError, ConfigError."""
        wanted = type(self._by(settings.engine, settings.optimizer))
        if type(settings) is not wanted:
            raise ConfigError(
                f"{self.model} by {settings.optimizer} is trained with {wanted.__name__}, "
                f"not with {type(settings).__name__}"
            )

    def having_it(self, name: str) -> list[str]:
        """The optimizers by which the model has a setting, on whichever engine."""
        return [by for by in self.defaults if any(name in has for has in self._having(by))]

    @property
    def engines(self) -> Mapping[str, Mapping[str, Settings]]:
        """Default settings by engine and optimizer."""
        return {COMPILED: self.defaults, **self.elsewhere}

    def _having(self, optimizer: str) -> list[Mapping[str, Any]]:
        """What settings the model has by an optimizer, for each engine that has it."""
        having = (solvers.get(optimizer) for solvers in self.engines.values())
        return [settings_of(settings) for settings in having if settings]

    def _by(self, engine: object, optimizer: object) -> Settings:
        """The defaults of an engine and an optimizer, or the engine's first if that is None."""
        engines = self.engines
        solvers = engines[require_name(f"engine for {self.model}", engine, engines)]
        where = "" if engine == COMPILED else f" on {engine}"
        first = next(iter(solvers)) if optimizer is None else optimizer
        return solvers[require_name(f"optimizer for {self.model}{where}", first, solvers)]

    def _lacks(self, own: Settings, foreign: Sequence[str]) -> str:
        """What is said of settings that the model does not have by an optimizer."""
        lacked = ", ".join(map(told, foreign))
        picks = ("engine", "optimizer")
        has = ", ".join(told(name) for name in settings_of(own) if name not in picks)
        said = [f"{self.model} by {own.optimizer} has no setting {lacked}", f"it has {has}"]
        for name in foreign:
            with_it = self._option_with(name, own.engine)
            said += [f"with {with_it} it has {told(name)}"] if with_it else []
        return "; ".join(said)

    def _option_with(self, name: str, engine: str) -> str:
        """What to give besides, to have a setting: another optimizer, else another engine."""
        for by, settings in self.engines[engine].items():
            if name in settings_of(settings):
                return f"--optimizer {by}"
        for other, solvers in self.engines.items():
            if any(name in settings_of(settings) for settings in solvers.values()):
                return f"--engine {other}"
        return ""


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, as solvers take it; refuses what is wrong whichever model it is for."""
    for name in given:
        require_name("setting", name, SETTINGS)
    return {
        name: SETTINGS[name].check(name, value)
        for name, value in given.items()
        if value is not None
    }


def _led(solver: Settings | type[Settings], given: Mapping[str, Any]) -> dict[str, Any]:
    """Given settings, and those that follow one of them without being given themselves."""
    led = {name: one.follows for name, one in settings_of(solver).items() if one.follows in given}
    return {name: given[leader] for name, leader in led.items()} | dict(given)


def shared_out(given: Mapping[str, Any], among: Sequence[Solvers]) -> dict[str, dict[str, Any]]:
    """Given settings by the model that has them, for models that are trained together.

    Raises: UnknownNameError, ConfigError: there is one that none of them has.
    """
    shares = {one.model: one.having(given) for one in among}
    for name, value in given.items():
        if any(name in share for share in shares.values()):
            continue
        if name == "optimizer":
            require_name(name, value, dict.fromkeys(by for one in among for by in one.defaults))
        if name == "engine":
            require_name(name, value, dict.fromkeys(by for one in among for by in one.engines))
        raise ConfigError(f"none of {', '.join(shares)} has a setting {told(name)}")
    return shares
