"""One person's ratings, from a small text table."""

from pathlib import Path

from starcast.data.files import columns, faults
from starcast.data.files.columns import ITEM, RATING
from starcast.data.files.delimited import check_readable, sniff
from starcast.errors import DataError

_TABLE = {kind: columns.RATING_TABLE[kind] for kind in (ITEM, RATING)}


def read(path: Path) -> tuple[list[str], list[float]]:
    """Item ids and stars, in the order of the file.

    Args:
        path: a text table with an item and a rating column, by name or in that order.
    Raises: DataError: a file or a value that cannot be used, with file, line and reason.
    """
    check_readable(path)
    layout = sniff(path, _TABLE, (ITEM, RATING))
    ids, stars = [], []
    for line, record in layout.records():
        if any(record):
            if reason := faults.fault_of(record, layout, None):
                raise DataError(f"{path}, line {line}: {reason}")
            ids.append(record[layout.places[ITEM]].strip())
            stars.append(float(record[layout.places[RATING]]))
    return ids, stars
