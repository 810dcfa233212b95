"""What holds for every split of every data set."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import TEST, TRAIN, VALIDATION, RowSum, Split, SplitPlan, by_hash

FIVE_STARS = RatingScale(1, 5, 1)
SCHEMES = ("random", "user-random", "user-latest", "time", "kfold")

seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.2, 0.25, 0.4, 0.5])  # large enough that no part of 12 rows is empty


@st.composite
def data_sets(draw: st.DrawFn) -> Ratings:
    """12 to 40 ratings of up to 3 users, so that each split has rows in every part."""
    n_users, n_items = draw(st.integers(1, 3)), draw(st.integers(12, 20))
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, n_users - 1), st.integers(0, n_items - 1)),
            min_size=12,
            max_size=40,
            unique=True,
        )
    )
    users, items = np.array(pairs).T
    stars = draw(_as_many(pairs, st.integers(1, 5)))
    times = draw(_as_many(pairs, st.integers(0, 30)))  # with ties
    return Ratings.from_columns(
        users * 10, items * 7, np.array(stars, float), np.array(times), scale=FIVE_STARS
    )


def _as_many(rows: list[Any], values: st.SearchStrategy[int]) -> st.SearchStrategy[list[int]]:
    return st.lists(values, min_size=len(rows), max_size=len(rows))


def times_of(ratings: Ratings) -> NDArray[np.int64]:
    assert ratings.timestamps is not None
    return ratings.timestamps


def reordered(ratings: Ratings, order: list[int]) -> Ratings:
    return Ratings.from_columns(
        ratings.users.ids[ratings.user_rows[order]],
        ratings.items.ids[ratings.item_rows[order]],
        ratings.stars[order],
        times_of(ratings)[order],
        scale=FIVE_STARS,
    )


def pairs_of(ratings: Ratings) -> list[tuple[int, int]]:
    return list(zip(ratings.user_rows.tolist(), ratings.item_rows.tolist(), strict=True))


@given(data_sets(), st.sampled_from(SCHEMES), seeds)
def test_parts_are_disjoint_and_complete(ratings: Ratings, scheme: str, seed: int) -> None:
    split = SplitPlan(scheme, test=0.25, validation=0.25, seed=seed).divide(ratings)
    parts = [
        pair for part in (split.train, split.validation, split.test) for pair in pairs_of(part)
    ]
    assert len(parts) == len(set(parts)) == len(ratings)
    assert sorted(parts) == pairs_of(ratings)


@given(data_sets(), st.sampled_from(["random", "time"]), shares, shares, seeds)
def test_sizes_are_as_asked(
    ratings: Ratings, scheme: str, test: float, validation: float, seed: int
) -> None:
    split = SplitPlan(scheme, test, validation, seed).divide(ratings)
    n_test = round(len(ratings) * test)
    assert len(split.test) == n_test
    assert len(split.validation) == round((len(ratings) - n_test) * validation)


@given(data_sets(), st.sampled_from(SCHEMES), seeds)
def test_one_seed_is_one_split(ratings: Ratings, scheme: str, seed: int) -> None:
    plan = SplitPlan(scheme, test=0.25, validation=0.25, seed=seed)
    assert plan.divide(ratings).fingerprint == plan.divide(ratings).fingerprint


@given(data_sets(), st.sampled_from(SCHEMES), seeds, st.randoms())
def test_the_order_of_the_file_does_not_matter(
    ratings: Ratings, scheme: str, seed: int, random: Any
) -> None:
    other = reordered(ratings, random.sample(range(len(ratings)), len(ratings)))
    plan = SplitPlan(scheme, test=0.25, validation=0.25, seed=seed)
    assert plan.divide(other).parts.tolist() == plan.divide(ratings).parts.tolist()
    assert plan.divide(other).fingerprint == plan.divide(ratings).fingerprint


@given(data_sets(), data_sets(), seeds)
def test_old_rows_keep_their_parts_by_hash_as_data_grow(
    old: Ratings, new: Ratings, seed: int
) -> None:
    """Other users and items in between, rated otherwise and again."""
    before, after = _part_by_pair(old, seed), _part_by_pair(_joined(old, new), seed)
    assert len(after) >= len(before)
    assert {pair: after[pair] for pair in before} == before


def _joined(old: Ratings, new: Ratings) -> Ratings:
    known = set(zip(*_ids_of(old), strict=True))
    fresh = [n for n, pair in enumerate(zip(*_ids_of(new), strict=True)) if pair not in known]
    users, items = (
        np.array([*mine, *np.array(theirs)[fresh]])
        for mine, theirs in zip(_ids_of(old), _ids_of(new), strict=True)
    )
    stars = np.concatenate([5 - old.stars / 2, new.stars[fresh]])
    return Ratings.from_columns(users, items, stars)


def _ids_of(ratings: Ratings) -> tuple[list[int], list[int]]:
    users, items = ratings.users.ids[ratings.user_rows], ratings.items.ids[ratings.item_rows]
    return users.tolist(), items.tolist()


def _part_by_pair(ratings: Ratings, seed: int) -> dict[tuple[int, int], bool]:
    is_test = by_hash.masks(ratings, 0.3, 0.2, seed)[0]
    return dict(zip(zip(*_ids_of(ratings), strict=True), is_test.tolist(), strict=True))


@given(data_sets(), st.integers(2, 6), seeds)
def test_folds_share_the_rows_out(ratings: Ratings, n_folds: int, seed: int) -> None:
    plans = [
        SplitPlan("kfold", seed=seed, fold=1 + fold, n_folds=n_folds) for fold in range(n_folds)
    ]
    turns = np.stack([_test_rows(plan, ratings) for plan in plans])
    assert turns.sum(axis=0).tolist() == [1] * len(ratings)
    assert np.ptp(turns.sum(axis=1)) <= 1


def _test_rows(plan: SplitPlan, ratings: Ratings) -> NDArray[np.bool_]:
    return np.equal(plan.divide(ratings).parts, TEST)


@given(data_sets(), shares, shares)
def test_time_puts_the_future_in_the_test(ratings: Ratings, test: float, validation: float) -> None:
    split = SplitPlan("time", test, validation).divide(ratings)
    train, middle, future = (times_of(part) for part in (split.train, split.validation, split.test))
    assert train.max() <= middle.min()
    assert middle.max() <= future.min()


@given(data_sets(), shares)
def test_of_equal_times_the_later_row_is_the_later(ratings: Ratings, share: float) -> None:
    """Against a sort, of everybody's rows and of each user's."""
    times, users = times_of(ratings).tolist(), ratings.user_rows.tolist()
    in_turn = sorted(range(len(ratings)), key=lambda row: (times[row], row))
    last = set(in_turn[len(in_turn) - round(len(in_turn) * share) :])
    plan = SplitPlan("time", share, share)
    assert set(np.flatnonzero(_test_rows(plan, ratings))) == last
    last = set()
    for user in range(ratings.n_users):
        own = [row for row in in_turn if users[row] == user]
        last |= set(own[len(own) - round(len(own) * share) :])
    plan = SplitPlan("user-latest", share, share)
    assert set(np.flatnonzero(_test_rows(plan, ratings))) == last


@given(data_sets(), shares)
def test_user_latest_puts_each_users_future_in_the_test(ratings: Ratings, share: float) -> None:
    split = SplitPlan("user-latest", share, share).divide(ratings)
    for user in range(ratings.n_users):
        times = [
            np.sort(times_of(part)[part.user_rows == user])
            for part in (split.train, split.validation, split.test)
        ]
        in_turn = np.concatenate(times)
        assert np.all(in_turn[:-1] <= in_turn[1:])
        n_test = np.round(len(in_turn) * share)
        assert len(times[2]) == n_test
        assert len(times[1]) == np.round((len(in_turn) - n_test) * share)


@given(data_sets(), shares, seeds)
def test_user_random_takes_as_many_of_each_user_as_user_latest(
    ratings: Ratings, share: float, seed: int
) -> None:
    plans = [SplitPlan(scheme, share, share, seed) for scheme in ("user-random", "user-latest")]
    counts = [np.bincount(plan.divide(ratings).test.user_rows, minlength=3) for plan in plans]
    assert counts[0].tolist() == counts[1].tolist()


@given(data_sets(), st.data())
def test_fingerprints_of_pieces_add_up(ratings: Ratings, data: st.DataObject) -> None:
    draw = st.lists(st.integers(0, 2), min_size=len(ratings), max_size=len(ratings))
    parts, piece = (np.array(data.draw(draw), np.uint8) for _ in range(2))
    sums = [RowSum.of_parts(ratings.take(piece == n), parts[piece == n]) for n in range(3)]
    assert sums[2] + sums[0] + sums[1] == RowSum.of_parts(ratings, parts)


@given(data_sets(), seeds, st.data())
def test_the_fingerprint_sees_one_row_move(
    ratings: Ratings, seed: int, data: st.DataObject
) -> None:
    split = SplitPlan(test=0.3, validation=0.3, seed=seed).divide(ratings)
    row = data.draw(st.integers(0, len(ratings) - 1))
    parts = split.parts.copy()
    parts[row] = {TRAIN: VALIDATION, VALIDATION: TEST, TEST: TRAIN}[int(parts[row])]
    assert Split(ratings, parts, split.scheme).fingerprint != split.fingerprint


@given(data_sets(), seeds, st.data())
def test_the_fingerprint_sees_one_rating_change(
    ratings: Ratings, seed: int, data: st.DataObject
) -> None:
    split = SplitPlan(test=0.3, validation=0.3, seed=seed).divide(ratings)
    row = data.draw(st.integers(0, len(ratings) - 1))
    stars = ratings.stars.copy()
    stars[row] = stars[row] % 5 + 1
    changed = Ratings.from_rows(
        ratings.users, ratings.items, ratings.user_rows, ratings.item_rows, stars, scale=FIVE_STARS
    )
    assert Split(changed, split.parts, split.scheme).fingerprint != split.fingerprint
