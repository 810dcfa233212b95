"""A sampled model that is drawn until its chains agree, and what it says of them on disk."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from starcast.artifacts import manifest as manifests
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.bayesian.engine import BayesianEngine
from starcast.engines.convergence import Convergence, Diagnosis
from starcast.engines.protocol import Weights
from starcast.engines.sampler import TracedSampler
from starcast.engines.settings import GibbsSettings
from starcast.errors import ArtifactError
from starcast.evaluation.metrics import rmse
from starcast.scoring import PosteriorScorer
from starcast.training.chain_observer import ChainObserver
from starcast.training.checkpoints import Checkpoint, Keeping
from starcast.training.fit import Run, fit
from starcast.training.loop import EpochRecord, Observer

MODEL = "bayesian-factorization-model"
CONFIG = GibbsSettings(dimension=2, samples=8, burn_in=2, chains=2, kept=4, features=(),
                       until_converged=True)  # fmt: skip


class Stops:
    """Ends a run in a sweep."""

    def __init__(self, at: int) -> None:
        self._at = at

    def started(self, n_epochs: int) -> None:
        pass

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        if record.epoch == self._at:
            raise KeyboardInterrupt

    def ended(self) -> None:
        pass


@pytest.fixture
def third_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains agree in the third round, of 16 sweeps, and not before."""
    convergence: property = vars(BayesianEngine)["convergence"]

    def agreed(self: BayesianEngine) -> Convergence:
        told: Convergence = convergence.__get__(self)
        good = Diagnosis(1.0, 1e3, 1e3)
        return Convergence(2, told.n_sweeps, dict.fromkeys(told.figures, good)) if (
            told.n_sweeps == 16
        ) else told  # fmt: skip

    monkeypatch.setattr(BayesianEngine, "convergence", property(agreed))


def trained(split: Split, checkpoint: Checkpoint | None = None, stop: int = 0) -> Artifact:
    def observe(run: Run) -> list[Observer]:
        return [Stops(stop)]

    return fit(split, MODEL, CONFIG, seed=3, observe=observe, checkpoint=checkpoint)


@pytest.mark.usefixtures("third_round")
def test_it_ends_when_chains_agree_and_goes_on_to_the_bit(
    planted_split: Split, tmp_path: Path
) -> None:
    whole = trained(planted_split)
    assert len(whole.history) == whole.best_epoch == 2 + 4 + 8 + 16
    assert len(whole.weights["user_bias"]) == 4
    assert whole.convergence
    assert whole.convergence.is_reached
    assert "validation_rmse" in whole.convergence.figures
    held_out = planted_split.validation
    scores = PosteriorScorer(whole.weights).score_pairs(held_out.user_rows, held_out.item_rows)
    told: Mapping[str, Any] = whole.history[-1]["validation"]
    assert told["rmse"] == pytest.approx(rmse(held_out.stars, held_out.scale.clip(scores)))
    for stop in (5, 15):  # before a round has kept draws of its own, and after
        place = tmp_path / str(stop)
        ended = trained(planted_split, Checkpoint(place, Keeping(minutes=0)), stop)
        assert ended.broken_off
        again = trained(planted_split, Checkpoint(place, Keeping(minutes=0)))
        assert again.convergence == whole.convergence
        for name, array in whole.weights.items():
            np.testing.assert_array_equal(again.weights[name], array, err_msg=name)


def test_a_trace_of_validation_rows_is_of_each_chain_alone(planted_split: Split) -> None:
    seen: list[tuple[Any, Any]] = []

    class Watch(Stops):
        def __init__(self, engine: TracedSampler) -> None:
            super().__init__(0)
            self._engine = engine

        def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
            seen.append((self._engine.latest_figures(), self._engine.latest()))

    def observe(run: Run) -> list[Observer]:
        assert isinstance(run.engine, TracedSampler)
        return [Watch(run.engine)]

    config = GibbsSettings(dimension=2, samples=4, burn_in=0, chains=2, likelihood="gaussian")
    fit(planted_split, MODEL, config, seed=3, observe=observe)
    figures, draws = seen[-1]
    held_out = planted_split.validation
    for chain in range(2):
        one = {name: array[chain : chain + 1] if array.ndim else array
               for name, array in draws.items()}  # fmt: skip
        scores = PosteriorScorer(one).score_pairs(held_out.user_rows, held_out.item_rows)
        expected = rmse(held_out.stars, held_out.scale.clip(scores))
        assert figures["validation_rmse"][chain] == pytest.approx(expected, rel=1e-6)


TOLD = Convergence(
    2, 9, {"noise": Diagnosis(1.25, 30.0, 41.5), "still": Diagnosis(float("nan"), 18.0, 18.0)}, 0.5
)


def test_what_is_said_of_chains_is_saved(known_by_heart: Artifact, tmp_path: Path) -> None:
    assert storage.load(storage.save(known_by_heart, tmp_path / "none")).convergence is None
    saved = storage.save(replace(known_by_heart, convergence=TOLD), tmp_path / "told")
    found = storage.load(saved).convergence
    assert found
    assert str(found) == str(TOLD)  # NaN is not equal to itself
    assert (
        found.sentence
        == TOLD.sentence
        == (
            "2 chains have not settled: R̂ 1.25 of noise (1.01 is settled), 18 effective draws, "
            "50% of cuts accepted"
        )
    )


@pytest.mark.parametrize(
    "change",
    [
        {"n_chains": 2.5}, {"n_sweeps": -1}, {"figures": {}}, {"figures": {"noise": None}},
        {"figures": {"noise": {"rhat": "1", "bulk_ess": 1, "tail_ess": 1}}},
        {"figures": {"noise": {"rhat": 1.0}}}, {"figures": 7}, {"acceptance": "much"}, {"more": 1},
    ],
)  # fmt: skip
def test_what_a_stranger_says_of_chains_is_refused(
    known_by_heart: Artifact, tmp_path: Path, change: dict[str, Any]
) -> None:
    folder = storage.save(known_by_heart, tmp_path / "mine")
    manifest = manifests.read(folder)
    plain = {"n_chains": 2, "n_sweeps": 9, "acceptance": None,
             "figures": {"noise": {"rhat": None, "bulk_ess": 9.0, "tail_ess": 9.0}}}  # fmt: skip
    manifests.write(manifest | {"convergence": plain}, folder)
    assert storage.load(folder).convergence
    manifests.write(manifest | {"convergence": plain | change}, folder)
    with pytest.raises(ArtifactError, match="'convergence' of its manifest is none"):
        storage.load(folder)


class Two:
    """A sampler of two chains that has told of as many sweeps as it was asked for."""

    convergence = TOLD

    def __init__(self) -> None:
        self._sweep = 0

    def latest_figures(self) -> Mapping[str, list[float]]:
        self._sweep += 1
        return {"noise": [self._sweep + 0.5, float("nan")]}


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    tags = events.Tags()["scalars"]
    return {tag: [(one.step, one.value) for one in events.Scalars(tag)] for tag in tags}


def test_chains_are_drawn_in_one_chart_and_judged_in_another(tmp_path: Path) -> None:
    sampler: Any = Two()
    observer, nothing = ChainObserver(tmp_path, sampler), ChainObserver(tmp_path / "0", sampler)
    record = EpochRecord(1, 1.0, 0.9, {"rmse": 0.8}, None, 0.1)
    observer.started(2)
    for epoch in (1, 2):
        observer.epoch(record._replace(epoch=epoch), {}, True)
    observer.ended()
    assert scalars(tmp_path / "chain-1") == {"chains/noise": [(1, 1.5), (2, 2.5)]}
    assert scalars(tmp_path / "chain-2") == {}
    assert scalars(tmp_path / "chains") == {
        "rhat/noise": [(2, 1.25)], "bulk_ess/noise": [(2, 30.0)], "tail_ess/noise": [(2, 41.5)],
        "bulk_ess/still": [(2, 18.0)], "tail_ess/still": [(2, 18.0)],
    }  # fmt: skip
    nothing.started(2)
    nothing.ended()
    assert not (tmp_path / "0").exists()


def test_what_may_help_is_what_was_not_asked_for(
    known_by_heart: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    from starcast.cli.saving import tell_convergence

    usual = GibbsSettings()
    for config in (usual, replace(usual, until_converged=True)):
        tell_convergence(replace(known_by_heart, config=config, convergence=TOLD))
    alone = Convergence(1, 150, {"noise": Diagnosis(math.nan, 90.0, 80.0)})
    tell_convergence(replace(known_by_heart, config=replace(usual, chains=1), convergence=alone))
    lines = capsys.readouterr().err.splitlines()
    assert all("Validation judges what is predicted as it is" in line for line in lines)
    asked_for = [re.search(r"longer chains \((\S+)\)", line) for line in lines]
    assert [found and found[1] for found in asked_for] == [
        "--until-converged",
        "--samples",
        "--samples",  # one chain has no other to agree with, and is refused --until-converged
    ]
    reached = Convergence(2, 300, {"noise": Diagnosis(1.001, 400.0, 300.0)})
    tell_convergence(replace(known_by_heart, convergence=reached))
    assert capsys.readouterr() == ("2 chains agree: R̂ 1.00, 300 effective draws\n", "")
