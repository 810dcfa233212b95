"""What every model in the registry promises, whatever it computes: `starcast.testing` says what.

The data are tiny: 60 users, 40 items, half of the cells rated, out of biases and two factors that
were planted, plus a little noise. The settings are the tests' own, not the tuned defaults.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, final

import numba
import numpy as np
import pytest

from starcast import models
from starcast.engines import tuned
from starcast.engines.expression import Expression, concatenate, hidden_layers, item, output, user
from starcast.engines.protocol import Weights
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.metrics import STARS
from starcast.models import BLEND, BLENDS, LIST_BLEND, MODELS, Model, network
from starcast.models.plugins import Models
from starcast.scoring import FactorScorer
from starcast.testing import CHECKS, NotClaimedError, Trial, check_model
from starcast.testing.planted import N_ITEMS, N_USERS, crowd, planted, split
from starcast.testing.trial import Check, engine_of, of_lists, small, trained
from starcast.training.list_stacking import blend_lists
from starcast.training.stacking import blend

__all__ = ["N_ITEMS", "N_USERS", "crowd", "engine_of", "planted", "small", "split", "trained"]


def three_towers(settings: NetworkSettings) -> Expression:
    """MLP([p_u ; q_i ; p_u ⊙ q_i])."""
    p, q = user("vector", settings.dimension), item("vector", settings.dimension)
    return output(hidden_layers(concatenate(p, q, p * q), settings.layers[:-1], "tanh"))


@final
class BareScorer:
    """A scorer that promises no more than scores."""

    def __init__(self, weights: Weights) -> None:
        whole = FactorScorer(weights)
        self.score_pairs, self.score_all = whole.score_pairs, whole.score_all
        self.score_user = whole.score_user


# Models as other packages bring them: a network, and one that claims as little as a model can.
TOWERS = network("three-towers", three_towers)
BARE = Model(
    name="bare",
    title="Bare",
    formula="μ + b_u + b_i + p_u · q_i",
    defaults={"RMSProp": tuned.FACTORS["RMSProp"]},
    engines=MODELS["latent-factor-model"].engines,
    scorer=lambda weights, histories, settings: BareScorer(weights),
)
DEEP = MODELS["deep-neural-network-model"]
FEATURED = replace(  # which reads more than ids
    DEEP,
    name="deep-network-with-features",
    defaults={
        by: replace(own, features=("histories", "attributes"))  # type: ignore[call-arg]
        for by, own in DEEP.defaults.items()
    },
)
REGISTRY = Models([*MODELS.values(), FEATURED, TOWERS, BARE], reserved=BLENDS)
LEARNERS = [m for m in REGISTRY.values() if m.objective == STARS and not m.is_baseline]
EVERY_MODEL = pytest.mark.parametrize("model", REGISTRY.values(), ids=lambda model: model.name)
DEPLOYED = [*REGISTRY.values(), *BLENDS.values()]
EVERY_OPTIMIZER = pytest.mark.parametrize(
    ("model", "optimizer"),
    [(model, optimizer) for model in REGISTRY.values() for optimizer in model.defaults],
    ids=lambda part: part if isinstance(part, str) else part.name,
)


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "MODELS", REGISTRY)
        yield


@cache
def trial_of(name: str) -> Trial:
    """A model on trial; a blend is one of all but the bare, and of one deep network."""
    parts = [m.name for m in LEARNERS if m not in (BARE, FEATURED)]
    stars = ("bayesian-factorization-model", "means")
    listers = [one.name for one in REGISTRY.values() if of_lists(one)]
    make = {
        BLEND.name: lambda: blend([trained(part) for part in parts]),
        LIST_BLEND.name: lambda: blend_lists([trained(part) for part in (*listers, *stars)]),
    }
    return Trial(models.find(name), make.get(name))


@pytest.mark.parametrize(
    ("model", "check"),
    [(model, check) for model in DEPLOYED for check in CHECKS if check.applies(model)],
    ids=lambda part: part.name,
)
def test_it_keeps_what_every_model_promises(model: Model, check: Check) -> None:
    try:
        check.run(trial_of(model.name))
    except NotClaimedError as error:
        pytest.skip(str(error))


@pytest.mark.skipif(
    numba.config.NUMBA_NUM_THREADS < 2,  # type: ignore[attr-defined]
    reason="one core: set NUMBA_NUM_THREADS=2",
)
@EVERY_OPTIMIZER
def test_the_number_of_threads_changes_no_bit(model: Model, optimizer: str) -> None:
    runs = []
    for n_threads in (1, 2):
        numba.set_num_threads(n_threads)
        try:
            settings: dict[str, Any]
            settings = {"optimizer": optimizer, "batch_size": 1000, "learning_rate": 1e-4}
            engine = engine_of(model, ratings=crowd(), **settings)
            losses = [engine.run_epoch() for _ in range(3)]
        finally:
            numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
        runs.append((losses, engine.weights()))
    (losses, weights), (other_losses, other_weights) = runs
    assert losses == other_losses
    for name, array in weights.items():
        assert np.array_equal(array, other_weights[name]), name


def test_somebody_else_checks_a_model_by_its_name() -> None:
    kept = check_model("means")
    assert len(kept) > 15
    assert "the_same_seed_gives_the_same_scores" in kept
    assert "planted_structure_is_learned" not in kept, "a baseline does not promise it"


def test_a_broken_promise_is_told_in_a_line_and_the_others_are_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scorer(weights: Weights, histories: Any, settings: Any) -> Any:
        broken = BareScorer(weights)
        monkeypatch.setattr(broken, "score_all", lambda rows: np.full((len(rows), N_ITEMS), 2.5))
        return broken

    rotten = Model(
        name="rotten", title="Rotten", formula="?", defaults=BARE.defaults, engines=BARE.engines,
        scorer=scorer,
    )  # fmt: skip
    monkeypatch.setattr(models, "MODELS", Models([rotten], reserved=BLENDS))
    with pytest.raises(AssertionError) as broken:
        check_model("rotten")
    said = str(broken.value).splitlines()
    assert re.fullmatch(r"rotten breaks \d+ promises:", said[0])
    assert any(line.startswith("the_whole_catalogue_scores_as_its_pairs_do: ") for line in said)
    assert not any("saved_and_loaded" in line for line in said)


def test_what_is_no_model_of_its_own_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown model 'three-tower'"):
        check_model("three-tower")
    with pytest.raises(ConfigError, match="a blend is made of trained models; check these"):
        check_model("blend")
