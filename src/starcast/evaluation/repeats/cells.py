"""One repeat: models trained on a split by a seed, and what rows say of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Self, final

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.description import validation_of
from starcast.data.split import Split
from starcast.engines.settings import Settings
from starcast.errors import ConfigError, InterruptedTrainingError, TrainingError
from starcast.evaluation.comparison.names import names_of
from starcast.evaluation.metrics import ABOVE_MEAN, TITLES, Relevance
from starcast.evaluation.report import evaluate
from starcast.training.fit import fit
from starcast.training.plan import parents_first

Figures = Mapping[str, float]
Judge = Callable[[Artifact], Figures]
"""A model to its figures by printed name."""

_WORD = "interrupted"
Done = dict[tuple[str, Settings, bool], Artifact]
Blend = Callable[[Sequence[Artifact], int], Artifact]


@final
class Contestant(NamedTuple):
    """A model by name, as it is trained on every split."""

    model: str
    config: Settings
    refit: bool = False

    @classmethod
    def of(cls, artifact: Artifact) -> Self:
        """That which a trained model is of. Raises: ConfigError: it is a blend."""
        if artifact.config is None:
            raise ConfigError(
                f"{artifact.model} is not trained anew on other splits; name its parts"
            )
        return cls(artifact.model, artifact.config, artifact.refit)


def by_test(k: int = 10, relevance: Relevance = ABOVE_MEAN) -> Judge:
    """A judge that opens the test rows."""
    return lambda artifact: evaluate(artifact, k=k, relevance=relevance).figures()


def by_validation(artifact: Artifact) -> Figures:
    """The validation figures of a training; the test rows stay shut."""
    told = validation_of(artifact) or {}
    return {f"validation {TITLES[name]}": value for name, value in told.items()}


def run_cell(
    split: Split,
    contestants: Sequence[Contestant],
    seed: int,
    judge: Judge,
    *,
    blend: Blend | None = None,
) -> dict[str, Figures]:
    """Train every model and judge it.

    Args:
        split: which rows train, validate and test.
        contestants: the models; one may stand there twice, with other settings.
        seed: of everything random in training.
        judge: of each.
        blend: puts all of them together by a seed; what it makes is judged too.
    Returns: figures by the model's title, with the settings by which twins differ.
    Raises: TrainingError: a model could not be trained; an interrupted one is no repeat.
    """
    wanted, done = {one.model: one.config for one in contestants}, Done()
    trained = [_trained(split, one, wanted, seed, done) for one in contestants]
    if blend:
        trained.append(blend(trained, seed))
    named = zip(names_of(trained), trained, strict=True)
    return {name: judge(artifact) for name, artifact in named}


def _trained(
    split: Split, contestant: Contestant, wanted: Mapping[str, Settings], seed: int, done: Done
) -> Artifact:
    """A model; a parent has the settings that it has among the contestants, and is trained once."""
    name, config, refit = contestant
    parents = {one: wanted[one] for one in models.find(name).parents if one in wanted}
    plan = parents_first({**parents, name: config})
    for one, settings in plan.items():
        if (one, settings, refit) not in done:
            of_it = [done[parent, plan[parent], refit] for parent in models.find(one).parents]
            found = fit(split, one, settings, seed=seed, refit=refit, parents=of_it)
            if found.broken_off:
                kind = InterruptedTrainingError if _WORD in found.broken_off else TrainingError
                raise kind(f"{one}: {found.broken_off}")
            done[one, settings, refit] = found
    return done[name, config, refit]
