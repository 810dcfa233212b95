"""Items that are named by an id, or by a title."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starcast.display import quoted
from starcast.errors import UnknownIdError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.recommend import Recommender

_OFFERED = 3  # titles that are named where one was not understood

Item = Annotated[str, typer.Option("--item", help="An item's id or title.")]


def rows_like(trained: "Artifact", text: str, most: int) -> list[int]:
    """Rows of the items whose titles are like a text, best first."""
    from starcast.recommend.search import Search

    return Search(trained.split.ratings.titles.tolist(), trained.n_raters.tolist()).find(text, most)


def item_ids(
    recommender: "Recommender", named: Sequence[str], *, fallback: bool = False
) -> list[Any]:
    """Ids of the items that are named by id or title; what is taken for the same is said.

    Args:
        recommender: whose items these are.
        named: as typed.
        fallback: leave what is neither as it is, since means answer for it.
    Raises: UnknownIdError: one is neither; says what is near.
    """
    from starcast.cli.show import note
    from starcast.data.files.person import Rated
    from starcast.recommend.matching import ItemFinder

    finder = ItemFinder(recommender.artifact.split.ratings)
    ids: list[Any] = []
    for name in named:
        found = finder.find(Rated(name.strip(), "", None, 0))
        if found is None:
            if not fallback:
                _refuse(recommender, name)
            ids.append(name)
            continue
        ids.append(finder.items.ids[found.row].item())
        if not found.is_sure or (found.title and name.strip().isdecimal()):
            note(f"{quoted(name)} is taken for {quoted(found.title)}")
    return ids


def _refuse(recommender: "Recommender", name: str) -> None:
    """Refuse what is no item. Raises: UnknownIdError: always."""
    ratings = recommender.artifact.split.ratings
    is_title = name.strip() and not name.strip().isdecimal()
    rows = rows_like(recommender.artifact, name, _OFFERED) if is_title else []
    if not rows:
        ratings.items.rows([name])  # which says what ids are near
    near = ", ".join(f"{ratings.items.ids[row]} {quoted(ratings.titles[row])}" for row in rows)
    raise UnknownIdError(f"no item has the id or title {quoted(name)}; near: {near}")
