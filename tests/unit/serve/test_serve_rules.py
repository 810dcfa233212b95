"""Lists by rules over HTTP: those of Python, in the service's shape; and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
import shop_of_items as shop
from starlette.testclient import TestClient

from starcast.artifacts import storage
from starcast.recommend import Recommender
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app

RECOMMENDER = Recommender(shop.artifact())
RULES: list[dict[str, Any]] = [
    {"where": "genres = 'War' and price < 4"},
    {"at_most": ["1:director"], "at_least": ["2:genres=War"], "k": 4},
    {"diversity": 0.4, "calibration": 0.5, "min_ratings": 2.0},
    {"among": [3, "4", "Heat 7", 999, "nobody"], "without": ["3"]},
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = storage.save(shop.artifact(), tmp_path_factory.mktemp("models") / "shop")
    with TestClient(create_app(ModelStore([folder]))) as asking:
        yield asking


def by_python(asking: Any, body: dict[str, Any]) -> tuple[list[Any], list[str]]:
    remarks: list[str] = []
    rules = {**body, "min_ratings": int(body.get("min_ratings", 0))}
    listed = asking(**rules, on_remark=remarks.append)
    return [(row.item_id, round(row.prediction, 4)) for row in listed], remarks


def answered(client: TestClient, path: str, body: dict[str, Any]) -> tuple[list[Any], list[str]]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return [(one["item"], one["stars"]) for one in said["recommendations"]], said["remarks"]


@pytest.mark.parametrize("body", RULES)
def test_lists_by_rules_are_those_of_python(client: TestClient, body: dict[str, Any]) -> None:
    known = by_python(lambda **rules: RECOMMENDER.recommend(7, **rules), body)
    for _ in range(2):  # made, and kept
        assert answered(client, "/users/7/recommendations", body) == known
    person = by_python(RECOMMENDER.fold_in([3, 9], [5, 1]).recommend, body)
    ratings = [{"item": 3, "stars": 5}, {"item": 9, "stars": 1}]
    assert answered(client, "/recommendations", {**body, "ratings": ratings}) == person


def test_a_list_without_rules_is_the_one_that_is_got(client: TestClient) -> None:
    asked = client.post("/users/7/recommendations", json={"k": 3, "reasons": 1})
    assert asked.json() == client.get("/users/7/recommendations?k=3&reasons=1").json()
    seen = client.post("/users/7/recommendations", json={"include_seen": True, "k": 60}).json()
    assert len(seen["recommendations"]) == 60


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        ({"whre": "price = 1"}, 422, "unknown field 'whre': did you mean 'where'?"),
        ({"where": "prise = 1"}, 422, "unknown column of items 'prise': did you mean 'price'?"),
        ({"where": "year = 'abc'"}, 422, "'year' holds numbers, but 'abc' is text, at character 8"),
        ({"where": "1=1; drop table x"}, 422, "cannot be read at character 4"),
        ({"where": "(" * 5001}, 422, "where: String should have at most 5000 characters"),
        ({"where": "\0"}, 422, "the filter '\\x00' holds a zero byte"),
        ({"where": ["price = 1"]}, 422, "where: Input should be a valid string"),
        ({"at_most": "1:director"}, 422, "at_most: Input should be a valid list"),
        ({"at_most": ["director"]}, 422, "is no group; write it as 3:director"),
        ({"at_least": ["1:genres=Wart"]}, 422, "unknown value of genres 'Wart': did you mean"),
        ({"diversity": 1.5}, 422, "diversity: Input should be less than or equal to 1"),
        ({"k": 101, "diversity": 0.1}, 422, "k may be at most 100 where a list is to be diverse"),
        ({"k": 101, "calibration": 1}, 422, "k may be at most 100 where a list is to be diverse"),
        ({"min_ratings": "5"}, 422, "min_ratings: Input should be a valid integer"),
        ({"among": [999, "nobody"]}, 404, "item '999' (and 1 more) was not in the training data"),
        ({"among": [[1]]}, 422, "among.0"),
        ({"rules": {}}, 422, "unknown field 'rules'"),
    ],
)
def test_a_rule_that_cannot_be_obeyed_is_refused(
    client: TestClient, body: dict[str, Any], status: int, line: str
) -> None:
    for path in ("/users/7/recommendations", "/recommendations"):
        answer = client.post(path, json=body if "users" in path else body | {"ratings": []})
        error = answer.json()["error"]
        assert answer.status_code == status
        assert line in error["message"]
        assert len(error["message"]) < 400
        assert error["code"] == {404: "unknown_item", 422: "invalid_request"}[status]


def test_an_unknown_user_and_model_are_told_as_ever(client: TestClient) -> None:
    unknown = client.post("/users/999/recommendations", json={"where": "price = 1"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_user")
    other = client.post("/users/7/recommendations", json={"model": "x"})
    assert (other.status_code, other.json()["error"]["code"]) == (404, "unknown_model")
