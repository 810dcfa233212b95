"""A person's list of ratings, and which items of a model it is about."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, final

import numpy as np

from starcast.data.files.person import Listed, Rated
from starcast.data.ids import Ids, Rows, Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.display import quoted
from starcast.errors import DataError
from starcast.recommend.given_ratings import check_stars
from starcast.recommend.titles import Match, TitleIndex

_SHOWN = 8  # items named in a line
_MOST_ALIKE = 200  # titles for which others that are spelled alike are looked for
_IMDB = re.compile(r"tt(\d{7,})", re.ASCII)


@final
class Matched(NamedTuple):
    """What a model knows of a person's list.

    Attributes:
        item_ids: ids of the model.
        stars: one for each, on the model's scale.
        notes: what was taken for what, and what was left out, a line each.
    """

    item_ids: list[object]
    stars: list[float]
    notes: list[str]


@final
class ItemFinder:
    """Finds items by id, or else by title and year.

    Args:
        ratings: whose items these are.
    """

    def __init__(self, ratings: Ratings) -> None:
        self._ratings, self.items = ratings, ratings.items

    def find(self, rated: Rated, *, exactly: bool = False) -> Match | None:
        """The item that a rating is of; None where there is none. Found by id, it has no title.

        Args:
            rated: the rating.
            exactly: leave it at titles that are the same, which costs little.
        """
        for item in _ids(rated.item, self.items):
            if item in self.items:
                return Match(self.items.row(item), "", is_sure=True)
        title = rated.title or rated.item
        if not title or "\0" in title:  # which is no mark that people type or leave out
            return None
        return self._titles.find(title, rated.year, exactly=exactly)

    @cached_property
    def _titles(self) -> TitleIndex:
        return TitleIndex(self._ratings)


@final
class Found(NamedTuple):
    """Item rows, int32 (n,), and what was taken for what, a line each."""

    rows: Rows
    notes: list[str]


def find_items(name: str, wanted: Sequence[object], finder: ItemFinder) -> Found:
    """The items of a list of ids or titles.

    Args:
        name: of the list, for notes.
        wanted: ids or titles.
        finder: of the catalogue.
    Raises: UnknownIdError: it knows none of them; says what is near the first.
    """
    items = finder.items
    rows = items.find(wanted) if wanted else np.empty(0, np.int32)
    rated = {at: Rated(str(wanted[at]), "", None, 0) for at in np.flatnonzero(rows < 0).tolist()}
    found = {at: finder.find(one) for at, one in rated.items() if isinstance(wanted[at], str)}
    known = {at: item for at, item in found.items() if item}
    rows[list(known)] = [item.row for item in known.values()]
    unknown = [one for at, one in rated.items() if at not in known]
    if wanted and len(unknown) == len(wanted):
        items.rows(wanted)
    notes = list(_unsure([(rated[at], item) for at, item in known.items()]))
    if unknown:
        notes.append(f"{len(unknown):,} of {len(wanted):,} are not known here: {_shown(unknown)}")
    return Found(rows[rows >= 0], [f"{name}: {note}" for note in notes])


def ids_for_titles(named: Ids, finder: ItemFinder) -> tuple[Ids, list[str]]:
    """A column of items with ids in the place of titles; and what was taken for what, a line each.

    Args:
        named: (n,) ids or titles.
        finder: of the catalogue.
    Returns: (n,), in which what is neither stays as it is.
    """
    wanted = np.unique(named) if named.dtype.kind in "UO" else named[:0]
    wanted = wanted[finder.items.find(wanted) < 0] if len(wanted) else wanted
    rated = [Rated(str(one), "", None, 0) for one in wanted.tolist()]
    exactly = len(rated) > _MOST_ALIKE
    found = [(one, finder.find(one, exactly=exactly)) for one in rated]
    known = [(one, item) for one, item in found if item]
    if not known:
        return named, []
    meant = {one.item: str(finder.items.ids[item.row]) for one, item in known}
    ids = np.array([meant.get(str(one), str(one)) for one in named.tolist()])
    return ids, list(_unsure(known))


def match(listed: Listed, ratings: Ratings, *, is_history: bool = True) -> Matched:
    """The items that a person's list is about: by id, or else by title and year.

    Args:
        listed: the list.
        ratings: whose items and scale these are.
        is_history: of two ratings of one item the later counts, which is said; both are given back
            where somebody types ratings.
    Returns: what is known of them.
    Raises: DataError, or UnknownIdError of what is typed: nothing on the list is known.
    """
    if not is_history:
        typed = listed.ratings
        check_stars(ratings.scale, [one.item for one in typed], [one.stars for one in typed])
    finder = ItemFinder(ratings)
    found = [(one, finder.find(one)) for one in listed.ratings]
    known = [(one, item) for one, item in found if item]
    unknown = [one for one, item in found if item is None]
    if not known:
        if not is_history:
            ratings.items.rows([one.item for one in unknown])  # which says what is near
        raise DataError(
            f"nothing on the list is known here: {_shown(unknown)}; give ids or titles of items in "
            "the training data"
        )
    kept = [(item.row, one.stars) for one, item in known]
    kept = list(dict(kept).items()) if is_history else kept
    like, note = on_scale([stars for _, stars in kept], listed.ends, ratings.scale)
    ids = ratings.items.ids[[row for row, _ in kept]].tolist()
    notes = [*_sayings(known), *note, *_left_out(listed, unknown, len(known) - len(ids))]
    return Matched(ids, like, notes)


def _ids(item: str, items: Vocabulary) -> Iterator[str]:
    """How an id may be written in the training data, too."""
    if item:
        yield item
        yield re.sub(r"[.,]0+$", "", item)  # 1.0, as data frames write
        imdb = _IMDB.fullmatch(item)
        if imdb and items.ids.dtype.kind == "U":  # numbers are likely those of another catalogue
            yield imdb[1]


def on_scale(
    stars: list[float], ends: tuple[float, float] | None, scale: RatingScale
) -> tuple[list[float], list[str]]:
    """Ratings of an export on the model's scale, its highest as the highest there; and a note."""
    if ends is None or ends == (scale.lowest, scale.highest):
        return stars, []
    lowest, highest = ends
    if scale.lowest >= 0:
        like = [one * scale.highest / highest for one in stars]
    else:
        share = (scale.highest - scale.lowest) / (highest - lowest)
        like = [scale.lowest + (one - lowest) * share for one in stars]
    told = (
        f"stars from {lowest:g} to {highest:g} are taken for {scale.lowest:g} to {scale.highest:g}"
    )
    return [float(one) for one in scale.clip(np.array(like))], [told]


def _sayings(known: Sequence[tuple[Rated, Match]]) -> Iterator[str]:
    by_title = [(one, item) for one, item in known if item.title]
    if by_title:
        yield f"{len(by_title):,} of {len(known):,} items found by title"
    yield from _unsure(by_title)


def _unsure(by_title: Sequence[tuple[Rated, Match]]) -> Iterator[str]:
    unsure = [
        f"{name_of(one)} is {quoted(item.title)}" for one, item in by_title if not item.is_sure
    ]
    if unsure:
        more = f"; and {len(unsure) - _SHOWN} more" if len(unsure) > _SHOWN else ""
        yield f"taken for the same: {'; '.join(unsure[:_SHOWN])}{more}"


def _left_out(listed: Listed, unknown: Sequence[Rated], n_repeated: int) -> Iterator[str]:
    if unknown:
        items = "item" if len(unknown) == 1 else "items"
        yield f"left out: {len(unknown):,} {items} not known here: {_shown(unknown)}"
    if listed.n_without:
        yield f"left out: {listed.n_without:,} rows without a rating"
    if n_repeated:
        yield f"left out: {n_repeated:,} older ratings of items that were rated again"


def _shown(rated: Sequence[Rated]) -> str:
    more = f" and {len(rated) - _SHOWN} more" if len(rated) > _SHOWN else ""
    return ", ".join(map(name_of, rated[:_SHOWN])) + more


def name_of(rated: Rated) -> str:
    """What a rating calls its item."""
    year = f" ({rated.year})" if rated.year else ""
    return quoted(f"{rated.title}{year}" if rated.title else rated.item)
