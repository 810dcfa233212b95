"""The names that columns of ratings and items go by in public data sets."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, final

USER, ITEM, RATING, TIMESTAMP = "user", "item", "rating", "timestamp"
TITLE, GENRES, YEAR = "title", "genres", "year"
EVERY_OTHER = "*"
"""As the rating's column: every other column is an item, and holds its ratings."""

_USERS = (
    "user", "reviewer", "customer", "cust", "consumer", "member", "profile", "rater", "critic",
    "account", "person", "visitor", "client", "reader", "viewer", "listener", "player", "judge",
)  # fmt: skip
_ITEMS = (
    "item", "movie", "film", "product", "book", "business", "place", "restaurant", "anime", "beer",
    "recipe", "game", "app", "song", "track", "artist", "album", "show", "joke", "hotel", "venue",
    "manga", "wine", "course", "article", "video", "content", "work",
)  # fmt: skip


def _ids(nouns: Sequence[str]) -> tuple[str, ...]:
    """Names of ids, then the bare nouns."""
    return (*(f"{noun}_id" for noun in nouns), *nouns)


def _names(nouns: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{noun}_{word}" for noun in nouns for word in ("name", "title"))


@final
class Kind(NamedTuple):
    """The names that a kind of column goes by.

    Attributes:
        names: in order of preference: where a table has "user_id" and "user", the first counts.
            Case, blanks and punctuation do not, so that "User-ID" is "user_id".
        words: where none of the names is there, the one column with such a word in its name.
    """

    names: tuple[str, ...]
    words: frozenset[str] = frozenset()


Kinds = Mapping[str, Kind]

RATING_TABLE: Kinds = {
    USER: Kind(
        (*_ids(_USERS), "uid", "username", "review_profilename", *_names(_USERS)),
        frozenset(_USERS),
    ),
    ITEM: Kind(
        (
            *_ids(_ITEMS), "iid", "asin", "parent_asin", "isbn", "beer_beerid", "gmap_id", "sku",
            "const", "tconst", "title_id", *_names(_ITEMS), "title",
        ),
        frozenset((*_ITEMS, "id")),
    ),
    RATING: Kind(
        (
            "rating", "ratings", "stars", "star_rating", "user_rating", "your_rating", "my_rating",
            "book_rating", "review_rating", "review_overall", "overall_rating", "overall",
            "review_score", "score", "rate", "value", "label", "grade", "points", "vote",
            "preference", "relevance", "weight",
        ),
        frozenset(("rating", "ratings", "score", "scores", "stars", "grade", "overall")),
    ),
    TIMESTAMP: Kind(
        (
            "timestamp", "unix_time", "unix_timestamp", "unix_review_time", "time", "ts",
            "datetime", "date_time", "date", "review_time", "rating_time", "rating_timestamp",
            "rating_date", "review_date", "date_rated", "rated_at", "created_at", "date_added",
            "date_updated", "time_stamp", "tstamp", "unixtime_of_rating", "my_last_updated",
        )
    ),
}  # fmt: skip
ITEM_TABLE: Kinds = {
    ITEM: RATING_TABLE[ITEM]._replace(names=(*_ids(_ITEMS), "iid", "asin", "isbn", "gmap_id",
                                             "const", "tconst", "title_id", "sku", "id")),
    TITLE: Kind(("title", "name", *_names(_ITEMS)), frozenset(("title", "name"))),
    GENRES: Kind(("genres", "genre", "categories", "category")),
}  # fmt: skip

_TYPED = re.compile(
    r"\s*:\s*(token|float|int|integer|str|string|number|numeric|double|long|bool|date|timestamp)(_seq)?"
    r"\d*\s*$",
    re.IGNORECASE,
)
_FLAGGED = re.compile(r"^[A-Za-z]{1,2}#")  # Orange's "C#rating"


def key(name: str) -> str:
    """A column's name without what people write differently.

    >>> key(" User-ID"), key("review/profileName"), key("user_id:token"), key("mS#title")
    ('userid', 'profilename', 'userid', 'title')
    """
    return re.sub(r"[\W_]", "", _bare(name)).lower()


def words(name: str) -> list[str]:
    """The words of a column's name.

    >>> words("keywordID"), words("Score given"), words("beer_id:token")
    (['keyword', 'id'], ['score', 'given'], ['beer', 'id'])
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _bare(name))
    return [word.lower() for word in re.split(r"[\W_]+", spaced) if word]


def _bare(name: str) -> str:
    """A name without its type, its flags, and what stands before a slash."""
    bare = _FLAGGED.sub("", _TYPED.sub("", name.strip()))
    return bare if re.search(r"[\s(]", bare) else bare.rsplit("/", 1)[-1]


def spoken(kind: str) -> str:
    """What people call a kind of column, and options do."""
    return "time" if kind == TIMESTAMP else kind


def known_keys(kinds: Kinds) -> set[str]:
    """Every name that a kind goes by, as a key."""
    return {key(name) for kind in kinds.values() for name in kind.names}
