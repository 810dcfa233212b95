"""Which column is which: by what is said, by its name, or by a word in it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from starcast.data.files.naming import ITEM, RATING, USER, Kind, Kinds, key, spoken, words
from starcast.display import quoted
from starcast.errors import DataError

# Names that look like ratings or ids and are others' or nobody's.
_NOT_A_RATING = frozenset(
    ("avg", "average", "mean", "median", "count", "counts", "number", "num", "n", "total", "sum",
     "max", "min", "std", "imdb", "meta", "global", "critic", "critics", "weighted", "id", "date",
     "time")
)  # fmt: skip
_NOT_AN_ITEM = frozenset(
    ("review", "rating", "row", "index", "order", "transaction", "session", "comment")
)


def positions(
    header: Sequence[str],
    kinds: Kinds,
    needed: Sequence[str],
    label: str,
    chosen: Mapping[str, str] | None = None,
    roles: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Where each kind of column stands in a header.

    Args:
        header: the column names.
        kinds: what to look for.
        needed: the kinds that must be there.
        label: the file, for messages.
        chosen: kind to the name or number of its column, where that is said; "" for none.
        roles: kind to where the table's form says that it stands; names come first.
    Raises: DataError: a needed column is missing, or two have the name that counts.

    >>> from starcast.data.files.naming import RATING_TABLE
    >>> positions(["userId", "movieId", "rating"], RATING_TABLE, (USER, ITEM, RATING), "r.csv")
    {'user': 0, 'item': 1, 'rating': 2}
    """
    found = {kind: named(header, column, label) for kind, column in (chosen or {}).items()
             if column and kind in kinds}  # fmt: skip
    _check_once(found, header, label)
    free = [at for at in range(len(header)) if at not in found.values()]
    wanted = {kind: names for kind, names in kinds.items() if kind not in (chosen or {})}
    for kind, (names, _) in wanted.items():
        if (at := _by_name(header, free, kind, names, label)) is not None:
            found[kind] = at
    for kind in needed:
        if kind in wanted and kind not in found:
            left = [at for at in free if at not in found.values()]
            if (roles or {}).get(kind) in left:
                found[kind] = (roles or {})[kind]
            else:
                found |= _by_word(header, left, kind, wanted[kind].words)
    for kind in needed:
        if kind not in found:
            raise _missing(header, kind, kinds[kind], label)
    return {kind: found[kind] for kind in kinds if kind in found}


def named(header: Sequence[str], column: str, label: str) -> int:
    """Where the column stands that a name, or else a number from 1, means.

    Raises: DataError: there is no such column, with the nearest.
    """
    same = [at for at, name in enumerate(header) if name.strip() == column]
    same = same or [at for at, name in enumerate(header) if key(name) == key(column) != ""]
    if len(same) == 1:
        return same[0]
    if len(same) > 1:
        raise DataError(f"{label} has {len(same)} columns {quoted(column)}; give the number of one")
    if column.isdecimal() and 1 <= int(column) <= len(header):
        return int(column) - 1
    near = get_close_matches(column, header, n=1)
    hint = f"did you mean {quoted(near[0])}?" if near else f"it has {_shown(header)}"
    raise DataError(f"{label} has no column {quoted(column)}; {hint}")


def _check_once(found: Mapping[str, int], header: Sequence[str], label: str) -> None:
    places = list(found.values())
    for kind, at in found.items():
        if places.count(at) > 1:
            raise DataError(
                f"{label}: column {quoted(header[at].strip())} cannot be two things, one of them "
                f"the {kind}; name another"
            )


def _by_name(
    header: Sequence[str], free: Sequence[int], kind: str, names: Sequence[str], label: str
) -> int | None:
    keys = {at: key(header[at]) for at in free}
    wanted = next((key(name) for name in names if key(name) in keys.values()), None)
    same = [at for at in free if keys[at] == wanted]
    if len(same) > 1:
        both = " and ".join(quoted(header[at].strip()) for at in same)
        raise DataError(
            f"{label} has the {kind} columns {both}; say which counts, by its number: "
            f"--columns {spoken(kind)}={same[0] + 1}"
        )
    return same[0] if same else None


def _by_word(
    header: Sequence[str], free: Sequence[int], kind: str, wanted: frozenset[str]
) -> dict[str, int]:
    """The one column whose name has a word that tells the kind, if there is just one."""
    told = {at: words(header[at]) for at in free}
    if kind == RATING:
        fit = [at for at in free if wanted & set(told[at]) and not _NOT_A_RATING & set(told[at])]
    else:
        ids = [at for at in free if told[at][-1:] == ["id"] and not _NOT_AN_ITEM & set(told[at])]
        fit = [at for at in ids if wanted & set(told[at])]
    return {kind: fit[0]} if len(fit) == 1 else {}


def _missing(header: Sequence[str], kind: str, names: Kind, label: str) -> DataError:
    other = {
        USER: "; a list of one person's goes to --ratings-of",
        ITEM: "; where every other column is an item, --columns rating=*",
    }
    return DataError(
        f"{label} has no {kind} column among {_shown(header)}; say which it is, --columns "
        f"{spoken(kind)}=NAME, or call it '{names.names[0]}'{other.get(kind, '')}"
    )


def _shown(header: Sequence[str]) -> str:
    more = f" and {len(header) - 12} more" if len(header) > 12 else ""
    return ", ".join(quoted(name.strip()) for name in header[:12]) + more
