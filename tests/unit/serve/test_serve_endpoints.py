"""Every endpoint against the model known by heart; scores are worked out in the fixture's words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app

FACTOR = "latent-factor-model"


def get(client: TestClient, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def post(client: TestClient, path: str, body: object, status: int = 200) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def code(said: Any) -> str:
    return str(said["error"]["code"])


def test_models_say_what_they_are(client: TestClient) -> None:
    (card,) = get(client, "/models")["models"]
    assert card["name"] == FACTOR
    assert card["title"] == "Latent factor"
    assert (card["n_users"], card["n_items"], card["n_ratings"]) == (3, 4, 8)
    assert card["scale"] == {"lowest": 0.5, "highest": 5, "step": 0.5}
    assert card["test"] == {"RMSE": 1.25}
    assert (card["is_final"], card["test_before_final"]) == (False, None)
    assert card["is_default"]


def test_a_final_model_says_whose_figures_it_has_and_knows_all_ratings(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    final = replace(known_by_heart, refit=True, final=True)
    folder = storage.save(final, tmp_path / "final")
    storage.add_test_figures(folder, {"RMSE": 1.25})
    with TestClient(create_app(ModelStore([folder]))) as client:
        (card,) = get(client, "/models")["models"]
        assert (card["test"], card["is_final"]) == (None, True)
        assert card["test_before_final"] == {"RMSE": 1.25}
        told = get(client, "/users/ann/ratings")["ratings"]
        assert [one["item"] for one in told] == ["alien", "clue", "brazil", "duel"]
        assert get(client, "/users/ann/recommendations")["recommendations"] == []
        assert [one["item"] for one in get(client, "/users/bob/recommendations")["recommendations"]]


def test_predictions_come_in_the_order_asked_for(client: TestClient) -> None:
    said = post(client, "/predict", {"user": "ann", "items": ["duel", "alien"]})
    assert said == {
        "model": FACTOR,
        "user": "ann",
        "predictions": [
            {"item": "duel", "title": "Duel (1971)", "stars": 1.5, "deviation": None},
            {"item": "alien", "title": "Alien (1979)", "stars": 5.0, "deviation": None},
        ],
    }


def test_titles_stand_for_ids_and_digits_do_not(client: TestClient) -> None:
    by_id = post(client, "/predict", {"user": "ann", "items": ["duel", "alien"]})
    assert post(client, "/predict", {"user": "ann", "items": ["Duel", "ALIEN (1979)"]}) == by_id
    likened = get(client, "/items/alien (1979)/similar?k=1")
    assert likened == get(client, "/items/alien/similar?k=1")
    for item in ("1979", "Aliens", "Al", "duel\0", "Duel\0"):  # neither a title nor an id
        error = post(client, "/predict", {"user": "ann", "items": [item]}, 404)["error"]
        assert error["code"] == "unknown_item"


def test_many_predictions_are_those_of_few(client: TestClient) -> None:
    said = post(client, "/predict", {"user": "bob", "items": ["alien", "duel"] * 300})
    assert [one["stars"] for one in said["predictions"]] == [4.0, 3.0] * 300


def test_recommendations_leave_out_what_was_seen(client: TestClient) -> None:
    said = get(client, "/users/ann/recommendations")
    assert (said["model"], said["user"]) == (FACTOR, "ann")
    assert said["recommendations"] == [{"item": "clue", "title": "", "stars": 3.5, "reasons": []}]
    seen = get(client, "/users/ann/recommendations?include_seen=true&k=2")["recommendations"]
    assert [one["item"] for one in seen] == ["alien", "brazil"]


def test_recommendations_come_with_reasons(client: TestClient) -> None:
    (one,) = get(client, "/users/ann/recommendations?reasons=2")["recommendations"]
    assert 1 <= len(one["reasons"]) <= 2
    assert {why["item"] for why in one["reasons"]} <= {"alien", "brazil", "duel"}


def test_ratings_never_tell_the_test_rows(client: TestClient) -> None:
    said = get(client, "/users/ann/ratings")
    told = [(one["item"], one["stars"]) for one in said["ratings"]]
    assert told == [("alien", 5), ("brazil", 3), ("duel", 1)]  # clue is a test row
    assert len(get(client, "/users/ann/ratings?limit=1")["ratings"]) == 1


def test_a_guest_gets_a_list_without_what_was_rated(client: TestClient) -> None:
    ratings = [{"item": "alien", "stars": 5}, {"item": "duel", "stars": 1}]
    said = post(client, "/recommendations", {"ratings": ratings, "k": 5, "reasons": 1})
    assert said["model"] == FACTOR
    assert {one["item"] for one in said["recommendations"]} == {"brazil", "clue"}
    assert all(len(one["reasons"]) == 1 for one in said["recommendations"])


def test_a_guests_items_may_be_titles_and_unknown_ones_are_left_out(client: TestClient) -> None:
    ratings = [
        {"item": "Aliens (1979)", "stars": 5}, {"item": "DUEL", "stars": 1},
        {"item": "Nowhere (1999)", "stars": 3}, {"item": 999999, "stars": 3},
        {"item": "clue\0", "stars": 3},
    ]  # fmt: skip
    said = post(client, "/recommendations", {"ratings": ratings})
    assert said["found"] == [
        {"item": "alien", "title": "Alien (1979)", "given": "Aliens (1979)", "is_sure": False},
        {"item": "duel", "title": "Duel (1971)", "given": "DUEL", "is_sure": True},
    ]
    assert said["left_out"] == ["Nowhere (1999)", 999999, "clue\0"]
    by_id = [{"item": "alien", "stars": 5}, {"item": "duel", "stars": 1}]
    plain = post(client, "/recommendations", {"ratings": by_id})
    assert plain["recommendations"] == said["recommendations"]
    assert (plain["found"], plain["left_out"]) == ([], [])


def test_stars_outside_the_scale_are_refused_also_for_unknown_items(client: TestClient) -> None:
    ratings = [{"item": "alien", "stars": 5}, {"item": "Nowhere (1999)", "stars": 77}]
    refused = client.post("/recommendations", json={"ratings": ratings})
    assert refused.status_code == 422
    assert "77 stars for item 'Nowhere (1999)' are outside" in refused.json()["error"]["message"]


def test_of_two_titles_of_one_item_the_later_counts(client: TestClient) -> None:
    twice = [{"item": "alien (1979)", "stars": 1}, {"item": "Alien", "stars": 5}]
    once = [{"item": "alien", "stars": 5}]
    lists = [post(client, "/recommendations", {"ratings": one}) for one in (twice, once)]
    assert lists[0]["recommendations"] == lists[1]["recommendations"]
    assert [one["item"] for one in lists[0]["found"]] == ["alien", "alien"]


@pytest.mark.parametrize("item", ["aliennn", 999999, "Nowhere (1999)", ""])
def test_a_guest_of_whom_nothing_is_known_here_is_refused(client: TestClient, item: Any) -> None:
    body = {"ratings": [{"item": item, "stars": 5}]}
    error = post(client, "/recommendations", body, 404)["error"]
    assert error["code"] == "unknown_item"
    assert "\n" not in error["message"]


def test_items_are_found_and_likened(client: TestClient) -> None:
    found = get(client, "/items?query=1971 duel")["items"]
    assert found == [{"item": "duel", "title": "Duel (1971)"}]
    said = get(client, "/items/brazil/similar?k=1")
    assert (said["item"], said["title"]) == ("brazil", "")
    assert said["similar"][0]["item"] == "clue"  # the same factors


@pytest.mark.parametrize(
    ("path", "said", "near"),
    [
        ("/users/anna/recommendations", "unknown_user", ["ann", "bob", "eve"]),
        ("/users/a%2Fb/ratings", "unknown_user", ["ann", "bob", "eve"]),
        ("/users/%F0%9F%8E%AC/recommendations", "unknown_user", ["ann", "bob", "eve"]),
        ("/users//recommendations", "unknown_user", ["ann", "bob", "eve"]),
        ("/users/ann%00/recommendations", "unknown_user", ["ann", "bob", "eve"]),
        ("/users/ann%00%00/ratings", "unknown_user", ["ann", "bob", "eve"]),
        ("/items/aliens/similar", "unknown_item", ["alien", "brazil", "clue"]),
        ("/items/alien%00/similar", "unknown_item", ["alien", "brazil", "clue"]),
        ("/items/Duel%20(1971)%00/similar", "unknown_item", ["alien", "brazil", "clue"]),
        ("/users/ann/recommendations?model=none", "unknown_model", [FACTOR]),
    ],
)
def test_what_is_unknown_is_named_with_the_nearest(
    client: TestClient, path: str, said: str, near: list[str]
) -> None:
    error = get(client, path, 404)["error"]
    assert error["code"] == said
    assert error["near"] == near
    assert "\n" not in error["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/users/ann/recommendations?k=0",
        "/users/ann/recommendations?k=1001",
        "/users/ann/recommendations?k=ten",
        "/users/ann/recommendations?reasons=6",
        "/users/ann/recommendations?reasons=1&k=101",
        "/users/ann/ratings?limit=0",
        f"/users/{'x' * 201}/ratings",
        f"/items?query={'x' * 201}",
    ],
)
def test_what_is_out_of_limits_is_refused(client: TestClient, path: str) -> None:
    assert code(get(client, path, 422)) == "invalid_request"


GOOD = {"item": "alien", "stars": 5}


@pytest.mark.parametrize(
    "body",
    [
        '{"ratings": [{"item": "alien", "stars": NaN}]}',
        '{"ratings": [{"item": "alien", "stars": Infinity}]}',
        '{"ratings": [{"item": "alien", "stars": 1e999}]}',
        '{"ratings": [{"item": "alien", "stars": 9}]}',
        '{"ratings": [{"item": "alien", "stars": "5"}]}',
        '{"ratings": [{"item": "alien", "stars": true}]}',
        '{"ratings": [{"item": true, "stars": 5}]}',
        '{"ratings": [{"item": 1.5, "stars": 5}]}',
        '{"ratings": [{"item": "alien", "stars": 5}, {"item": "alien", "stars": 4}]}',
        '{"ratings": [], "k": "10"}',
        '{"ratings": [], "k": 10, "more": 1}',
        '{"ratings": [{"item": "\\ud800", "stars": 5}]}',
        '{"ratings": {"item": 1}}',
        "[]",
        "null",
        "",
        '{"ratings": [' + ",".join(['{"item": "alien", "stars": 5}'] * 1001) + "]}",
    ],
)
def test_a_body_that_cannot_be_meant_is_refused(client: TestClient, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/recommendations", content=body, headers=headers)
    assert answer.status_code in (404, 422), answer.text
    assert code(answer.json()) in ("invalid_request", "unknown_item")
    answer.text.encode("ascii")


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000, b'{"ratings": \x00}']
)
def test_a_body_that_is_no_json_is_refused(client: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/recommendations", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert code(answer.json()) == "invalid_request"


@pytest.mark.parametrize("item", [10**30, -1, "\x00", "x" * 200])
def test_odd_ids_are_unknown(client: TestClient, item: object) -> None:
    said = post(client, "/predict", {"user": "ann", "items": [item]}, 404)
    assert code(said) == "unknown_item"


ENDPOINTS = {
    "/users/ann/recommendations": ("k", "include_seen", "reasons", "fallback", "model"),
    "/users/ann/ratings": ("limit", "model"),
    "/items": ("query", "limit", "model"),
    "/items/alien/similar": ("k", "model"),
    "/models": (),
    "/healthz": (),
    "/readyz": (),
    "/metrics": (),
}


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_parameter_that_is_unknown_is_refused_with_the_nearest(
    client: TestClient, path: str
) -> None:
    for known in ENDPOINTS[path]:
        said = get(client, f"{path}?{known}{known[-1]}=1", 422)["error"]
        assert said == {
            "code": "invalid_request",
            "message": f"unknown query parameter '{known}{known[-1]}': did you mean '{known}'?",
        }
    message = get(client, f"{path}?%1b[2J=1", 422)["error"]["message"]
    assert message == (
        "unknown query parameter '\\x1b[2J': known: " + (", ".join(ENDPOINTS[path]) or "none")
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("k=1&k=2", "'k' is given 2 times"),
        ("k=1&model=&model", "'model' is given 2 times"),
        ("k=1" + "&k" * 30_000, "at most 20 parameters"),
        ("x" * 60_000, "unknown query parameter"),
    ],
)
def test_a_query_that_does_not_say_what_it_means_is_refused(
    client: TestClient, query: str, said: str
) -> None:
    message = get(client, f"/users/ann/recommendations?{query}", 422)["error"]["message"]
    assert said in message
    assert len(message) < 300


@pytest.mark.parametrize("path", ["/models/", "/healthz/", "/docs/", "/items/", "/predict/"])
def test_a_path_with_more_is_another_path(client: TestClient, path: str) -> None:
    assert code(get(client, path, 404)) == "not_found"
    assert client.get(path, follow_redirects=False).status_code == 404


@pytest.mark.parametrize("id_", [10**3999, -(10**4000), "x" * 200])
def test_no_id_is_repeated_at_length(client: TestClient, id_: object) -> None:
    ratings = {"ratings": [{"item": id_, "stars": 5}]}
    for path, body in (("/predict", {"user": id_, "items": ["alien"]}),
                       ("/predict", {"user": "ann", "items": ["alien", id_]}),
                       ("/recommendations", ratings)):  # fmt: skip
        answer = client.post(path, json=body)
        assert answer.status_code == 404
        assert len(answer.content) < 400
    answer = client.post("/predict", json={"user": "ann", "items": ["alien"], "model": "m" * 200})
    assert len(answer.content) < 400


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 500_000 + b"1]",
        b'{"ratings": [' + b"[]," * 300_000 + b"[]]}",
        b'{"ratings": [' + b'{"a":1},' * 100_000 + b"{}]}",
        b"{" + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}",
        b"[" * 1_000_000,
    ],
)
def test_a_body_of_more_values_than_anybody_needs_is_not_even_read(
    client: TestClient, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("it was read"))
    for path in ("/predict", "/recommendations"):
        headers = {"content-type": "application/json"}
        answer = client.post(path, content=body, headers=headers)
        monkeypatch.undo()
        assert (answer.status_code, code(answer.json())) == (422, "invalid_request")


def test_only_the_first_of_many_faults_is_looked_for(client: TestClient) -> None:
    wrong = [{"item": None, "stars": "x", **{str(n): n for n in range(5)}}] * 900
    message = post(client, "/recommendations", {"ratings": wrong}, 422)["error"]["message"]
    assert message == "unknown field '0': known: item, stars"
    wrong = [{"item": None, "stars": "x"}] * 900
    message = post(client, "/recommendations", {"ratings": wrong}, 422)["error"]["message"]
    assert message.startswith("body.ratings.0.item")
    assert int(message.rpartition("(and ")[2].split()[0]) < 5


def test_a_number_without_a_fraction_is_an_integer(client: TestClient) -> None:
    ratings = [{"item": "alien", "stars": 5}]
    one = post(client, "/recommendations", {"ratings": ratings, "k": 1.0, "reasons": 1.0})
    assert one == post(client, "/recommendations", {"ratings": ratings, "k": 1, "reasons": 1})
    post(client, "/recommendations", {"ratings": ratings, "k": 1.5}, 422)
    post(client, "/predict", {"user": 7.0, "items": [3e300]}, 404)


def test_paths_and_methods_that_are_not_there(client: TestClient) -> None:
    assert code(get(client, "/nothing", 404)) == "not_found"
    answer = client.delete("/predict")
    assert (answer.status_code, code(answer.json())) == (405, "method_not_allowed")


def test_two_of_a_kind_go_by_their_folders(folder: Path, twin: Path) -> None:
    with TestClient(create_app(ModelStore([folder, twin]))) as client:
        cards = get(client, "/models")["models"]
        assert [(card["name"], card["is_default"]) for card in cards] == [
            ("heart", True), ("lower", False),
        ]  # fmt: skip
        asked = {"user": "bob", "items": ["duel"]}
        upper = post(client, "/predict", asked)
        lower = post(client, "/predict", asked | {"model": "lower"})
    assert (upper["model"], upper["predictions"][0]["stars"]) == ("heart", 3.0)
    assert (lower["model"], lower["predictions"][0]["stars"]) == ("lower", 2.0)


def test_metrics_count_by_route_and_status(client: TestClient) -> None:
    get(client, "/users/ann/recommendations")
    get(client, "/users/nobody/recommendations", 404)
    text = client.get("/metrics").text
    route = 'route="/users/{id}/recommendations"'
    assert f'starcast_requests_total{{{route},status="200"}} 1.0' in text
    assert f'starcast_requests_total{{{route},status="404"}} 1.0' in text
    assert f"starcast_request_seconds_count{{{route}}} 2.0" in text
    assert "starcast_model_ratings{" in text


def test_the_probes_answer(client: TestClient) -> None:
    assert get(client, "/healthz") == {"status": "ok"}
    assert get(client, "/readyz") == {"status": "ready"}
