"""What a folder of blocks says of itself, and whether it is to be believed.

A folder holds `header.json` and columns: files of nothing but values, little-endian. Ratings are
sorted by user and item. `offsets` tells where each user's begin, `items` holds the item's row of
each (4 bytes), `codes` which of the header's ratings it is (1 or 2 bytes), `times` the time since
the first, in as many bytes as hold it, where times are known. Ids are numbers, or texts one after
the other and where each ends; titles are such texts.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from starcast.data.reading import Reading
from starcast.data.scale import RatingScale
from starcast.disk.reading import read_at_most
from starcast.disk.replacement import standing
from starcast.errors import DataError

HEADER, FORMAT, VERSION = "header.json", "starcast-blocks", 1
OFFSETS, ITEMS, CODES, TIMES = "offsets", "items", "codes", "times"
MOST_LEVELS = 1 << 16
MOST_BYTES = 256 << 20  # genres of a million items are a tenth of it
_MOST_ROWS = 2**31 - 1  # of a vocabulary: rows are int32
_KINDS = ("int64", "text")
_WIDTHS = ("uint8", "uint16", "uint32", "uint64")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is said of blocks.

    Attributes:
        n_ratings, n_users, n_items: how many there are.
        scale: the stars that exist, as lowest, highest and step.
        levels: every rating that may occur, float32 values, ascending.
        user_ids, item_ids: "int64" or "text".
        times: the first time, and the type of those since; None where none are known.
        attributes: of users and items, as `attributes.plain` has them.
        reading: what was taken for what, as `Reading.to_json` has it, or None.
        sums: file to its CRC-32.
    """

    n_ratings: int
    n_users: int
    n_items: int
    scale: tuple[float, float, float]
    levels: tuple[float, ...]
    user_ids: str
    item_ids: str
    times: tuple[int, str] | None
    attributes: Sequence[Any]
    reading: Mapping[str, Any] | None
    sums: Mapping[str, int]

    @property
    def code_type(self) -> str:
        """Of what tells a rating."""
        return "uint8" if len(self.levels) <= 1 << 8 else "uint16"

    @property
    def columns(self) -> dict[str, tuple[str, int]]:
        """The type and the length of what has a value for each rating or user, by file."""
        known = {
            OFFSETS: ("int64", self.n_users + 1),
            ITEMS: ("int32", self.n_ratings),
            CODES: (self.code_type, self.n_ratings),
        }
        return known | ({TIMES: (self.times[1], self.n_ratings)} if self.times else {})

    def rating_scale(self) -> RatingScale:
        """The scale. Raises: DataError: it is none."""
        return RatingScale(*self.scale)

    def write(self, folder: Path) -> None:
        """Put it into a folder of columns.

        Raises: DataError: it would be too large to be read again.
        """
        words = {"format": FORMAT, "version": VERSION, **asdict(self)}
        text = (json.dumps(words) + "\n").encode()
        if len(text) > MOST_BYTES:
            raise DataError(
                f"what is known of items beside their titles takes {len(text):,} bytes, and blocks "
                f"hold {MOST_BYTES:,}; leave columns out of the file of --items"
            )
        (folder / HEADER).write_bytes(text)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """That of a folder.

        Raises:
            OSError: it cannot be read.
            ValueError, TypeError, LookupError: it is none, or of another version.
        """
        words = json.loads(read_at_most(folder / HEADER, MOST_BYTES))
        if not isinstance(words, dict) or words.pop("format", None) != FORMAT:
            raise ValueError(f"{HEADER} is none of blocks")
        if words.pop("version", None) != VERSION:
            raise ValueError("they are of another version of Starcast")
        times = words["times"]
        words |= {"levels": tuple(words["levels"]), "scale": tuple(words["scale"])}
        found = cls(**(words | {"times": None if times is None else tuple(times)}))
        if fault := found._fault():
            raise ValueError(f"{HEADER} says {fault}")
        return found

    def _fault(self) -> str:
        """What cannot be; "" if all can."""
        sizes = self.n_ratings, self.n_users, self.n_items
        if not all(type(n) is int and n > 0 for n in sizes):
            return f"there are {str(sizes)[:60]} ratings, users and items"
        if max(sizes[1:]) > _MOST_ROWS or self.n_ratings > self.n_users * self.n_items:
            return f"there are {self.n_ratings:,} ratings of {self.n_users:,} × {self.n_items:,}"
        levels = np.array(self.levels, np.float64)
        if (
            levels.ndim != 1
            or not 1 <= len(levels) <= MOST_LEVELS
            or not np.all(np.diff(levels) > 0)
        ):
            return "ratings that do not ascend"
        if self.user_ids not in _KINDS or self.item_ids not in _KINDS:
            return "ids that are neither numbers nor text"
        if self.times is not None:
            first, width = self.times
            if type(first) is not int or abs(first) >= 2**63 or width not in _WIDTHS:
                return "times that are none"
        if not (isinstance(self.sums, dict) and isinstance(self.attributes, list)):
            return "no checksums, or no attributes"
        return ""


def is_blocks(path: object) -> bool:
    """Whether a place is a folder of blocks, or says that it is."""
    if not isinstance(path, str | Path) or not str(path):
        return False
    with suppress(OSError, ValueError):
        return (standing(Path(path)) / HEADER).is_file()
    return False


def reading_of(header: Header) -> Reading | None:
    """What was taken for what. Raises: TypeError: what it says is none."""
    return None if header.reading is None else Reading.from_json(dict(header.reading))


def damaged(folder: Path, error: BaseException) -> DataError:
    """What is said of blocks that are not as they were written."""
    why = (str(error) or type(error).__name__).splitlines()[0][:200]
    return DataError(
        f"{folder} cannot be read as blocks: {why}; make them again: starcast data blocks"
    )
