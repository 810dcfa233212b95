"""The rows of loaded tables in one frame, every value checked; or what is wrong with the first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.files import faults, values
from starcast.data.files.loaded import Loaded
from starcast.data.files.naming import RATING
from starcast.data.files.options import ReadingOptions
from starcast.data.files.values import Writing
from starcast.data.scale import RatingScale
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl


@final
class CheckedRows(NamedTuple):
    """Values that are all as they should be.

    Attributes:
        frame: user and item (Int64 or text), rating (Float32) and perhaps timestamp (Int64).
        n_rows: how many there were before some were left out.
        left_out: why, to how many.
        is_test: bool, a value per row of the frame; None where no table holds test rows.
        unit: what the ratings are written in; see `figures`.
    """

    frame: "pl.DataFrame"
    n_rows: int
    left_out: dict[str, int]
    is_test: NDArray[np.bool_] | None
    unit: str | None


def check_rows(
    parts: Sequence[Loaded], options: ReadingOptions, scale: RatingScale | None
) -> CheckedRows:
    """The rows of all parts, of which none is bad.

    Args:
        parts: with the same kinds of columns; their frames are taken.
        options: which ratings are missing.
        scale: the stars that are allowed; None for any.
    Raises: DataError: the first bad value, with its place and what to do.
    """
    import polars as pl

    frames = [part.taken() for part in parts]
    lengths = [len(one) for one in frames]
    raw = pl.concat(_alike(frames))
    del frames  # no column is held twice
    is_exact = all(part.table.is_exact for part in parts)
    is_test = np.repeat([part.is_test for part in parts], lengths)
    label = parts[0].table.label
    writing = values.writing_of(raw, label)
    frame, left_out = values.normal(raw, writing, label, is_exact=is_exact), {}
    if options.missing:
        marks = values.missing(raw[RATING], frame[RATING], options.missing)
        left_out = {_said(mark): n for mark, n in marks.drop_nulls().value_counts(sort=True).rows()}
        frame, is_test = frame.filter(marks.is_null()), is_test[marks.is_null().to_numpy()]
    if not _is_sound(frame, scale):
        raise _first_fault(parts, writing, options, scale)
    given = is_test if any(part.is_test for part in parts) else None
    return CheckedRows(frame, len(raw), left_out, given, writing.unit)


def _alike(frames: Sequence["pl.DataFrame"]) -> list["pl.DataFrame"]:
    """Frames of the same columns and types: as text where the types differ.

    Columns that not all have are left out.
    """
    import polars as pl
    from polars import selectors

    if all(frame.schema == frames[0].schema for frame in frames):
        return list(frames)
    kinds = [kind for kind in frames[0].columns if all(kind in frame.columns for frame in frames)]
    alike = [kind for kind in kinds if len({frame.schema[kind] for frame in frames}) == 1]
    texts = [
        frame.select(kinds)
        .with_columns((selectors.temporal() - selectors.by_name(alike)).dt.epoch("s"))
        .with_columns(
            (selectors.float() - selectors.by_name(alike)).cast(pl.String).str.strip_suffix(".0")
        )  # so that 5 does not speak against 4,5 elsewhere
        .with_columns(pl.all().exclude(alike).cast(pl.String))
        for frame in frames
    ]
    return texts


def _is_sound(frame: "pl.DataFrame", scale: RatingScale | None) -> bool:
    if any(column.has_nulls() for column in frame):
        return False
    stars = frame[RATING].to_numpy()
    if not np.all(np.isfinite(stars)):
        return False
    return not scale or bool(np.all((stars >= scale.lowest) & (stars <= scale.highest)))


def _first_fault(
    parts: Sequence[Loaded], writing: Writing, options: ReadingOptions, scale: RatingScale | None
) -> DataError:
    for part in parts:
        if fault := faults.first(part.table, part.places, writing, options, scale):
            return fault
    label = parts[0].table.label
    return DataError(f"{label} has user or item ids that are neither integers nor text")


def _said(mark: str) -> str:
    return f"with the rating {mark}, which means missing" if mark else "without a rating"
