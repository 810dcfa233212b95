"""`sc.train(..., checkpoint=FOLDER)`: ended, and gone on with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import starcast as sc
from starcast.data.split import Split
from starcast.errors import CheckpointError, TrainingError
from starcast.training.loop import EpochRecord

FIRST, SECOND = "latent-factor-model", "deep-neural-network-model"
CHILD = "ensemble-transfer-learning"


class Ends:
    """Ctrl-C once the second epoch of the n-th run of the loop has ended."""

    def __init__(self, n_run: int = 1) -> None:
        self._left = n_run

    def __call__(self, record: EpochRecord) -> None:
        self._left -= record.epoch == 1
        if (self._left, record.epoch) == (0, 2):
            raise KeyboardInterrupt


def test_ctrl_c_and_the_same_call_give_the_same_model(planted_split: Split, tmp_path: Path) -> None:
    """Ended in the second parent, then in the child; the first parent is trained once."""
    place = tmp_path / "some" / "where"
    settings: dict[str, Any] = {"epochs": 3, "dimension": 4}
    whole = sc.train(planted_split, CHILD, refit=True, **settings)
    kept = {"checkpoint": place, "checkpoint_every": 0, "refit": True, **settings}
    with pytest.raises(TrainingError, match="interrupted in epoch 3"):
        sc.train(planted_split, CHILD, on_epoch=Ends(3), **kept)
    assert sorted(path.name for path in place.iterdir()) == [
        f"{SECOND}.checkpoint",
        FIRST,
        f"{FIRST}.checkpoint",
    ]
    with (
        pytest.warns(UserWarning, match=f"{FIRST} is trained already"),
        pytest.warns(UserWarning, match=f"going on with training after epoch 1, kept in {place}"),
    ):
        model = sc.train(planted_split, CHILD, **kept)
    for name, array in whole.artifact.weights.items():
        np.testing.assert_array_equal(model.artifact.weights[name], array, name, strict=True)
    assert not place.exists()


def test_a_folder_with_a_run_of_something_else_is_refused(
    planted_split: Split, tmp_path: Path
) -> None:
    kept: dict[str, Any] = {"checkpoint": tmp_path / "it", "checkpoint_every": 0}
    with pytest.warns(UserWarning, match="not trained to its end"):
        sc.train(planted_split, FIRST, on_epoch=Ends(), **kept)
    with pytest.raises(CheckpointError, match=r"seed 42, now 1; remove .*it, or name another fo"):
        sc.train(planted_split, FIRST, seed=1, **kept)


def test_a_folder_that_cannot_be_made_is_refused(planted_split: Split, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="file: File exists"):
        sc.train(planted_split, FIRST, checkpoint=tmp_path / "file")
