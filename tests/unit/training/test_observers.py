"""What the observers write: lines on a console, and TensorBoard's files."""

import errno
import io
import math
import os
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from starcast.evaluation.metrics import Quality
from starcast.training.loop import EpochRecord
from starcast.training.observers import ConsoleObserver, Expendable, TensorBoardObserver

WEIGHTS = {"item_factors": np.array([[1, 2], [3, 4], [5, 6]], np.float32)}
LABELS = ["Alien (1979)", "a\ttab and a\nline", "七人の侍"]


def figures(rmse: float, mae: float, accuracy: float) -> Quality:
    return {"rmse": rmse, "mae": mae, "accuracy": accuracy}


def record(epoch: int, validation: Quality | None) -> EpochRecord:
    train = figures(0.8, 0.6, 0.3)
    return EpochRecord(epoch, 1.5 / epoch, 0.9 / epoch, train, validation, 0.125)


def written(console_observer_epochs: list[tuple[EpochRecord, bool]]) -> list[str]:
    text = io.StringIO()
    observer = ConsoleObserver(Console(file=text, width=120), "A [model]")
    observer.started(5)
    for epoch, is_best in console_observer_epochs:
        observer.epoch(epoch, {}, is_best)
    observer.ended()
    return text.getvalue().splitlines()


def test_the_console_shows_a_line_per_epoch() -> None:
    first, second = figures(0.95, 0.75, 0.251), figures(0.96, 0.76, 0.25)
    lines = written([(record(1, first), True), (record(2, second), False)])
    assert lines[0] == "A [model]"
    assert lines[1].split() == ["epoch", "loss", "training", "RMSE", "MAE", "accuracy", "s"]
    assert lines[2].split() == [
        "1",
        "1.5000",
        "0.9000",
        "0.9500",
        "0.7500",
        "0.2510",
        "0.12",
        "best",
    ]
    assert lines[3].split() == ["2", "0.7500", "0.4500", "0.9600", "0.7600", "0.2500", "0.12"]


def test_without_validation_rows_the_training_rows_are_shown_and_none_is_best() -> None:
    lines = written([(record(1, None), True)])
    assert lines[2].split() == ["1", "1.5000", "0.9000", "0.8000", "0.6000", "0.3000", "0.12"]


def test_an_exploding_loss_keeps_the_columns() -> None:
    huge = record(1, figures(2, 1, 0))._replace(loss=3e20, training_error=math.inf)
    assert written([(huge, True)])[2].split()[:3] == ["1", "3.0e+20", "inf"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a run of two epochs, of which the first was best."""
    observer = TensorBoardObserver(
        tmp_path / "run", {"dimension": 2, "optimizer": "SGD", "epochs": None}, LABELS, b"graph"
    )
    observer.started(2)
    observer.epoch(record(1, figures(0.9, 0.7, 0.25)), WEIGHTS, True)
    observer.epoch(
        record(2, figures(1.1, 0.8, 0.125)), {"item_factors": np.eye(3, 2, dtype=np.float32)}, False
    )
    observer.ended()
    return tmp_path / "run"


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(event.step, round(event.value, 6)) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_both_runs_share_the_charts(folder: Path) -> None:
    assert scalars(folder / "train") == {
        "loss": [(1, 1.5), (2, 0.75)],
        "training_error": [(1, 0.9), (2, 0.45)],
        "RMSE": [(1, 0.8), (2, 0.8)],
        "MAE": [(1, 0.6), (2, 0.6)],
        "accuracy": [(1, 0.3), (2, 0.3)],
    }
    assert scalars(folder / "validation") == {
        "RMSE": [(1, 0.9), (2, 1.1)],
        "MAE": [(1, 0.7), (2, 0.8)],
        "accuracy": [(1, 0.25), (2, 0.125)],
        "best/RMSE": [(0, 0.9)],
        "best/MAE": [(0, 0.7)],
        "best/accuracy": [(0, 0.25)],
    }


def test_a_run_is_two_folders_with_one_event_file_each(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["train", "validation"]
    for run in folder.iterdir():
        assert len(list(run.glob("events*"))) == 1


def test_the_graph_is_written_as_it_was_given(folder: Path) -> None:
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    (events,) = (folder / "train").glob("events*")
    told = [b"graph" in event for event in RawEventFileLoader(str(events)).Load()]
    assert (told.index(True), sum(told)) == (1, 1)  # after the version, before the first scalar


def test_the_best_embeddings_are_written_with_a_label_each(folder: Path) -> None:
    tensors, metadata = (next(folder.rglob(f"item_factors/{name}.tsv")) for name in
                         ("tensors", "metadata"))  # fmt: skip
    np.testing.assert_array_equal(np.loadtxt(tensors), WEIGHTS["item_factors"])
    lines = metadata.read_text(encoding="utf-8").splitlines()
    assert lines == ["Alien (1979)", "a tab and a line", "七人の侍"]


def test_of_several_draws_the_last_is_shown(tmp_path: Path) -> None:
    observer = TensorBoardObserver(tmp_path, {}, LABELS, b"")
    observer.started(1)
    draws = np.stack([np.zeros((3, 2), np.float32), WEIGHTS["item_factors"]])
    observer.epoch(record(1, None), {"item_factors": draws}, True)
    observer.ended()
    tensors = next(tmp_path.rglob("item_factors/tensors.tsv"))
    np.testing.assert_array_equal(np.loadtxt(tensors), WEIGHTS["item_factors"])


def test_a_models_own_tables_of_items_are_shown_and_nothing_else(tmp_path: Path) -> None:
    observer = TensorBoardObserver(tmp_path, {}, LABELS, b"")
    observer.started(1)
    shapes = {
        "item_taste": (3, 4), "item_bias": (3,), "item_grid": (3, 2, 5), "user_taste": (3, 4),
        "item_tower_kernel": (4, 6), "item_own_bias": (3, 3),
    }  # fmt: skip
    weights = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    observer.epoch(record(1, None), weights, True)
    observer.ended()
    assert [path.parent.name for path in tmp_path.rglob("tensors.tsv")] == ["item_taste"]


def test_the_bar_tells_the_latest_rmse() -> None:
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=True, force_interactive=True)
    observer = ConsoleObserver(console, "A model", each_epoch=False)
    observer.started(2)
    observer.epoch(record(1, figures(0.9512, 0.7, 0.25)), {}, True)
    observer._progress.refresh()
    observer.ended()
    assert "epoch 1 of 2, RMSE 0.9512" in Text.from_ansi(text.getvalue()).plain


def test_a_sampler_tells_ten_times_how_far_it_is_and_calls_no_sweep_best() -> None:
    text = io.StringIO()
    observer = ConsoleObserver(Console(file=text, width=120), "A sampler", sampled=True)
    observer.started(25)
    for sweep in range(1, 26):
        observer.epoch(record(sweep, figures(1 - sweep / 100, 0.7, 0.25)), {}, True)
    observer.ended()
    _, heads, *lines = text.getvalue().splitlines()
    assert heads.split()[0] == "sweep"
    assert [line.split()[0] for line in lines] == [str(n) for n in (*range(3, 25, 3), 25)]
    assert lines[-1].split()[3] == "0.7500"
    assert "best" not in text.getvalue()


def test_few_sweeps_are_all_told() -> None:
    text = io.StringIO()
    observer = ConsoleObserver(Console(file=text, width=120), "A sampler", sampled=True)
    observer.started(3)
    for sweep in range(1, 4):
        observer.epoch(record(sweep, None), {}, True)
    observer.ended()
    assert [line.split()[0] for line in text.getvalue().splitlines()[2:]] == ["1", "2", "3"]


def test_the_bar_of_a_sampler_counts_sweeps() -> None:
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=True, force_interactive=True)
    observer = ConsoleObserver(console, "A sampler", each_epoch=False, sampled=True)
    observer.started(160)
    for sweep in range(1, 38):
        observer.epoch(record(sweep, figures(0.8512, 0.7, 0.25)), {}, True)
    observer._progress.refresh()
    observer.ended()
    assert "sweep 37 of 160, RMSE 0.8512" in Text.from_ansi(text.getvalue()).plain


def test_a_run_without_validation_rows_has_no_validation_folder(tmp_path: Path) -> None:
    observer = TensorBoardObserver(tmp_path, {}, LABELS, b"")
    observer.started(1)
    observer.epoch(record(1, None), WEIGHTS, True)
    observer.ended()
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_a_run_without_epochs_can_end(tmp_path: Path) -> None:
    observer = TensorBoardObserver(tmp_path, {}, LABELS, b"")
    observer.started(1)
    observer.ended()
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(OSError, match="logs"):
        TensorBoardObserver(tmp_path / "logs" / "run", {}, LABELS, b"")


class FullDisk(io.RawIOBase):
    """A file that takes some bytes and then no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        self._room -= len(bytes(data))  # type: ignore[call-overload]
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(bytes(data))  # type: ignore[call-overload]


@pytest.mark.parametrize("room", [0, 40, 400, 4000])
def test_a_full_disk_is_told_once_and_costs_the_logs_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    from tensorboardX import record_writer

    def opened(_: str) -> io.BufferedWriter:
        return io.BufferedWriter(FullDisk(room), 64)

    monkeypatch.setattr(record_writer, "open_file", opened)
    told: list[str] = []
    observer = Expendable(
        TensorBoardObserver(tmp_path / "run", {}, LABELS, b"graph"),
        lambda error: told.append(str(error.strerror)),
    )
    observer.started(99)
    for epoch in range(1, 100):
        observer.epoch(record(epoch, figures(0.9, 0.7, 0.25)), WEIGHTS, True)
    observer.ended()
    assert told == ["No space left on device"]
