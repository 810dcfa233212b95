"""A person's list of ratings, and which items of a model it is about."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, final

import numpy as np

from starcast.data.files.person import Listed, Rated
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.display import quoted
from starcast.errors import DataError
from starcast.recommend.titles import Match, TitleIndex

_SHOWN = 8  # items named in a line
_IMDB = re.compile(r"tt(\d{7,})", re.ASCII)


@final
class Matched(NamedTuple):
    """What a model knows of a person's list.

    Attributes:
        item_ids: ids of the model, each once.
        stars: one for each, on the model's scale.
        notes: what was taken for what, and what was left out, a line each.
    """

    item_ids: list[object]
    stars: list[float]
    notes: list[str]


def match(listed: Listed, ratings: Ratings) -> Matched:
    """The items that a person's list is about: by id, or else by title and year.

    Args:
        listed: the list.
        ratings: whose items and scale these are.
    Returns: what is known of them; of two ratings of one item the later counts.
    Raises: DataError: nothing on the list is known.
    """
    index = TitleIndex(ratings)
    found = [_found(one, ratings.items, index) for one in listed.ratings]
    unknown = [one for one, item in zip(listed.ratings, found, strict=True) if item is None]
    if len(unknown) == len(found):
        raise DataError(
            f"nothing on the list is known here: {_shown(unknown)}; give ids or titles of items in "
            "the training data"
        )
    known = [(one, item) for one, item in zip(listed.ratings, found, strict=True) if item]
    stars_of = {item.row: one.stars for one, item in known}
    like, note = _on_scale(list(stars_of.values()), listed.ends, ratings.scale)
    ids = ratings.items.ids[list(stars_of)].tolist()
    notes = [*_sayings(known), *note, *_left_out(listed, unknown, len(known) - len(ids))]
    return Matched(ids, like, notes)


def _found(rated: Rated, items: Vocabulary, index: TitleIndex) -> Match | None:
    for item in _ids(rated.item, items):
        if item in items:
            return Match(items.row(item), "", is_sure=True)
    title = rated.title or rated.item
    return index.find(title, rated.year) if title else None


def _ids(item: str, items: Vocabulary) -> Iterator[str]:
    """How an id may be written in the training data, too."""
    if item:
        yield item
        yield re.sub(r"[.,]0+$", "", item)  # 1.0, as data frames write
        imdb = _IMDB.fullmatch(item)
        if imdb and items.ids.dtype.kind == "U":  # numbers are likely those of another catalogue
            yield imdb[1]


def _on_scale(
    stars: list[float], ends: tuple[float, float] | None, scale: RatingScale
) -> tuple[list[float], list[str]]:
    """Ratings of an export on the model's scale, its highest as the highest there."""
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
    unsure = [f"{_name(one)} is {quoted(item.title)}" for one, item in by_title if not item.is_sure]
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
    return ", ".join(map(_name, rated[:_SHOWN])) + more


def _name(rated: Rated) -> str:
    year = f" ({rated.year})" if rated.year else ""
    return quoted(f"{rated.title}{year}" if rated.title else rated.item)
