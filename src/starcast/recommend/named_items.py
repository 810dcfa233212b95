"""Items as people name them: by an id, or by a title."""

import inspect
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from starcast.artifacts.artifact import Artifact
from starcast.data.files.person import Rated
from starcast.data.id_arrays import as_column
from starcast.data.ids import Rows
from starcast.display import quoted
from starcast.errors import StarcastWarning, UnknownIdError
from starcast.recommend.matching import ItemFinder
from starcast.recommend.search import Search

_OFFERED = 3  # titles that are named where one was not understood

OnNote = Callable[[str], None]
"""Told of what was taken for what, a line each."""


def warn_caller(line: str) -> None:
    """Say it as a warning, at the line that called this package."""
    frame, level = inspect.currentframe(), 1
    while frame and frame.f_globals["__name__"].startswith("starcast."):
        frame, level = frame.f_back, level + 1
    warnings.warn(line, StarcastWarning, stacklevel=level)


@final
class NamedItems:
    """The items of a model by their names. It may be asked by several threads at once.

    A title is found as `matching.ItemFinder` does: whatever its case, accents, punctuation and
    article, with or without its year, where one item alone is meant.

    Args:
        artifact: any trained model.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._artifact, self._ratings = artifact, artifact.split.ratings

    @cached_property
    def finder(self) -> ItemFinder:
        """Finds items by id or title."""
        return ItemFinder(self._ratings)

    def row(self, named: object, on_note: OnNote = warn_caller) -> int:
        """The row of one item. Raises: UnknownIdError: as `rows`."""
        if named in self._ratings.items:
            return self._ratings.items.row(named)
        return int(self.rows([named], on_note)[0])

    def rows(
        self,
        named: ArrayLike | Sequence[object],
        on_note: OnNote = warn_caller,
        *,
        exactly: bool = True,
        refuse: bool = True,
    ) -> Rows:
        """Rows of items, int32 (n,).

        Args:
            named: (n,) ids or titles.
            on_note: told of titles of another year, or spelled alike, and of digits that are one.
            exactly: leave it at titles that are spelled the same.
            refuse: refuse what is neither; else it has row -1.
        Raises: UnknownIdError: one is neither, or may be several; says which are near.
        """
        rows = self._ratings.items.find(named)
        unknown = np.flatnonzero(rows < 0)
        if not len(unknown):
            return rows
        column = as_column(named)
        assert column is not None  # which `find` refuses
        names = column[unknown].tolist()
        meant = dict[object, int]()
        for name in dict.fromkeys(one for one in names if isinstance(one, str)):
            if (row := self._of_title(name, exactly, on_note)) is not None:
                meant[name] = row
        rows[unknown] = [meant.get(one, -1) for one in names]
        if refuse and (left := [one for one in names if one not in meant]):
            self._refuse(left)
        return rows

    def like(self, text: str, most: int) -> list[int]:
        """Rows of the items whose titles are like a text, best first."""
        titles, raters = self._ratings.titles.tolist(), self._artifact.n_raters.tolist()
        return Search(titles, raters).find(text, most)

    def _of_title(self, name: str, exactly: bool, on_note: OnNote) -> int | None:
        """The row that a title means; what it is taken for is said unless it is the same."""
        found = self.finder.find(Rated(name.strip(), "", None, 0), exactly=exactly)
        if found and (not found.is_sure or (found.title and name.strip().isdecimal())):
            on_note(f"{quoted(name)} is taken for {quoted(found.title)}")
        return found.row if found else None

    def _refuse(self, names: Sequence[object]) -> None:
        """Refuse what is no item. Raises: UnknownIdError: always."""
        first, *others = names
        is_title = isinstance(first, str) and first.strip() and not first.strip().isdecimal()
        rows = self.like(str(first), _OFFERED) if is_title else []
        if not rows:
            self._ratings.items.rows(names)  # which says what ids are near
        ids, titles = self._ratings.items.ids, self._ratings.titles
        near = ", ".join(f"{ids[row]} {quoted(titles[row])}" for row in rows)
        more = f" (nor {len(others)} more)" if others else ""
        raise UnknownIdError(f"no item has the id or title {quoted(first)}{more}; near: {near}")
