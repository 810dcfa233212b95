"""Text tables whose form says itself how they are laid out: ARFF, Orange's, Matrix Market's."""

import re
from collections.abc import Sequence
from typing import NamedTuple, final

from starcast.data.files.cells import BLANKS, COMMENTS
from starcast.data.files.dialect import Dialect
from starcast.data.files.naming import ITEM, RATING, USER
from starcast.errors import DataError

_ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)\s+(.+)", re.IGNORECASE)
_ORANGE_TYPE = re.compile(
    r"(c|d|s|t|i|m|b|continuous|discrete|string|time|basket|class|meta|ignore|)", re.IGNORECASE
)
_ORANGE_FLAG = re.compile(r"(\w+(=\S*)?)?( \w+(=\S*)?)*")
_ORANGE_ROLES = {"row=1": USER, "col=1": ITEM, "class": RATING}


@final
class Declared(NamedTuple):
    """A dialect, and the kinds of columns that the form tells.

    Attributes:
        dialect: how the rows are written.
        roles: kind of column to where it stands.
    """

    dialect: Dialect
    roles: dict[str, int]


def recognise(lines: Sequence[str], label: str) -> Declared | None:
    """How a text of one of these forms is written; None if it is something else.

    Args:
        lines: its first, with their ends.
        label: the file, for messages.
    Raises: DataError: it is of one of these forms, and holds no ratings.
    """
    first = next((line for line in lines if line.strip() and line[0] not in COMMENTS), "")
    if lines[0].lower().startswith("%%matrixmarket"):
        return _matrix_market(lines, label)
    if first.lower().startswith("@relation"):
        return _arff(lines, label)
    return _orange(lines)


def _arff(lines: Sequence[str], label: str) -> Declared:
    """Attribute-Relation File Format, https://waikato.github.io/weka-wiki/formats_and_processing/arff/."""
    begins = next((at for at, line in enumerate(lines, 1)
                   if line.strip().lower() == "@data"), None)  # fmt: skip
    if begins is None:
        raise DataError(f"{label} is an ARFF file without @DATA; it needs rows")
    told = [_ATTRIBUTE.match(line.strip()) for line in lines[:begins]]
    names = tuple(one[1].strip("'\"") for one in told if one)
    rows = [line for line in lines[begins:] if line.strip() and line[0] != "%"]
    if rows and rows[0].startswith("{"):
        raise DataError(f"{label} is a sparse ARFF file; write rows of user, item and rating")
    separator = "\t" if rows and "\t" in rows[0] and "," not in rows[0] else ","
    quote = "'" if any("'" in line for line in rows) else '"'
    return Declared(
        Dialect(separator=separator, names=names, skip=begins, quote=quote, comments="%",
                kind="ARFF"),
        {},
    )  # fmt: skip


def _orange(lines: Sequence[str]) -> Declared | None:
    """Orange's three lines: names, types, flags."""
    if len(lines) < 4:
        return None
    names, types, flags = (line.rstrip("\n").split("\t") for line in lines[:3])
    types, flags = ([cell.strip() for cell in cells] for cells in (types, flags))
    if not (
        len(names) >= max(len(types), len(flags))
        and any(types)
        and all(map(_ORANGE_TYPE.fullmatch, types))
        and all(map(_ORANGE_FLAG.fullmatch, flags))
    ):
        return None
    roles = {_ORANGE_ROLES[flag]: at for at, told in enumerate(flags) for flag in told.split()
             if flag in _ORANGE_ROLES}  # fmt: skip
    dialect = Dialect(separator="\t", names=tuple(names), skip=3, kind="Orange's text")
    return Declared(dialect, roles)


def _matrix_market(lines: Sequence[str], label: str) -> Declared:
    """https://math.nist.gov/MatrixMarket/formats.html, of which coordinates are ratings."""
    words = lines[0].lower().split()[1:]
    if words[:2] != ["matrix", "coordinate"] or words[2:3] == ["pattern"] or "general" not in words:
        raise DataError(
            f"{label} is a Matrix Market file of '{' '.join(words)}'; ratings need 'matrix "
            "coordinate real general'"
        )
    size = next((at for at, line in enumerate(lines, 1) if line.strip() and line[0] != "%"), 1)
    dialect = Dialect(
        separator=BLANKS, names=(USER, ITEM, RATING), skip=size, kind="Matrix Market's text"
    )
    return Declared(dialect, {USER: 0, ITEM: 1, RATING: 2})
