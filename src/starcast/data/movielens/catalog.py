"""The data sets Starcast knows by name: where each lies, how large it is, how it is checked."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import final

from starcast.errors import UnknownNameError

SITE = "https://files.grouplens.org/datasets/movielens"
MIRROR, DATA_DIR = "STARCAST_MIRROR", "STARCAST_DATA_DIR"  # variables of the environment
USUAL_DATA_DIR = Path("datasets")

_SHARED = "research use; may be passed on under the same licence; no commercial use"
_RESTRICTED = "research use; neither redistribution nor commercial use without permission"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """One MovieLens release, as GroupLens publishes it.

    Attributes:
        name: the archive's name without ".zip", and the name of the folder it is fetched into.
        n_ratings, n_users, n_items: rows of the rating file, users in it, rows of the film file.
        n_rated_items: films that have a rating, where that is fewer and known, else `n_items`.
        released: year.
        folder: what the archive unpacks into.
        md5, sha256: hex sums of the archive at GroupLens; None where none is pinned.
        licence: what the README allows, in a line.
        official_splits: names of the train/test splits that the archive ships.
        embedded: whether Starcast ships the set itself.
    """

    name: str
    n_ratings: int
    n_users: int
    n_items: int
    n_rated_items: int
    released: int
    folder: str
    md5: str | None
    sha256: str | None = None
    licence: str = _RESTRICTED
    official_splits: tuple[str, ...] = ()
    embedded: bool = False

    @property
    def url(self) -> str:
        """Where GroupLens serves the archive."""
        return f"{SITE}/{self.name}.zip"

    @property
    def pinned(self) -> dict[str, str]:
        """The sums that the archive at GroupLens must have: kind of sum to hex digits."""
        sums = {"md5": self.md5, "sha256": self.sha256}
        return {kind: digits for kind, digits in sums.items() if digits}


_DATA_SETS = (
    DataSet(
        name="ml-latest-small",
        n_ratings=100_836,
        n_users=610,
        n_items=9_742,
        n_rated_items=9_724,
        released=2018,
        folder="ml-latest-small",
        md5=None,  # GroupLens replaces this archive from time to time; ours is embedded
        licence=_SHARED,
        embedded=True,
    ),
    DataSet(
        name="ml-100k",
        n_ratings=100_000,
        n_users=943,
        n_items=1_682,
        n_rated_items=1_682,
        released=1998,
        folder="ml-100k",
        md5="0e33842e24a9c977be4e0107933c0723",
        official_splits=("u1", "u2", "u3", "u4", "u5", "ua", "ub"),
    ),
    DataSet(
        name="ml-1m",
        n_ratings=1_000_209,
        n_users=6_040,
        n_items=3_883,
        n_rated_items=3_706,
        released=2003,
        folder="ml-1m",
        md5="c4d9eecfca2ab87c1945afe126590906",
        sha256="a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
    ),
    DataSet(
        name="ml-10m",
        n_ratings=10_000_054,
        n_users=69_878,  # in the file; its README says 71,567
        n_items=10_681,
        n_rated_items=10_677,
        released=2009,
        folder="ml-10M100K",
        md5="ce571fd55effeba0271552578f2648bd",
        sha256="813c411ccb6122564edfe752e7f80c4dcc5aa25fa94c93622f6877a7ba252862",
    ),
    DataSet(
        name="ml-20m",
        n_ratings=20_000_263,
        n_users=138_493,
        n_items=27_278,
        n_rated_items=26_744,
        released=2015,
        folder="ml-20m",
        md5="cd245b17a1ae2cc31bb14903e1204af3",
        sha256="96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3",
    ),
    DataSet(
        name="ml-25m",
        n_ratings=25_000_095,
        n_users=162_541,
        n_items=62_423,
        n_rated_items=59_047,
        released=2019,
        folder="ml-25m",
        md5="6b51fb2759a8657d3bfcbfc42b592ada",
    ),
    DataSet(
        name="ml-32m",
        n_ratings=32_000_204,
        n_users=200_948,
        n_items=87_585,
        n_rated_items=84_432,
        released=2024,
        folder="ml-32m",
        md5="d472be332d4daa821edc399621853b57",
        licence=_SHARED,
    ),
)

CATALOG: dict[str, DataSet] = {data_set.name: data_set for data_set in _DATA_SETS}


def find(name: str) -> DataSet:
    """The data set of that name.

    Raises: UnknownNameError: there is none; the message names the nearest.

    >>> find("ml-1m").n_ratings
    1000209
    """
    if name not in CATALOG:
        raise UnknownNameError("data set", name, CATALOG)
    return CATALOG[name]


def data_dir_of(given: str | Path | None = None) -> Path:
    """The folder of data sets: the one given, $STARCAST_DATA_DIR, or the usual one."""
    return Path(given or os.environ.get(DATA_DIR) or USUAL_DATA_DIR).expanduser()
