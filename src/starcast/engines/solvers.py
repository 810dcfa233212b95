"""The solvers of one model: their default settings, and what is made of given ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from starcast.engines.setting_catalogue import SETTINGS
from starcast.engines.settings import Settings, settings_of, told
from starcast.errors import ConfigError, require_name


@final
@dataclass(frozen=True, slots=True)
class Solvers:
    """How a model can be trained.

    Attributes:
        model: its name.
        defaults: settings by optimizer; the first is the default.
    """

    model: str
    defaults: Mapping[str, Settings]

    def settings(self, given: Mapping[str, Any]) -> Settings:
        """The defaults of the (given or default) optimizer with given settings on top.

        Args:
            given: by name; None means not given.
        Raises:
            UnknownNameError: no such setting, or an optimizer the model cannot be trained by.
            ConfigError: a setting it does not have, with those it has; or one out of range.
        """
        optimizer = given.get("optimizer")
        own = self._by(next(iter(self.defaults)) if optimizer is None else optimizer)
        chosen = _checked(given)
        if foreign := [name for name in chosen if name not in settings_of(own)]:
            raise ConfigError(self._lacks(own, foreign))
        return replace(own, **chosen)

    def having(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Those of given settings that the model has, by the given optimizer if it has that.

        Raises: UnknownNameError, ConfigError: a setting that no model has, or one out of range.

        >>> from starcast.engines import tuned
        >>> given = {"optimizer": "SGD", "epochs": 3, "batch_size": 100}
        >>> Solvers("factors", tuned.FACTORS).having(given)
        {'optimizer': 'SGD', 'epochs': 3}
        >>> Solvers("network", tuned.NETWORK).having(given)
        {'epochs': 3, 'batch_size': 100}
        """
        chosen = _checked(given)
        optimizer = chosen.get("optimizer")
        own = self.defaults.get(optimizer or "") or next(iter(self.defaults.values()))
        names = settings_of(own).keys() - ({"optimizer"} if optimizer != own.optimizer else set())
        return {name: value for name, value in chosen.items() if name in names}

    def recorded(self, record: Mapping[str, Any]) -> Settings:
        """Settings as an artifact records them.

        What an older version did not know has the default of its class; what it recorded of every
        model, used or not, is left out.

        Raises: ConfigError, UnknownNameError: they are no settings of this model.
        """
        for name in record:
            require_name("setting", name, SETTINGS)
        solver = type(self._by(record["optimizer"]))
        return solver(**{name: record[name] for name in record if name in settings_of(solver)})

    def require(self, settings: Settings) -> None:
        """Refuse settings that are none of the model's. Raises: UnknownNameError, ConfigError."""
        wanted = type(self._by(settings.optimizer))
        if type(settings) is not wanted:
            raise ConfigError(
                f"{self.model} by {settings.optimizer} is trained with {wanted.__name__}, "
                f"not with {type(settings).__name__}"
            )

    def having_it(self, name: str) -> list[str]:
        """The optimizers by which the model has a setting."""
        return [by for by, settings in self.defaults.items() if name in settings_of(settings)]

    def _by(self, optimizer: object) -> Settings:
        return self.defaults[require_name(f"optimizer for {self.model}", optimizer, self.defaults)]

    def _lacks(self, own: Settings, foreign: Sequence[str]) -> str:
        """What is said of settings that the model does not have by an optimizer."""
        lacked = ", ".join(map(told, foreign))
        has = ", ".join(told(name) for name in settings_of(own) if name != "optimizer")
        said = [f"{self.model} by {own.optimizer} has no setting {lacked}", f"it has {has}"]
        for name in foreign:
            others = self.having_it(name)
            said += [f"with --optimizer {others[0]} it has {told(name)}"] if others else []
        return "; ".join(said)


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, as solvers take it; refuses what is wrong whichever model it is for."""
    for name in given:
        require_name("setting", name, SETTINGS)
    return {
        name: SETTINGS[name].check(name, value)
        for name, value in given.items()
        if value is not None
    }


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
        raise ConfigError(f"none of {', '.join(shares)} has a setting {told(name)}")
    return shares
