"""Tables with a row for a user and a column for an item, or the other way round."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from starcast.data.files import columns, figures, naming
from starcast.data.files.cells import NOTHING, is_figure, is_nothing
from starcast.data.files.naming import EVERY_OTHER, ITEM, RATING, RATING_TABLE, USER
from starcast.data.files.table import PLACE, FrameBody, Table
from starcast.display import quoted
from starcast.errors import DataError

_NAMELESS = {"", "index", "id", "unnamed0"}  # the last is how pandas reads its own index again
_SUMS = frozenset(  # names of columns and rows that hold no ratings of anybody
    ("average", "avg", "mean", "median", "total", "totals", "sum", "count", "std", "stddev",
     "variance", "grandtotal")
)  # fmt: skip
_LEAST = 5  # columns of ratings, or a table is not taken for a wide one unless that is said
_MOST_VALUES, _SMALL = 101, 10  # different ratings; the size of one, where there are more
_SAMPLE = 200  # rows looked at


def unpivoted(table: Table, chosen: Mapping[str, str]) -> Table | None:
    """A wide table as a row per rating; None if it is none.

    Args:
        table: what was recognised.
        chosen: kind to the name or number of its column; the rating's is `EVERY_OTHER` where a
            wide table is said to be one.
    Raises: DataError: it is said to be a wide table, and cannot be one.
    """
    if chosen.get(RATING) == EVERY_OTHER:
        return _said(table, chosen)
    if chosen or table.roles or not (table.is_text or table.has_header):
        return None
    return _named(table) if table.has_header else _counted(table)


def _said(table: Table, chosen: Mapping[str, str]) -> Table:
    side = ITEM if ITEM in chosen and not chosen.get(USER) else USER
    column = chosen.get(side)
    if column is None and not table.has_header:
        raise DataError(
            f"{table.label} has no header; say which column is the user, --columns "
            "user=1,rating=*, or 'user=,rating=*' where rows are users without a name"
        )
    if column == "":
        return _long(table, side, None)
    at = 0 if column is None else columns.named(table.names, column, table.label)
    return _long(table, side, at)


def _named(table: Table) -> Table | None:
    """A wide table that is known by its header and its values."""
    keys = {kind: naming.known_keys({kind: RATING_TABLE[kind]}) for kind in (USER, ITEM, RATING)}
    first, *others = map(naming.key, table.names)
    if len(others) < _LEAST or keys[RATING] & set(others):
        return None
    cells = [cell for row in _sample(table) for cell in row[1:]]
    told = [cell for cell in cells if cell and not is_nothing(cell)]
    if not told or not all(map(is_figure, told)) or not _are_alike(told):
        return None
    if first in keys[ITEM]:
        return _long(table, ITEM, 0)
    is_sparse = len(told) < len(cells)
    return _long(table, USER, 0) if first in keys[USER] | _NAMELESS or is_sparse else None


def _are_alike(cells: Sequence[str]) -> bool:
    """Whether all columns may hold ratings on one scale: few different ones, or small ones."""
    found = [figures.figure(cell.replace(",", ".")) for cell in set(cells)]
    numbers = [one.value for one in found if one]
    return len(numbers) <= _MOST_VALUES or max(map(abs, numbers)) <= _SMALL


def _counted(table: Table) -> Table | None:
    """Jester's tables: each row begins with the number of its ratings, and one value says none."""
    rows = _sample(table)
    if not rows or len(table.names) <= _LEAST or None in (cell for row in rows for cell in row):
        return None
    rest = Counter(cell for row in rows for cell in row[1:])
    nothing = rest.most_common(1)[0][0]
    if any(row[0] != str(sum(cell != nothing for cell in row[1:])) for row in rows):
        return None
    note = f"each row begins with the number of its ratings, by which {nothing} means none"
    return _long(table, USER, None, begins=1, nothing=nothing, notes=(note,))


def _sample(table: Table) -> list[list[str | None]]:
    import polars as pl

    places = {str(at): at for at in range(len(table.names))}
    frame = table.body.scan(places).head(_SAMPLE).select(pl.all().cast(pl.String, strict=False))
    return [list(row) for row in frame.collect().rows()]


def _long(
    table: Table,
    side: str,
    at: int | None,
    *,
    begins: int = 0,
    nothing: str | None = None,
    notes: tuple[str, ...] = (),
) -> Table:
    """A row for each rating of a wide table.

    Args:
        table: the wide one.
        side: what its rows are, `USER` or `ITEM`.
        at: the column that names them; None for none, and rows are called by their numbers.
        begins: the first column that may hold ratings.
        nothing: what says that there is no rating, beside an empty cell.
        notes: what the user should know of it.
    """
    import polars as pl

    other = ITEM if side == USER else USER
    every = [one for one in range(begins, len(table.names)) if one != at and one not in table.empty]
    on = [one for one in every if naming.key(table.names[one]) not in _SUMS]
    names = _names(table, on, other)
    frame = table.body.scan({str(one): one for one in range(len(table.names))})
    frame = frame.with_row_index(PLACE, 1)
    rows = frame.with_columns(pl.col(PLACE if at is None else str(at)).cast(pl.String).alias(side))
    ratings = rows.unpivot(
        [str(one) for one in on], index=[PLACE, side], variable_name=other, value_name=RATING
    )
    text = pl.col(RATING).cast(pl.String).str.strip_chars()
    is_told = text.is_not_null() & ~text.str.to_lowercase().is_in(sorted(NOTHING))
    kept = ratings.filter(is_told if nothing is None else is_told & (text != nothing))
    sums = [quoted(table.names[one]) for one in every if one not in on]
    if at is not None:
        is_sum = pl.col(side).str.strip_chars().str.to_lowercase().is_in(sorted(_SUMS))
        sums += map(quoted, rows.filter(is_sum).select(side).collect()[side])
        kept = kept.filter(~is_sum)
    if sums:
        notes = (*notes, f"left out, since they sum up others: {', '.join(sums)}")
    return replace(
        table,
        form=f"a table with a row for each {side} and a column for each {other}, {table.form}",
        names=(USER, ITEM, RATING),
        body=FrameBody(
            kept.select(USER, ITEM, RATING, PLACE).with_columns(
                pl.col(other).replace_strict(names, return_dtype=pl.String)
            )
        ),
        has_header=True,
        empty=frozenset(),
        roles=None,
        has_blank_lines=False,
        notes=(*table.notes, *notes),
    )


def _names(table: Table, on: Sequence[int], other: str) -> dict[str, str]:
    """What the columns of a wide table are called; their numbers where it names none."""
    if not table.has_header:
        return {str(at): str(number) for number, at in enumerate(on, 1)}
    names = {str(at): table.names[at].strip() for at in on}
    twice = [name for name, n in Counter(names.values()).items() if n > 1]
    if twice:
        raise DataError(f"{table.label} has two columns for {other} {quoted(twice[0])}; rename one")
    return names
