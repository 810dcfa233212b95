"""What was shown to whom, and what people rated: as models in service are judged by it."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from starcast.data.store import schema
from starcast.data.store.ratings_store import RatingsStore

if TYPE_CHECKING:
    import polars as pl


def lists_shown(store: RatingsStore, since: int = 0) -> "pl.DataFrame":
    """Every list that was shown.

    Args:
        store: where it is kept.
        since: seconds since 1970; what was shown before is left out.
    Returns: user (a number of the store's), model, shown_at (seconds) and items (their ids as
        text), in the order in which they were shown.
    """
    import polars as pl

    table = schema.shown.c
    asked = select(table.user_number, table.model, table.shown_at, table["items"])
    kind: dict[str, Any] = {
        "user": pl.Int64, "model": pl.String, "shown_at": pl.Int64, "items": pl.List(pl.String)
    }  # fmt: skip
    with store.reading() as connection:
        rows = connection.execute(asked.where(table.shown_at >= since).order_by(table.number))
        return pl.DataFrame([tuple(row) for row in rows], schema=kind, orient="row")


def ratings_given(store: RatingsStore, since: int = 0) -> "pl.DataFrame":
    """The current ratings of all who were shown a list, with the time when each was first given.

    Args:
        store: where they are kept.
        since: seconds since 1970; who was shown nothing since is left out.
    Returns: user (a number of the store's), item (its id as text), stars and rated_at (seconds).
    """
    import polars as pl

    kind = {"user": pl.Int64, "item": pl.String, "stars": pl.Float64, "rated_at": pl.Int64}
    with store.reading() as connection:
        rows = connection.execute(_first_given(since))
        return pl.DataFrame([tuple(row) for row in rows], schema=kind, orient="row")


def _first_given(since: int) -> Select[tuple[int, str, float, int]]:
    past, now, items, shown = schema.history.c, schema.ratings, schema.items, schema.shown.c
    first = (
        select(past.user_number, past.item_number, func.min(past.rated_at).label("rated_at"))
        .where(past.stars.is_not(None), past.rated_at.is_not(None))
        .where(past.user_number.in_(select(shown.user_number).where(shown.shown_at >= since)))
        .group_by(past.user_number, past.item_number)
        .subquery()
    )
    same = (now.c.user_number == first.c.user_number) & (now.c.item_number == first.c.item_number)
    return (
        select(now.c.user_number, items.c.id, now.c.stars, first.c.rated_at)
        .select_from(now.join(first, same).join(items, items.c.number == now.c.item_number))
        .where(now.c.stars.is_not(None))
    )
