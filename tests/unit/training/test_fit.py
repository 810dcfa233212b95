"""From a split to an artifact: who sees which rows, and which parents are let in."""

import math
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.data.split import TRAIN, Split, SplitPlan
from starcast.engines.protocol import EpochLoss, Scores, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import (
    AlsSettings,
    GibbsSettings,
    MiniBatchSettings,
    NetworkSettings,
    Settings,
)
from starcast.errors import (
    ConfigError,
    Interrupted,
    SettingWarning,
    SplitMismatchError,
    TrainingError,
    UnknownNameError,
)
from starcast.models import COMPILED, Model, find
from starcast.training.fit import fit
from starcast.training.parents import leak_between, parent_config
from starcast.training.plan import Recipe, train_all
from starcast.training.quality import rating_quality

FACTOR, TRANSFER = "latent-factor-model", "ensemble-transfer-learning"
SMALL = NetworkSettings(dimension=4, epochs=3, learning_rate=0.02)
LAYERS = (8, 4, 1)

Pairs = set[tuple[int, int]]


def pairs(ratings: Ratings) -> Pairs:
    return set(zip(ratings.user_rows.tolist(), ratings.item_rows.tolist(), strict=True))


@dataclass
class Witness:
    """What a fake model's engines and scorers were given, and how they were told to behave.

    Attributes:
        ratings: what the scorers know by heart.
        best_epoch: whose weights score without error; others err by half a star per epoch.
        breaks: the number of the engine (counted from 1) that breaks off in its second epoch.
        engine_rows: training rows of each engine.
        loaded: weights that engines were started from.
        scored: pairs that any scorer was asked for.
        n_epochs: epochs run by each engine.
    """

    ratings: Ratings
    best_epoch: int = 2
    breaks: int = 0
    reason: float | type[BaseException] = math.nan
    engine_rows: list[Pairs] = field(default_factory=list)
    loaded: list[Weights] = field(default_factory=list)
    scored: Pairs = field(default_factory=set)
    n_epochs: list[int] = field(default_factory=list)

    def engine(self, config: NetworkSettings, train: Ratings, seed: int) -> "FakeEngine":
        self.engine_rows.append(pairs(train))
        self.n_epochs.append(0)
        return FakeEngine(self, len(self.n_epochs))

    def scorer(self, weights: Weights, histories: SparseRows, settings: Settings) -> "FakeScorer":
        return FakeScorer(self, float(weights["epoch"][0]))

    def stars_of(self, user_rows: Rows, item_rows: Rows, wrong: float) -> Scores:
        places = np.searchsorted(_numbers(self.ratings), 1000 * user_rows + item_rows)
        stars = self.ratings.stars[places]
        return np.where(stars < 2.75, stars + wrong, stars - wrong).astype(np.float32)

    def model(self, name: str, parents: tuple[str, ...] = ()) -> Model:
        return Model(
            name=name,
            title=name.title(),
            formula="",
            defaults={"Adam": SMALL},
            engines={COMPILED: self.engine},
            scorer=self.scorer,
            parents={one: {"dimension": "dimension", "layers": "layers"} for one in parents},
            transfer=_mark if parents else None,
        )


def _numbers(ratings: Ratings) -> Rows:
    """A number per (user, item) pair; ascending, as the pairs are."""
    return 1000 * ratings.user_rows + ratings.item_rows


def _mark(parents: Mapping[str, Weights], alpha: float) -> dict[str, np.ndarray]:
    """First weights that tell which parents' weights they came from."""
    return {"epoch": 100 * parents["one"]["epoch"] + 10 * parents["two"]["epoch"]}


@dataclass
class FakeEngine:
    witness: Witness
    number: int

    def run_epoch(self) -> EpochLoss:
        done = self.witness.n_epochs[self.number - 1] = self.witness.n_epochs[self.number - 1] + 1
        if self.number == self.witness.breaks and done == 2:
            if isinstance(self.witness.reason, float):
                return EpochLoss(self.witness.reason, 1.0)
            raise self.witness.reason
        return EpochLoss(1.0, 1.0)

    def weights(self) -> dict[str, np.ndarray]:
        n_epochs = self.witness.n_epochs[self.number - 1]
        return {"epoch": np.array([n_epochs], np.float32), "engine": np.array([self.number])}

    def load(self, weights: Weights) -> None:
        self.witness.loaded.append(weights)


@dataclass
class FakeScorer:
    witness: Witness
    epoch: float

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        self.witness.scored |= set(zip(user_rows.tolist(), item_rows.tolist(), strict=True))
        wrong = 0.5 * abs(self.epoch - self.witness.best_epoch)
        return self.witness.stars_of(user_rows, item_rows, wrong)

    def score_all(self, user_rows: Rows) -> Scores:
        assert self.witness.n_epochs, "an epoch scores pairs alone; lists are made once, at the end"
        return np.zeros((len(user_rows), self.witness.ratings.n_items), np.float32)

    def score_user(self, user_row: int) -> Scores:
        return np.asarray(self.score_all(np.array([user_row], np.int32))[0])


Stage = Callable[..., Witness]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, ratings: Ratings) -> Stage:
    """Puts fake models into the registry: "solo", and "child" of "one" and "two"."""

    def put(**settings: object) -> Witness:
        witness = Witness(ratings, **settings)  # type: ignore[arg-type]
        fakes = [witness.model(name) for name in ("solo", "one", "two")]
        fakes.append(witness.model("child", ("one", "two")))
        registry: Mapping[str, Model] = {model.name: model for model in fakes}
        monkeypatch.setattr(models, "MODELS", registry)
        return witness

    return put


@pytest.fixture
def small(ratings: Ratings) -> Split:
    """Five training rows, one validation row, two test rows."""
    return SplitPlan(test=0.25, validation=0.2).divide(ratings)


# Who sees which rows


def test_training_sees_training_rows_and_validation_rows_choose(stage: Stage, small: Split) -> None:
    witness = stage()
    artifact = fit(small, "solo")
    assert witness.engine_rows == [pairs(small.train)]
    assert witness.scored == pairs(small.train) | pairs(small.validation)
    assert artifact.best_epoch == 2
    assert artifact.weights["epoch"] == 2
    assert not artifact.refit
    assert artifact.weights_before_refit is artifact.weights


@pytest.mark.parametrize("name", ["solo", "child"])
def test_test_rows_reach_nobody(stage: Stage, small: Split, name: str) -> None:
    witness = stage()
    parents = [_fake(small, parent) for parent in models.find(name).parents]
    fit(small, name, refit=True, parents=parents)
    assert witness.engine_rows
    for seen in (*witness.engine_rows, witness.scored):
        assert not seen & pairs(small.test)


def test_a_refit_trains_on_validation_rows_too_for_the_chosen_epochs(
    stage: Stage, small: Split
) -> None:
    witness = stage()
    artifact = fit(small, "solo", refit=True)
    assert [len(rows) for rows in witness.engine_rows] == [5, 6]
    assert witness.engine_rows[1] == pairs(small.train) | pairs(small.validation)
    assert witness.n_epochs == [3, 2]  # SMALL allows three epochs; the second was best
    assert artifact.refit
    assert artifact.weights["engine"] == 2


@pytest.mark.parametrize("foreign", [MiniBatchSettings(), AlsSettings(), GibbsSettings()])
def test_settings_of_another_solver_are_refused_before_anything_is_made(
    stage: Stage, small: Split, foreign: Settings
) -> None:
    """The first has the very optimizer of "solo", and lacks its layers."""
    witness = stage()
    with pytest.raises((ConfigError, UnknownNameError), match="solo"):
        fit(small, "solo", foreign)
    assert not witness.engine_rows


def test_weights_before_the_refit_are_blind_to_validation_rows(stage: Stage, small: Split) -> None:
    stage()
    artifact = fit(small, "solo", refit=True)
    assert artifact.weights_before_refit["engine"] == 1
    assert artifact.weights_before_refit["epoch"] == 2


def test_a_child_starts_blind_and_refits_from_refitted_parents(stage: Stage, small: Split) -> None:
    witness = stage()
    one = replace(_fake(small, "one"), weights=_at(5), weights_before_refit=_at(1))
    two = replace(_fake(small, "two"), weights=_at(7), weights_before_refit=_at(2))
    fit(small, "child", refit=True, parents=[two, one])  # in whatever order
    assert [loaded["epoch"].tolist() for loaded in witness.loaded] == [[120], [570]]


def test_a_warm_start_that_training_only_spoils_is_kept(stage: Stage, small: Split) -> None:
    stage(best_epoch=0)
    parents = [_fake(small, "one"), _fake(small, "two")]
    artifact = fit(small, "child", refit=True, parents=parents)
    assert artifact.best_epoch == 0
    assert artifact.weights["epoch"] == 0


def test_the_artifact_tells_how_it_was_made(stage: Stage, small: Split) -> None:
    stage()
    artifact = fit(small, "solo", seed=5)
    assert (artifact.model, artifact.config, artifact.seed) == ("solo", SMALL, 5)
    assert artifact.split is small
    assert [record["epoch"] for record in artifact.history] == [1, 2, 3]
    rmse = [record["validation"]["rmse"] for record in artifact.history]
    assert rmse == pytest.approx([0.5, 0, 0.5])
    assert artifact.versions["numpy"] == np.__version__


def test_the_latent_factor_model_is_fitted_and_repeatable(planted_split: Split) -> None:
    config = AlsSettings(dimension=2, epochs=20, regularization_factor=0.1)
    first, again = (fit(planted_split, FACTOR, config, seed=3) for _ in range(2))
    rmse = [record["validation"]["rmse"] for record in first.history]
    assert rmse[first.best_epoch - 1] == min(rmse)
    assert min(rmse) < 0.9 * planted_split.validation.stars.std()
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, again.weights[name])


def test_a_sampler_is_validated_as_it_is_deployed(planted_split: Split) -> None:
    """The mean that grows with the draws ends at the scores of the draws that were kept."""
    config = GibbsSettings(dimension=2, samples=24, burn_in=3, chains=2, kept=6)
    artifact = fit(planted_split, "bayesian-factorization-model", config, seed=3, refit=True)
    held_out = planted_split.validation
    scorer = artifact.scorer_before_refit()
    raw = scorer.score_pairs(held_out.user_rows, held_out.item_rows)
    (*_, last) = artifact.history
    assert last["validation"]["rmse"] == pytest.approx(
        rating_quality(held_out.stars, raw, held_out)["rmse"]
    )
    assert last["validation"]["rmse"] < 0.9 * held_out.stars.std()
    assert artifact.best_epoch == len(artifact.history) == 3 + 12
    assert artifact.weights["user_bias"].shape == artifact.weights_before_refit["user_bias"].shape
    assert artifact.refit
    told = artifact.convergence  # of the refit, which is deployed and has no validation rows
    assert told
    assert (told.n_chains, told.n_sweeps) == (2, 12)
    assert "validation_rmse" not in told.figures
    assert told.acceptance is not None
    assert 0 < told.acceptance <= 1


# A model of everything


def test_a_final_model_trains_on_all_rows_after_validation_has_chosen(
    stage: Stage, small: Split
) -> None:
    witness = stage()
    artifact = fit(small, "solo", final=True)
    assert witness.engine_rows == [pairs(small.train), pairs(small.ratings)]
    assert witness.n_epochs == [3, 2]
    assert (artifact.final, artifact.refit) == (True, True)
    assert artifact.weights["engine"] == 2
    assert artifact.weights_before_refit["engine"] == 1
    assert artifact.before_final().weights["engine"] == 1
    assert not artifact.before_final().final
    assert artifact.up_to(TRAIN).all()


def test_a_final_child_starts_blind_and_ends_with_final_parents(stage: Stage, small: Split) -> None:
    witness = stage()
    one = replace(
        _fake(small, "one"), weights=_at(5), weights_before_refit=_at(1), refit=True, final=True
    )
    two = replace(
        _fake(small, "two"), weights=_at(7), weights_before_refit=_at(2), refit=True, final=True
    )
    fit(small, "child", final=True, parents=[two, one])
    assert [loaded["epoch"].tolist() for loaded in witness.loaded] == [[120], [570]]
    with pytest.raises(
        ConfigError, match=r"one is trained on all ratings.*train it without --final"
    ):
        fit(small, "child", parents=[one, two])
    assert leak_between(small, [one]).startswith("one was trained on split")
    assert "on 100% of these test ratings" in leak_between(small, [one])
    assert leak_between(small, [one], final=True) == ""


def test_a_final_training_that_broke_off_leaves_an_honest_model(stage: Stage, small: Split) -> None:
    stage(breaks=2, reason=KeyboardInterrupt)
    artifact = fit(small, "solo", final=True)
    assert artifact.broken_off.startswith("the refit broke off: ")
    assert not artifact.final
    assert artifact.weights["engine"] == 1


def test_a_refit_and_a_final_training_are_not_both_wanted(stage: Stage, small: Split) -> None:
    stage()
    with pytest.raises(ConfigError, match=r"--final trains on all ratings.*leave --refit out"):
        train_all(small, {"solo": SMALL}, Recipe(refit=True, final=True))


# When it breaks off


def test_a_run_that_broke_off_says_so_and_is_not_refitted(stage: Stage, small: Split) -> None:
    witness = stage(breaks=1, reason=KeyboardInterrupt)
    artifact = fit(small, "solo", refit=True)
    assert artifact.broken_off == "interrupted in epoch 2"
    assert (artifact.best_epoch, artifact.refit, len(witness.engine_rows)) == (1, False, 1)


@pytest.mark.parametrize("reason", [math.nan, KeyboardInterrupt])
def test_a_refit_that_broke_off_leaves_the_chosen_weights(
    stage: Stage, small: Split, reason: float | type[BaseException]
) -> None:
    stage(breaks=2, reason=reason)
    artifact = fit(small, "solo", refit=True)
    assert artifact.broken_off.startswith("the refit broke off: ")
    assert "epoch 2" in artifact.broken_off
    assert not artifact.refit
    assert artifact.weights["engine"] == 1


@pytest.mark.parametrize("optimizer", ["GradientDescent", "SGD"])
def test_an_exploding_model_ends_in_an_explanation(planted_split: Split, optimizer: str) -> None:
    config = models.find(FACTOR).settings(optimizer=optimizer, learning_rate=1e6, epochs=3)
    try:
        said = fit(planted_split, FACTOR, config).broken_off
    except TrainingError as error:
        said = str(error)
    assert "no longer a number" in said


# Parents


def _at(epoch: int) -> dict[str, np.ndarray]:
    return {"epoch": np.array([epoch], np.float32)}


def _fake(split: Split, name: str, config: NetworkSettings = SMALL, leak: str = "") -> Artifact:
    return Artifact(
        model=name,
        config=config,
        seed=1,
        weights=_at(1),
        weights_before_refit=_at(1),
        split=split,
        best_epoch=1,
        history=(),
        leak=leak,
    )


def test_parents_of_another_split_are_refused(stage: Stage, small: Split) -> None:
    stage()
    other = SplitPlan(test=0.25, validation=0.2, seed=43).divide(small.ratings)
    with pytest.raises(SplitMismatchError) as refused:
        fit(small, "child", parents=[_fake(small, "one"), _fake(other, "two")])
    assert small.fingerprint[:12] in str(refused.value)
    assert other.fingerprint[:12] in str(refused.value)
    assert "two" in str(refused.value)


def test_an_override_lets_them_in_and_stamps_the_artifact(stage: Stage, small: Split) -> None:
    stage()
    other = SplitPlan(test=0.25, validation=0.2, seed=43).divide(small.ratings)
    parents = [_fake(other, "one"), _fake(other, "two")]
    artifact = fit(small, "child", parents=parents, leak="seen it all")
    assert artifact.leak == "seen it all"
    assert "LEAKY" in artifact.title


def test_a_leak_is_inherited(stage: Stage, small: Split) -> None:
    stage()
    parents = [_fake(small, "one"), _fake(small, "two", leak="the grandparents peeped")]
    assert fit(small, "child", parents=parents).leak == "the grandparents peeped"


def test_honest_parents_leave_no_stamp(stage: Stage, small: Split) -> None:
    stage()
    parents = [_fake(small, "one"), _fake(small, "two")]
    assert fit(small, "child", parents=parents).leak == ""


@pytest.mark.parametrize("leak", ["", "override"])
def test_parents_with_other_ids_are_refused_even_by_override(
    stage: Stage, small: Split, leak: str
) -> None:
    stage()
    column = np.array([1, 1, 2, 2])
    stars = np.array([1, 2, 3, 4], np.float32)
    others = Ratings.from_columns(column, np.array([1, 2, 1, 2]), stars, name="other")
    theirs = SplitPlan(test=0.25, validation=0.3).divide(others)
    with pytest.raises(ConfigError, match=r"one knows other users \(2\) than this data \(3\)"):
        fit(small, "child", parents=[_fake(theirs, "one"), _fake(theirs, "two")], leak=leak)


@pytest.mark.parametrize(
    ("number", "changed", "message"),
    [
        (0, {"dimension": 9}, "one has dimension 9, the ensemble 4; .*--dimension"),
        (1, {"dimension": 9}, "two has dimension 9, the ensemble 4; .*--dimension"),
        (1, {"layers": LAYERS}, r"two has layers \(8, 4, 1\), the ensemble \(64, .*--layers"),
    ],
)
def test_parents_of_another_shape_are_refused(
    stage: Stage, small: Split, number: int, changed: dict[str, int], message: str
) -> None:
    stage()
    configs = [SMALL, SMALL]
    configs[number] = replace(SMALL, **changed)  # type: ignore[arg-type]
    parents = [
        _fake(small, name, config) for name, config in zip(("one", "two"), configs, strict=True)
    ]
    with pytest.raises(ConfigError, match=message):
        fit(small, "child", parents=parents)


@pytest.mark.parametrize("given", [["two", "two"], ["one", "two", "one"], ["one"], []])
def test_other_parents_than_the_model_has_are_refused(
    stage: Stage, small: Split, given: list[str]
) -> None:
    stage()
    said = f"child starts from one and two, not from {' and '.join(given) or 'none'}"
    with pytest.raises(ConfigError, match=said):
        fit(small, "child", parents=[_fake(small, name) for name in given])


def test_parents_for_a_model_that_has_none_are_refused(stage: Stage, small: Split) -> None:
    stage()
    with pytest.raises(ConfigError, match="solo starts from no parents"):
        fit(small, "solo", parents=[_fake(small, "one")])


def test_a_parent_takes_the_childs_shape_and_its_own_defaults() -> None:
    child = models.find(TRANSFER).settings(dimension=5, layers=LAYERS, epochs=1)
    own = models.find(FACTOR).settings(dimension=5)
    assert parent_config(models.find(TRANSFER), FACTOR, child) == own


def test_more_levels_than_a_probit_takes_are_numbers_and_it_is_said() -> None:
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((20, 20)) < 0.8)
    stars = np.arange(len(users)) % 150
    ratings = Ratings.from_columns(users, items, stars.astype(np.float32), name="fine")
    settings = find("bayesian-factorization-model").settings(dimension=2, samples=4, burn_in=1)
    with pytest.warns(SettingWarning, match="'gaussian' in the place of 'probit'.*fine has 14"):
        made = fit(SplitPlan().divide(ratings), "bayesian-factorization-model", settings)
    assert isinstance(made.config, GibbsSettings)
    assert made.config.likelihood == "gaussian"
    assert "noise" in made.weights


def test_ctrl_c_as_lists_are_settled_keeps_the_weights(
    planted_split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> float:
        raise Interrupted(signal.SIGTERM)

    config = models.find(FACTOR).settings(dimension=2, epochs=2)
    whole = fit(planted_split, FACTOR, config)
    monkeypatch.setattr("starcast.training.settling.choose_support", interrupted)
    ended = fit(planted_split, FACTOR, config)
    assert ended.broken_off == "interrupted by SIGTERM as its lists were settled"
    assert np.array_equal(ended.weights["item_factors"], whole.weights["item_factors"])
