"""Somebody whom a model does not know, by the ratings that the command line or a file has."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.display import quoted
from starcast.errors import ConfigError, UnknownIdError

if TYPE_CHECKING:
    from starcast.data.files.options import ReadingOptions
    from starcast.data.files.person import Listed
    from starcast.recommend import FoldedInUser, Recommender

Rated = Annotated[
    list[str] | None,
    typer.Option(
        "--rated",
        metavar="ITEM=STARS",
        help="A rating of somebody the model does not know, of an item by its id or title; repeat "
        "for more.",
    ),
]
RatingsOf = Annotated[
    Path | None,
    typer.Option(
        "--ratings-of",
        help="The same from a file: a table of items or titles and stars, or an export of "
        "Letterboxd or IMDb.",
    ),
]


def folded_in(
    recommender: "Recommender",
    rated: Sequence[str] | None,
    ratings_of: Path | None,
    options: "ReadingOptions",
) -> "FoldedInUser":
    """The person, folded in; what was taken for what, and left out, is said."""
    from starcast.cli.show import note
    from starcast.data.files import person
    from starcast.recommend.matching import match

    listed = person.read(ratings_of, options) if ratings_of else _listed(rated or ())
    try:
        matched = match(listed, recommender.artifact.split.ratings, is_history=bool(ratings_of))
    except UnknownIdError:  # of items that are typed: titles are near, too
        items = [one.item for one in listed.ratings]
        recommender.named_items.rows(items, note, exactly=False)
        raise
    for line in matched.notes:
        note(line)
    return recommender.fold_in(matched.item_ids, matched.stars)


def _listed(rated: Sequence[str]) -> "Listed":
    from starcast.data.files.person import Listed, Rated

    pairs = [one.rpartition("=") for one in rated]
    for written, (item, _, stars) in zip(rated, pairs, strict=True):
        if not (item.strip() and _is_number(stars)):
            raise ConfigError(f"{quoted(written)} is no rating; write ITEM=STARS, as 260=4.5")
    return Listed(
        [Rated(item.strip(), "", None, float(stars)) for item, _, stars in pairs], 0, None
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def require_one_way(*ways: object) -> None:
    """Refuse none, and several, ways of saying for whom. Raises: ConfigError."""
    if sum(way is not None for way in ways) != 1:
        more = ", --users FILE or --all" if len(ways) > 3 else ""
        raise ConfigError(
            f"say for whom, in one way: --user, --rated ITEM=STARS, --ratings-of FILE{more}"
        )


def require_file(options: "ReadingOptions", *files: object) -> None:
    """Refuse options that say how a file is written where there is none. Raises: ConfigError."""
    if (given := options.given()) and not any(files):
        raise ConfigError(f"{given[0]} says how a file is written; it is for --ratings-of FILE")
