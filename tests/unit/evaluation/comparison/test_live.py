"""Models in service, judged by what people did; by hand."""

import math

import numpy as np
import polars as pl
import pytest

from starcast.errors import DataError
from starcast.evaluation.comparison.live import DAY, compare_live


def shown(*rows: tuple[int, str, int, list[int]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"user": pl.Int64, "model": pl.String, "shown_at": pl.Int64,
                "items": pl.List(pl.Int64)},
        orient="row",
    )  # fmt: skip


def rated(*rows: tuple[int, int, float, int]) -> pl.DataFrame:
    schema = {"user": pl.Int64, "item": pl.Int64, "stars": pl.Float64, "rated_at": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


LISTS = shown((1, "a", 100, [10, 11]), (1, "a", 200, [11, 12]), (2, "b", 100, [10]))
RATED = rated(
    (1, 12, 1.0, 150),  # not on a list yet
    (1, 11, 5.0, 250),  # on both lists: one hit
    (1, 10, 3.0, 260),  # on the first: mean of the person is 3.0, hence liked
    (1, 99, 3.0, 270),  # on none, but a rating since
    (2, 10, 4.0, 50),  # before the list
    (3, 10, 4.0, 500),  # was shown nothing
)


def test_hits_and_ratings_by_hand() -> None:
    found = compare_live(LISTS, RATED)
    a, b = found.models
    assert (a.name, a.n_people, a.n_lists, a.n_ratings, a.n_hits) == ("a", 1, 2, 4, 2)
    assert a.hit_stars == 4.0
    assert a.by_person.tolist() == [[2.0], [2.0], [4.0]]
    assert (b.name, b.n_people, b.n_lists, b.n_ratings, b.n_hits) == ("b", 1, 1, 0, 0)
    assert math.isnan(b.hit_stars)
    assert (found.paired, found.n_left_out, found.tests) == (False, 0, ())


def test_the_latest_list_has_the_hit() -> None:
    both = shown((1, "a", 100, [10]), (1, "b", 200, [10]), (2, "a", 100, [10]), (2, "b", 90, [10]))
    found = compare_live(both, rated((1, 10, 4.0, 300), (2, 10, 4.0, 300)))
    hits = {one.name: one.by_person[0].tolist() for one in found.models}
    assert found.paired
    assert hits == {"a": [0.0, 1.0], "b": [1.0, 0.0]}


@pytest.mark.parametrize(("at", "n_hits"), [(99, 0), (100, 1), (100 + DAY, 1), (101 + DAY, 0)])
def test_what_is_within(at: int, n_hits: int) -> None:
    found = compare_live(shown((1, "a", 100, [10])), rated((1, 10, 4.0, at)), DAY)
    assert found.models[0].n_hits == n_hits


def test_who_met_some_models_and_others_not_is_left_out() -> None:
    lists = shown(
        *((n, "ab"[n % 2], 100, [n]) for n in range(10)), (20, "a", 1, [5]), (20, "b", 2, [5])
    )
    found = compare_live(lists, rated((20, 5, 4.0, 9)))
    assert (found.paired, found.n_left_out) == (False, 1)
    assert [one.n_people for one in found.models] == [5, 5]
    assert sum(one.n_hits for one in found.models) == 0


def test_people_of_two_models_are_two_samples() -> None:
    """100 people each; everybody has a hit with "a", every tenth with "b"."""
    lists = shown(*((n, "ab"[n % 2], 100, [10]) for n in range(200)))
    found = compare_live(
        lists,
        rated(
            *(
                (n, 10, 4.0, 200)
                for n in range(200)
                if n % 20 in (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 1)
            )
        ),
    )
    a, b = found.models
    assert (a.name, a.n_hits, b.n_hits) == ("a", 100, 10)
    hits = found.tests[0]
    assert hits.p_value[0, 1] == hits.floor
    assert hits.low[0] == hits.high[0] == 1.0
    # 1.96 standard errors of a share of 0.1 among 100 are 0.059
    assert hits.difference_low[0, 1] == pytest.approx(0.9 - 0.059, abs=0.015)
    assert hits.difference_high[0, 1] == pytest.approx(0.9 + 0.059, abs=0.015)


def test_chance_is_no_difference() -> None:
    rng = np.random.default_rng(0)
    lists = shown(*((n, "ab"[n % 2], 100, [10]) for n in range(400)))
    acts = rated(*((n, 10, 4.0, 200) for n in range(400) if rng.random() < 0.3))
    assert compare_live(lists, acts).tests[0].p_value[0, 1] > 0.05


def test_nothing_shown_and_nothing_rated() -> None:
    with pytest.raises(DataError, match="no list was shown yet"):
        compare_live(shown(), RATED)
    assert compare_live(LISTS, rated()).models[0].n_hits == 0
    assert compare_live(shown((1, "a", 5, [])), RATED).models[0].n_hits == 0
