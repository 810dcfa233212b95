"""Whatever a stranger puts into an artifact is refused in one line, or can be used."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import hostile_artifacts as hostile
import numpy as np
import pytest
from hostile_answers import refusal
from hostile_artifacts import Mutation, Parts

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Attribute
from starcast.data.split import Split
from starcast.models import find
from starcast.models.lists import BASELINES, LIST_MODELS
from starcast.scoring.trees import Trees
from starcast.training.fit import fit
from starcast.training.list_stacking import blend_lists

FIXTURES = Path(__file__).parents[2] / "fixtures" / "artifacts-format-1"
EVERY = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
SOME = ("latent-factor-model", "bayesian-factorization-model", "blend")


def all_refused(
    parts: Parts, mutations: Iterable[Mutation], place: Path, harmless: Callable[[str], bool]
) -> int:
    """How many versions there are; all are refused but those that may be harmless."""
    tried = 0
    for what, folder in hostile.forged(parts, mutations, place):
        assert refusal(folder) or harmless(what), what
        tried += 1
    return tried


@pytest.mark.parametrize("name", EVERY)
def test_weights_that_are_not_the_models_are_refused(name: str, tmp_path: Path) -> None:
    other = "deep-neural-network-model" if "latent" in name else "latent-factor-model"
    parts = Parts.of(FIXTURES / name)

    def harmless(what: str) -> bool:
        """Other numbers, and few factors of a session: some users like other things, then."""
        changed = ("all -1", "all 1e15", "reversed")
        return what.endswith(changed) or ("session_factors cut along axis 2" in what)

    mutations = list(hostile.of_weights(parts, Parts.of(FIXTURES / other)))
    assert all_refused(parts, mutations, tmp_path, harmless) > 90


@pytest.mark.parametrize("name", [one.name for one in (*LIST_MODELS, *BASELINES)])
def test_so_are_those_of_models_made_for_lists(
    name: str, planted_split: Split, tmp_path: Path
) -> None:
    """As of today: their neighbours are places in tables, which a compiled loop reads."""
    small = {"core_items": 20} if name == "item-item-model" else {}
    artifact = fit(planted_split, name, find(name).settings(**small))
    parts = Parts.of(storage.save(artifact, tmp_path / "mine"))
    mutations = list(hostile.of_weights(parts, Parts.of(FIXTURES / "blend")))

    def harmless(what: str) -> bool:
        changed = ("all -1", "all 1e15", "reversed")
        fewer = "axis 1" in what and name == "implicit-factor-model"
        return what.endswith(changed) and "core_items" not in what and not fewer

    assert all_refused(parts, mutations, tmp_path, harmless) > 40


def test_so_are_those_of_blends_made_for_lists(planted_split: Split, tmp_path: Path) -> None:
    """With a tree of one split: whose way on is a row of an array, too."""
    names = {"implicit-factor-model": {"dimension": 4}, "means": {}, "most-popular": {}}
    trained = [
        fit(planted_split, name, find(name).settings(**own), seed=1) for name, own in names.items()
    ]
    blended = blend_lists(trained, trees=False)
    trees = Trees(
        np.zeros((2, 1), np.int32), np.ones((2, 1), np.float32),
        np.full((2, 1, 2), [-1, -2], np.int32), np.array([[0.5, -0.5]] * 2, np.float32),
    )  # fmt: skip
    weights = {**blended.weights, **trees.weights()}
    grown = replace(blended, weights=weights, weights_before_refit=weights)
    parts = Parts.of(storage.save(grown, tmp_path / "mine"))
    assert refusal(tmp_path / "mine") == ""

    def harmless(what: str) -> bool:
        """Other numbers; no year; all the stars of another part."""
        return what.endswith(("all -1", "all 1e15", "reversed", "item_year missing"))

    mutations = list(hostile.of_weights(parts, Parts.of(FIXTURES / "blend")))
    assert all_refused(parts, mutations, tmp_path, harmless) > 150


@pytest.mark.parametrize("name", SOME)
def test_tables_that_hold_no_ratings_are_refused(name: str, tmp_path: Path) -> None:
    parts = Parts.of(FIXTURES / name)

    def harmless(what: str) -> bool:
        """Other ids, titles, times and stars, or one rating less: another data set."""
        as_well = (
            "item_id as text", "item_id with 200", "item_id with 1000000", "title all alike",
            "item_id with 2147483647", "ratings.parquet: cut", "rating all alike", "no timestamp",
        )  # fmt: skip
        is_time = "timestamp" in what and "as " not in what and "null" not in what
        return is_time or what.endswith(as_well)

    assert all_refused(parts, hostile.of_tables(parts), tmp_path, harmless) > 100


def test_attributes_that_are_none_are_refused(known_by_heart: Artifact, tmp_path: Path) -> None:
    """In an artifact of today, whose manifest has a sum."""
    ratings, split = known_by_heart.split.ratings, known_by_heart.split
    genres = Attribute.of(ratings.items, "genre", {"alien": ["Horror", "Sci-Fi"]})
    known = replace(split, ratings=replace(ratings, attributes=(genres,)))
    parts = Parts.of(storage.save(replace(known_by_heart, split=known), tmp_path / "mine"))
    mutations = [one for one in hostile.of_tables(parts) if "attribute.genre" in one[0]]
    tried = all_refused(parts, mutations, tmp_path, lambda what: "no attribute.genre" in what)
    assert tried == 7


@pytest.mark.parametrize("name", ["latent-factor-model", "blend"])
def test_a_manifest_of_anything_is_refused_or_harmless(name: str, tmp_path: Path) -> None:
    parts = Parts.of(FIXTURES / name)
    assert all_refused(parts, hostile.of_manifest(parts), tmp_path, lambda what: True) > 500


MUST_BE_REFUSED = [
    ("history", [1, 2]), ("history", {}), ("parts", [{}]), ("parts", "x"), ("seed", float("inf")),
    ("seed", -1), ("seed", True), ("config", None), ("config", []), ("scale", None), ("ids", [2]),
    ("ids", {"users": 30, "items": 21}), ("refit", 1), ("leak", None), ("versions", {"x": 1}),
    ("metrics", 3), ("best_epoch", 1.5), ("dataset", 7), ("files", {}), ("model", "blend"),
    ("model", "deep-neural-network-model"), ("support", "x"), ("residual_rmse", 0),
    ("residual_rmse", -1), ("dataset", "\ud800"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), MUST_BE_REFUSED)
def test_a_field_of_another_type_is_refused(tmp_path: Path, field: str, value: object) -> None:
    parts = Parts.of(FIXTURES / "latent-factor-model-adam")
    hostile.forge(parts, hostile._set_field((field,), value), tmp_path / "forged")
    assert refusal(tmp_path / "forged")


@pytest.mark.parametrize(
    "units",
    [{"factor": 0, "offset": 0}, {"factor": -1, "offset": 0}, {"factor": 1},
     {"factor": 1e30, "offset": 0}, {"factor": 1, "offset": 1e300}, {"factor": 1, "offset": "0"},
     [1, 0], None],
)  # fmt: skip
def test_units_that_make_no_stars_are_refused(units: object, tmp_path: Path) -> None:
    parts = Parts.of(FIXTURES / "latent-factor-model")
    hostile.forge(parts, hostile._set_field(("units",), units), tmp_path / "forged")
    assert refusal(tmp_path / "forged")


@pytest.mark.parametrize("where", [("momentum",), ("config", "momentum")])
def test_what_a_newer_starcast_says_is_called_newer(tmp_path: Path, where: tuple[str, ...]) -> None:
    parts = Parts.of(FIXTURES / "latent-factor-model-adam")
    hostile.forge(parts, hostile._set_field(where, 0.9), tmp_path / "forged")
    said = refusal(tmp_path / "forged")
    assert "is of a newer Starcast (0.1.0)" in said
    assert "'momentum'" in said
    assert "damaged" not in said
    assert "train" not in said


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    source = FIXTURES / "latent-factor-model"
    for n, (what, put) in enumerate(hostile.in_place_of_files(tmp_path / "forged", source)):
        assert n < 100
        shutil.copytree(source, tmp_path / "forged")
        put()
        assert refusal(tmp_path / "forged"), what
        shutil.rmtree(tmp_path / "forged")


def test_links_to_files_are_followed(tmp_path: Path) -> None:
    """As in stores of large files, whose names are their sums."""
    (tmp_path / "linked").mkdir()
    for path in (FIXTURES / "latent-factor-model").iterdir():
        (tmp_path / "linked" / path.name).symlink_to(path)
    assert refusal(tmp_path / "linked") == ""


_LOADED_AND_MEASURED = """
import resource, sys
from pathlib import Path
from starcast.artifacts import storage
from starcast.data.ratings import Attribute
from starcast.data.split import Split
from starcast.errors import ArtifactError
first, *others = map(Path, sys.argv[1:])
storage.load(first)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
for folder in others:
    try:
        storage.load(folder)
    except ArtifactError as error:
        pass
    print(folder.name, (peak() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are counted in other units elsewhere")
def test_a_small_file_does_not_become_gigabytes(tmp_path: Path) -> None:
    source = FIXTURES / "latent-factor-model"
    bombs = hostile.bombs(source, tmp_path)
    argv = [sys.executable, "-c", _LOADED_AND_MEASURED, str(source), *map(str, bombs)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    grown = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert len(grown) == len(bombs) >= 8
    assert {name: megabytes for name, megabytes in grown.items() if int(megabytes) > 200} == {}
