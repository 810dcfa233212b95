"""The layouts of GroupLens: u.data, ratings.dat and ratings.csv, and what lies beside them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from starcast.data import attributes
from starcast.data.attributes import Item
from starcast.data.files import faults
from starcast.data.files.delimited import Delimited
from starcast.data.files.dialect import Dialect
from starcast.data.files.encode import encode
from starcast.data.files.items import read_items
from starcast.data.files.naming import ITEM, RATING, TIMESTAMP, USER
from starcast.data.files.options import ReadingOptions
from starcast.data.files.part import Part, check_readable
from starcast.data.files.table import Table
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.display import quoted
from starcast.errors import DataError, UnknownIdError, UnknownNameError

if TYPE_CHECKING:
    import polars as pl


@final
@dataclass(frozen=True, slots=True)
class Release:
    """How a kind of MovieLens release lays out its files.

    Attributes:
        ratings: name of the rating file: user, item, rating and timestamp in this order.
        separator: what stands between its fields.
        items: name of the film file: id and title first.
        item_separator: what stands between its fields; "," means CSV with a header.
        users: name of the user file, whose fields are separated likewise; "" where there is none.
        about_users: what its fields after the id tell.
        links: name of the CSV file of films' ids elsewhere; "" where there is none.
    """

    ratings: str
    separator: str
    items: str
    item_separator: str
    users: str = ""
    about_users: tuple[str, ...] = ()
    links: str = ""


RELEASES = (
    Release("u.data", "\t", "u.item", "|", "u.user", ("age", "sex", "occupation")),  # 100K
    # 1M and 10M; the latter tells nothing of users
    Release("ratings.dat", "::", "movies.dat", "::", "users.dat", ("sex", "age", "occupation")),
    Release("ratings.csv", ",", "movies.csv", ",", links="links.csv"),  # 20M and every later one
)


def files(folder: Path) -> list[Path]:
    """The rating file and the film file of a MovieLens folder, and those of users and of links if
    they are there.

    Raises: DataError: one of the first two is missing.
    """
    release = _release(folder)
    needed = [folder / release.ratings, folder / release.items]
    for path in needed:
        check_readable(path)
    others = [folder / name for name in (release.users, release.links) if name]
    return [*needed, *(path for path in others if path.is_file())]


def read(folder: Path, name: str) -> Ratings:
    """The ratings, titles and attributes of a MovieLens folder, whichever release it holds.

    Attributes are none at all if a file of them is damaged: most models do well without.

    Args:
        folder: where the archive was unpacked.
        name: the data set's name.
    Raises: DataError: a file that is missing, or does not hold what it should.
    """
    ratings_path, items_path, *others = files(folder)
    release = _release(folder)
    users_path, links_path = (
        [path for path in others if path.name == name] for name in (release.users, release.links)
    )
    rows = encode(_rows(ratings_path, release.separator), str(ratings_path))
    films = _films(items_path, release.item_separator)
    titles = {film: title for film, (title, _) in films.items()}
    try:
        links = _links(links_path)
        known = {
            film: Item(title, _genres(rest, release), links.get(film, {}))
            for film, (title, rest) in films.items()
        }
        about = _of_users(users_path, release, rows.users) + attributes.of_items(rows.items, known)
    except (ValueError, OSError):
        about = ()
    try:
        return Ratings.from_rows(*rows[:6], titles=titles, name=name, attributes=about)
    except DataError as error:
        raise DataError(f"{ratings_path}: {error}") from None


def official_test(folder: Path, split_name: str, ratings: Ratings) -> NDArray[np.bool_]:
    """The rows that a split shipped with the data set sets aside as its test.

    Args:
        folder: where the archive was unpacked.
        split_name: u1 to u5, ua or ub; the rows are those of SPLIT_NAME.test.
        ratings: the data set itself.
    Returns: bool (n,), one per row of `ratings`.
    Raises:
        UnknownNameError: the folder ships no such split.
        DataError: there is no such folder, or the split has rows that are not in `ratings`.
    """
    if not folder.is_dir():
        raise DataError(
            f"no official splits at {folder}: 'starcast data fetch {folder.name}' brings them, and "
            "$STARCAST_DATA_DIR names another folder of data sets"
        )
    shipped = {path.stem: path for path in sorted(folder.glob("*.test"))}
    if split_name not in shipped:
        raise UnknownNameError("official split", split_name, shipped)
    path = shipped[split_name]
    check_readable(path)
    frame = _rows(path, "\t")
    try:
        user_rows = ratings.users.rows(frame[USER].to_numpy())
        item_rows = ratings.items.rows(frame[ITEM].to_numpy())
    except UnknownIdError as error:
        raise DataError(f"{path} belongs to other ratings: {error}") from None
    wanted = user_rows.astype(np.int64) * ratings.n_items + item_rows
    keys = ratings.user_rows.astype(np.int64) * ratings.n_items + ratings.item_rows
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    n_unknown = int(np.count_nonzero(keys[at] != wanted))
    if n_unknown:
        raise DataError(f"{path} belongs to other ratings: {n_unknown} of its rows are not there")
    mask = np.zeros(len(ratings), bool)
    mask[at] = True
    return mask


def _release(folder: Path) -> Release:
    for release in RELEASES:
        if (folder / release.ratings).exists():
            return release
    names = ", ".join(release.ratings for release in RELEASES)
    raise DataError(f"{folder} is no MovieLens folder: it holds none of {names}; fetch it again")


def _rows(path: Path, separator: str) -> "pl.DataFrame":
    """User, item, rating and timestamp of a rating file."""
    import polars as pl

    names = (USER, ITEM, RATING, TIMESTAMP)
    dialect = Dialect(separator=separator, names=names, skip=int(separator == ","))
    body = Delimited(Part(str(path), path, path.parent), dialect)
    places = {kind: at for at, kind in enumerate(names)}
    # 32 bits of seconds last until 2106, and are half the memory while the file is read.
    types = {USER: pl.Int32(), ITEM: pl.Int32(), RATING: pl.Float32(), TIMESTAMP: pl.UInt32()}
    why = "values are missing"
    try:
        frame = body.scan(places, types).collect(engine="streaming")
        if not any(column.has_nulls() for column in frame):
            return frame
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
    table = Table(label=str(path), form=str(dialect), names=names, body=body)
    raise faults.unreadable(table, places, ReadingOptions(), why)


def _films(path: Path, separator: str) -> dict[int, tuple[str, str]]:
    """Film id to title, as the file has it: "Matrix, The (1999)", and the fields after it."""
    if separator == ",":
        films = list(read_items(path).items())
    else:
        cut = ([*line.split(separator, 2), "", ""] for line in _lines(path))
        films = [(film, Item(title, rest)) for film, title, rest, *_ in cut]
    for number, (film, _) in enumerate(films, start=1):
        if not film.isdecimal():
            raise DataError(
                f"{path}, film {number}: {quoted(film)} is no film id; fetch the set again"
            )
    return {int(film): (about.title, about.genres) for film, about in films}


def _links(paths: list[Path]) -> dict[int, dict[str, str]]:
    """Film id to its ids at IMDb and TMDb, as addresses there have them.

    Raises: ValueError: the file is damaged.
    """
    found = {}
    for film, imdb, tmdb in (line.split(",") for path in paths for line in _lines(path)[1:]):
        ids = {"imdb_id": f"tt{imdb}" if imdb else "", "tmdb_id": tmdb}
        found[int(film)] = {name: one for name, one in ids.items() if one}
    return found


def _genres(rest: str, release: Release) -> str:
    """The genres in what follows a title: flags after three fields (100K), or a list.

    Raises: ValueError: other fields than those.
    """
    return attributes.flagged(rest.split("|")[3:]) if release.item_separator == "|" else rest


def _of_users(paths: list[Path], release: Release, users: Vocabulary) -> tuple[Attribute, ...]:
    """Raises: ValueError: the file is damaged."""
    lines = [line.split(release.item_separator) for path in paths for line in _lines(path)]
    return attributes.of_users(users, release.about_users, lines)


def _lines(path: Path) -> list[str]:
    return [line.rstrip("\r") for line in _text(path).rstrip("\r\n").split("\n")]


def _text(path: Path) -> str:
    """UTF-8 where it is that (10M), Latin-1 otherwise (100K and 1M)."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
