"""Whatever the filter, a list is the whole ranking with all that fails it crossed out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shop_of_items as shop
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from starcast.artifacts import storage
from starcast.recommend import Recommender
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app

ROWS = shop.rows()
RECOMMENDER = Recommender(shop.artifact())
PERSON = RECOMMENDER.fold_in([3, 9], [5, 1])
K = 7

Test = Callable[[shop.Row], bool | None]
"""Whether a condition holds for an item; None where that is not known."""


def values_of(row: shop.Row, column: str) -> list[Any]:
    value = getattr(row, column)
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, Test]:
    column = draw(st.sampled_from(["title", "year", "genres", "price", "director"]))
    known = sorted({one for row in ROWS for one in values_of(row, column)})
    value, other = draw(st.sampled_from(known)), draw(st.sampled_from(known))
    how, holds = draw(st.sampled_from(comparing(value, other)))
    negated = draw(st.booleans()) and how[0] not in "=<>!"

    def test(row: shop.Row) -> bool | None:
        if how.startswith("is"):
            return not values_of(row, column) if not negated else bool(values_of(row, column))
        if not values_of(row, column):
            return None
        found = any(holds(one) for one in values_of(row, column))
        return found != (negated or how.startswith("<> "))

    words = how.replace("is null", "is not null") if how == "is null" and negated else how
    return f"{column} {'not ' if negated and how != 'is null' else ''}{words}", test


def comparing(value: Any, other: Any) -> list[tuple[str, Callable[[Any], bool]]]:
    a, b = written(value), written(other)
    ways: list[tuple[str, Callable[[Any], bool]]] = [
        (f"= {a}", lambda one: one == value),
        (f"<> {a}", lambda one: one == value),
        (f"< {a}", lambda one: one < value),
        (f">= {a}", lambda one: one >= value),
        (f"in ({a}, {b})", lambda one: one in (value, other)),
        (f"between {a} and {b}", lambda one: value <= one <= other),
        ("is null", lambda one: False),
    ]
    if isinstance(value, str):
        part = value[1:4]
        ways += [
            (f"contains {written(part)}", lambda one: part.lower() in one.lower()),
            (f"like {written(part + '%')}", lambda one: one.lower().startswith(part.lower())),
        ]
    return ways


def written(value: Any) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def both(parts: tuple[tuple[str, Test], tuple[str, Test]]) -> tuple[str, Test]:
    (text, one), (more, other) = parts

    def test(row: shop.Row) -> bool | None:
        found = {one(row), other(row)}
        return False if False in found else None if None in found else True

    return f"({text}) AND {more}" if " or " in text else f"{text} and ({more})", test


def either(parts: tuple[tuple[str, Test], tuple[str, Test]]) -> tuple[str, Test]:
    (text, one), (more, other) = parts

    def test(row: shop.Row) -> bool | None:
        found = {one(row), other(row)}
        return True if True in found else None if None in found else False

    return f"({text}) or ({more})", test


def negated(part: tuple[str, Test]) -> tuple[str, Test]:
    text, one = part

    def test(row: shop.Row) -> bool | None:
        return None if (found := one(row)) is None else not found

    return f"not ({text})", test


FILTERS = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(both), st.tuples(inner, inner).map(either), inner.map(negated)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = storage.save(shop.artifact(), tmp_path_factory.mktemp("models") / "shop")
    return TestClient(create_app(ModelStore([folder])))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lists") / "all.jsonl"


@settings(max_examples=60)
@given(asked=FILTERS, user=st.integers(0, shop.N_USERS - 1))
def test_a_list_is_the_ranking_without_what_fails(
    client: TestClient, path: Path, asked: tuple[str, Test], user: int
) -> None:
    where, test = asked
    rules: dict[str, Any] = {"k": K, "where": where, "on_remark": lambda line: None}

    def crossed_out(ranking: list[Any]) -> list[int]:
        return [one.item_id for one in ranking if test(ROWS[one.item_id])][:K]

    wanted = crossed_out(RECOMMENDER.recommend(user, shop.N_ITEMS))
    assert [one.item_id for one in RECOMMENDER.recommend(user, **rules)] == wanted, where
    RECOMMENDER.recommend_all(path, users=[user], **rules)
    assert [json.loads(line)["item_id"] for line in path.read_text().splitlines()] == wanted
    said = client.post(f"/users/{user}/recommendations", json={"k": K, "where": where}).json()
    assert [one["item"] for one in said["recommendations"]] == wanted
    person = crossed_out(PERSON.recommend(shop.N_ITEMS))
    assert [one.item_id for one in PERSON.recommend(**rules)] == person
    ratings = [{"item": 3, "stars": 5}, {"item": 9, "stars": 1}]
    body = {"k": K, "where": where, "ratings": ratings}
    guest = client.post("/recommendations", json=body).json()
    assert [one["item"] for one in guest["recommendations"]] == person
