"""Items that are named by an id, or by a title."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from starcast.recommend import Recommender

Item = Annotated[str, typer.Option("--item", help="An item's id or title.")]


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

    ids = recommender.artifact.split.ratings.items.ids
    rows = recommender.named_items.rows(named, note, exactly=False, refuse=not fallback)
    return [
        ids[row].item() if row >= 0 else name
        for name, row in zip(named, rows.tolist(), strict=True)
    ]
