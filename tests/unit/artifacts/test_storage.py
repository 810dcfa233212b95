"""Artifacts to disk and back, and every way in which the disk may fail us."""

import errno
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from starcast.artifacts import manifest as manifest_file
from starcast.artifacts import storage, weights_file
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.replacement import require_writable, reserve
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.disk import replacement
from starcast.disk.lock import beside
from starcast.errors import ArtifactError, BusyError

FILES = ("manifest.json", "users.parquet", "items.parquet", "ratings.parquet",
         "weights.safetensors")  # fmt: skip


@pytest.fixture
def saved(known_by_heart: Artifact, tmp_path: Path) -> Path:
    return storage.save(known_by_heart, tmp_path / "models" / "mine")


def rewrite_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def with_ids(artifact: Artifact, users: list[Any], items: list[Any], titles: list[str]) -> Artifact:
    """The artifact with other ids and titles behind its rows."""
    ratings, parts = artifact.split.ratings, artifact.split.parts
    renamed = Ratings.from_columns(
        np.array(users)[ratings.user_rows],
        np.array(items)[ratings.item_rows],
        ratings.stars,
        titles=dict(zip(items, titles, strict=True)),
        name="renamed",
    )
    return replace(artifact, split=Split(renamed, parts, "by hand"))


# There and back


IDS = {
    "integers": ([3, 40, 500], [-7, 0, 8, 2**40]),
    "text": (["Ann", "ann", "änne"], ["07", "7", "映画", "🎬 x"]),
    "mixed kinds": ([1, 2, 3], ["a", "b", "c", "d"]),
}


@pytest.mark.parametrize(("users", "items"), IDS.values(), ids=IDS.keys())
def test_there_and_back_is_exact(
    known_by_heart: Artifact, tmp_path: Path, users: list[Any], items: list[Any]
) -> None:
    titles = ["Amélie (2001)", "", "七人の侍 [1954]", 'quoted "and", so on\n']
    artifact = with_ids(known_by_heart, users, items, titles)
    back = storage.load(storage.save(artifact, tmp_path / "a"))
    for name, array in artifact.weights.items():
        np.testing.assert_array_equal(back.weights[name], array)
        assert back.weights[name].dtype == np.float32
    assert back.weights.keys() == artifact.weights.keys()
    assert back.split.fingerprint == artifact.split.fingerprint
    ours, theirs = artifact.split.ratings, back.split.ratings
    assert theirs.users.ids.tolist() == users
    assert theirs.items.ids.tolist() == items
    assert theirs.titles.tolist() == titles
    assert (theirs.scale, theirs.name) == (ours.scale, "renamed")
    assert (theirs.users.kind, theirs.items.kind) == ("user", "item")
    np.testing.assert_array_equal(back.split.parts, artifact.split.parts)
    np.testing.assert_array_equal(theirs.stars, ours.stars)


def test_every_other_field_comes_back(known_by_heart: Artifact, tmp_path: Path) -> None:
    artifact = replace(known_by_heart, leak="peeped", broken_off="interrupted in epoch 4", seed=9)
    back = storage.load(storage.save(artifact, tmp_path / "a"))
    for name in ("model", "config", "seed", "best_epoch", "history", "refit", "leak", "broken_off",
                 "versions"):  # fmt: skip
        assert getattr(back, name) == getattr(artifact, name), name
    assert back.split.scheme == "by hand"
    assert back.weights_before_refit is back.weights


def test_views_and_scalars_are_saved_as_what_they_show(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    weights = dict(known_by_heart.weights)
    weights["mean"] = np.float32(3)  # type: ignore[assignment]
    weights["user_factors"] = np.array([[1, 2, 3], [4, 5, 6]], np.float32).T
    weights["user_bias"] = np.arange(6, dtype=np.float32)[::2]
    back = storage.load(storage.save(replace(known_by_heart, weights=weights), tmp_path / "a"))
    assert back.weights["mean"].shape == ()
    assert back.weights["user_factors"].tolist() == [[1, 4], [2, 5], [3, 6]]
    assert back.weights["user_bias"].tolist() == [0, 2, 4]


def test_a_refit_keeps_both_sets_of_weights(known_by_heart: Artifact, tmp_path: Path) -> None:
    doubled = {name: 2 * array for name, array in known_by_heart.weights.items()}
    artifact = replace(known_by_heart, weights=doubled, refit=True)
    back = storage.load(storage.save(artifact, tmp_path / "a"))
    assert back.weights["user_bias"].tolist() == [1, 0, -1]
    assert back.weights_before_refit["user_bias"].tolist() == [0.5, 0, -0.5]


def test_how_far_ratings_lie_is_measured_once_before_the_refit(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    doubled = {name: 2 * array for name, array in known_by_heart.weights.items()}
    artifact = replace(known_by_heart, weights=doubled, refit=True)
    folder = storage.save(artifact, tmp_path / "a")
    assert storage.read_manifest(folder)["residual_rmse"] == 0.5  # 1 star, predicted 1.5
    assert storage.load(folder).measured_residual_rmse == 0.5
    manifest = storage.read_manifest(folder)
    manifest_file.write(manifest | {"residual_rmse": 0.75}, folder)
    assert storage.load(folder).residual_rmse == 0.75
    del manifest["residual_rmse"]  # as older artifacts are
    manifest_file.write(manifest, folder)
    assert storage.load(folder).residual_rmse == 0.5


def test_a_loaded_model_predicts_as_the_saved_one(known_by_heart: Artifact, saved: Path) -> None:
    rows = np.arange(3, dtype=np.int32)
    there = storage.load(saved).scorer.score_all(rows)
    np.testing.assert_array_equal(there, known_by_heart.scorer.score_all(rows))


def test_columns_are_read_in_one_piece(known_by_heart: Artifact, tmp_path: Path) -> None:
    """Ratings of several pieces would be put together at every start, at twice the memory."""
    users, items = np.divmod(np.arange(600_000), 1000)
    ratings = Ratings.from_columns(users, items, 1.0 + items % 2, name="many")
    parts = np.arange(600_000, dtype=np.uint8) % 3
    shapes = {"mean": (), "user_bias": (600,), "user_factors": (600, 2), "item_bias": (1000,),
              "item_factors": (1000, 2)}  # fmt: skip
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    artifact = replace(known_by_heart, split=Split(ratings, parts, "by hand"), weights=weights,
                       weights_before_refit=weights)  # fmt: skip
    folder = storage.save(artifact, tmp_path / "many")
    assert len(storage.load(folder).split.ratings) == 600_000
    assert pl.read_parquet(folder / "ratings.parquet").n_chunks() == 1


def test_the_folder_holds_what_is_documented_and_nothing_else(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == sorted(FILES)
    assert [path.name for path in saved.parent.iterdir()] == ["mine"]


# Damage


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        storage.load(saved)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_flipped_bit_is_found(saved: Path, name: str) -> None:
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{name} does not match its checksum"):
        storage.load(saved)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_truncated_file_is_found(saved: Path, name: str, share: float) -> None:
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ArtifactError, match=name):
        storage.load(saved)


@pytest.mark.parametrize(
    "content",
    [b"", b"weights", b"[1, 2]", b"null", b"\xff\xfe\x00", b'{"format": "other"}', b"[" * 100_000],
)
def test_a_foreign_manifest_is_refused(saved: Path, content: bytes) -> None:
    (saved / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        storage.load(saved)


def test_a_newer_format_is_refused_with_its_number(saved: Path) -> None:
    rewrite_manifest(saved, lambda manifest: manifest.update(format_version=2))
    with pytest.raises(ArtifactError, match="has format 2; this Starcast reads format 1"):
        storage.load(saved)


def test_an_unknown_model_is_refused_with_its_name(saved: Path) -> None:
    rewrite_manifest(saved, lambda manifest: manifest.update(model="latent-factor-modell"))
    with pytest.raises(ArtifactError, match=r"mine .*latent-factor-modell"):
        storage.load(saved)


MANIFEST_DAMAGE: dict[str, Callable[[dict[str, Any]], None]] = {
    "no files": lambda manifest: manifest.pop("files"),
    "no list of files": lambda manifest: manifest.update(files=3),
    "no optimizer": lambda manifest: manifest["config"].pop("optimizer"),
    "settings that are none": lambda manifest: manifest.update(config=[]),
    "setting out of range": lambda manifest: manifest["config"].update(epochs=0),
    "unknown setting": lambda manifest: manifest["config"].update(colour="red"),
    "scale upside down": lambda manifest: manifest["scale"].update(lowest=9),
    "another fingerprint": lambda manifest: manifest.update(fingerprint="0" * 64),
    "another scale": lambda manifest: manifest.update(scale=7),
    "weights not listed": lambda manifest: manifest["files"].pop("weights.safetensors"),
    "refit without weights": lambda manifest: manifest.update(refit=True),
}


@pytest.mark.parametrize("change", MANIFEST_DAMAGE.values(), ids=MANIFEST_DAMAGE.keys())
def test_a_damaged_manifest_is_refused_by_name(
    saved: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    rewrite_manifest(saved, change)
    with pytest.raises(ArtifactError, match="mine is damaged"):
        storage.load(saved)


@pytest.mark.parametrize("trick", ["../x", "/etc/hostname", "sub/x", ".."])
def test_a_manifest_that_points_outside_is_refused(saved: Path, trick: str) -> None:
    rewrite_manifest(saved, lambda manifest: manifest["files"].update({trick: "0" * 64}))
    with pytest.raises(ArtifactError, match="not to be trusted"):
        storage.load(saved)


def test_a_foreign_file_beside_ours_is_ignored(saved: Path) -> None:
    (saved / "notes.txt").write_text("mine", encoding="utf-8")
    assert storage.load(saved).model == "latent-factor-model"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no artifact at .*nothing; train one"):
        storage.load(tmp_path / "nothing")


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match="is a file"):
        storage.load(tmp_path / "file")


# Writing


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def disk_full(*args: object, **more: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(*args: object, **more: object) -> None:
    raise KeyboardInterrupt


def test_an_artifact_is_replaced_whole(known_by_heart: Artifact, saved: Path) -> None:
    (saved / "stale").touch()
    storage.save(replace(known_by_heart, seed=77), saved)
    assert storage.load(saved).seed == 77
    assert sorted(path.name for path in saved.iterdir()) == sorted(FILES)
    assert [path.name for path in saved.parent.iterdir()] == ["mine"]


BREAKS = {
    "first file": (weights_file, "save_file"),
    "a table": (pl.DataFrame, "write_parquet"),
    "the manifest": (Path, "write_text"),
    "the last step": (replacement, "_put"),
}


@pytest.mark.parametrize(("where", "what"), BREAKS.values(), ids=BREAKS.keys())
@pytest.mark.parametrize("was_there", [True, False])
def test_a_full_disk_leaves_everything_as_it_was(
    known_by_heart: Artifact, saved: Path, monkeypatch: pytest.MonkeyPatch,
    where: object, what: str, was_there: bool,
) -> None:  # fmt: skip
    target = saved if was_there else saved.with_name("new")
    before = snapshot(saved.parent)
    monkeypatch.setattr(where, what, disk_full)
    with pytest.raises(ArtifactError, match=f"cannot write .*{target.name}.*No space left"):
        storage.save(known_by_heart, target)
    monkeypatch.undo()
    assert snapshot(saved.parent) == before
    assert [path.name for path in saved.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize(("where", "what"), BREAKS.values(), ids=BREAKS.keys())
def test_so_does_ctrl_c(
    known_by_heart: Artifact, saved: Path, monkeypatch: pytest.MonkeyPatch, where: object, what: str
) -> None:
    before = snapshot(saved.parent)
    monkeypatch.setattr(where, what, interrupted)
    with pytest.raises(KeyboardInterrupt):
        storage.save(known_by_heart, saved)
    monkeypatch.undo()
    assert snapshot(saved.parent) == before
    assert [path.name for path in saved.parent.iterdir()] == ["mine"]


def test_a_file_in_the_way_is_left_alone(known_by_heart: Artifact, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious", encoding="utf-8")
    with pytest.raises(ArtifactError, match="a file is in the way"):
        storage.save(known_by_heart, tmp_path / "mine")
    assert snapshot(tmp_path) == {"mine": b"precious"}


def test_a_folder_of_something_else_is_left_alone(known_by_heart: Artifact, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious", encoding="utf-8")
    with pytest.raises(ArtifactError, match="holds other files"):
        storage.save(known_by_heart, tmp_path)
    assert snapshot(tmp_path) == {"thesis.tex": b"precious"}


def test_a_place_is_refused_before_there_is_anything_to_save(tmp_path: Path, saved: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").touch()
    for place, said in (("file", "a file is in the way"), ("file/a/b", "file is a file"),
                        ("thesis", "holds other files")):  # fmt: skip
        with pytest.raises(ArtifactError, match=said):
            require_writable(tmp_path / place)
    before = snapshot(tmp_path)
    require_writable(tmp_path / "new" / "model")
    require_writable(saved)
    assert snapshot(tmp_path) == before


def test_a_read_only_place_is_refused_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anywhere
    with pytest.raises(ArtifactError, match="is read-only"):
        require_writable(tmp_path / "new")


def test_an_empty_folder_is_taken(known_by_heart: Artifact, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert storage.load(storage.save(known_by_heart, tmp_path / "mine")).seed == 1


def test_a_link_is_followed_and_kept(known_by_heart: Artifact, saved: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(saved)
    storage.save(replace(known_by_heart, seed=5), link)
    assert link.is_symlink()
    assert storage.load(saved).seed == 5


@pytest.mark.parametrize("parent", ["/proc", "/dev/null"])
def test_a_place_that_cannot_be_written(known_by_heart: Artifact, parent: str) -> None:
    with pytest.raises(ArtifactError, match=f"cannot write {parent}/models/mine"):
        storage.save(known_by_heart, Path(parent) / "models" / "mine")


def test_test_figures_are_noted_beside_those_of_the_chosen_epoch(saved: Path) -> None:
    before = storage.read_manifest(saved)
    storage.add_test_figures(saved, {"RMSE": 0.5, "F1@20": float("nan")})
    after = storage.read_manifest(saved)
    assert after["metrics"].pop("test") == {"RMSE": 0.5, "F1@20": None}
    before["metrics"].pop("test")
    assert (len(after.pop("opened")), before.pop("opened")) == (1, [])
    assert after == before
    assert storage.load(saved).model == before["model"]


def test_figures_of_one_model_are_not_noted_in_another(
    known_by_heart: Artifact, saved: Path
) -> None:
    storage.add_test_figures(saved, {"RMSE": 0.5}, of=known_by_heart)
    assert storage.read_manifest(saved)["metrics"]["test"] == {"RMSE": 0.5}
    biased = {**known_by_heart.weights, "user_bias": np.ones(3, np.float32)}
    other_parts = known_by_heart.split.parts[[0, 1, 2, 3, 4, 6, 7, 5]]
    for other in (
        replace(known_by_heart, weights=biased),
        replace(known_by_heart, split=Split(known_by_heart.split.ratings, other_parts, "other")),
    ):
        storage.save(other, saved)
        with pytest.raises(ArtifactError, match="mine was replaced meanwhile"):
            storage.add_test_figures(saved, {"RMSE": 0.5}, of=known_by_heart)
        assert storage.read_manifest(saved)["metrics"]["test"] is None
    assert [path.name for path in saved.parent.iterdir()] == ["mine"]


def break_off(folder: Path) -> None:
    with replacement.replace_folder(folder):
        raise KeyboardInterrupt


def test_a_model_that_was_set_aside_is_read_there_and_put_back_by_the_next_run(
    known_by_heart: Artifact, saved: Path
) -> None:
    """As a killed run leaves it where the system cannot exchange folders."""
    saved.rename(beside(saved, "old"))
    assert storage.load(saved).seed == known_by_heart.seed
    with pytest.raises(KeyboardInterrupt):
        break_off(saved)
    assert sorted(path.name for path in saved.iterdir()) == sorted(FILES)
    assert [path.name for path in saved.parent.iterdir()] == ["mine"]


def test_a_place_is_kept_for_one_run(known_by_heart: Artifact, tmp_path: Path) -> None:
    place = tmp_path / "models" / "mine"
    with reserve(place):
        storage.save(known_by_heart, place)
        with ThreadPoolExecutor(1) as other_run, pytest.raises(BusyError, match="models/mine;"):
            other_run.submit(storage.save, known_by_heart, place).result()
    with pytest.raises(OSError, match="of the run's own"), reserve(place):
        raise OSError("of the run's own")


def test_what_is_replaced_while_it_is_read_is_read_again(
    known_by_heart: Artifact, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old manifest with the new weights would be called damaged."""
    doubled = {name: 2 * array for name, array in known_by_heart.weights.items()}
    newer = replace(known_by_heart, seed=2, weights=doubled, weights_before_refit=doubled)
    read_manifest = storage.read_manifest
    times: list[int] = []

    def replaced_once_it_is_read(folder: Path) -> dict[str, Any]:
        manifest = read_manifest(folder)
        if not times:
            storage.save(newer, folder)
        times.append(manifest["seed"])
        return manifest

    monkeypatch.setattr(storage, "read_manifest", replaced_once_it_is_read)
    artifact = storage.load(saved)
    assert times == [1, 2, 2]  # the old one, whether it is still there, the new one
    assert artifact.seed == 2
    assert artifact.weights["mean"] == 6


def test_the_fingerprint_of_times_is_kept_without_the_times(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    told = known_by_heart.split.times_fingerprint
    assert told is not None
    saved = storage.save(known_by_heart, tmp_path / "a")
    assert storage.read_manifest(saved)["times_fingerprint"] == told
    back = storage.load(saved)
    assert back.split.ratings.timestamps is None
    assert back.split.times_fingerprint == told
    again = storage.load(storage.save(back, tmp_path / "b"))
    assert again.split.times_fingerprint == told
    assert again.split.fingerprint == known_by_heart.split.fingerprint


def test_what_a_library_says_is_cut(tmp_path: Path) -> None:
    said = str(storage._told(ValueError(f"on\nlines {'x' * 300}"), tmp_path))
    assert "ValueError on lines xxx" in said
    assert said.count("x") - str(tmp_path).count("x") == 200 - len("on lines ")
