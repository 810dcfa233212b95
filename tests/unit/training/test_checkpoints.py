"""Checkpoints: when they are written, what they are of, and that none is believed."""

import importlib.metadata
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.expression import Expression, item, output, user
from starcast.engines.protocol import Engine
from starcast.engines.settings import NetworkSettings
from starcast.engines.state import named_parts, put_back_random, random_state
from starcast.errors import CheckpointError, TrainingError
from starcast.models import Model, network
from starcast.training import checkpoint_file, checkpoints
from starcast.training.checkpoint_file import CheckpointFile
from starcast.training.checkpoints import Checkpoint, Checkpoints, Keeping
from starcast.training.fit import Run, fit
from starcast.training.identity import difference
from starcast.training.loop import EpochRecord
from starcast.training.outcome import Arrays

FACTOR = "latent-factor-model"


class Clock:
    """A clock that goes on by a minute whenever it is read."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 60
        return self.seconds


class Stops:
    """An observer that interrupts before the n-th epoch is kept."""

    def __init__(self, n: int) -> None:
        self._n = n

    def started(self, n_epochs: int) -> None:
        pass

    def epoch(self, record: EpochRecord, weights: Mapping[str, Any], is_best: bool) -> None:
        if record.epoch == self._n:
            raise KeyboardInterrupt

    def ended(self) -> None:
        pass


def trained(
    split: Split, checkpoint: Checkpoint | None, stop: int = 0, model: str = FACTOR, **settings: Any
) -> Artifact:
    few: dict[str, Any] = {"epochs": 4, "dimension": 2, **settings}
    return fit(
        split, model, models.find(model).settings(**few), checkpoint=checkpoint,
        observe=lambda run: [Stops(stop)],
    )  # fmt: skip


@pytest.fixture
def ended(planted_split: Split, tmp_path: Path) -> Path:
    """The checkpoint of a run that was ended in its third epoch."""
    checkpoint = Checkpoint(tmp_path / "mine", Keeping(minutes=0))
    assert trained(planted_split, checkpoint, stop=3).broken_off == "interrupted in epoch 4"
    return checkpoint.path


def again(split: Split, path: Path, **settings: Any) -> Artifact:
    return trained(split, Checkpoint(path.with_suffix(""), Keeping(minutes=0)), **settings)


def same(one: Arrays, other: Arrays) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one | other)


def assert_refused_or_same(split: Split, path: Path, whole: Artifact) -> None:
    """In one line; or there was nothing to go on with, or nothing wrong."""
    try:
        model = again(split, path)
    except CheckpointError as error:
        said = str(error)
    else:
        assert same(dict(model.weights), dict(whole.weights))
        return
    assert said.startswith(f"{path} is ")
    assert "\n" not in said


def test_every_byte_that_is_changed_is_noticed(planted_split: Split, ended: Path) -> None:
    """One line, or, where a byte says nothing, the same weights."""
    whole, content = trained(planted_split, None), ended.read_bytes()
    rng = np.random.default_rng(0)
    header = int.from_bytes(content[:8], "little") + 8
    places = [*range(8), *rng.integers(8, header, 60), *rng.integers(header, len(content), 30)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        ended.write_bytes(changed)
        assert_refused_or_same(planted_split, ended, whole)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 300, -1])
def test_a_checkpoint_that_was_cut_is_refused(planted_split: Split, ended: Path, size: int) -> None:
    ended.write_bytes(ended.read_bytes()[:size])
    with pytest.raises(CheckpointError, match=r"is damaged: .*; --fresh starts over"):
        again(planted_split, ended)


def resigned(path: Path, change: Callable[[Any, Any], object]) -> None:
    """Change a checkpoint's record and arrays, and make all sums right again."""
    arrays, record = dict(load_file(path)), CheckpointFile(path).record
    change(record, arrays)
    parts: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        part, _, own = name.partition("/")
        parts.setdefault(part, {})[own] = array
    checkpoint_file.write(path, {**record}, parts)


HOSTILE: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "no history": lambda record, arrays: record.pop("history"),
    "a history that is none": lambda record, arrays: record.update(history=[1]),
    "a history of other figures": lambda record, arrays: record["history"][0].update(loss="x"),
    "a history with a hole": lambda record, arrays: record["history"].pop(0),
    "a shorter history": lambda record, arrays: record["history"].pop(),
    "a foreign phase": lambda record, arrays: record.update(phase="other"),
    "no engine": lambda record, arrays: [arrays.pop(name) for name in [*arrays]
                                         if name.startswith("engine/")],
    "a cut table": lambda record, arrays: arrays.update(
        {"engine/user_rows": arrays["engine/user_rows"][:5]}),
    "a table of another type": lambda record, arrays: arrays.update(
        {"engine/user_rows": arrays["engine/user_rows"].astype(np.float64)}),
    "weights that are no numbers": lambda record, arrays: arrays["outcome/best/user_bias"].fill(
        np.nan),
    "weights that are too large": lambda record, arrays: arrays["outcome/best/user_bias"].fill(
        1e30),
    "random numbers of another seed": lambda record, arrays: arrays["engine/random"].fill(7),
    "an epoch that was not": lambda record, arrays: arrays["outcome/figures/epoch"].fill(9),
    "a part too many": lambda record, arrays: arrays.update({"engine/more": np.zeros(3)}),
    "much too large": lambda record, arrays: arrays.update(
        {"engine/more": np.zeros(10_000_000, np.uint8)}),
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_what_a_stranger_made_is_refused(
    planted_split: Split, ended: Path, change: Callable[[Any, Any], object]
) -> None:
    resigned(ended, lambda record, arrays: None)
    before = ended.read_bytes()
    whole = trained(planted_split, None)
    assert same(dict(again(planted_split, ended).weights), dict(whole.weights))
    ended.write_bytes(before)
    resigned(ended, change)
    assert_refused_or_same(planted_split, ended, whole)


OF_A_REFIT: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "an endless refit": lambda record, arrays: record["chosen"].update(best_epoch=10**9),
    "no epoch": lambda record, arrays: record["chosen"].update(best_epoch="3"),
    "no choice": lambda record, arrays: record.pop("chosen"),
    "a choice of other figures": lambda record, arrays: record["chosen"]["history"][0].update(
        validation={"ndcg@10": 0.5}),
    "weights that are no numbers": lambda record, arrays: arrays["chosen/item_bias"].fill(np.inf),
    "weights of other items": lambda record, arrays: arrays.update(
        {"chosen/item_bias": np.zeros(7, np.float32)}),
    "rows that validate": lambda record, arrays: arrays.update(
        {"validation/validation/mean": np.zeros(3, np.float32)}),
}  # fmt: skip


@pytest.mark.parametrize("change", OF_A_REFIT.values(), ids=OF_A_REFIT)
def test_what_a_stranger_made_of_a_refit_is_refused(
    planted_split: Split, tmp_path: Path, change: Callable[[Any, Any], object]
) -> None:
    def observe(run: Run) -> list[Stops]:
        return [Stops(3 if run.is_refit else 0)]

    def checkpoint() -> Checkpoint:
        return Checkpoint(tmp_path / "mine", Keeping(minutes=0))

    config = models.find(FACTOR).settings(epochs=5, dimension=2)
    fit(planted_split, FACTOR, config, refit=True, observe=observe, checkpoint=checkpoint())
    resigned(tmp_path / "mine.checkpoint", change)
    with pytest.raises(CheckpointError, match="is damaged: "):
        fit(planted_split, FACTOR, config, refit=True, checkpoint=checkpoint())


def test_what_is_no_checkpoint_is_refused(planted_split: Split, ended: Path) -> None:
    save_file({"a": np.zeros(2, np.float32)}, ended)
    with pytest.raises(CheckpointError, match="it is no checkpoint"):
        again(planted_split, ended)
    ended.unlink()
    ended.mkdir()
    with pytest.raises(CheckpointError, match="is no regular file"):
        again(planted_split, ended)


def test_a_checkpoint_of_a_newer_format_is_refused(planted_split: Split, ended: Path) -> None:
    header = {"format": "starcast-checkpoint", "version": 2}
    save_file({}, ended, {"checkpoint": json.dumps(header)})
    with pytest.raises(CheckpointError, match="it has format 2, not 1"):
        again(planted_split, ended)


def test_another_version_of_a_library_is_another_run(
    planted_split: Split, ended: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = re.escape(f"starcast {importlib.metadata.version('starcast')}")
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"9.{name}")
    with pytest.raises(CheckpointError, match=rf"{before}, now 9\.starcast; numpy"):
        again(planted_split, ended)


def test_other_times_are_another_run(planted_split: Split, ended: Path) -> None:
    """Days are features, though no fingerprint knows them."""
    from dataclasses import replace

    assert planted_split.ratings.timestamps is not None
    later = replace(planted_split.ratings, timestamps=planted_split.ratings.timestamps + 1)
    with pytest.raises(CheckpointError, match="is of a run with times and attributes "):
        again(replace(planted_split, ratings=later), ended)


def test_checkpoints_are_some_minutes_apart(
    planted_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock goes on by a minute for each of ten epochs, and by three where one is written."""
    written: list[int] = []
    monkeypatch.setattr(checkpoints, "time", Clock())
    monkeypatch.setattr(checkpoints, "_LEAST", 0)
    monkeypatch.setattr(
        checkpoint_file, "write", lambda path, record, parts: written.append(len(record["history"]))
    )
    checkpoint = Checkpoint(tmp_path / "mine", Keeping(minutes=3))
    trained(planted_split, checkpoint, epochs=10, patience=99)
    assert written == [3, 6, 9]


def test_writing_takes_no_more_than_a_fiftieth(
    planted_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint that took a minute to write is followed by fifty without."""
    written: list[int] = []
    monkeypatch.setattr(checkpoints, "time", Clock())
    monkeypatch.setattr(
        checkpoint_file, "write", lambda path, record, parts: written.append(len(record["history"]))
    )
    checkpoint = Checkpoint(tmp_path / "mine", Keeping(minutes=3))
    trained(planted_split, checkpoint, epochs=60, patience=99)
    assert written == [3, 53]


def test_the_last_epoch_needs_no_checkpoint(planted_split: Split, ended: Path) -> None:
    again(planted_split, ended)
    assert len(CheckpointFile(ended).record["history"]) == 3


@pytest.mark.parametrize("stopping", [{"epochs": 4}, {"epochs": 99, "patience": 2}])
def test_a_signal_in_the_last_epoch_leaves_a_run_that_is_over(
    planted_split: Split, tmp_path: Path, stopping: dict[str, Any]
) -> None:
    """Whether the bound or patience has ended it; no epoch is run on top."""
    stopping = {**stopping, "optimizer": "SGD", "learning_rate": 0.05}
    whole = trained(planted_split, None, **stopping)
    left = [len(whole.history)]

    @contextmanager
    def held_back() -> Iterator[Callable[[], bool]]:
        left[0] -= 1
        yield lambda: not left[0]
        if not left[0]:
            raise KeyboardInterrupt

    keeping = Keeping(minutes=9, held_back=held_back)
    ended = trained(planted_split, Checkpoint(tmp_path / "mine", keeping), **stopping)
    assert ended.broken_off == f"interrupted in epoch {len(whole.history) + 1}"
    model = again(planted_split, tmp_path / "mine.checkpoint", **stopping)
    assert (len(model.history), model.broken_off) == (len(whole.history), "")
    assert same(dict(model.weights), dict(whole.weights))


def test_what_cannot_be_written_is_told_and_costs_nothing(
    planted_split: Split, tmp_path: Path
) -> None:
    told: list[str] = []
    checkpoint = Checkpoint(tmp_path / "missing" / "mine", Keeping(minutes=0, tell=told.append))
    assert not trained(planted_split, checkpoint).broken_off
    assert set(told) == {
        f"cannot write {checkpoint.path} (No such file or directory): training goes on without"
    }


def test_a_run_that_diverged_leaves_no_checkpoint(planted_split: Split, tmp_path: Path) -> None:
    """The same command would diverge again, and another is not to be refused."""
    checkpoint = Checkpoint(tmp_path / "mine", Keeping(minutes=0))
    with pytest.raises(TrainingError), np.errstate(all="ignore"):
        trained(planted_split, checkpoint, optimizer="SGD", learning_rate=1e9)
    assert not checkpoint.path.exists()


def test_a_finished_model_is_taken_only_while_it_is_there(
    planted_split: Split, tmp_path: Path
) -> None:
    def kept() -> Checkpoints:
        return Checkpoints(tmp_path.joinpath, Keeping(minutes=0))

    first = kept()
    model = trained(planted_split, first.of(FACTOR))
    first.save(model)
    second = kept()
    taken = trained(planted_split, second.of(FACTOR))
    assert second.of(FACTOR).is_finished
    assert same(dict(taken.weights), dict(model.weights))
    storage.save(trained(planted_split, None, epochs=1), tmp_path / FACTOR)  # by somebody else
    third = kept()
    assert len(trained(planted_split, third.of(FACTOR)).history) == 4
    assert not third.of(FACTOR).is_finished


def test_a_finished_run_of_something_else_is_no_obstacle(
    planted_split: Split, tmp_path: Path
) -> None:
    kept = Checkpoints(tmp_path.joinpath, Keeping(minutes=0))
    kept.save(trained(planted_split, kept.of(FACTOR)))
    other = Checkpoints(tmp_path.joinpath, Keeping(minutes=0))
    assert len(trained(planted_split, other.of(FACTOR), epochs=2).history) == 2


def test_a_network_of_the_same_weights_that_computes_another_thing_is_refused(
    planted_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin may have changed its function in the meantime; no setting says so."""

    def product(last: str) -> Model:
        def compute(settings: NetworkSettings) -> Expression:
            p, q = user("vector", settings.dimension), item("vector", settings.dimension)
            return output((p * q).apply(last))

        return network("mine", compute)

    def keeping() -> Checkpoint:
        return Checkpoint(tmp_path / "mine", Keeping(minutes=0))

    for last in ("tanh", "sigmoid"):
        monkeypatch.setattr(models, "MODELS", {"mine": product(last)})
        if last == "tanh":
            trained(planted_split, keeping(), stop=3, model="mine")
    with pytest.raises(CheckpointError, match="its network computes something else"):
        trained(planted_split, keeping(), model="mine")


class Bare:
    """An engine that promises no more than to be trained."""

    def __init__(self, engine: Engine) -> None:
        self.run_epoch, self.weights, self.load = engine.run_epoch, engine.weights, engine.load


def test_an_engine_without_a_state_is_trained_and_not_kept(
    planted_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Model.engine
    monkeypatch.setattr(Model, "engine", lambda *given, **more: Bare(whole(*given, **more)))
    told: list[str] = []
    checkpoint = Checkpoint(tmp_path / "mine", Keeping(minutes=0, tell=told.append))
    assert not trained(planted_split, checkpoint, optimizer="Adam").broken_off
    assert told == ["training is not kept while it goes on: the engine has no state to keep"]
    assert not checkpoint.path.exists()


def test_what_differs_is_told_in_words() -> None:
    assert difference({"epochs": 4, "a": 1}, {"epochs": 4}) == "a 1, now none"
    assert difference({"epochs": 4}, {"epochs": 4}) == ""


def test_a_generator_goes_on_in_the_middle_of_its_64_bits() -> None:
    """A draw of 32 bits leaves a half, which the next takes."""
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    one.integers(0, 9, dtype=np.uint32)
    put_back_random(other, random_state(one))
    assert (
        one.integers(0, 2**32, 5, np.uint32).tolist()
        == other.integers(0, 2**32, 5, np.uint32).tolist()
    )
    with pytest.raises(ValueError, match="not of this seed"):
        put_back_random(np.random.default_rng(6), random_state(one))


def test_arrays_of_every_type_and_shape_come_back(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        kind: np.arange(6).reshape(2, 3).astype(kind)
        for kind in ("f8", "f4", "f2", "u8", "u4", "u2", "u1", "i8", "i4", "i2", "i1", "?")
    }
    arrays |= {"none": np.zeros((0, 4), np.float32), "one": np.array(3.5)}
    checkpoint_file.write(tmp_path / "it", {"x": 1}, {"a": arrays, "b": {}})
    found = CheckpointFile(tmp_path / "it")
    back = found.part("a", 10_000)
    assert found.part("b", 0) == {}
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array, name, strict=True)
    with pytest.raises(ValueError, match="bytes where 10 would be many"):
        found.part("a", 10)
    assert named_parts(a=arrays).keys() == {f"a/{name}" for name in arrays}
