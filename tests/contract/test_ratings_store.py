"""What a store of ratings promises, in SQLite and in PostgreSQL."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, event, func, inspect, select, text
from store_writers import run_together
from stored_ratings import assert_equal

from starcast.data.attributes import Item as Named
from starcast.data.attributes import of_items
from starcast.data.load import load_own
from starcast.data.ratings import Attribute, Ratings
from starcast.data.scale import RatingScale
from starcast.data.store import schema, writing
from starcast.data.store.importing import import_ratings
from starcast.data.store.live_log import lists_shown, ratings_given
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Id, Item, Outcome, Rating, StoredRating
from starcast.errors import ConfigError, DataError, StarcastError
from starcast.evaluation.comparison.live import compare_live

FIVE_STARS = RatingScale(0.5, 5, 0.5)
NEW, CHANGED, SAME, OLDER = (
    Outcome(**{name: 1}) for name in ("new", "changed", "same", "older")
)  # fmt: skip


@pytest.fixture
def store(empty_database: str) -> Iterator[RatingsStore]:
    with RatingsStore.create(empty_database, FIVE_STARS) as made:
        yield made


def rows_of(store: RatingsStore) -> dict[str, int]:
    """Every table and how many rows it has."""
    with store.reading() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in schema.TABLES.tables.items()
        }


def test_a_rating_is_put_changed_and_taken_back(store: RatingsStore) -> None:
    assert store.put_rating("ann", "alien", 4, time=100) == NEW
    assert store.put_rating("ann", "alien", 4, time=100) == SAME
    assert store.put_rating("ann", "alien", 2.5, time=200) == CHANGED
    assert store.put_rating("ann", "alien", 5, time=150) == OLDER
    assert store.ratings_of("ann") == [StoredRating("alien", 2.5, 200)]
    assert store.delete_rating("ann", "alien")
    assert store.ratings_of("ann") == []
    assert not store.delete_rating("ann", "alien")
    assert store.put_rating("ann", "alien", 4, time=100) == OLDER  # an old file undoes nothing
    assert store.put_rating("ann", "alien", 3) == NEW
    said = [(one.stars, one.time) for one in store.changes_since().ratings]
    assert said[:2] == [(4, 100), (2.5, 200)]
    assert [stars for stars, _ in said[2:]] == [None, 3]


def test_what_happens_now_counts_whatever_time_is_stored(store: RatingsStore) -> None:
    year_2286 = 10_000_000_000
    store.put_rating("ann", "alien", 4, time=year_2286)
    assert store.put_rating("ann", "alien", 1) == CHANGED
    assert store.ratings_of("ann") == [StoredRating("alien", 1, year_2286)]
    assert store.delete_rating("ann", "alien")


def test_a_stranger_is_not_made_by_asking_or_taking_back(store: RatingsStore) -> None:
    before = rows_of(store)
    assert store.ratings_of("eve") == []
    assert not store.delete_rating("eve", "alien")
    assert store.user("eve") is None
    assert store.item("alien") is None
    assert not store.delete_item("alien")
    assert rows_of(store) == before


IDS: dict[int | str, int | str] = {
    42: 42, "43": 43, "042": "042", -7: -7, "-0": "-0", "+1": "+1", "1.0": "1.0", "null": "null",
    2**63 - 1: 2**63 - 1, 2**63: str(2**63), -(10**400): str(-(10**400)), "A\u0308": "A\u0308",
    "\u00c4": "\u00c4", "a": "a", "A": "A", "😀": "😀", "٤٢": "٤٢", "a/b?c=%00&d": "a/b?c=%00&d",
    "'; DROP TABLE starcast_users; --": "'; DROP TABLE starcast_users; --", "x" * 500: "x" * 500,
}  # fmt: skip


def test_ids_come_back_as_they_were(store: RatingsStore) -> None:
    for at, given in enumerate(IDS):
        store.put_rating(given, given, 4, time=at)
    found = store.changes_since().ratings
    assert [(one.user, one.item, one.time) for one in found] == [
        (stored, stored, at) for at, stored in enumerate(IDS.values())
    ]
    assert [type(one.user) for one in found] == [type(one) for one in IDS.values()]
    assert store.ratings_of("42") == store.ratings_of(42) == [StoredRating(42, 4, 0)]
    assert store.ratings_of("42.0") == []


@pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "given",
    ["", " ", "a ", "\tb", "a\0b", "\ud800", "x" * 501, 10**501, 1.0, None, True, ["a"], b"a"],
)
def test_what_can_be_no_id_is_refused(store: RatingsStore, given: Id) -> None:
    before = rows_of(store)
    for put in (
        lambda: store.put_ratings([Rating("ann", "alien", 4), Rating(given, "alien", 4)]),
        lambda: store.put_rating("ann", given, 4),
        lambda: store.put_item(Item(given)),
        lambda: store.put_user(given, {}),
        lambda: store.erase_user(given),
    ):
        with pytest.raises(DataError, match=r" id"):
            put()
    assert rows_of(store) == before


@pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("stars", [0, 5.5, float("nan"), float("inf"), -1, True, "4"])
def test_stars_outside_the_scale_are_refused(store: RatingsStore, stars: float) -> None:
    with pytest.raises(DataError, match=r"outside 0\.5 to 5 stars|is no rating"):
        store.put_ratings([Rating("ann", "alien", 4), Rating("ann", "heat", stars)])
    assert store.ratings_of("ann") == []


def test_a_batch_is_stored_once(store: RatingsStore) -> None:
    batch = [Rating("ann", "alien", 4), Rating("bob", "alien", 2), Rating("ann", "alien", 3)]
    assert store.put_ratings(batch, "k1", "digest") == Outcome(new=2, changed=1)
    store.put_rating("ann", "alien", 1)
    assert store.put_ratings(batch, "k1", "digest") == Outcome(new=2, changed=1)
    assert [one.stars for one in store.ratings_of("ann")] == [1]
    with pytest.raises(ConfigError, match="this key came with other ratings before"):
        store.put_ratings(batch[:1], "k1", "another")
    assert store.put_ratings(batch[:1], "k2", "digest") == Outcome(changed=1)


def test_keys_of_batches_are_forgotten_after_a_month(
    store: RatingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, now = 86_400, 1_700_000_000
    batch = [Rating("ann", "alien", 4), Rating("bob", "alien", 2)]
    monkeypatch.setattr(writing, "time", lambda: now)
    for n in range(13):
        store.put_ratings(batch, f"old {n}", "digest")
    monkeypatch.setattr(writing, "time", lambda: now + 30 * day)
    assert store.put_ratings(batch, "old 0", "digest") == Outcome(new=2)  # as the first time
    monkeypatch.setattr(writing, "time", lambda: now + 30 * day + 1)
    assert store.put_ratings(batch, "old 0", "digest") == Outcome(changed=2)
    assert rows_of(store)["starcast_batches"] == 3 + 1  # ten went, and one came
    store.put_ratings(batch, "another", "digest")
    assert rows_of(store)["starcast_batches"] == 1 + 1
    assert rows_of(store)["starcast_batch_users"] == 4
    assert store.put_ratings(batch[:1], "another", "digest") == Outcome(same=2)


def test_items_have_titles_attributes_and_times_in_which_they_are_listed(
    store: RatingsStore,
) -> None:
    told = {"genre": ["War", "Drama"], "price": 9.5, "new": True, "by": "Ä \"x\" 'y'"}
    store.put_item(Item(7, "Alien (1979)", told, available_from=100, available_until=200))
    found = store.item("7")
    assert found is not None
    assert (found.id, found.title, found.attributes) == (7, "Alien (1979)", told)
    assert [found.is_listed(now) for now in (99, 100, 199.5, 200)] == [False, True, True, False]
    store.put_item(Item(7, "Alien", hidden=True))
    assert store.item(7) == Item(7, "Alien", hidden=True, sequence=found.sequence + 1)
    assert not Item(7, hidden=True).is_listed(0)


@pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "attributes",
    [{"a": None}, {"a": {"b": 1}}, {"a": [1]}, {"a": float("nan")}, {"a": "x\0"}, {"\ud800": 1},
     {1: 2}, {"a": ["x" * 100_001]}, {"a": 10**30}],
)  # fmt: skip
def test_other_attributes_are_refused(store: RatingsStore, attributes: dict[str, object]) -> None:
    with pytest.raises(DataError, match="attribute"):
        store.put_item(Item(1, attributes=attributes))
    with pytest.raises(DataError, match="attribute"):
        store.put_user(1, attributes)
    assert store.item(1) is None
    assert store.user(1) is None


def test_a_deleted_item_takes_its_ratings_along(store: RatingsStore) -> None:
    store.put_ratings([Rating("ann", "alien", 4, 1), Rating("ann", "heat", 3, 1)])
    cursor = store.sequence()
    assert store.delete_item("alien")
    assert store.ratings_of("ann") == [StoredRating("heat", 3, 1)]
    assert [(one.id, one.deleted) for one in store.changes_since(cursor).items] == [("alien", True)]
    assert store.item("alien") is None
    store.put_rating("bob", "alien", 5)
    assert store.ratings_of("bob") == []
    store.put_item(Item("alien", "back again"))
    assert [one.item for one in store.ratings_of("bob")] == ["alien"]
    assert len(store.to_ratings()) == 2


def test_nothing_is_left_of_a_person_who_is_erased(store: RatingsStore) -> None:
    store.put_rating("bob", "alien", 2, 5)
    before = rows_of(store)
    batch = [Rating("bob", "heat", 3, 9), Rating("ann-of-42nd-street", "alien", 4, 7)]
    store.put_ratings(batch, "k1", "ann-of-42nd-street's digest")
    store.put_user("ann-of-42nd-street", {"age": 42})
    store.put_rating("ann-of-42nd-street", "alien", 1)
    with store.writing() as transaction:
        transaction.record_shown("ann-of-42nd-street", "m", "1", ["alien", "heat"], at=8)
        transaction.record_shown("bob", "m", "1", ["alien"], at=8)
    cursor = store.sequence()
    assert store.erase_user("ann-of-42nd-street")
    with store.reading() as connection:
        assert "42nd" not in everything(connection)
    gone = store.changes_since(cursor).erased
    assert store.is_erased("ann-of-42nd-street", set(gone))
    assert not store.is_erased("bob", set(gone))
    store.put_ratings(batch, "k1", "ann-of-42nd-street's digest")  # sent once more
    assert store.ratings_of("ann-of-42nd-street") == []
    after = rows_of(store)
    more = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert more == {
        "starcast_items": 1, "starcast_ratings": 1, "starcast_history": 1, "starcast_batches": 1,
        "starcast_batch_users": 1, "starcast_shown": 1, "starcast_erased": 1,
    }  # fmt: skip


def everything(connection: Connection) -> str:
    """All that stands in a store."""
    tables = schema.TABLES.tables
    return str([connection.execute(text(f"SELECT * FROM {name}")).all() for name in tables])


def test_ratings_come_out_as_they_went_in(store: RatingsStore, ratings: Ratings) -> None:
    named = {one: Named(title, "War|Drama", {"price": "4.5"}) for one, title in zip(
        ratings.items.ids.tolist(), ratings.titles.tolist(), strict=True)}  # fmt: skip
    age = Attribute.of(ratings.users, "age", {"bob": ["25"]})
    known = replace(
        ratings, attributes=(*of_items(ratings.items, named), age), name="store", scale=FIVE_STARS
    )
    first = import_ratings(store, known)
    assert (first.ratings, first.items, first.users) == (Outcome(new=8), 4, 1)
    cursor = store.sequence()
    again = import_ratings(store, known)
    assert (again.ratings, again.items, again.users) == (Outcome(same=8), 0, 0)
    assert not any(store.changes_since(cursor)[1:])
    found = replace(store.to_ratings(), name="store")
    assert_equal(found, known)
    for one, other in zip(found.attributes, known.attributes, strict=True):
        assert (one.side, one.name, one.is_feature, one.values.tolist()) == (
            other.side, other.name, other.is_feature, other.values.tolist(),
        )  # fmt: skip
        assert one.member_rows.tolist() == other.member_rows.tolist()


def test_a_store_is_a_source_of_ratings(empty_database: str, planted: Ratings) -> None:
    with RatingsStore.create(empty_database) as store:
        import_ratings(store, planted)
        assert store.scale == planted.scale
    found = load_own(empty_database)
    assert_equal(replace(found, name="planted"), planted)
    assert str(found.reading).startswith(f"the store {empty_database}, a store: user is 'user_id'")
    joined = load_own([empty_database], test_source=[empty_database])
    assert joined.given_test is not None
    assert joined.given_test.all()


def test_ids_of_a_store_are_not_read_as_files_are(store: RatingsStore) -> None:
    store.put_ratings([Rating("1.0", "NA", 4, 30), Rating(1, "7", 3, 20130731)])
    found = store.to_ratings()
    assert found.users.ids.tolist() == ["1", "1.0"]
    assert found.items.ids.tolist() == ["7", "NA"]
    assert found.timestamps is not None
    assert sorted(found.timestamps.tolist()) == [30, 20130731]


def test_an_import_without_times_undoes_nothing(store: RatingsStore, ratings: Ratings) -> None:
    timeless = replace(ratings, timestamps=None)
    assert import_ratings(store, timeless).ratings == Outcome(new=8)
    assert store.to_ratings().timestamps is None
    store.put_rating("ann", "alien", 1, time=77)
    assert import_ratings(store, timeless).ratings == Outcome(same=7, older=1)
    found = store.to_ratings().timestamps
    assert found is not None
    assert set(found.tolist()) == {77}  # nothing is known to be younger


def test_an_import_outside_the_scale_stores_nothing(store: RatingsStore, ratings: Ratings) -> None:
    before = rows_of(store)
    wide = replace(ratings, stars=ratings.stars * 2, scale=RatingScale(1, 10, 1))
    with pytest.raises(DataError, match=r"a rating of 10, and the store .* holds 0\.5 to 5 stars"):
        import_ratings(store, wide)
    assert rows_of(store) == before


def test_a_store_keeps_its_scale(store: RatingsStore, empty_database: str) -> None:
    RatingsStore.create(empty_database, FIVE_STARS).close()
    with pytest.raises(DataError, match=r"holds 0\.5 to 5 stars in steps of 0\.5, not 1 to 5"):
        RatingsStore.create(empty_database, RatingScale(1, 5, 1))


def test_a_store_without_a_scale_takes_no_ratings_yet(
    empty_database: str, ratings: Ratings
) -> None:
    with RatingsStore.create(empty_database) as store, RatingsStore.open(empty_database) as other:
        with pytest.raises(ConfigError, match="no scale yet"):
            store.put_rating("ann", "alien", 4)
        import_ratings(other, ratings)
        store.put_rating("zoe", "alien", 4)


def test_several_make_a_store_at_once(empty_database: str) -> None:
    program = "RatingsStore.create(sys.argv[1]).close()"
    run_together([program] * 3, empty_database)
    with RatingsStore.open(empty_database) as store:
        assert rows_of(store)["starcast_versions"] == len(schema.STEPS)
        assert rows_of(store)["starcast_settings"] == 1


def test_a_step_that_fails_leaves_nothing(store: RatingsStore) -> None:
    def fails(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE starcast_half (n INTEGER)"))
        raise DataError("no")

    with pytest.raises(DataError, match="no"), store.writing() as transaction:
        schema.prepare(transaction.connection, "it", [*schema.STEPS, fails])
    with store.reading() as connection:
        assert schema.version_of(connection) == len(schema.STEPS)
        assert "starcast_half" not in inspect(connection).get_table_names()


def _nothing(connection: Connection) -> None:
    """A step."""


def test_a_newer_store_is_refused(store: RatingsStore, empty_database: str) -> None:
    with store.writing() as transaction:
        schema.prepare(transaction.connection, "it", [*schema.STEPS, _nothing])
    for look in (RatingsStore.open, RatingsStore.create, load_own):
        with pytest.raises(DataError, match=r"has schema version \d+, and this Starcast knows \d"):
            look(empty_database)


def test_writers_at_once_lose_nothing(empty_database: str) -> None:
    RatingsStore.create(empty_database, FIVE_STARS).close()
    writes = """
with RatingsStore.open(sys.argv[1]) as store:
    for at in range(40):
        store.put_rating(f"user {NUMBER}", at % 7, 0.5 + at % 10 / 2, time=at)
        store.put_rating("everybody", NUMBER * 100 + at, 4)
"""
    reads = """
seen, cursor = [], 0
with RatingsStore.open(sys.argv[1]) as store:
    while len(seen) < 320:
        changes = store.changes_since(cursor)
        seen += changes.ratings
        cursor = changes.sequence
print(len(seen), len({(one.user, one.item, one.time) for one in seen if one.user != "everybody"}))
"""
    programs = [writes.replace("NUMBER", str(number)) for number in range(4)]
    *_, said = run_together([*programs, reads], empty_database)
    assert said == "320 160\n"
    with RatingsStore.open(empty_database) as store:
        assert len(store.ratings_of("everybody")) == 160
        for number in range(4):
            assert store.ratings_of(f"user {number}")[4] == StoredRating(4, 5.0, 39)


def test_one_batch_sent_by_several_at_once_is_stored_once(empty_database: str) -> None:
    RatingsStore.create(empty_database, FIVE_STARS).close()
    program = """
from starcast.data.store.records import Rating
with RatingsStore.open(sys.argv[1]) as store:
    print(store.put_ratings([Rating("ann", 1, 4), Rating("bob", 1, 3)], "key", "digest").new)
"""
    assert run_together([program] * 3, empty_database) == ["2\n"] * 3
    with RatingsStore.open(empty_database) as store:
        assert rows_of(store)["starcast_history"] == 2


def test_no_store_is_said_so(empty_database: str) -> None:
    if empty_database.startswith("sqlite"):
        with pytest.raises(DataError, match="does not exist; check the path"):
            RatingsStore.open(empty_database)
    else:
        with pytest.raises(DataError, match="holds no store; make one: starcast store init"):
            RatingsStore.open(empty_database)
    with pytest.raises(StarcastError, match=r"say what to read from it, once: .*\?table=ratings"):
        load_own(empty_database)


def test_large_batches_go_in_blocks(store: RatingsStore) -> None:
    many = [Rating(f"u{at % 90}", at, 0.5 + at % 10 / 2, at) for at in range(6_000)]
    assert store.put_ratings(many) == Outcome(new=6_000)
    assert store.put_ratings(many[::-1]) == Outcome(same=6_000)
    counts = np.bincount(store.to_ratings().user_rows)
    assert sorted(set(counts.tolist())) == [66, 67]
    assert counts.sum() == 6_000


def test_lists_that_were_shown_and_what_was_rated_after(store: RatingsStore) -> None:
    store.put_rating("ann", "alien", 4, time=50)
    store.put_rating("ann", 7, 3, time=120)
    store.put_rating("ann", 7, 2, time=300)  # changed: given at 120 all the same
    store.put_rating("ann", "duel", 5, time=130)
    store.delete_rating("ann", "duel")
    store.put_rating("eve", "alien", 1, time=130)  # was shown nothing of late
    store.put_rating("zoe", "alien", 1, time=130)
    with store.writing() as transaction:
        transaction.record_shown("eve", "a", "1", ["alien"], at=10)
        transaction.record_shown("ann", "a", "1", [7, "duel"], at=100)
        transaction.record_shown("ann", "b", "1", [], at=110)
        transaction.record_shown("zoe", "b", "1", ["alien"], at=100)
    store.erase_user("zoe")
    lists, rated = lists_shown(store, 100), ratings_given(store, 100)
    (ann,) = set(lists["user"])
    assert lists.rows() == [(ann, "a", 100, ["7", "duel"]), (ann, "b", 110, [])]
    assert sorted(rated.rows()) == [(ann, "7", 2.0, 120), (ann, "alien", 4.0, 50)]
    assert len(lists_shown(store)) == 3
    found = compare_live(lists, rated)
    assert [(one.name, one.n_hits) for one in found.models] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)
def test_nothing_that_happens_often_reads_a_whole_table(store: RatingsStore) -> None:
    ratings = [Rating(f"u{at}", at % 30, 4, 1) for at in range(40)]
    store.put_ratings(ratings)
    asked: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        asked.append((given[2], given[3]))

    event.listen(Engine, "before_cursor_execute", note)
    store.put_ratings([one._replace(stars=3, time=2) for one in ratings])
    store.put_ratings(ratings, "key", "digest")
    store.delete_rating("u1", 1)
    for look in (store.person, store.ratings_of, store.user):
        look("u2")
    store.rating("u2", 2)
    store.news_since(store.sequence() - 1)
    store.item_means([1, 2])
    store.erase_user("u3")
    store.delete_item(4)
    event.remove(Engine, "before_cursor_execute", note)
    with store.reading() as connection:
        plans = [
            (sql, line)
            for sql, values in asked
            if sql.split()[0] in ("SELECT", "UPDATE", "DELETE")
            for line in str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}",
                            values[0] if isinstance(values, list) else values).all()).split("(")
        ]  # fmt: skip
    assert len(plans) > 30
    large = "SCAN starcast_(users|items|ratings|history|shown|batch)"
    assert not [one for one in plans if re.search(large, one[1])]
