"""Tables that are in memory already: of Polars, pandas, Arrow, or columns by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from starcast.data.files.table import Body, Cells, FrameBody, Table
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_STREAM = "__arrow_c_stream__"  # by Arrow's PyCapsule interface
_MICROSECONDS = "datetime64[us]"
LABEL = "the data frame"


def is_frame(value: object) -> bool:
    """Whether a value is a table, and no path or name of one."""
    kind = type(value)  # a lazy frame warns when it is asked for its own columns
    is_of_polars = hasattr(kind, "columns") and hasattr(kind, "lazy")
    is_stream = hasattr(kind, _STREAM)
    return isinstance(value, Mapping) or is_of_polars or is_stream or _is_of_pandas(value)


def table_of(frame: Any) -> Table:
    """A data frame as a table.

    Args:
        frame: of Polars, lazy or not; of pandas, whose index counts if it has a name; of whatever
            gives out an Arrow stream; or names to columns.
    Raises: DataError: it is none of these, or its columns are no columns of a table.
    """
    if not is_frame(frame):
        raise DataError(f"a {type(frame).__name__} is no table; give a path or a data frame")
    body: Body
    if _is_of_pandas(frame):
        whole = frame.reset_index() if any(frame.index.names) else frame
        names, body = tuple(map(str, whole.columns)), PandasRows(whole)
    else:
        lazy = _lazy(frame)
        names, body = tuple(lazy.collect_schema().names()), FrameBody(lazy)
    return Table(label=LABEL, form=_spoken(frame), names=names, body=body)


@final
@dataclass(frozen=True, slots=True)
class PandasRows:
    """The rows of a data frame of pandas, of which no more is converted than is asked for.

    Attributes:
        frame: a `pandas.DataFrame`; its index does not count.
    """

    frame: Any

    def scan(self, places: Mapping[str, int]) -> "pl.LazyFrame":
        """Some columns, with the types they have; mixed types become text."""
        import polars as pl

        columns = {kind: _series(self.frame.iloc[:, at]) for kind, at in places.items()}
        return pl.LazyFrame(columns)

    def records(self) -> Iterator[tuple[str, Cells]]:
        """Every row and its number."""
        places = {str(at): at for at in range(self.frame.shape[1])}
        return FrameBody(self.scan(places)).records()


def _is_of_pandas(value: object) -> bool:
    kind = type(value)
    return hasattr(kind, "reset_index") and hasattr(kind, "iloc") and hasattr(kind, "columns")


def _lazy(frame: Any) -> "pl.LazyFrame":
    import polars as pl

    if isinstance(frame, pl.LazyFrame):
        return frame
    try:
        return pl.DataFrame(frame, strict=False).lazy()
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{LABEL} cannot be read: {str(error).splitlines()[0]}") from None


def _series(column: Any) -> "pl.Series":
    """A column of pandas as one of Polars; null where pandas says that nothing is there."""
    import polars as pl

    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    kind = getattr(column.dtype, "kind", "O")
    if kind == "M":
        return pl.Series(column.to_numpy(_MICROSECONDS))
    if kind in "iuf" and not column.isna().any():
        return pl.Series(column.to_numpy())
    cells = column.astype(object).where(column.notna(), None).tolist()
    return pl.Series(cells, strict=False)


def _spoken(frame: object) -> str:
    if isinstance(frame, Mapping):
        return "columns by name"
    return f"a {type(frame).__name__} of {type(frame).__module__.split('.')[0]}"
