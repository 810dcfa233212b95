"""How a search proposes and prunes: Optuna's samplers and pruners, and what it samples from."""

from typing import Any, NamedTuple, final

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from starcast.errors import require_name
from starcast.training.tuning.records import ENDED
from starcast.training.tuning.space import Options, Parameter

STATE = "state"  # of a trial, in words of ours, among its attributes
_FEW = 5  # trials that are run to their end before others are measured by them
_EPOCHS = 8  # that every trial may run at least


@final
class How(NamedTuple):
    """How a search proposes and prunes.

    Attributes:
        sampler: "tpe" or "random".
        pruner: "median", "halving" (successive halving) or "none".
        seed: of what is proposed.
    """

    sampler: str = "tpe"
    pruner: str = "median"
    seed: int = 42

    def check(self) -> None:
        """Refuse what there is not. Raises: UnknownNameError."""
        require_name("sampler", self.sampler, ("tpe", "random"))
        require_name("pruner", self.pruner, ("median", "halving", "none"))


@final
class SeededSampler(BaseSampler):
    """Proposes each trial by a seed of its own, which its place among the others says.

    So a search that was ended goes on as it would have gone on. Trials that were ended have no
    place.

    Args:
        how: to propose.
    """

    def __init__(self, how: How) -> None:
        self._how = how
        self._own: BaseSampler = self._seeded(0)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin a trial."""
        earlier = study.get_trials(deepcopy=False)[: trial.number]
        self._own = self._seeded(sum(one.user_attrs.get(STATE) != ENDED for one in earlier))

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What is proposed together."""
        return self._own.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose it."""
        return self._own.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Propose what is not proposed together."""
        return self._own.sample_independent(study, trial, param_name, param_distribution)

    def _seeded(self, place: int) -> BaseSampler:
        seed = int(np.random.SeedSequence([self._how.seed, place]).generate_state(1)[0])
        return RandomSampler(seed) if self._how.sampler == "random" else TPESampler(seed=seed)


def pruner_of(name: str, most_epochs: int | None) -> BasePruner:
    """The pruner of that name.

    It leaves a fourth of the epochs alone: small steps lag behind at first, and may get furthest.

    Args:
        name: as `How` has it.
        most_epochs: of a training; None where nothing bounds them beforehand.
    """
    spared = max(_EPOCHS, (most_epochs or 0) // 4)
    if name == "halving":
        return SuccessiveHalvingPruner(min_resource=spared)
    if name == "median":
        return MedianPruner(n_startup_trials=_FEW, n_warmup_steps=spared)
    return NopPruner()


def distribution_of(parameter: Parameter) -> BaseDistribution:
    """What Optuna samples from."""
    if isinstance(parameter, Options):
        return CategoricalDistribution(parameter.values)
    low, high, is_log, is_whole = parameter
    if is_whole:
        return IntDistribution(int(low), int(high), log=is_log)
    return FloatDistribution(low, high, log=is_log)
