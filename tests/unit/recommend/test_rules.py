"""Rules: what may be asked for, and lists that obey it, by hand and by independent programs."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import shop_of_items as shop

from starcast.data.attributes import Item, of_items
from starcast.errors import ConfigError, RuleWarning, UnknownIdError, UnknownNameError
from starcast.recommend import Recommendation, Recommender
from starcast.recommend.rules import Rules

ROWS = shop.rows()
RECOMMENDER = Recommender(shop.artifact(), fallback=True)
EVERYTHING = shop.N_ITEMS


def ids(listed: list[Recommendation]) -> list[Any]:
    return [row.item_id for row in listed]


def ranking(user: int) -> list[int]:
    return ids(RECOMMENDER.recommend(user, EVERYTHING))


@contextmanager
def told() -> Iterator[list[str]]:
    lines: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield lines
    lines += [str(one.message) for one in caught if issubclass(one.category, RuleWarning)]


# What may be asked for

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "where": ({"where": 5}, "where must be a filter as text, got 5"),
    "min_ratings": ({"min_ratings": 2.5}, "min_ratings must be a whole number, got 2.5"),
    "negative": ({"min_ratings": -1}, "min_ratings must lie in"),
    "diversity": ({"diversity": 1.5}, r"diversity must lie in \[0, 1\], got 1.5"),
    "nan": ({"calibration": float("nan")}, "calibration must lie in"),
    "text": ({"diversity": "0.3"}, "diversity must be a number, got '0.3'"),
    "among": ({"among": "films.csv"}, "among must be a list of ids or titles, got 'films.csv'"),
    "what": ({"without": [1, None]}, "without must be ids or titles, got None"),
    "group": ({"at_most": "director"}, "at_most 'director' is no group; write it as 3:director"),
    "zero": ({"where": "title = 'Up\0'"}, "holds a zero byte; remove it"),
    "zero of a group": ({"at_most": "1:genres=War\0"}, "is no group"),
    "sign": ({"at_most": "-1:director"}, "is no group"),
    "no value": ({"at_least": "2:genres"}, "write it as 2:genres=Documentary"),
    "nothing": ({"at_least": "0:genres=War"}, "is no group"),
    "number": ({"at_most": [3]}, "at_most must be text such as '3:director', got"),
    "many": ({"at_most": ["1:year"] * 21}, "at_most may be given 20 times, not 21"),
    "no number": ({"at_most": "1:price=x"}, "'price' holds numbers; 'x' is none"),
    "rules": ({"rules": {"where": "price = 1"}}, "rules must be Rules"),
}


@pytest.mark.parametrize(("given", "line"), BAD.values(), ids=BAD)
def test_a_rule_out_of_its_range_is_refused_in_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        RECOMMENDER.recommend(1, **given)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"whre": "price = 1"}, "unknown rule 'whre': did you mean 'where'?"),
        ({"at_most": "1:directer"}, "did you mean 'director'?"),
        ({"at_least": "1:genres=Comdy"}, "unknown value of genres 'Comdy': did you mean 'Comedy'?"),
        ({"at_most": "1:price=77"}, "unknown value of price '77'"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(given: dict[str, Any], line: str) -> None:
    with pytest.raises(UnknownNameError) as refused:
        RECOMMENDER.recommend(1, **given)
    assert line in str(refused.value)


def test_rules_may_be_kept_and_what_a_call_gives_counts() -> None:
    cheap = Rules(where="price < 2", at_most=["1:director"])  # type: ignore[arg-type]  # is taken
    assert cheap.at_most == ("1:director",)
    asked = RECOMMENDER.recommend(1, 3, rules=cheap, at_most=())
    assert asked == RECOMMENDER.recommend(1, 3, where="price < 2")


# Masks


def test_items_are_named_by_ids_or_titles_and_unknown_ones_are_told() -> None:
    with told() as lines:
        listed = ids(RECOMMENDER.recommend(1, 9, among=[3, "4", "Heat 7", 999, "nobody"]))
    heat = next(n for n, row in enumerate(ROWS) if row.title.startswith("Heat 7 "))
    assert listed == [item for item in ranking(1) if item in (3, 4, heat)]
    assert any("2 of 5 are not known here: '999', 'nobody'" in line for line in lines)
    assert f"the list holds {len(listed)} of 9 items: these rules leave no more" in lines


def test_no_item_to_list_is_an_empty_list_and_no_item_to_leave_out_is_no_rule() -> None:
    with told() as lines:
        assert ids(RECOMMENDER.recommend(1, 9, among=[])) == []
    assert lines == ["the list holds 0 of 9 items: these rules leave no more"]
    assert ids(RECOMMENDER.recommend(1, 9, without=[])) == ranking(1)[:9]


def test_items_to_leave_out() -> None:
    first = ranking(2)[:4]
    assert ids(RECOMMENDER.recommend(2, 5, without=np.array(first))) == ranking(2)[4:9]
    with pytest.raises(UnknownIdError, match="item '999'"):
        RECOMMENDER.recommend(2, without=[999])


def test_ratings_an_item_must_have() -> None:
    enough = RECOMMENDER.artifact.n_raters >= 6
    assert 0 < enough.sum() < EVERYTHING
    listed = ids(RECOMMENDER.recommend(2, 9, min_ratings=6))
    assert listed == [item for item in ranking(2) if enough[item]][:9]


# Groups


def by_maximum(ranked: list[int], k: int, n: int, values: Callable[[int], list[Any]]) -> list[int]:
    """The ranking from its top, an item of a value that is there n times passed over."""
    counts: Counter[Any] = Counter()
    taken: list[int] = []
    for item in ranked:
        if len(taken) < k and all(counts[value] < n for value in values(item)):
            taken.append(item)
            counts.update(values(item))
    return taken


@pytest.mark.parametrize("n", [0, 1, 2])
def test_at_most_some_of_each_value(n: int) -> None:
    for user in range(10):
        wanted = by_maximum(ranking(user), 8, n, lambda item: ROWS[item].director)
        with told() as lines:
            assert ids(RECOMMENDER.recommend(user, 8, at_most=f"{n}:director")) == wanted
        assert bool(lines) == (len(wanted) < 8)


def test_at_most_some_of_one_value_and_of_each_of_numbers() -> None:
    def values(item: int) -> list[Any]:
        return [year] if (year := ROWS[item].year) else []

    for user in range(5):
        wanted = by_maximum(ranking(user), 20, 1, values)
        with told():
            assert ids(RECOMMENDER.recommend(user, 20, at_most=["1:year"])) == wanted
        no_war = [item for item in ranking(user) if "War" not in ROWS[item].genres]
        assert ids(RECOMMENDER.recommend(user, 5, at_most=" 0 : genre = War ")) == no_war[:5]


def test_at_least_some_of_a_value_take_the_last_places() -> None:
    for user in range(10):
        ranked = ranking(user)
        war = [item for item in ranked if "War" in ROWS[item].genres][:3]
        others = [item for item in ranked if item not in war]
        free = ranked[
            : next(n for n in range(6) if 5 - n == 3 - len({*ranked[:n]} & {*war}) or n == 5)
        ]
        wanted = sorted({*free, *war}, key=ranked.index)[:5]
        assert ids(RECOMMENDER.recommend(user, 5, at_least="3:genres=War")) == wanted
        assert len({*wanted} & {*war}) == 3
        assert len({*wanted} & {*others}) == 2


def test_an_item_that_helps_two_minimums_is_taken_where_places_are_few() -> None:
    both = [n for n, row in enumerate(ROWS) if {"War", "Comedy"} <= {*row.genres}]
    n_passed_over = 0
    for user in range(10):
        wanted = [item for item in ranking(user) if item in both][:1]
        listed = RECOMMENDER.recommend(user, 1, at_least=["1:genres=War", "1:genres=Comedy"])
        assert ids(listed) == wanted
        either = [item for item in ranking(user) if {"War", "Comedy"} & {*ROWS[item].genres}]
        n_passed_over += either[:1] != wanted
    assert n_passed_over


def test_allowed_rows_and_rules_both_count() -> None:
    even = np.arange(EVERYTHING) % 2 == 0
    listed = ids(RECOMMENDER.recommend(3, 5, allowed=even, where="genres = 'War'"))
    assert listed == [i for i in ranking(3) if even[i] and "War" in ROWS[i].genres][:5]


def test_a_minimum_that_cannot_be_met_is_told() -> None:
    with told() as lines:
        listed = RECOMMENDER.recommend(3, 4, at_least="2:genres=War", where="genres <> 'War'")
    assert len(listed) == 4
    assert lines == ["the list holds 0 where 2:genres=War is asked for: these rules leave no more"]


# Diversity and calibration


def by_mmr(user: int, k: int, weight: float) -> list[int]:
    """Carbonell and Goldstein's maximal marginal relevance, from cosines and stars alone."""
    artifact = RECOMMENDER.artifact
    candidates = ranking(user)
    stars = artifact.scorer.score_user(user).astype(float)[candidates]
    relevance = (stars - stars.min()) / (stars.max() - stars.min())
    factors = np.asarray(artifact.weights["item_factors"], float)
    n = artifact.n_raters
    unit = factors / np.linalg.norm(factors, axis=1, keepdims=True)
    alike = unit @ unit.T * np.minimum.outer(n / (n + 10), n / (n + 10))
    known = np.argsort(-n, kind="stable")[:32]
    usual = np.median([max(0, np.delete(alike[item], item).max()) for item in known])
    alike = np.minimum(alike / usual, 1)
    taken: list[int] = []
    while len(taken) < k:
        gains = [
            -np.inf
            if item in taken
            else (1 - weight) * relevance[at]
            - weight * max((alike[item, other] for other in taken), default=0)
            for at, item in enumerate(candidates)
        ]
        taken.append(candidates[int(np.argmax(gains))])
    return taken


@pytest.mark.parametrize("weight", [0.2, 0.7, 1.0])
def test_a_diverse_list_is_that_of_maximal_marginal_relevance(weight: float) -> None:
    for user in range(5):
        assert ids(RECOMMENDER.recommend(user, 6, diversity=weight)) == by_mmr(user, 6, weight)
    assert by_mmr(1, 6, weight) != ranking(1)[:6]


def genre_shares(items: list[int]) -> Counter[str]:
    total: Counter[str] = Counter()
    for item in items:
        for genre in ROWS[item].genres:
            total[genre] += 1 / len(ROWS[item].genres)  # type: ignore[assignment]  # counts are shares
    mass = sum(total.values()) or 1
    return Counter({genre: share / mass for genre, share in total.items()})


def by_calibration(user: int, k: int, weight: float) -> list[int]:
    """Steck's greedy algorithm, from its formulas."""
    candidates = ranking(user)
    stars = RECOMMENDER.artifact.scorer.score_user(user).astype(float)[candidates]
    relevance = (stars - stars.min()) / (stars.max() - stars.min())
    p = genre_shares(RECOMMENDER.seen_rows(user).tolist())

    def objective(at: int, taken: list[int]) -> float:
        q = genre_shares([*taken, candidates[at]])
        divergence = sum(
            share * np.log(share / (0.99 * q[genre] + 0.01 * share)) for genre, share in p.items()
        )
        return float((1 - weight) * relevance[at] - weight * divergence)

    taken: list[int] = []
    while len(taken) < k:
        left = [at for at, item in enumerate(candidates) if item not in taken]
        taken.append(candidates[max(left, key=lambda at: objective(at, taken))])
    return taken


@pytest.mark.parametrize("weight", [0.3, 0.9])
def test_a_calibrated_list_is_that_of_steck(weight: float) -> None:
    for user in range(5):
        wanted = by_calibration(user, 6, weight)
        assert ids(RECOMMENDER.recommend(user, 6, calibration=weight)) == wanted
    assert by_calibration(1, 6, weight) != ranking(1)[:6]


def test_nobody_without_a_history_is_calibrated() -> None:
    for asked in (RECOMMENDER.fold_in([], []).recommend, partial(RECOMMENDER.recommend, "zoe")):
        with told() as lines:
            assert asked(k=5, calibration=0.5) == asked(k=5)
        assert lines == ["not calibrated: nothing is known of what this person has rated"]


def test_models_that_tell_no_likeness_take_shared_genres(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of equal scores: after the first the least like it, by Jaccard over genres and years."""
    known = {0: Item("a", "War|Comedy"), 1: Item("b", "War"), 2: Item("c", "Drama"), 3: Item("d")}
    plain = shop.artifact()
    ratings = plain.split.ratings
    told_of = replace(ratings, attributes=of_items(ratings.items, known))
    silent = replace(plain, split=replace(plain.split, ratings=told_of), model="most-popular")
    scorer = Flat()
    silent.__dict__["scorer"] = scorer
    listed = Recommender(silent).recommend(
        0, 4, among=[0, 1, 2, 3], diversity=0.5, exclude_seen=False
    )
    assert ids(listed) == [0, 2, 3, 1]  # b shares one of two genres with a
    none = replace(silent, split=replace(plain.split, ratings=replace(ratings, attributes=())))
    none.__dict__["scorer"] = scorer
    with told() as lines:
        listed = Recommender(none).recommend(0, diversity=0.5, calibration=0.5)
    assert listed == Recommender(none).recommend(0)
    assert sorted(lines) == [
        "not calibrated: no genres are known of these items",
        "not made diverse: neither Most popular nor genres tell which items are alike",
    ]


class Flat:
    """Scores everything alike, and knows no likeness."""

    def score_pairs(self, user_rows: np.ndarray, item_rows: np.ndarray) -> np.ndarray:
        return np.zeros(len(user_rows), np.float32)

    def score_all(self, user_rows: np.ndarray) -> np.ndarray:
        return np.zeros((len(user_rows), EVERYTHING), np.float32)

    def score_user(self, user_row: int) -> np.ndarray:
        return np.zeros(EVERYTHING, np.float32)


@pytest.mark.parametrize("weights", [{}, {"diversity": 0.5}, {"calibration": 0.5}])
def test_where_nothing_is_left_a_list_is_empty(weights: dict[str, Any]) -> None:
    with told() as lines:
        assert RECOMMENDER.recommend(1, 5, where="year < 0", at_most="1:year", **weights) == []
    assert lines == ["the list holds 0 of 5 items: these rules leave no more"]


def test_what_a_minimum_brings_in_does_not_stretch_the_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of far worse items a minimum needs one; among the others the weights mean what they did."""
    from starcast.recommend import rerank

    monkeypatch.setattr(rerank, "_POOL", 0)
    last = ranking(1)[-1]
    with told():
        title = f"1:title={ROWS[last].title}"
        listed = ids(RECOMMENDER.recommend(1, 6, diversity=0.3, at_least=title))
    assert listed[-1] == last
    assert listed[:-1] == ids(RECOMMENDER.recommend(1, 6, diversity=0.3))[:5]


def test_a_weighed_list_has_at_most_a_thousand_places() -> None:
    with pytest.raises(ConfigError, match="at most 1,000 places, not 1,001"):
        RECOMMENDER.recommend(1, 1001, diversity=0.5)


# Everywhere alike

EVERY: list[dict[str, Any]] = [
    {"where": "genres = 'War' and price < 4"},
    {"at_most": "1:director", "at_least": "2:genres=War"},
    {"diversity": 0.4, "where": "year > 1972"},
    {"calibration": 0.6, "min_ratings": 3, "without": [3, 4]},
]


@pytest.mark.parametrize("given", EVERY)
def test_lists_of_everybody_obey_the_same_rules(given: dict[str, Any], tmp_path: Path) -> None:
    users = [3, 99, 17, 0]  # one is unknown, and gets what most like, by the rules
    with told() as lines:
        path = RECOMMENDER.recommend_all(tmp_path / "all.parquet", 9, users=users, **given)
    of_user = dict(pl.read_parquet(path).group_by("user_id").agg("item_id").iter_rows())
    with told() as one_by_one:
        lists = [ids(RECOMMENDER.recommend(user, 9, **given)) for user in users]
    assert [of_user[user] for user in users] == lists
    n_short = sum(len(one) < 9 for one in lists)
    several = f"{n_short} of 4 lists hold fewer than 9 items: these rules leave no more"
    assert (several in lines) == bool(n_short)
    assert bool(lines) == bool(one_by_one)
    if "calibration" in given:
        assert lines == ["not calibrated: 1 lists of users of whom nothing is known"]


def test_the_candidates_become_more_until_a_list_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    from starcast.recommend import rerank

    wanted = ids(RECOMMENDER.recommend(1, 6, at_most="3:genres"))
    monkeypatch.setattr(rerank, "_POOL", -11)  # one candidate at first
    assert ids(RECOMMENDER.recommend(1, 6, at_most="3:genres")) == wanted


@pytest.mark.parametrize("rule", ["among", "without"])
def test_an_item_named_with_a_zero_byte_is_no_other(rule: str) -> None:
    first, second, *_ = ranking(0)
    named = [f"{first}\0", f"{ROWS[first].title}\0", second]
    with told() as lines:
        listed = ids(RECOMMENDER.recommend(0, EVERYTHING, **{rule: named}))  # type: ignore[arg-type]
    assert (second in listed) == (rule == "among")
    assert (first in listed) == (rule == "without")
    assert lines[0].startswith(f"{rule}: 2 of 3 are not known here: '{first}\\x00'")
