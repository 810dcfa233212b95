"""Plans: parents come first, each once, shaped by the model that starts from them."""

from dataclasses import replace
from typing import Any

import pytest

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.settings import Settings
from starcast.errors import ConfigError, TrainingError
from starcast.training import plan
from starcast.training.plan import Recipe, parents_first, train_all

FACTOR, DEEP = "latent-factor-model", "deep-neural-network-model"
TRANSFER, BAYESIAN = "ensemble-transfer-learning", "bayesian-factorization-model"


def default(name: str, **given: Any) -> Settings:
    return models.find(name).settings(**given)


def test_parents_come_first_in_the_shape_of_their_child() -> None:
    child = default(TRANSFER, dimension=8, layers=(6, 1))
    ordered = parents_first({BAYESIAN: default(BAYESIAN), TRANSFER: child})
    assert list(ordered) == [FACTOR, DEEP, BAYESIAN, TRANSFER]
    assert ordered[FACTOR] == default(FACTOR, dimension=8)
    assert ordered[DEEP] == default(DEEP, dimension=8, layers=(6, 1))
    assert ordered[TRANSFER] == child


def test_each_branch_gives_its_dimension_to_its_own_parent() -> None:
    ordered = parents_first({TRANSFER: default(TRANSFER, dimension=8, factor_dimension=5)})
    assert ordered[FACTOR] == default(FACTOR, dimension=5)
    assert ordered[DEEP] == default(DEEP, dimension=8)


@pytest.mark.parametrize("name", [name for name, model in models.MODELS.items() if model.parents])
def test_by_default_parents_are_what_they_are_by_themselves(name: str) -> None:
    """So that one that was trained before will do."""
    ordered = parents_first({name: default(name)})
    assert all(ordered[parent] == default(parent) for parent in models.find(name).parents)


def test_a_parent_that_is_wanted_keeps_what_is_its_own() -> None:
    wanted = {
        TRANSFER: default(TRANSFER, dimension=8),
        FACTOR: default(FACTOR, dimension=3, epochs=5),
    }
    assert parents_first(wanted)[FACTOR] == default(FACTOR, dimension=8, epochs=5)


class Trained:
    """A stand-in for `fit` that notes what it was asked for."""

    def __init__(self, artifact: Artifact, broken: str = "") -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self._artifact, self._broken = artifact, broken

    def __call__(self, split: Split, name: str, config: Settings, **given: Any) -> Artifact:
        self.asked.append((name, [parent.model for parent in given["parents"]]))
        broken_off = "interrupted" if name == self._broken else ""
        return replace(self._artifact, model=name, config=config, broken_off=broken_off)


@pytest.mark.parametrize("one", [Recipe(refit=True), Recipe(final=True)])
def test_a_refit_and_a_final_training_are_two_ways(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch, one: Recipe
) -> None:
    monkeypatch.setattr(plan, "fit", fit := Trained(known_by_heart))
    wanted = {FACTOR: default(FACTOR)}
    assert list(train_all(known_by_heart.split, wanted, one)) == [FACTOR]
    with pytest.raises(ConfigError, match="leave --refit out"):
        train_all(known_by_heart.split, wanted, Recipe(refit=True, final=True))
    assert len(fit.asked) == 1


def test_each_is_trained_once_and_handed_on(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, told = Trained(known_by_heart), list[str]()
    monkeypatch.setattr(plan, "fit", fit)
    wanted = {TRANSFER: default(TRANSFER), FACTOR: default(FACTOR)}
    done = train_all(
        known_by_heart.split, wanted, Recipe(), trained=lambda one: told.append(one.model)
    )
    assert fit.asked == [(FACTOR, []), (DEEP, []), (TRANSFER, [FACTOR, DEEP])]
    assert told == list(done) == [FACTOR, DEEP, TRANSFER]


def test_a_parent_at_hand_is_taken_but_no_wanted_model_is(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = Trained(known_by_heart)
    monkeypatch.setattr(plan, "fit", fit)
    at_hand = {name: replace(known_by_heart, model=name) for name in (DEEP, TRANSFER)}
    done = train_all(
        known_by_heart.split, {TRANSFER: default(TRANSFER)}, Recipe(), find=at_hand.get
    )
    assert fit.asked == [(FACTOR, []), (TRANSFER, [FACTOR, DEEP])]
    assert done[DEEP] is at_hand[DEEP]


def test_nothing_starts_from_a_parent_that_broke_off(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "fit", Trained(known_by_heart, broken=FACTOR))
    with pytest.raises(TrainingError, match=f"{FACTOR}: interrupted"):
        train_all(known_by_heart.split, {TRANSFER: default(TRANSFER)}, Recipe())
    alone = train_all(known_by_heart.split, {FACTOR: default(FACTOR)}, Recipe())
    assert alone[FACTOR].broken_off == "interrupted"
