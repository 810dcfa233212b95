"""Newer artifacts take the place of older ones, damaged ones do not."""

import gc
import shutil
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

from starcast import storage
from starcast.artifact import Artifact
from starcast.errors import ArtifactError, ConfigError
from starcast.serve.service import settle
from starcast.serve.shelf import Shelf


def stars(shelf: Shelf) -> str:
    return shelf.find().predictions("bob", ["duel"])


def retrained(artifact: Artifact) -> Artifact:
    weights = {**artifact.weights, "mean": artifact.weights["mean"] + 1}
    return replace(artifact, weights=weights, weights_before_refit=weights)


def test_a_newer_artifact_is_swapped_in(folder: Path, known_by_heart: Artifact) -> None:
    shelf = Shelf([folder])
    held = shelf.find()
    shelf.refresh()
    assert shelf.find() is held  # nothing is newer
    storage.save(retrained(known_by_heart), folder)
    shelf.refresh()
    assert '"stars": 4.0' in stars(shelf)
    assert '"stars": 3.0' in held.predictions("bob", ["duel"])  # who has it goes on with it
    assert (shelf.n_reloads, shelf.n_refused) == (1, 0)


def test_lists_that_were_kept_go_with_their_model(folder: Path, known_by_heart: Artifact) -> None:
    shelf = Shelf([folder])
    before = shelf.find().top("bob", 1, False, 0)
    storage.save(retrained(known_by_heart), folder)
    shelf.refresh()
    assert shelf.find().top("bob", 1, False, 0) != before or '"stars": 5.0' in before


def test_the_collector_is_spared_what_stays_and_takes_what_was_replaced(
    folder: Path, known_by_heart: Artifact
) -> None:
    shelf = Shelf([folder])
    settle()
    assert gc.get_freeze_count() > 10_000
    replaced = weakref.ref(shelf.find())
    storage.save(retrained(known_by_heart), folder)
    shelf.refresh()
    settle()
    gc.unfreeze()
    assert replaced() is None


def test_a_damaged_newer_one_is_refused_once(
    folder: Path, known_by_heart: Artifact, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf([folder])
    storage.save(retrained(known_by_heart), folder)
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    shelf.refresh()
    shelf.refresh()
    assert '"stars": 3.0' in stars(shelf)
    assert (shelf.n_reloads, shelf.n_refused) == (0, 1)
    assert caplog.text.count("does not match its checksum") == 1
    storage.save(retrained(known_by_heart), folder)  # and the next good one is taken
    shelf.refresh()
    assert '"stars": 4.0' in stars(shelf)


def test_a_folder_that_is_gone_changes_nothing(folder: Path) -> None:
    shelf = Shelf([folder])
    shutil.rmtree(folder)
    shelf.refresh()
    assert '"stars": 3.0' in stars(shelf)
    assert shelf.n_refused == 0


def test_all_can_be_loaded_anew(folder: Path) -> None:
    shelf = Shelf([folder])
    held = shelf.find()
    shelf.refresh(everything=True)
    assert shelf.find() is not held


def test_what_cannot_be_served_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no artifact at"):
        Shelf([folder, tmp_path / "none"])
    with pytest.raises(ConfigError, match="both be called 'heart'"):
        Shelf([folder, folder])


_ANSWERS = """
import sys
from pathlib import Path
from starcast.serve.service import settle
from starcast.serve.shelf import Shelf
import starcast.serve.process
shelf = Shelf([Path(sys.argv[1])])
shelf.warm_up()
one = shelf.find()
one.top("ann", 10, False, 2), one.predictions("ann", ["alien"] * 1000), one.similar("alien", 3)
one.top_for([], 3, 0)
print(sorted({"numba", "scipy", "tensorflow", "matplotlib"} & set(sys.modules)))
"""


def test_serving_needs_no_compiled_loops(folder: Path) -> None:
    """They would take 0.4 s and 80 MB to load."""
    argv = [sys.executable, "-c", _ANSWERS, str(folder)]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "[]\n"
