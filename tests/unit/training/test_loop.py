"""The loop, driven by an engine and a validate that say what a script tells them."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from starcast.engines.protocol import EpochLoss, Weights
from starcast.errors import InterruptedTrainingError, TrainingError
from starcast.evaluation.metrics import LISTS, STARS, Objective, Quality
from starcast.training.loop import EpochRecord, Trained, train

INTERRUPT = "interrupt"


def figures(rmse: float, mae: float, accuracy: float) -> Quality:
    return {"rmse": rmse, "mae": mae, "accuracy": accuracy, "ndcg@10": rmse / 10}


class ScriptedEngine:
    """An engine whose only weight counts the epochs, and whose losses are given."""

    def __init__(self, losses: Sequence[float | str]) -> None:
        self._losses, self.n_epochs = losses, 0

    def run_epoch(self) -> EpochLoss:
        loss = self._losses[self.n_epochs]
        if isinstance(loss, str):
            raise KeyboardInterrupt
        self.n_epochs += 1
        return EpochLoss(loss, 2 * loss)

    def weights(self) -> dict[str, np.ndarray]:
        return {"epoch": np.array([self.n_epochs], np.float32), "total": np.array(self.n_epochs)}

    def load(self, weights: Weights) -> None:
        raise AssertionError("the loop never loads")


class Diary:
    """An observer that writes down what it was told, in a list that observers may share."""

    def __init__(self, name: str, told: list[str]) -> None:
        self._name, self._told = name, told
        self.records: list[EpochRecord] = []

    def started(self, n_epochs: int) -> None:
        self._told.append(f"{self._name} started {n_epochs}")

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        self.records.append(record)
        best = " best" if is_best else ""
        self._told.append(f"{self._name} {record.epoch}:{weights['epoch'][0]:g}{best}")

    def ended(self) -> None:
        self._told.append(f"{self._name} ended")


def run(
    validation: Sequence[float | None],
    losses: Sequence[float | str] | None = None,
    *,
    epochs: int | None = 5,
    patience: int = 9,
    averaging: float = 0.0,
    warm: bool = False,
    observers: Sequence[Diary] = (),
    objective: Objective = STARS,
) -> Trained:
    """Train; `validation` holds the RMSE after each epoch, that before the first included."""

    def validate(weights: Weights, share: float) -> tuple[Quality, Quality | None]:
        assert share == 1
        rmse = validation[math.ceil(weights["epoch"][0])]
        return figures(1, 1, 0), None if rmse is None else figures(rmse, 0.5, 0.25)

    return train(
        ScriptedEngine(losses or [1.0] * (epochs or 9)),
        validate,
        objective=objective,
        epochs=epochs,
        patience=patience,
        averaging=averaging,
        observers=observers,
        warm=warm,
    )


def kept(trained: Trained) -> float:
    return float(trained.weights["epoch"][0])


def test_a_model_for_lists_keeps_the_epoch_of_the_highest_ndcg() -> None:
    """The scripted NDCG is a tenth of the RMSE, so that the two objectives disagree."""
    trained = run([9, 0.7, 0.9, 0.8, 0.9, 0.85], objective=LISTS, patience=3)
    assert (trained.best_epoch, kept(trained), len(trained.history)) == (2, 2, 5)


def test_the_best_weights_are_kept_not_the_last() -> None:
    trained = run([9, 0.9, 0.7, 0.8, 0.75, 0.9])
    assert (trained.best_epoch, kept(trained), len(trained.history)) == (2, 2, 5)
    assert trained.broken_off == ""


def test_stops_after_as_many_epochs_without_progress_as_patience_allows() -> None:
    trained = run([9, 0.9, 0.7, 0.8, 0.75, 0.6], patience=2)
    assert (len(trained.history), trained.best_epoch) == (4, 2)


def test_without_a_bound_only_patience_ends_it() -> None:
    trained = run([9, 0.9, 0.7, 0.8, 0.75, 0.6], epochs=None, patience=2)
    assert (len(trained.history), trained.best_epoch) == (4, 2)


def test_an_equal_rmse_is_no_progress() -> None:
    trained = run([9, 0.9, 0.9, 0.9, 0.1, 0.1], patience=2)
    assert (len(trained.history), trained.best_epoch) == (3, 1)


def test_progress_resets_the_patience() -> None:
    trained = run([9, 0.9, 0.95, 0.8, 0.85, 0.7], patience=2)
    assert (len(trained.history), trained.best_epoch) == (5, 5)


def test_the_first_weights_compete_only_when_asked() -> None:
    worse_and_worse = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    trained = run(worse_and_worse, warm=True)
    assert (trained.best_epoch, kept(trained)) == (0, 0)
    assert run(worse_and_worse).best_epoch == 1


def test_first_weights_that_win_still_cost_patience() -> None:
    assert len(run([0.5, 0.6, 0.7, 0.8, 0.4, 0.4], warm=True, patience=2).history) == 2


def test_without_validation_rows_every_epoch_runs_and_the_last_is_kept() -> None:
    trained = run([None] * 6, patience=1)
    assert (trained.best_epoch, kept(trained), len(trained.history)) == (5, 5, 5)


def test_the_history_holds_what_each_epoch_said() -> None:
    first, second = run([9, 0.9, 0.8], [3.0, 2.0], epochs=2).history
    assert (first.epoch, first.loss, first.training_error) == (1, 3.0, 6.0)
    assert (second.epoch, second.loss, second.training_error) == (2, 2.0, 4.0)
    assert second.train == figures(1, 1, 0)
    assert second.validation == figures(0.8, 0.5, 0.25)
    assert second.seconds >= 0


@pytest.mark.parametrize(("warm", "means"), [(False, ["1", "1.25", "1.6875"]),
                                             (True, ["0.25", "0.6875", "1.26562"])])  # fmt: skip
def test_averaging_validates_and_keeps_the_running_mean(warm: bool, means: list[str]) -> None:
    """Weights 1, 2, 3; three quarters of each mean are the mean before: 0.75 · 1 + 0.25 · 2, ...

    A warm start's first weights, 0, begin the mean: 0.75 · 0 + 0.25 · 1, ...
    """
    told: list[str] = []
    run([None] * 4, epochs=3, averaging=0.75, warm=warm, observers=[Diary("a", told)])
    assert told[1:-1] == [f"a {n + 1}:{mean} best" for n, mean in enumerate(means)]


def test_a_mean_is_what_is_kept() -> None:
    assert kept(run([None] * 4, epochs=3, averaging=0.75)) == 1.6875


def test_a_mean_of_weights_without_axes_is_still_an_array() -> None:
    trained = run([9, 0.9, 0.8, 0.7], epochs=3, averaging=0.5)
    assert isinstance(trained.weights["total"], np.ndarray)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_breaks_off_and_keeps_the_best(loss: float) -> None:
    trained = run([9, 0.9, 0.8, 0.7], [1.0, 1.0, loss])
    assert (trained.best_epoch, kept(trained), len(trained.history)) == (2, 2, 2)
    assert "no longer a number in epoch 3" in trained.broken_off
    assert "smaller learning rate" in trained.broken_off


def test_a_validation_error_that_is_no_number_breaks_off() -> None:
    trained = run([9, 0.9, math.nan, 0.7])
    assert (trained.best_epoch, len(trained.history)) == (1, 1)
    assert "epoch 2" in trained.broken_off


def test_a_first_loss_that_is_no_number_is_an_error_with_advice() -> None:
    with pytest.raises(TrainingError, match=r"epoch 1 .*smaller learning rate.*nothing was lea"):
        run([9, 0.9], [math.nan])


def test_a_warm_start_outlives_a_first_loss_that_is_no_number() -> None:
    trained = run([0.5, 0.9], [math.nan], warm=True)
    assert (trained.best_epoch, kept(trained), trained.history) == (0, 0, ())
    assert trained.broken_off


def test_ctrl_c_keeps_the_best_and_says_so() -> None:
    trained = run([9, 0.7, 0.9, 0.8], [1.0, 1.0, INTERRUPT])
    assert (trained.best_epoch, kept(trained)) == (1, 1)
    assert trained.broken_off == "interrupted in epoch 3"


def test_ctrl_c_in_the_first_epoch_leaves_nothing() -> None:
    said = r"^interrupted in epoch 1: nothing was learned$"
    with pytest.raises(InterruptedTrainingError, match=said):  # so that no next model is trained
        run([9, 0.9], [INTERRUPT])


def test_observers_are_told_in_order() -> None:
    told: list[str] = []
    run([9, 0.9, 0.8], epochs=2, observers=[Diary("a", told), Diary("b", told)])
    assert told == [
        "a started 2", "b started 2",
        "a 1:1 best", "b 1:1 best",
        "a 2:2 best", "b 2:2 best",
        "a ended", "b ended",
    ]  # fmt: skip


@pytest.mark.parametrize("last", [math.nan, INTERRUPT])
def test_observers_learn_of_the_end_however_it_comes(last: float | str) -> None:
    told: list[str] = []
    diary = Diary("a", told)
    run([9, 0.8, 0.9, 0.7], [1.0, 1.0, last], observers=[diary])
    assert told == ["a started 5", "a 1:1 best", "a 2:2", "a ended"]
    assert [record.epoch for record in diary.records] == [1, 2]


def test_observers_learn_of_the_end_when_the_engine_fails() -> None:
    told: list[str] = []
    with pytest.raises(IndexError):  # the script is too short
        run([9, 0.8, 0.9], [1.0], observers=[Diary("a", told)])
    assert told[-1] == "a ended"


# Samplers


class ScriptedSampler(ScriptedEngine):
    """Four sweeps; the draws of the second and the fourth are kept."""

    sweeps = 4

    @property
    def share(self) -> float:
        return (1, 1, 1, 0, 0.5)[self.n_epochs]

    def latest(self) -> dict[str, np.ndarray]:
        return {"latest": np.array([self.n_epochs])}

    def weights(self) -> dict[str, np.ndarray]:
        return {"kept": np.array([2, 4][: self.n_epochs // 2])}


def sample(
    losses: Sequence[float | str], epochs: int | None = None
) -> tuple[Trained, list[tuple[int, float]]]:
    """Run a sampler that validates worse and worse; what it left, and what was validated."""
    judged: list[tuple[int, float]] = []

    def validate(weights: Weights, share: float) -> tuple[Quality, Quality | None]:
        judged.append((int(weights["latest"][0]), share))
        return figures(1, 1, 0), figures(float(len(judged)), 1, 0)

    trained = train(ScriptedSampler(losses), validate, objective=STARS, epochs=epochs, patience=1)
    return trained, judged


def test_a_sampler_runs_all_its_sweeps_and_leaves_what_it_kept() -> None:
    trained, judged = sample([1.0] * 4)
    assert judged == [(1, 1), (2, 1), (3, 0), (4, 0.5)]
    assert trained.weights["kept"].tolist() == [2, 4]
    assert (trained.best_epoch, len(trained.history), trained.broken_off) == (4, 4, "")


def test_a_sampler_ends_early_where_epochs_do() -> None:
    trained, _ = sample([1.0] * 4, epochs=3)
    assert (trained.best_epoch, trained.weights["kept"].tolist()) == (3, [2])


def test_an_interrupted_sampler_leaves_what_it_kept_so_far() -> None:
    trained, _ = sample([1.0, 1.0, 1.0, INTERRUPT])
    assert (trained.best_epoch, trained.weights["kept"].tolist()) == (3, [2])
    assert trained.broken_off == "interrupted in epoch 4"


def test_a_sampler_interrupted_in_its_first_sweep_leaves_nothing() -> None:
    with pytest.raises(TrainingError, match="nothing was learned"):
        sample([INTERRUPT])
