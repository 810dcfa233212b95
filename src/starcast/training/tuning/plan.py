"""What is searched together: the models, where to look for each, and the parents of some."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.settings import settings_of
from starcast.engines.solvers import shared_out
from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.metrics import TITLES
from starcast.training.parents import parent_config
from starcast.training.plan import Recipe, train_all
from starcast.training.tuning.space import Space, space_of

_SPARK = "spark"


def spaces_of(
    names: Sequence[str], given: Mapping[str, Any], asked: Mapping[str, str]
) -> dict[str, Space]:
    """Where to look for the settings of models.

    Args:
        names: of the models.
        given: settings that stay as they are, for those models that have them.
        asked: what to vary otherwise than the priors say, as text by setting, likewise.
    Raises: UnknownNameError, ConfigError: models of several objectives, one that has nothing to
        tune, a setting that none has, or what `space_of` refuses.
    """
    chosen = [models.find(name) for name in dict.fromkeys(names)]
    if not chosen:
        raise ConfigError("there is no model to tune; name one")
    require_one_objective([model.name for model in chosen])
    if given.get("engine") == _SPARK:
        raise ConfigError("trials train here, not on Spark; leave --engine spark out")
    shares = shared_out(given, [model.solvers for model in chosen])
    fixed = {model.name: model.settings(**shares[model.name]) for model in chosen}
    known = dict.fromkeys(name for one in fixed.values() for name in settings_of(one))
    for name in asked:
        if name not in known:
            raise UnknownNameError("setting to vary", name, known)
    spaces = {
        model.name: space_of(
            fixed[model.name],
            given=shares[model.name],
            asked={name: text for name, text in asked.items()
                   if name in settings_of(fixed[model.name])},
            shared={own for shared in model.parents.values() for own in shared.values()},
        )
        for model in chosen
    }  # fmt: skip
    for name, space in spaces.items():
        if not space.parameters:
            raise ConfigError(f"{name} has nothing to tune")
    return spaces


def require_one_objective(names: Sequence[str]) -> None:
    """Refuse models that no one figure compares. Raises: ConfigError."""
    by: dict[str, list[str]] = {}
    for name in names:
        by.setdefault(TITLES[models.find(name).objective.metric], []).append(name)
    if len(by) > 1:
        groups = "; ".join(f"{', '.join(group)} by {metric}" for metric, group in by.items())
        raise ConfigError(f"no figure judges all of these ({groups}): tune each group for itself")


def trained_parents(
    split: Split,
    spaces: Mapping[str, Space],
    seed: int,
    *,
    find: Callable[[str], Artifact | None] = lambda name: None,
    trained: Callable[[Artifact], None] = lambda artifact: None,
) -> dict[str, Artifact]:
    """The parents of models that start from some, by name, as `starcast train` trains them.

    Args:
        split, seed: of the trainings.
        spaces: of the models.
        find: one that is trained already, or None.
        trained: told of every one as soon as it is trained.
    """
    done: dict[str, Artifact] = {}
    for name, space in spaces.items():
        child = models.find(name)
        for parent in child.parents:
            config = parent_config(child, parent, space.fixed)
            found = done.get(parent) or find(parent)
            if found is None or found.config != config:
                found = train_all(split, {parent: config}, Recipe(seed))[parent]
                trained(found)
            done[parent] = found
    return done
