"""Models that are one expression: what trains, deploys, draws and exports them follows from it."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from starcast.data.ratings import Ratings
from starcast.engines import tuned
from starcast.engines.expression import Expression
from starcast.engines.expression.plain import as_plain
from starcast.engines.expression.weights import check_network
from starcast.engines.keras_settings import KERAS, KerasSettings, on_keras
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.setting_catalogue import told
from starcast.engines.settings import COMPILED, Settings
from starcast.errors import ConfigError, StarcastError
from starcast.models.growing.request import Arrays, Growing
from starcast.models.model import Grow, MakeEngine, MakeSchema, Model
from starcast.models.on_keras import network_on_keras
from starcast.scoring import network_scorer
from starcast.scoring.schema import network_schema

Network = Callable[[Any], Expression]
"""Settings to what a network computes, as it is trained."""

_OF_TRAINING = {field.name for field in fields(KerasSettings)} - {"dimension"} | {"loss"}


def network(
    name: str,
    compute: Network,
    *,
    title: str = "",
    formula: str = "",
    defaults: Mapping[str, Settings] = tuned.NETWORK,
) -> Model:
    """A model out of a function that says what it computes.

    Args:
        name: on the command line.
        compute: settings to the network, as it is trained; called with the defaults at once.
        title: for tables and charts; made of the name if it is not given.
        formula: the prediction in one line; else the first line of the function's docstring.
        defaults: settings by optimizer; the first is the default.
    Raises: ConfigError, UnknownNameError: the function fails, or gives no network.
    """
    computed = _guarded(name, compute)
    computed(next(iter(defaults.values())))

    def with_effects(make: MakeEngine) -> MakeEngine:
        def engine(settings: Settings, train: Ratings, seed: int) -> Engine:
            _require_effects(name, computed, settings, defaults[settings.optimizer])
            return make(settings, train, seed)

        return engine

    def scorer(weights: Weights, histories: SparseRows, settings: Settings) -> Scorer:
        return network_scorer(computed(settings), weights, histories)

    return Model(
        name=name,
        title=title or name.replace("-", " ").capitalize(),
        formula=formula or (compute.__doc__ or "").strip().partition("\n")[0] or name,
        defaults=defaults,
        engines={name: with_effects(make) for name, make in engines_of(computed).items()},
        elsewhere={KERAS: others} if (others := on_keras(defaults)) else {},
        scorer=scorer,
        schema=schema_of(computed),
        grow=grow_of(computed),
    )


def engine_of(compute: Network) -> MakeEngine:
    """An engine for a network: compiled loops if they know it, else the plain interpreter."""

    def engine(settings: Any, train: Ratings, seed: int) -> Engine:
        from starcast.engines.networks.expression_engine import network_engine

        return network_engine(settings, train, compute(settings), seed)

    return engine


def engines_of(compute: Network) -> dict[str, MakeEngine]:
    """The engines for a network, by name."""
    return {COMPILED: engine_of(compute), KERAS: network_on_keras(compute)}


def schema_of(compute: Network) -> MakeSchema:
    """What the weights of a network must be."""
    return lambda settings, n_users, n_items: network_schema(compute(settings), n_users, n_items)


def grow_of(compute: Network) -> Grow:
    """How a network takes in later ratings; from settings to the network, as it is trained."""

    def grow(growing: Growing) -> Arrays:
        from starcast.models.growing.networks import grow_network

        return grow_network(growing, compute)

    return grow


def in_a_line(error: BaseException) -> str:
    """What is wrong with code of others: the kind of error, and its message."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _guarded(name: str, compute: Network) -> Network:
    """The same function, whose every fault is one line that names the model and the place."""

    def computed(settings: Any) -> Expression:
        try:
            found = compute(settings)
            if not isinstance(found, Expression):
                raise ConfigError(f"it gives {type(found).__name__}, not an expression")
            check_network(found)
        except StarcastError as error:
            raise ConfigError(f"{name}: {error}") from None
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            raise ConfigError(f"{name} fails: {in_a_line(error)} ({place})") from error
        return found

    return computed


def _require_effects(name: str, compute: Network, settings: Settings, default: Settings) -> None:
    """Refuse a setting that the network makes nothing of.

    Raises: ConfigError.
    """
    plain = as_plain(compute(settings))
    if getattr(settings, "loss", "") == "ordinal":
        raise ConfigError(f"{name} ends in no steps, which the loss 'ordinal' needs: mse or huber")
    for field in fields(settings):
        ours, usual = (getattr(each, field.name) for each in (settings, default))
        if field.name in _OF_TRAINING or ours == usual:
            continue
        if as_plain(compute(replace(settings, **{field.name: usual}))) == plain:
            raise ConfigError(f"{name} makes nothing of {told(field.name)}; leave it at {usual}")
