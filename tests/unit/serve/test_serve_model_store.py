"""Newer artifacts take the place of older ones, damaged ones do not."""

import gc
import shutil
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.errors import ArtifactError, ConfigError
from starcast.serve.model_store import ModelStore
from starcast.serve.reloading import settle


def stars(model_store: ModelStore) -> str:
    return model_store.find().predictions("bob", ["duel"])


def retrained(artifact: Artifact) -> Artifact:
    weights = {**artifact.weights, "mean": artifact.weights["mean"] + 1}
    return replace(artifact, weights=weights, weights_before_refit=weights)


def test_a_newer_artifact_is_swapped_in(folder: Path, known_by_heart: Artifact) -> None:
    model_store = ModelStore([folder])
    held = model_store.find()
    model_store.refresh()
    assert model_store.find() is held  # nothing is newer
    storage.save(retrained(known_by_heart), folder)
    model_store.refresh()
    assert '"stars": 4.0' in stars(model_store)
    assert '"stars": 3.0' in held.predictions("bob", ["duel"])  # who has it goes on with it
    assert (model_store.n_reloads, model_store.n_refused) == (1, 0)


def test_lists_that_were_kept_go_with_their_model(folder: Path, known_by_heart: Artifact) -> None:
    model_store = ModelStore([folder])
    before = model_store.find().top("bob", 1, False, 0)
    storage.save(retrained(known_by_heart), folder)
    model_store.refresh()
    assert model_store.find().top("bob", 1, False, 0) != before or '"stars": 5.0' in before


def test_the_collector_is_spared_what_stays_and_takes_what_was_replaced(
    folder: Path, known_by_heart: Artifact
) -> None:
    model_store = ModelStore([folder])
    settle()
    assert gc.get_freeze_count() > 10_000
    replaced = weakref.ref(model_store.find())
    storage.save(retrained(known_by_heart), folder)
    model_store.refresh()
    settle()
    gc.unfreeze()
    assert replaced() is None


def test_a_damaged_newer_one_is_refused_once(
    folder: Path, known_by_heart: Artifact, caplog: pytest.LogCaptureFixture
) -> None:
    model_store = ModelStore([folder])
    storage.save(retrained(known_by_heart), folder)
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    model_store.refresh()
    model_store.refresh()
    assert '"stars": 3.0' in stars(model_store)
    assert (model_store.n_reloads, model_store.n_refused) == (0, 1)
    assert caplog.text.count("does not match its checksum") == 1
    storage.save(retrained(known_by_heart), folder)  # and the next good one is taken
    model_store.refresh()
    assert '"stars": 4.0' in stars(model_store)


def test_a_folder_that_is_gone_changes_nothing(folder: Path) -> None:
    model_store = ModelStore([folder])
    shutil.rmtree(folder)
    model_store.refresh()
    assert '"stars": 3.0' in stars(model_store)
    assert model_store.n_refused == 0


def test_all_can_be_loaded_anew(folder: Path) -> None:
    model_store = ModelStore([folder])
    held = model_store.find()
    model_store.refresh(everything=True)
    assert model_store.find() is not held


def test_what_cannot_be_served_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no artifact at"):
        ModelStore([folder, tmp_path / "none"])
    with pytest.raises(ConfigError, match="both be called 'heart'"):
        ModelStore([folder, folder])


_ANSWERS = """
import sys
from pathlib import Path
from starcast.serve.guests import guest_list, suggestions
from starcast.serve.imports import imported
from starcast.serve.list_schemas import ListAsked, SuggestionsAsked
from starcast.serve.reloading import settle
from starcast.serve.model_store import ModelStore
import starcast.serve.process
model_store = ModelStore([Path(sys.argv[1])])
model_store.warm_up()
one = model_store.find()
one.top("ann", 10, False, 2), one.predictions("ann", ["alien"] * 1000), one.similar("alien", 3)
guest_list(one, ListAsked(ratings=[{"item": "alien", "stars": 4}], details=True, reasons=2))
suggestions(one, SuggestionsAsked())
imported(one, "list.csv", b"item,rating\\nalien,4\\n")
print(sorted({"numba", "scipy", "tensorflow", "matplotlib"} & set(sys.modules)))
"""


def test_serving_needs_no_compiled_loops(folder: Path) -> None:
    """They would take 0.4 s and 80 MB to load."""
    argv = [sys.executable, "-c", _ANSWERS, str(folder)]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "[]\n"
