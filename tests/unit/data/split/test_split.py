"""Splits: every scheme by hand, and every refusal."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.data.split import SCHEMES, TEST, TRAIN, VALIDATION, Split, SplitPlan, examples
from starcast.errors import ConfigError, UnknownNameError


def grid(n_users: int, n_items: int) -> Ratings:
    """Every user rates every item, without timestamps."""
    users, items = np.divmod(np.arange(n_users * n_items), n_items)
    return Ratings.from_columns(users, items, (users + items) % 5 + 1.0, name="grid")


def test_random_by_the_generators_it_names(ratings: Ratings) -> None:
    """Test rows come from the stream [seed, 0], validation rows from [seed, 1]."""
    split = SplitPlan("random", test=0.25, validation=0.34, seed=7).divide(ratings)
    test = np.random.default_rng([7, 0]).permutation(8)[:2]
    rest = np.setdiff1d(np.arange(8), test)
    validation = rest[np.random.default_rng([7, 1]).permutation(6)[:2]]
    expected = np.full(8, TRAIN)
    expected[test], expected[validation] = TEST, VALIDATION
    assert split.parts.tolist() == expected.tolist()
    assert split.parts.dtype == np.uint8


def test_random_sizes_round_to_the_nearest_row() -> None:
    split = SplitPlan().divide(grid(7, 9))  # 63 rows: 12.6 for the test, 5.0 of the other 50
    assert (len(split.train), len(split.validation), len(split.test)) == (45, 5, 13)


def test_time_by_hand(ratings: Ratings) -> None:
    """Test: the stars given at 50 and 40. Validation: of the other six, the one given at 30."""
    split = SplitPlan("time", test=0.25, validation=0.2).divide(ratings)
    assert split.parts.tolist() == [TEST, 0, VALIDATION, 0, 0, 0, TEST, 0]


def test_user_latest_by_hand(ratings: Ratings) -> None:
    """Test: ann's at 40 and 30, bob's at 12, eve's at 50.

    Of the rest, ann keeps 10 and 20, of which 20 is the later; half of one row rounds to none.
    """
    split = SplitPlan("user-latest", test=0.5, validation=0.5).divide(ratings)
    assert split.parts.tolist() == [TEST, 0, TEST, VALIDATION, 0, TEST, TEST, 0]


def test_k_folds_take_turns() -> None:
    ratings = grid(4, 4)
    folds = [SplitPlan("kfold", fold=fold, n_folds=3).divide(ratings) for fold in (1, 2, 3)]
    turns = np.stack([split.parts == TEST for split in folds])
    assert turns.sum(axis=0).tolist() == [1] * 16
    assert turns.sum(axis=1).tolist() == [6, 5, 5]
    assert len({split.fingerprint for split in folds}) == 3


def test_k_folds_by_the_generator_they_name(ratings: Ratings) -> None:
    """Rows take the folds in turn, and the stream [seed, 0] shuffles them."""
    folds = [0, 1, 2, 0, 1, 2, 0, 1]
    np.random.default_rng([7, 0]).shuffle(folds)
    split = SplitPlan("kfold", validation=0.4, seed=7, fold=2, n_folds=3).divide(ratings)
    assert np.flatnonzero(split.parts == TEST).tolist() == [
        row for row, fold in enumerate(folds) if fold == 1
    ]


def test_many_folds_are_small_or_empty() -> None:
    ratings = grid(20, 20)
    assert len(SplitPlan("kfold", fold=300, n_folds=300).divide(ratings).test) == 1
    with pytest.raises(ConfigError, match="leaves no test rows"):
        SplitPlan("kfold", fold=401, n_folds=10**12).divide(ratings)


def test_official_takes_the_rows_it_is_given(ratings: Ratings) -> None:
    shipped = np.array([0, 1, 0, 0, 1, 0, 0, 0], bool)
    split = SplitPlan("official", validation=0.2, official="u1").divide(ratings, shipped)
    assert np.flatnonzero(split.parts == TEST).tolist() == [1, 4]
    assert len(split.validation) == 1
    assert split.scheme == "official:u1 validation=0.2 seed=42"


def test_the_parts_are_ratings_over_the_same_vocabularies(ratings: Ratings) -> None:
    split = SplitPlan("time", test=0.25, validation=0.2).divide(ratings)
    assert split.test.stars.tolist() == [5, 4]
    assert split.validation.stars.tolist() == [4]
    assert split.train.stars.tolist() == [3, 1, 2, 4.5, 0.5]
    for part in (split.train, split.validation, split.test):
        assert part.users is ratings.users
        assert part.items is ratings.items


def test_split_of_masks(ratings: Ratings) -> None:
    is_test, is_validation = np.arange(8) < 2, np.arange(8) > 5
    split = Split.of(ratings, is_test, is_validation, "by hand")
    assert split.parts.tolist() == [2, 2, 0, 0, 0, 0, 1, 1]
    assert split.scheme == "by hand"


def test_user_random_by_the_generators_it_names() -> None:
    """Of each user's four rows those with the highest numbers of [seed, 0], then of [seed, 1]."""
    ratings = grid(5, 4)
    keys = np.random.default_rng([7, 0]).random(20).reshape(5, 4)
    test = np.argsort(keys, axis=1)[:, -2:]  # half of four
    rest = [[item for item in range(4) if item not in chosen] for chosen in test]
    again = np.random.default_rng([7, 1]).random(10).reshape(5, 2)
    split = SplitPlan("user-random", test=0.5, validation=0.4, seed=7).divide(ratings)
    expected = np.full((5, 4), TRAIN)
    for user in range(5):
        expected[user, test[user]] = TEST
        expected[user, rest[user][int(np.argmax(again[user]))]] = VALIDATION  # 0.4 of two is one
    assert split.parts.reshape(5, 4).tolist() == expected.tolist()
    assert split.scheme == "user-random test=0.5 validation=0.4 seed=7"


def test_leave_one_out_takes_the_last_of_each_and_then_the_last_of_the_others(
    ratings: Ratings,
) -> None:
    """ann's at 40 and 30; bob's at 12, and his other stays in training; eve's at 50."""
    split = SplitPlan("leave-one-out").divide(ratings)
    assert split.parts.tolist() == [TEST, 0, VALIDATION, 0, 0, TEST, TEST, 0]
    assert split.scheme == "leave-one-out seed=42"


def test_leave_one_out_leaves_everybody_a_training_rating() -> None:
    users, items = [1, 2, 2, 3, 3, 3], [9, 8, 9, 7, 8, 9]
    ratings = Ratings.from_columns(
        np.array(users),
        np.array(items),
        np.array([1.0, 2, 3, 4, 5, 5]),
        np.array([5, 6, 6, 1, 3, 2]),
    )
    split = SplitPlan("leave-one-out").divide(ratings)
    assert split.parts.tolist() == [TRAIN, TRAIN, TEST, TRAIN, TEST, VALIDATION]


def test_leave_one_out_without_times_is_random() -> None:
    parts = [SplitPlan("leave-one-out", seed=n).divide(grid(6, 9)).parts for n in (1, 1, 2)]
    assert parts[0].tolist() == parts[1].tolist() != parts[2].tolist()
    for part in (TEST, VALIDATION):
        assert np.sum(parts[0].reshape(6, 9) == part, axis=1).tolist() == [1] * 6


def test_given_takes_the_rows_that_came_as_test_rows(ratings: Ratings) -> None:
    given = replace(ratings, given_test=np.array([0, 1, 0, 0, 1, 0, 0, 0], bool))
    split = SplitPlan("given", validation=0.2).divide(given)
    assert np.flatnonzero(split.parts == TEST).tolist() == [1, 4]
    assert len(split.validation) == 1
    assert split.scheme == "given validation=0.2 seed=42"
    assert split.validation.given_test is not None
    assert split.validation.given_test.tolist() == [False]
    with pytest.raises(ConfigError, match=r"no test rows were given with tiny; .*--test-ratings"):
        SplitPlan("given").divide(ratings)
    with pytest.raises(ConfigError, match=r"test rows were given with tiny, so .* by 'random'"):
        SplitPlan().divide(given)


def test_every_scheme_is_told_of() -> None:
    told = examples()
    assert told.startswith("random, user-random, user-latest, leave-one-out, time, before:2016-01-")
    for name in SCHEMES:
        assert name in told
        with pytest.raises(UnknownNameError, match=f"did you mean '{name}'"):
            SplitPlan(f"{name}x")


@pytest.mark.parametrize("scheme", ["random", "kfold", "user-random", "leave-one-out", "hash"])
def test_another_seed_is_another_split(scheme: str) -> None:
    ratings = grid(6, 12)
    one, other = (SplitPlan(scheme, seed=seed).divide(ratings) for seed in (1, 2))
    assert np.any((one.parts == TEST) != (other.parts == TEST))
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("text", "plan", "label"),
    [
        ("random", SplitPlan(), "random test=0.2 validation=0.1 seed=42"),
        ("time", SplitPlan("time"), "time test=0.2 validation=0.1 seed=42"),
        (
            "user-latest",
            SplitPlan("user-latest"),
            "user-latest test=0.2 validation=0.1 seed=42",
        ),
        ("kfold", SplitPlan("kfold"), "kfold:1/5 validation=0.1 seed=42"),
        (
            "kfold:2/3",
            SplitPlan("kfold", fold=2, n_folds=3),
            "kfold:2/3 validation=0.1 seed=42",
        ),
        (
            "official:ua",
            SplitPlan("official", official="ua"),
            "official:ua validation=0.1 seed=42",
        ),
    ],
)
def test_parse(text: str, plan: SplitPlan, label: str) -> None:
    assert SplitPlan.parse(text) == plan
    assert str(plan) == label


def test_parse_passes_shares_and_seed_on() -> None:
    plan = SplitPlan.parse("random", test=0.3, validation=0.25, seed=1)
    assert plan == SplitPlan("random", 0.3, 0.25, 1)
    assert str(plan) == "random test=0.3 validation=0.25 seed=1"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("user-last", UnknownNameError, "unknown split 'user-last': did you mean 'user-latest'?"),
        ("kfold:1", ConfigError, "'kfold:1' names no fold; write kfold:1/5"),
        ("kfold:a/b", ConfigError, "'kfold:a/b' names no fold; write kfold:1/5"),
        ("kfold:1/2/3", ConfigError, "'kfold:1/2/3' names no fold; write kfold:1/5"),
        ("kfold:0/5", ConfigError, "fold 0 of 5 does not exist; folds count from 1"),
        ("kfold:6/5", ConfigError, "fold 6 of 5 does not exist; folds count from 1"),
        ("kfold:1/1", ConfigError, "fold 1 of 1 does not exist"),
        ("time:3", ConfigError, "the split 'time' takes nothing after a colon, got 'time:3'"),
        ("hash:3", ConfigError, "the split 'hash' takes nothing after a colon, got 'hash:3'"),
        ("random:", ConfigError, "the split 'random:' says nothing after its colon"),
    ],
)
def test_parse_refuses(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        SplitPlan.parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("kfold:1/5", {"test": 0.2}, "the test share has no effect on the split 'kfold:1/5'"),
        ("official:u1", {"test": 0.3}, "the test share has no effect on the split 'official:u1'"),
        ("time", {"seed": 3}, "the seed has no effect on the split 'time'"),
        ("leave-one-out", {"validation": 0.1}, "the validation share has no effect"),
        ("before:5", {"test": 0.1}, "the test share has no effect on the split 'before:5'"),
        ("before:4,5", {"validation": 0.1}, "the validation share has no effect"),
    ],
)
def test_what_has_no_effect_is_refused(text: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SplitPlan.parse(text, **given)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"test": 0.0}, "the test share must lie between 0 and 1, got 0.0"),
        ({"test": 1.0}, "the test share must lie between 0 and 1, got 1.0"),
        ({"test": float("nan")}, "the test share must lie between 0 and 1, got nan"),
        ({"validation": -0.1}, "the validation share must lie between 0 and 1, got -0.1"),
        ({"validation": 1.5}, "the validation share must lie between 0 and 1, got 1.5"),
        ({"seed": -1}, "the seed must lie in [0, 2**32), got -1"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SplitPlan(**settings)
    assert str(caught.value) == message


@pytest.mark.parametrize("scheme", ["time", "user-latest"])
def test_splits_by_time_need_timestamps(scheme: str) -> None:
    with pytest.raises(ConfigError, match="grid has no timestamps; a split by time needs them"):
        SplitPlan(scheme).divide(grid(5, 5))


def test_an_official_split_must_be_shipped(ratings: Ratings) -> None:
    with pytest.raises(ConfigError, match="tiny ships no split called 'u9'"):
        SplitPlan("official", official="u9").divide(ratings)


def test_shipped_rows_are_for_official_splits_only(ratings: Ratings) -> None:
    with pytest.raises(ConfigError, match="ships no split"):
        SplitPlan("random").divide(ratings, np.ones(8, bool))


@pytest.mark.parametrize(
    ("plan", "missing"),
    [
        (SplitPlan(test=0.01), "test"),
        (SplitPlan(test=0.99), "training"),
        (SplitPlan(test=0.5, validation=0.01), "validation"),
    ],
)
def test_no_part_may_be_empty(ratings: Ratings, plan: SplitPlan, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"of 8 ratings leaves no {missing} rows; use more data"):
        plan.divide(ratings)
