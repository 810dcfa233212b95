"""Lists of ratings as people have them: exports of other services, and files of their own."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from starcast.data.files import archives, person
from starcast.data.files.person import Listed, Rated
from starcast.display import printable, shortened
from starcast.errors import DataError
from starcast.recommend.given_ratings import check_stars
from starcast.recommend.matching import on_scale
from starcast.recommend.titles import Match
from starcast.serve.request_schemas import MOST_ITEMS
from starcast.serve.served_model import ServedModel, short

_MOST_BYTES = 1 << 22  # of a table in an archive, unpacked
_MOST_ROWS = 20_000  # which take a second
_MOST_ALIKE = 100  # titles that are looked for by spelling: each is compared with every other
_MOST_SHOWN, _NEAR = 100, 3  # of those not found, and items that each may be
_LONGEST = 200  # characters of a title that are repeated
_UNREADABLE = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_OF_COMMANDS = re.compile(r"[,;:] [^,;:]*(: )?--[a-z].*", re.DOTALL)  # options that only they have
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def imported(model: ServedModel, name: str, content: bytes) -> str:
    """What a model knows of a list, by id or by title and year.

    Args:
        model: whose items these are.
        name: of the file, for messages.
        content: a table as `data.files.person` reads it, or an archive that holds one.
    Raises: DataError, ConfigError: no such table, or stars outside the scale.
    """
    listed = _read(shortened(printable(name)) or "the list", content)
    found = list(_found(model, listed))
    known = {match.row: (rated, match) for rated, match in found if match}  # the later counts
    kept = list(known.values())[-MOST_ITEMS:]
    scale = model.ratings.scale
    stars, notes = on_scale([rated.stars for rated, _ in kept], listed.ends, scale)
    check_stars(scale, [_given(rated) for rated, _ in kept], stars)
    told = [
        {**model.at(match.row), "given": _given(rated), "is_sure": match.is_sure,
         "stars": short(float(one))}
        for (rated, match), one in zip(kept, scale.nearest(np.array(stars)), strict=True)
    ]  # fmt: skip
    unknown = [rated for rated, match in found if match is None]
    told_unknown = [_unmatched(model, rated, listed) for rated in unknown[:_MOST_SHOWN]]
    notes += _notes(listed, len(unknown), len(found) - len(unknown) - len(known), len(known))
    return model.said(found=told, not_found=told_unknown, notes=notes)


def _found(model: ServedModel, listed: Listed) -> Iterator[tuple[Rated, Match | None]]:
    n_alike = 0
    for rated in listed.ratings:
        match = model.finder.find(rated, exactly=True)
        if match is None and n_alike < _MOST_ALIKE:
            match, n_alike = model.finder.find(rated), n_alike + 1
        yield rated, match


def _unmatched(model: ServedModel, rated: Rated, listed: Listed) -> dict[str, Any]:
    scale, name = model.ratings.scale, rated.title or rated.item
    like, _ = on_scale([rated.stars], listed.ends, scale)
    near = model.search.find(name, _NEAR)
    stars = short(float(scale.nearest(scale.clip(np.array(like)))[0]))
    return {"given": _given(rated), "stars": stars, "near": [model.at(row) for row in near]}


def _notes(listed: Listed, n_unknown: int, n_repeated: int, n_known: int) -> Iterator[str]:
    if listed.n_without:
        yield f"left out: {_counted(listed.n_without, 'row')} without a rating"
    if n_repeated:
        yield f"left out: {_counted(n_repeated, 'older rating')} of what was rated again"
    if n_known > MOST_ITEMS:
        yield f"left out: all but the last {MOST_ITEMS:,} of {n_known:,} ratings"
    if n_unknown > _MOST_SHOWN:
        yield f"{n_unknown:,} are not known here, of which {_MOST_SHOWN} are told"


def _given(rated: Rated) -> str:
    """What a list calls an item."""
    year = f" ({rated.year})" if rated.title and rated.year else ""
    return printable((rated.title or rated.item) + year)[:_LONGEST]


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _read(name: str, content: bytes) -> Listed:
    """Raises: DataError: no table of ratings, said of the file's own name."""
    table = _unpacked(name, content)
    if table.count(b"\n") > _MOST_ROWS:
        raise DataError(f"{name} holds more than {_MOST_ROWS:,} rows; give those that count most")
    if not table.startswith(_UTF_16) and _UNREADABLE.search(table):
        raise DataError(f"{name} is no text; give a CSV file, or the archive of an export")
    with TemporaryDirectory(prefix="starcast-") as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(table)
        try:
            return person.read(path)
        except DataError as error:
            said = str(error).replace(str(path), name)
            raise DataError(_OF_COMMANDS.sub("", said)) from None


def _unpacked(name: str, content: bytes) -> bytes:
    """The table of ratings of an archive; what is none as it is."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = [one.filename for one in packed.infolist() if one.file_size]
            chosen = archives.tables(names, name)
            if len(chosen) != 1:
                raise DataError(f"{name} holds {len(chosen)} tables; give the one with the ratings")
            with packed.open(chosen[0]) as file:
                table = file.read(_MOST_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, ValueError) as error:
        raise DataError(f"{name} cannot be unpacked: {error}") from None
    if len(table) > _MOST_BYTES:
        raise DataError(f"{name} holds more than {_MOST_BYTES:,} bytes of ratings")
    return table
