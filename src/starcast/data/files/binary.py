"""Tables that are no text: Parquet and Arrow; and what is refused, by its first bytes."""

from typing import TYPE_CHECKING

from starcast.data.files.part import Part
from starcast.data.files.table import FrameBody, Table, names_of
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_PARQUET, _ARROW = b"PAR1", b"ARROW1"
_REFUSED = {
    b"SQLite format 3": "a SQLite database; name a table in it: sqlite:///{}?table=ratings",
    b"\x89HDF": "an HDF5 file; save the table as Parquet or CSV",
    b"\x93NUMPY": "a NumPy array; save the table as Parquet or CSV",
    b"%PDF": "a PDF document; save the table as CSV",
    b"\xd0\xcf\x11\xe0": "a spreadsheet or document; save the sheet as CSV",
    b"RDX": "data of R; save the table as CSV",
    b"PK\x03\x04": "an archive within another; unpack it first",
    b"\x1f\x8b": "compressed twice; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first, or pack it as zip",
    b"Rar!": "a RAR archive; unpack it first, or pack it as zip",
    b"\x89PNG": "an image; type the table, or save it as CSV",
    b"\xff\xd8\xff": "an image; type the table, or save it as CSV",
    b"MATLAB": "data of MATLAB; save the table as CSV",
    b"$FL2": "data of SPSS; save the table as CSV",
    b"<stata": "data of Stata; save the table as CSV",
    b"\xff\xff\xff\xff": "a stream of Arrow; save the table as Parquet or an Arrow file",
    b"Obj\x01": "an Avro file; save the table as Parquet or CSV",
    **dict.fromkeys(
        (b"\x80\x03", b"\x80\x04", b"\x80\x05"),  # its protocols; it is told of, never opened
        "a pickle, which could run any code; save the table as Parquet or CSV",
    ),
}


def recognise(part: Part) -> Table | None:
    """The table in a file of Parquet or Arrow; None if it is text.

    Raises: DataError: it is neither, and known for something else, or damaged.
    """
    import polars as pl

    first, _ = part.head(16)
    for sign, what in _REFUSED.items():
        if first.startswith(sign):
            raise DataError(f"{part.label} is {what.format(part.path)}")
    if first.startswith(_PARQUET) or part.label.lower().endswith(".parquet"):
        return _table(part, "Parquet", pl.scan_parquet(part.path, glob=False))
    if first.startswith(_ARROW):
        return _table(part, "Arrow", pl.scan_ipc(part.path))
    return None


def _table(part: Part, form: str, frame: "pl.LazyFrame") -> Table:
    import polars as pl

    try:
        names = names_of(frame)
    except pl.exceptions.PolarsError as error:
        raise damaged(part.label, form, str(error).splitlines()[0]) from None
    return Table(label=part.label, form=form, names=names, body=FrameBody(frame))


def damaged(label: str, form: str, why: str) -> DataError:
    """The error for a file that only looks like one of a form."""
    return DataError(f"{label} is no readable {form} file: {why}")
