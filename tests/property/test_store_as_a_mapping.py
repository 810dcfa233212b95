"""A store does what a mapping would that is written by the same rule, in whatever order."""

from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from starcast.data.scale import RatingScale
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Id, Rating

RATINGS = st.builds(
    Rating,
    st.sampled_from([1, "01", "ann"]),
    st.sampled_from(["x", 7]),
    st.none() | st.sampled_from([0.5, 3, 4.5]),
    st.integers(0, 4),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(RATINGS, min_size=1, max_size=6), max_size=5))
def test_the_latest_rating_of_each_pair_counts(batches: list[list[Rating]]) -> None:
    with (
        TemporaryDirectory() as folder,
        RatingsStore.create(f"sqlite:///{folder}/r.db", RatingScale(0.5, 5, 0.5)) as store,
    ):
        for batch in batches:
            store.put_ratings(batch)
        known, effects = _by_the_rule([one for batch in batches for one in batch])
        for user in (1, "01", "ann"):
            wanted = {
                item: (one.stars, one.time)
                for (whose, item), one in known.items()
                if whose == user and one.stars is not None
            }
            assert {one.item: one[1:] for one in store.ratings_of(user)} == wanted
        changes = store.changes_since()
        assert changes.ratings == effects
        assert store.changes_since(changes.sequence).ratings == []


def _by_the_rule(ratings: list[Rating]) -> tuple[dict[tuple[Id, Id], Rating], list[Rating]]:
    """The current rating of each pair, and those that changed something."""
    known: dict[tuple[Id, Id], Rating] = {}
    effects: list[Rating] = []
    for one in ratings:
        before = known.get((one.user, one.item), Rating(one.user, one.item, None, -1))
        is_older = (one.time or 0) < (before.time or 0)
        if is_older or before == one or (one.stars is None and before.stars is None):
            continue
        known[one.user, one.item] = one
        effects.append(one)
    return known, effects
