"""Several models on one split: parents first, each once, handed on to what starts from them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple, final

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.settings import Settings
from starcast.errors import TrainingError
from starcast.training.fit import Observe, fit, unobserved
from starcast.training.parents import leak_between, parent_config


@final
class Recipe(NamedTuple):
    """How every model of a plan is trained.

    Attributes:
        seed: of everything random.
        refit: train again on training and validation rows.
        leaky: let parents of another split in, and stamp what starts from them.
        observe: makes the observers of each run of the loop.
    """

    seed: int = 42
    refit: bool = False
    leaky: bool = False
    observe: Observe = unobserved


def parents_first(wanted: Mapping[str, Settings]) -> dict[str, Settings]:
    """Settings of models and of the parents they need, in the order they are to be trained.

    A parent is trained with what it shares with the model that starts from it; its other settings
    are its own, wanted ones or else its defaults.

    Args:
        wanted: settings by model name.
    """
    ordered: dict[str, Settings] = {}
    for name, config in wanted.items():
        child = models.find(name)
        for parent, shared in child.parents.items():
            own = wanted.get(parent)
            same = {setting: getattr(config, setting) for setting in shared}
            ordered[parent] = replace(own, **same) if own else parent_config(child, parent, config)
    return ordered | {name: config for name, config in wanted.items() if name not in ordered}


def train_all(
    split: Split,
    wanted: Mapping[str, Settings],
    recipe: Recipe,
    *,
    find: Callable[[str], Artifact | None] = lambda name: None,
    trained: Callable[[Artifact], None] = lambda artifact: None,
) -> dict[str, Artifact]:
    """Train models, parents before those that start from them.

    Args:
        split: which rows train and which validate.
        wanted: settings by model name.
        recipe: how.
        find: a parent that is trained already, or None.
        trained: told of every model as soon as it is trained.
    Returns: the artifacts by name, those of parents among them.
    Raises:
        TrainingError: a parent broke off; or nothing could be learned.
        ConfigError, SplitMismatchError: a parent that was found does not fit.
    """
    done: dict[str, Artifact] = {}
    for name, config in parents_first(wanted).items():
        found = find(name) if name not in wanted else None
        if found is None:
            parents = [done[parent] for parent in models.find(name).parents]
            found = fit(
                split,
                name,
                config,
                seed=recipe.seed,
                refit=recipe.refit,
                parents=parents,
                leak=leak_between(split, parents) if recipe.leaky else "",
                observe=recipe.observe,
            )
            trained(found)
            if found.broken_off and name not in wanted:
                raise TrainingError(f"{name}: {found.broken_off}")
        done[name] = found
    return done
