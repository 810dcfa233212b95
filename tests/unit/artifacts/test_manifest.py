"""A manifest is what was written, or is refused."""

import json
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from starcast.artifacts import manifest as manifests
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.errors import ArtifactError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "artifacts-format-1"


@pytest.fixture
def saved(known_by_heart: Artifact, tmp_path: Path) -> Path:
    return storage.save(known_by_heart, tmp_path / "mine")


def read_with(folder: Path, content: bytes) -> dict[str, Any] | None:
    """The manifest if it is that; None where it is refused."""
    (folder / "manifest.json").write_bytes(content)
    with suppress(ArtifactError):
        return manifests.read(folder)
    return None


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_flipped_bit_of_the_scale_is_found_or_changes_nothing(saved: Path) -> None:
    """Without a sum, a 5 that had become a 4 or a 7 changed what was predicted, and nobody saw."""
    content, before = (saved / "manifest.json").read_bytes(), manifests.read(saved)
    start = content.index(b'"scale"')
    bits = range(8 * start, 8 * content.index(b"}", start))
    read = [read_with(saved, flipped(content, bit)) for bit in bits]
    assert len(read) > 400
    assert all(one is None or one == before for one in read)
    assert sum(one is None for one in read) > 0.9 * len(read)  # but spaces, and 1.0 written 1.0


def test_a_flipped_bit_anywhere_else_too(saved: Path) -> None:
    content, before = (saved / "manifest.json").read_bytes(), manifests.read(saved)
    for bit in random.Random(1).sample(range(8 * len(content)), 1000):
        assert read_with(saved, flipped(content, bit)) in (None, before), bit


def test_the_sum_is_that_of_the_rest_whatever_its_order(saved: Path) -> None:
    """Reckoned by others: jq -cSj 'del(.sum)' manifest.json | sha256sum."""
    (saved / "manifest.json").write_text(
        '{"sum": "x", "b": [1, 2.5, null], "a": {"é": "\\n"}}', encoding="utf-8"
    )
    found = json.loads((saved / "manifest.json").read_text("utf-8"))
    assert manifests._sum_of(found) == (
        "6546c6757eae9963eaa18f3e677fd4a35fdc5908bc5921f3c3e0cb547cc1b04b"
    )
    swapped = {"a": found["a"], "sum": "y", "b": found["b"]}
    assert manifests._sum_of(swapped) == manifests._sum_of(found)
    assert manifests._sum_of(swapped | {"b": [1, 2.5]}) != manifests._sum_of(found)


def test_written_by_hand_it_is_refused_and_signed_anew_it_is_not(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text("utf-8"))
    manifest["leak"] = "seen"
    (saved / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"manifest\.json does not match its own checksum"):
        manifests.read(saved)
    manifests.write(manifest, saved)
    assert storage.load(saved).leak == "seen"


def test_older_ones_without_a_sum_are_read() -> None:
    for folder in FIXTURES.iterdir():
        if folder.is_dir():
            assert "sum" not in json.loads((folder / "manifest.json").read_text("utf-8"))
            assert manifests.read(folder)["format_version"] == 1


def test_what_is_no_number_is_written_as_nothing(saved: Path) -> None:
    manifest = manifests.read(saved)
    manifest["history"] = [{"epoch": 1, "loss": float("nan"), "train": {"rmse": float("inf")}}]
    manifests.write(manifest, saved)
    text = (saved / "manifest.json").read_text("utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert manifests.read(saved)["history"] == [{"epoch": 1, "loss": None, "train": {"rmse": None}}]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_json_that_is_none_is_refused(saved: Path, constant: str) -> None:
    text = (saved / "manifest.json").read_text("utf-8")
    text = text.replace('"seed": 1,', f'"seed": {constant},')
    (saved / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=f"{constant} is no number"):
        manifests.read(saved)


def test_a_history_of_a_million_epochs_is_thinned_so_that_it_can_be_read(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    record = {"loss": 1.25, "validation": {"rmse": 0.9}, "seconds": 0.5}
    history = tuple({"epoch": epoch, **record} for epoch in range(1, 30_001))
    artifact = replace(known_by_heart, history=history, best_epoch=17_001)
    kept = storage.load(storage.save(artifact, tmp_path / "long")).history
    epochs = [one["epoch"] for one in kept]
    assert len(epochs) == 10_000 + 1
    assert epochs[:3] == [1, 4, 7]
    assert 17_001 in epochs
    assert epochs == sorted(epochs)


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"optimizer": "Adam", "charm": 1}},
        {"parts": [{"settings": {"dimension": 2}}, {"settings": {"seed": 1, "charm": 2}}]},
    ],
)
def test_settings_that_nobody_knows_are_a_newer_ones(saved: Path, change: dict[str, Any]) -> None:
    manifests.write(manifests.read(saved) | change, saved)
    with pytest.raises(ArtifactError, match=r"newer Starcast.*the setting 'charm'"):
        manifests.read(saved)


def test_a_model_that_nobody_knows_may_be_a_newer_ones(saved: Path) -> None:
    manifests.write(manifests.read(saved) | {"model": "latent-factory"}, saved)
    with pytest.raises(ArtifactError, match=r"mean 'latent-factor-model'.*a newer Starcast may"):
        manifests.read(saved)
