"""Several models on one split: parents first, each once, handed on to what starts from them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple, final

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.settings import Settings
from starcast.errors import (
    CheckpointError,
    ConfigError,
    InterruptedTrainingError,
    StarcastError,
    TrainingError,
)
from starcast.training.checkpoints import Checkpoints
from starcast.training.fit import Observe, fit, unobserved
from starcast.training.parents import leak_between, parent_config, shared_with


@final
class Recipe(NamedTuple):
    """How every model of a plan is trained.

    Attributes:
        seed: of everything random.
        refit: train again on training and validation rows.
        final: train again on all rows instead.
        leaky: let parents of another split in, and stamp what starts from them.
        observe: makes the observers of each run of the loop.
        checkpoints: where what a run needs to go on is kept; nothing is kept where there are none.
    """

    seed: int = 42
    refit: bool = False
    leaky: bool = False
    observe: Observe = unobserved
    final: bool = False
    checkpoints: Checkpoints | None = None


def in_words(error: Exception) -> str:
    """Why a model failed, in a line: our own words, or those of what nobody thought of."""
    if isinstance(error, MemoryError):
        return "not enough memory; use a smaller dimension or data set"
    said = str(error) if isinstance(error, StarcastError) else f"{type(error).__name__}: {error}"
    return " ".join(said.split())


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
        for parent in child.parents:
            own, same = wanted.get(parent), shared_with(child, parent, config)
            ordered[parent] = replace(own, **same) if own else parent_config(child, parent, config)
    return ordered | {name: config for name, config in wanted.items() if name not in ordered}


def train_all(
    split: Split,
    wanted: Mapping[str, Settings],
    recipe: Recipe,
    *,
    find: Callable[[str], Artifact | None] = lambda name: None,
    trained: Callable[[Artifact], None] = lambda artifact: None,
    failed: Callable[[str, Exception], None] | None = None,
) -> dict[str, Artifact]:
    """Train models, parents before those that start from them.

    Args:
        split: which rows train and which validate.
        wanted: settings by model name.
        recipe: how.
        find: a parent that is trained already, or None.
        trained: told of every model as soon as it is trained.
        failed: told of every model that could not be, and why; those that start from it cannot be
            either. Without it the first to fail ends the run.
    Returns: the artifacts by name, those of parents among them.
    Raises:
        TrainingError: a parent broke off; or nothing could be learned.
        CheckpointError: what an earlier run has kept is of another one, or damaged.
        ConfigError, SplitMismatchError: a parent that was found does not fit; both a refit and
            a final training are asked for; or an engine is not installed.
    """
    _check(wanted, recipe)
    done: dict[str, Artifact] = {}
    for name, config in parents_first(wanted).items():
        if recipe.checkpoints:
            recipe.checkpoints.of(name)  # so that it is known to be of this command
        found = find(name) if name not in wanted else None
        try:
            if found is None:
                found = _fit(split, name, config, recipe, done)
                trained(found)
                if found.broken_off and name not in wanted:
                    raise TrainingError(f"{name}: {found.broken_off}")
        except (InterruptedTrainingError, CheckpointError):
            raise
        except Exception as error:
            if failed is None:
                raise
            failed(name, error)
        else:
            done[name] = found
    return done


def _check(wanted: Mapping[str, Settings], recipe: Recipe) -> None:
    if recipe.refit and recipe.final:
        raise ConfigError(
            "--final trains on all ratings, the validation ratings among them; leave --refit out"
        )
    for config in wanted.values():
        models.require_engine(config)


def _fit(
    split: Split, name: str, config: Settings, recipe: Recipe, done: Mapping[str, Artifact]
) -> Artifact:
    needed = models.find(name).parents
    if lost := [parent for parent in needed if parent not in done]:
        raise TrainingError(f"it starts from {lost[0]}, which failed")
    parents = [done[parent] for parent in needed]
    return fit(
        split,
        name,
        config,
        seed=recipe.seed,
        refit=recipe.refit,
        final=recipe.final,
        parents=parents,
        leak=leak_between(split, parents, final=recipe.final) if recipe.leaky else "",
        observe=recipe.observe,
        checkpoint=recipe.checkpoints and recipe.checkpoints.of(name),
    )
