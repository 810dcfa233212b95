"""The real MovieLens archives, where they lie: in STARCAST_TEST_DATA or ../shared/datasets."""

import csv
import importlib.util
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from starcast.data import load, parquet
from starcast.data.movielens import parse
from starcast.data.movielens.catalog import find
from starcast.data.ratings import Ratings

REPOSITORY = Path(__file__).parents[2]
ARCHIVES = Path(os.environ.get("STARCAST_TEST_DATA") or REPOSITORY.parent / "shared" / "datasets")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with whatever archives there are, unpacked."""
    target = tmp_path_factory.mktemp("datasets")
    for name in ("ml-100k", "ml-1m", "ml-latest-small"):
        if (ARCHIVES / f"{name}.zip").is_file():
            with zipfile.ZipFile(ARCHIVES / f"{name}.zip") as archive:
                archive.extractall(target)
    return target


def unpacked(data_dir: Path, name: str) -> Path:
    if not (data_dir / name).is_dir():
        pytest.skip(f"no {name}.zip in {ARCHIVES}; set STARCAST_TEST_DATA to its folder")
    return data_dir / name


def assert_same(one: Ratings, other: Ratings) -> None:
    for column in ("user_rows", "item_rows", "stars", "timestamps", "titles"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), column, True)
    for mine, theirs in ((one.users, other.users), (one.items, other.items)):
        np.testing.assert_array_equal(mine.ids, theirs.ids, strict=True)
    assert one.scale == other.scale


@pytest.mark.parametrize(
    ("name", "n", "n_users", "n_items", "step", "total", "title"),
    [
        ("ml-100k", 100_000, 943, 1_682, 1, 352_986, (543, "Misérables, Les (1995)")),
        ("ml-1m", 1_000_209, 6_040, 3_706, 1, 3_582_313, (1, "Toy Story (1995)")),
        ("ml-latest-small", 100_836, 610, 9_724, 0.5, 353_083, (73, "Misérables, Les (1995)")),
    ],
)  # fmt: skip
def test_known_figures(
    data_dir: Path, name: str, n: int, n_users: int, n_items: int, step: float, total: float,
    title: tuple[int, str],
) -> None:  # fmt: skip
    ratings = parse.read(unpacked(data_dir, name), name)
    assert (len(ratings), ratings.n_users, ratings.n_items) == (n, n_users, n_items)
    assert (ratings.scale.highest, ratings.scale.step) == (5, step)
    assert float(ratings.stars.sum(dtype=np.float64)) == total
    assert ratings.titles[ratings.items.rows([title[0]])].tolist() == [title[1]]
    assert all(ratings.titles)
    known = find(name)
    assert (known.n_ratings, known.n_users, known.n_rated_items) == (n, n_users, n_items)


def test_every_row_equals_the_file_read_in_plain_python(data_dir: Path) -> None:
    folder = unpacked(data_dir, "ml-1m")
    lines = (folder / "ratings.dat").read_text().split()
    rows = sorted(tuple(map(int, line.split("::"))) for line in lines)
    ratings = load.load("ml-1m", data_dir)
    assert ratings.timestamps is not None
    columns = (
        ratings.users.ids[ratings.user_rows].tolist(),
        ratings.items.ids[ratings.item_rows].tolist(),
        ratings.stars.astype(int).tolist(),
        ratings.timestamps.tolist(),
    )
    assert list(zip(*columns, strict=True)) == rows


def test_the_cache_gives_the_same_set(data_dir: Path) -> None:
    folder = unpacked(data_dir, "ml-1m")
    load.load("ml-1m", data_dir)
    assert (folder / "ratings.dat.starcast.blocks").is_dir()
    assert_same(load.load("ml-1m", data_dir), parse.read(folder, "ml-1m"))


@pytest.mark.parametrize("name", ["u1", "u2", "u3", "u4", "u5", "ua", "ub"])
def test_official_splits(data_dir: Path, name: str) -> None:
    unpacked(data_dir, "ml-100k")
    ratings = load.load("ml-100k", data_dir)
    mask = load.load_official_test("ml-100k", name, data_dir, ratings)
    base = (data_dir / "ml-100k" / f"{name}.base").read_text().splitlines()
    assert mask.sum() == (20_000 if name[1].isdigit() else 9_430)
    assert (~mask).sum() == len(base)
    pairs = {tuple(map(int, line.split("\t")[:2])) for line in base}
    users = ratings.users.ids[ratings.user_rows[~mask]].tolist()
    items = ratings.items.ids[ratings.item_rows[~mask]].tolist()
    assert set(zip(users, items, strict=True)) == pairs


def test_the_five_folds_share_nothing_and_leave_nothing_out(data_dir: Path) -> None:
    unpacked(data_dir, "ml-100k")
    ratings = load.load("ml-100k", data_dir)
    folds = [
        load.load_official_test("ml-100k", f"u{fold}", data_dir, ratings) for fold in range(1, 6)
    ]
    assert np.all(np.sum(folds, axis=0) == 1)


def test_the_embedded_set_equals_the_archive(data_dir: Path) -> None:
    folder = unpacked(data_dir, "ml-latest-small")
    embedded = load.load("ml-latest-small", data_dir)
    assert_same(embedded, parse.read(folder, "ml-latest-small"))
    with (folder / "ratings.csv").open() as file:
        rows = [tuple(map(float, row)) for row in list(csv.reader(file))[1:]]
    assert embedded.timestamps is not None
    users, items = embedded.users.ids[embedded.user_rows], embedded.items.ids[embedded.item_rows]
    table = np.stack([users, items, embedded.stars, embedded.timestamps], axis=1)
    np.testing.assert_array_equal(table, rows)
    shipped = Path(load.__file__).parent / "embedded" / "README.txt"
    assert shipped.read_bytes() == (folder / "README.txt").read_bytes()


def test_the_embedding_script_builds_what_is_embedded(data_dir: Path, tmp_path: Path) -> None:
    unpacked(data_dir, "ml-latest-small")
    script = REPOSITORY / "tools" / "embed_ml_latest_small.py"
    specification = importlib.util.spec_from_file_location("embed_ml_latest_small", script)
    assert specification
    assert specification.loader
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    tool.embed(ARCHIVES / "ml-latest-small.zip", tmp_path)
    built = parquet.read(tmp_path / "ml-latest-small.parquet", "ml-latest-small")
    assert_same(built, load.load("ml-latest-small", data_dir))
