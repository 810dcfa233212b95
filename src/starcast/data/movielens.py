"""The layouts of GroupLens: u.data, ratings.dat and ratings.csv, and the titles beside them."""

from pathlib import Path
from typing import final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.data import faults, tabular
from starcast.data.columns import ITEM, RATING, TIMESTAMP, USER
from starcast.data.delimited import Layout, check_readable
from starcast.errors import DataError, UnknownIdError, UnknownNameError
from starcast.ids import Ids
from starcast.ratings import Ratings


@final
class Release(NamedTuple):
    """How a kind of MovieLens release lays out its two files.

    Attributes:
        ratings: name of the rating file: user, item, rating and timestamp in this order.
        items: name of the film file, id and title first.
        separator: what stands between fields of both.
        has_header: whether a line of names leads both.
    """

    ratings: str
    items: str
    separator: str
    has_header: bool

    def layout(self, path: Path) -> Layout:
        """The rating file's layout, for `path`."""
        separator, stride = (":", 2) if self.separator == "::" else (self.separator, 1)
        places = {kind: at * stride for at, kind in enumerate((USER, ITEM, RATING, TIMESTAMP))}
        return Layout(path, separator, 3 * stride + 1, places, self.has_header, stride)


RELEASES = (
    Release("u.data", "u.item", "\t", has_header=False),  # 100K
    Release("ratings.dat", "movies.dat", "::", has_header=False),  # 1M and 10M
    Release("ratings.csv", "movies.csv", ",", has_header=True),  # 20M and all later ones
)
