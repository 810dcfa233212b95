"""The data that races are run on: written once to a folder of its own, read by every contestant."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, final

import numpy as np

from benchmarks.synthetic import synthetic
from starcast.data.ids import Vocabulary
from starcast.data.load import load
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import TEST, Split, SplitPlan
from starcast.errors import DataError

REAL, STAND_IN = "ml-1m", "ml-latest-small"
SEED = 42
_COLUMNS = ("user_rows", "item_rows", "stars")


@final
@dataclass(frozen=True)
class Shape:
    """How large a data set is."""

    n_ratings: int
    n_users: int
    n_items: int

    def smaller(self, share: float) -> "Shape":
        """The same, with a share of the ratings and of the users, and the root of it of items."""
        return Shape(
            round(self.n_ratings * share),
            max(round(self.n_users * share), 50),
            max(round(self.n_items * share**0.5), 50),
        )

    def __str__(self) -> str:
        return f"{self.n_ratings:,} ratings of {self.n_users:,} users and {self.n_items:,} items"


ML_20M = Shape(20_000_263, 138_493, 26_744)


@final
class Stage:
    """Where a work finds its data.

    Args:
        folder: for what is written here.
        data_dir: the folder that holds the real data sets.
        quick: everything small, to see that it runs.
        alone: this work was asked for by name, so that it may take its time.
    """

    def __init__(self, folder: Path, data_dir: Path, *, quick: bool, alone: bool) -> None:
        self.folder, self.quick, self.alone = folder, quick, alone
        self._data_dir = data_dir
        self.real = cache(self._real)
        self.like = cache(self._like)

    def _real(self) -> tuple[str, str]:
        """The folder of ML-1M's split (of the embedded set when quick), and words for it."""
        name = STAND_IN if self.quick else REAL
        split = SplitPlan(seed=SEED).divide(load(name, self._data_dir))
        return write(split, self.folder / name), describe(split)

    def _like(self, shape: Shape) -> tuple[str, str]:
        """The folder of a synthetic split of that shape, and words for it."""
        shape = shape.smaller(0.01) if self.quick else shape
        split = SplitPlan(seed=SEED).divide(
            synthetic(shape.n_ratings, shape.n_users, shape.n_items, SEED)
        )
        folder = self.folder / f"synthetic-{shape.n_ratings}-{shape.n_items}"
        words = f"synthetic, {shape}, popularity as of films; split {split.scheme}"
        return write(split, folder), words


def require_real(data_dir: Path, without: Sequence[str]) -> None:
    """Say what to do where ML-1M is missing.

    Args:
        data_dir: the folder that holds the real data sets.
        without: the works that can be measured without it.
    Raises: DataError.
    """
    if not (data_dir / REAL).is_dir():
        raise DataError(
            f"{data_dir / REAL} is missing; get it with `starcast data fetch {REAL} --data-dir "
            f"{data_dir}`, say DATA_DIR=folder, or ONLY={','.join(without)}, which do without"
        )


def describe(split: Split) -> str:
    """A split in words."""
    n_test = int(np.count_nonzero(split.parts == TEST))
    return (
        f"{split.ratings.name}, split {split.scheme}: {len(split.ratings) - n_test:,} training and "
        f"validation rows are learned from, {n_test:,} are test rows; "
        f"fingerprint {split.fingerprint[:12]}"
    )


def write(split: Split, folder: Path) -> str:
    """Write a split as plain arrays; the folder's name."""
    folder.mkdir(parents=True, exist_ok=True)
    ratings = split.ratings
    for name in _COLUMNS:
        np.save(folder / f"{name}.npy", getattr(ratings, name))
    np.save(folder / "parts.npy", split.parts)
    np.save(folder / "user_ids.npy", ratings.users.ids)
    np.save(folder / "item_ids.npy", ratings.items.ids)
    np.save(folder / "titles.npy", ratings.titles)
    scale = ratings.scale
    np.save(folder / "scale.npy", np.array([scale.lowest, scale.highest, scale.step]))
    if ratings.timestamps is not None:
        np.save(folder / "timestamps.npy", ratings.timestamps)
    return str(folder)


def read(folder: str) -> Split:
    """What `write` wrote."""

    def array(name: str) -> Any:
        return np.load(Path(folder) / f"{name}.npy")

    ratings = Ratings(
        **{name: array(name) for name in _COLUMNS},
        timestamps=array("timestamps") if (Path(folder) / "timestamps.npy").exists() else None,
        users=Vocabulary(array("user_ids"), "user"),
        items=Vocabulary(array("item_ids"), "item"),
        scale=RatingScale(*array("scale").tolist()),
        titles=array("titles"),
        name=Path(folder).name,
    )
    return Split(ratings, array("parts"), str(SplitPlan(seed=SEED)))


def known(split: Split) -> Ratings:
    """The rows that contestants learn from: training and validation."""
    return split.ratings.take(split.parts != TEST)


def some_rows(rows: Ratings, n: int | None) -> Ratings:
    """n random rows, or all; the vocabularies stay whole."""
    if n is None or n >= len(rows):
        return rows
    chosen = np.random.default_rng(SEED).choice(len(rows), n, replace=False, shuffle=False)
    return rows.take(np.sort(chosen))
