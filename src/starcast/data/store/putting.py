"""Ratings that are put into a store, and what becomes of them beside those that are there.

They are written in blocks, however they come: a few statements for each block, not each rating.
Of a pair the latest rating counts, as when files are read, so that an old file that is imported
again undoes nothing; what is put without a time happens now, and counts.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

from starcast.data.scale import RatingScale
from starcast.data.store import schema
from starcast.data.store.checks import checked_stars, checked_time, key
from starcast.data.store.records import Outcome, Rating
from starcast.data.store.rows import BLOCK, Pair, Rows, blocks
from starcast.errors import ConfigError

NO_SCALE = (
    "this store has no scale yet: import ratings, or say 'starcast store init ADDRESS --scale "
    "0.5:5:0.5'"
)
_NEW, _CHANGED, _SAME, _OLDER = (
    Outcome(new=1),
    Outcome(changed=1),
    Outcome(same=1),
    Outcome(older=1),
)


@final
class Put(NamedTuple):
    """A rating to be written, checked.

    Attributes:
        user, item: keys.
        stars: None takes it back.
        time: None where not known, which is before all known times.
        wins: whether it replaces whatever is stored, as what happens now does.
    """

    user: str
    item: str
    stars: float | None
    time: int | None
    wins: bool = False


class _Stored(NamedTuple):
    stars: float | None
    time: int | None


_NOTHING = _Stored(None, None)


def checked(rating: Rating, scale: RatingScale | None, now: int) -> Put:
    """A rating as it is written.

    Raises:
        DataError: stars outside the scale, or an id or a time that can be none.
        ConfigError: there is no scale.
    """
    if scale is None:
        raise ConfigError(NO_SCALE)
    stars = None if rating.stars is None else checked_stars(rating.stars, scale)
    wins = rating.time is None
    when = now if wins else checked_time(rating.time)
    return Put(key(rating.user, "user"), key(rating.item, "item"), stars, when, wins)


def write(rows: Rows, puts: Sequence[Put], now: int) -> list[Outcome]:
    """Write ratings in their order, and their history.

    Args:
        rows: of a transaction.
        puts: the ratings.
        now: seconds since 1970.
    Returns: what became of each.
    """
    outcomes: list[Outcome] = []
    for block in blocks(puts, BLOCK // 2):
        outcomes += _write_block(rows, block, now)
    return outcomes


def _write_block(rows: Rows, puts: Sequence[Put], now: int) -> list[Outcome]:
    last = rows.sequence(len(puts))
    pairs = _pairs(rows, puts, last)
    before = {pair: _Stored(*one) for pair, one in rows.ratings(sorted(set(pairs))).items()}
    after, outcomes, history = dict(before), [], []
    for at, (put, pair) in enumerate(zip(puts, pairs, strict=True), last - len(puts) + 1):
        outcome, after[pair] = _decided(put, after.get(pair, _NOTHING))
        outcomes.append(outcome)
        if outcome in (_NEW, _CHANGED):
            history.append(_row(pair, after[pair]) | {"sequence": at, "recorded_at": now})
    changed = dict.fromkeys((row["user_number"], row["item_number"]) for row in history)
    rows.insert(schema.ratings, [_row(one, after[one]) for one in changed if one not in before])
    again = [_row(one, after[one]) for one in changed if one in before]
    rows.update(schema.ratings, ("user_number", "item_number"), again)
    rows.insert(schema.history, history)
    return outcomes


def _pairs(rows: Rows, puts: Sequence[Put], sequence: int) -> list[Pair]:
    """Numbers of users and items; 0, which is nobody's, where nothing is to be taken back."""
    given = [put for put in puts if put.stars is not None]
    back = [put for put in puts if put.stars is None]
    users = rows.numbered(schema.users, (put.user for put in given), sequence)
    items = rows.numbered(schema.items, (put.item for put in given), sequence)
    users |= rows.numbers(schema.users, {put.user for put in back})
    items |= rows.numbers(schema.items, {put.item for put in back})
    return [(users.get(put.user, 0), items.get(put.item, 0)) for put in puts]


def _decided(put: Put, stored: _Stored) -> tuple[Outcome, _Stored]:
    """What becomes of a rating beside the one that is stored, and what is stored then."""
    if put.stars is None and stored.stars is None:
        return _SAME, stored
    when = put.time
    if stored.time is not None:
        if put.wins and when is not None:
            when = max(when, stored.time)
        elif when is None or when < stored.time:
            return _OLDER, stored
    if (put.stars, when) == stored:
        return _SAME, stored
    return _NEW if stored.stars is None else _CHANGED, _Stored(put.stars, when)


def _row(pair: Pair, one: _Stored) -> dict[str, Any]:
    return {
        "user_number": pair[0], "item_number": pair[1], "stars": one.stars, "rated_at": one.time,
    }  # fmt: skip
