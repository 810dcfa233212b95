"""How a table is to be read, where that cannot be left to recognition."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self, final

from starcast.data.files.cells import BLANKS
from starcast.data.files.naming import ITEM, RATING, TIMESTAMP, USER
from starcast.errors import ConfigError

_KINDS = {USER: USER, ITEM: ITEM, RATING: RATING, "time": TIMESTAMP, TIMESTAMP: TIMESTAMP}
_SEPARATORS = {
    "tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "colon": ":", "bar": "|", "pipe": "|",
    "blank": " ", "blanks": " ", "space": " ", "spaces": " ", "whitespace": " ",
}  # fmt: skip
Words = str | int | float
Columns = str | Mapping[str, str | int]
Missing = Words | Iterable[Words]


def _told(help: str, metavar: str) -> dict[str, str]:
    return {"help": help, "metavar": metavar}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What to read otherwise than it is recognised. Each field is an option of that name.

    Attributes:
        columns: kind (user, item, rating, timestamp) to the name or number of its column; "" for
            no column of that kind.
        separator: what stands between fields; `BLANKS` for any run of blanks and tabs.
        encoding: of the text, by Python's name of it.
        skip: lines above the table, header not counted.
        header: "none" or "first", the first line below the skipped ones.
        missing: ratings that say that there is none, as texts.
        min_ratings: users and items with fewer ratings are left out, until none has fewer.
    """

    columns: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_told(
            "Which column is which, by name or number: user=placeID,item=2; 'time=' for none; "
            "'rating=*' where every other column is an item.",
            "KIND=COLUMN,…",
        ),
    )
    separator: str | None = field(
        default=None,
        metadata=_told("What stands between fields: ';', tab, blanks, '::'.", "TEXT"),
    )
    encoding: str | None = field(
        default=None, metadata=_told("Of the text, where it is not UTF-8: latin-1, cp1251.", "NAME")
    )
    skip: int = field(default=0, metadata=_told("Lines above the table to leave out.", "LINES"))
    header: str | None = field(
        default=None,
        metadata=_told("'none' where no line names the columns, 'first' where one does.", "WHICH"),
    )
    missing: tuple[str, ...] = field(
        default=(),
        metadata=_told(
            "Ratings that mean that there is none: 0,-1,99 or NA; empty ones are left out, too.",
            "RATING,…",
        ),
    )
    min_ratings: int = field(
        default=0, metadata=_told("Leave out users and items with fewer ratings.", "N")
    )

    def __post_init__(self) -> None:
        if self.header not in (None, "none", "first"):
            raise ConfigError(f"header is 'none' or 'first', got '{self.header}'")
        for name in ("skip", "min_ratings"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ConfigError(f"{name} must be a whole number of at least 0, got {value}")
        if self.encoding:
            _check_encoding(self.encoding)

    @classmethod
    def of(
        cls,
        *,
        columns: Columns | None = None,
        separator: str | None = None,
        encoding: str | None = None,
        skip: int = 0,
        header: str | None = None,
        missing: Missing | None = None,
        min_ratings: int = 0,
    ) -> Self:
        """Options as people write them.

        Args:
            columns: a mapping, or text such as "user=placeID,item=2".
            separator: itself, or a word for it such as "tab".
            missing: a rating, several, or text such as "0,-1".
            encoding, skip, header, min_ratings: as the attributes.
        Raises: ConfigError: text that is none of these.

        >>> ReadingOptions.of(columns="user=u,item=2", missing="0,-1").missing
        ('0', '-1')
        """
        return cls(
            columns=_columns(columns or {}),
            separator=_separator(separator),
            encoding=encoding,
            skip=skip,
            header=header.strip().lower() if header else None,
            missing=() if missing is None else _missing(missing),
            min_ratings=min_ratings,
        )

    def given(self, *names: str) -> list[str]:
        """Those of the names, or of all, that are set, as options are written: "--min-ratings"."""
        looked_at = names or [one.name for one in fields(self)]
        return [f"--{name.replace('_', '-')}" for name in looked_at if getattr(self, name)]

    @property
    def key(self) -> str:
        """Equal for equal options, for a cache."""
        return repr({one.name: _plain(getattr(self, one.name)) for one in fields(self)})


def _plain(value: Any) -> Any:
    return sorted(value.items()) if isinstance(value, Mapping) else value


def _columns(given: Columns) -> dict[str, str]:
    pairs = given.items() if isinstance(given, Mapping) else map(_pair, _cells(given))
    chosen = {}
    for kind, column in pairs:
        if kind not in _KINDS:
            raise ConfigError(f"a column can be user, item, rating or time, not '{kind}'")
        if _KINDS[kind] in chosen:
            raise ConfigError(f"columns name the {kind} twice; name it once")
        chosen[_KINDS[kind]] = _unquoted(str(column).strip())
    return chosen


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _pair(text: str) -> tuple[str, str]:
    kind, equals, column = text.partition("=")
    if not equals:
        raise ConfigError(f"'{text}' names no column; write user=COLUMN,item=COLUMN,rating=COLUMN")
    return kind.strip().lower(), column


def _cells(text: str) -> list[str]:
    """Text cut at commas that are not within quotation marks."""
    return next(csv.reader([text], skipinitialspace=True), [])


def _separator(given: str | None) -> str | None:
    if not given:
        return None
    word = _SEPARATORS.get(given.strip().lower(), given)
    return word if word.strip(" ") else BLANKS


def _missing(given: Missing) -> tuple[str, ...]:
    if isinstance(given, str):
        return tuple(cell.strip() for cell in given.split(","))
    several = given if isinstance(given, Iterable) else [given]
    return tuple(f"{one}".strip() for one in several)


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        raise ConfigError(
            f"unknown encoding '{name}'; known are utf-8, latin-1, cp1252, utf-16 and many others"
        ) from None


RECOGNISED = ReadingOptions()
"""Everything is left to recognition."""
