"""The service with a store: what is written counts at once. Over SQLite; e2e has PostgreSQL."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from services import until
from starlette.testclient import TestClient

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.scale import RatingScale
from starcast.data.store.connect import DatabaseError
from starcast.data.store.importing import import_ratings
from starcast.data.store.live_log import lists_shown
from starcast.data.store.putting import Put
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.writing import Transaction
from starcast.errors import ConfigError
from starcast.recommend import Recommender
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app
from starcast.serve.shares import Shares
from starcast.serve.store.writer import StoreWriter

Ask = Callable[..., Any]


@pytest.fixture
def address(known_by_heart: Artifact, tmp_path: Path) -> str:
    """Of a store with the ratings of the model known by heart, those of the test among them."""
    where = f"sqlite:///{tmp_path}/r.db"
    with RatingsStore.create(where) as store:
        import_ratings(store, known_by_heart.split.ratings)
    return where


@pytest.fixture
def client(folder: Path, address: str) -> Iterator[TestClient]:
    app = create_app(ModelStore([folder]), store=RatingsStore.open(address), look_every=0.02)
    with TestClient(app) as asking:
        yield asking


@pytest.fixture
def ask(client: TestClient) -> Ask:
    def asked(method: str, path: str, body: object = None, status: int = 200, **more: str) -> Any:
        answer = client.request(method, path, json=body, headers=more)
        assert answer.status_code == status, answer.text
        return answer.json()

    return asked


def items(listed: Any) -> list[str]:
    return [one["item"] for one in listed["recommendations"]]


def test_who_has_rated_nothing_more_gets_the_models_own_list(ask: Ask) -> None:
    said = ask("GET", "/users/bob/recommendations")
    assert [(one["item"], one["stars"]) for one in said["recommendations"]] == [
        ("brazil", 5.0), ("clue", 5.0),
    ]  # fmt: skip  # and not duel, which the store knows that bob has rated
    assert items(ask("GET", "/users/bob/recommendations?include_seen=true&k=9")) == [
        "brazil", "clue", "alien", "duel",
    ]  # fmt: skip


def test_a_rating_changes_the_list_at_once(ask: Ask, known_by_heart: Artifact) -> None:
    assert items(ask("GET", "/users/bob/recommendations")) == ["brazil", "clue"]
    said = ask("PUT", "/users/bob/ratings/clue", {"stars": 0.5})
    assert said == {"user": "bob", "item": "clue", "outcome": "new"}
    found = ask("GET", "/users/bob/recommendations")
    person = Recommender(known_by_heart).fold_in(["alien", "duel", "clue"], [2, 4.5, 0.5])
    (wanted,) = person.recommend()
    assert items(found) == ["brazil"]
    assert found["recommendations"][0]["stars"] == round(wanted.prediction, 4)
    ask("PUT", "/users/bob/ratings/clue", {"stars": 5})
    assert ask("GET", "/users/bob/recommendations") != found
    ask("DELETE", "/users/bob/ratings/clue")
    assert items(ask("GET", "/users/bob/recommendations")) == ["brazil", "clue"]
    ask("DELETE", "/users/bob/ratings/alien")  # which trained the model
    assert items(ask("GET", "/users/bob/recommendations"))[-1] == "alien"


@pytest.mark.parametrize("user", ["bob%00", "ann%00%00"])
def test_who_is_named_with_a_zero_byte_is_nobody_else(ask: Ask, user: str) -> None:
    for path in (f"/users/{user}/recommendations", f"/users/{user}/ratings"):
        assert ask("GET", path, status=404)["error"]["code"] == "unknown_user"
    assert ask("GET", f"/users/{user}/recommendations?fallback=true")["fallback"] is True


def test_somebody_new_has_a_list_once_they_rate(ask: Ask) -> None:
    path = "/users/zoe/recommendations"
    assert ask("GET", path, status=404)["error"]["code"] == "unknown_user"
    anybody = ask("GET", f"{path}?fallback=true")
    assert anybody["fallback"] is True
    assert len(items(anybody)) == 4
    ask("PUT", "/users/zoe/ratings/alien", {"stars": 5})
    assert sorted(items(ask("GET", path))) == ["brazil", "clue", "duel"]
    assert "fallback" not in ask("GET", f"{path}?fallback=true")
    assert ask("GET", "/users/zoe/ratings")["ratings"] == [
        {"item": "alien", "title": "Alien (1979)", "stars": 5.0}
    ]
    said = ask("POST", "/predict", {"user": "zoe", "items": ["duel"]})
    assert said["predictions"][0]["item"] == "duel"


def test_ratings_are_stored_read_and_taken_back(ask: Ask) -> None:
    path = "/users/zoe/ratings/a%2Fb"
    ask("PUT", path, {"stars": 4, "time": 1000})
    assert ask("GET", path) == {"user": "zoe", "item": "a/b", "stars": 4.0, "time": 1000}
    assert ask("PUT", path, {"stars": 1, "time": 999})["outcome"] == "older"
    assert ask("PUT", path, {"stars": 4, "time": 1000})["outcome"] == "same"
    assert ask("DELETE", path) == {"deleted": True}
    for method in ("GET", "DELETE"):
        assert ask(method, path, status=404)["error"]["code"] == "unknown_rating"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users/zoe/ratings/alien", {"stars": 5.5}),
        ("/users/zoe/ratings/alien", {"stars": "5"}),
        ("/users/zoe/ratings/alien", {"stars": None}),
        ("/users/zoe/ratings/alien", {"stars": True}),
        ("/users/zoe/ratings/alien", {}),
        ("/users/zoe/ratings/alien", {"stars": 4, "time": 1.5}),
        ("/users/zoe/ratings/alien", {"stars": 4, "tiem": 1}),
        ("/users/%20/ratings/alien", {"stars": 4}),
        ("/users/zoe/ratings/a%00b", {"stars": 4}),
        ("/items/x", {"attributes": {"a": None}}),
        ("/items/x", {"attributes": {"a": {"b": 1}}}),
        ("/items/x", {"title": "a\0b"}),
        ("/items/x", {"hidden": 1}),
        ("/users/zoe", {"attributes": {"a": [1]}}),
    ],
)
def test_what_cannot_be_meant_is_refused(ask: Ask, path: str, body: object) -> None:
    said = ask("PUT", path, body, status=422)["error"]
    assert said["code"] == "invalid_request"
    assert "pattern" not in said["message"]
    assert ask("GET", "/users/zoe", status=404)
    assert ask("GET", "/items/x", status=404)


def test_a_batch_is_stored_whole_and_once(ask: Ask) -> None:
    batch = {"ratings": [{"user": "zoe", "item": "alien", "stars": 4},
                         {"user": "bob", "item": "clue", "stars": 2}]}  # fmt: skip
    wrong = {"ratings": [*batch["ratings"], {"user": "zoe", "item": "duel", "stars": 9}]}
    ask("POST", "/ratings", wrong, status=422)
    assert ask("GET", "/users/zoe", status=404)
    key = {"idempotency-key": "k-1"}
    once = ask("POST", "/ratings", batch, **key)
    assert once == {"new": 2, "changed": 0, "same": 0, "older": 0}
    ask("DELETE", "/users/zoe/ratings/alien")
    assert ask("POST", "/ratings", batch, **key) == once
    assert ask("GET", "/users/zoe/ratings/alien", status=404)
    other = {"ratings": batch["ratings"][:1]}
    said = ask("POST", "/ratings", other, status=409, **key)["error"]
    assert said["code"] == "taken_key"
    assert "came with other ratings before" in said["message"]
    assert items(ask("GET", "/users/bob/recommendations")) == ["brazil"]


def test_hidden_and_unavailable_items_leave_every_list_at_once(ask: Ask) -> None:
    everywhere: list[tuple[str, str, Any]] = [
        ("GET", "/users/bob/recommendations", None),
        ("GET", "/users/zoe/recommendations?fallback=true", None),
        ("POST", "/recommendations", {"ratings": [{"item": "duel", "stars": 4}]}),
    ]
    now = int(time.time())
    for change in ({"hidden": True}, {"available_from": now + 1000}, {"available_until": now}):
        assert all("clue" in items(ask(*one)) for one in everywhere)
        told = ask("PUT", "/items/clue", {"title": "Clue", **change})
        assert told["item"] == "clue"
        assert not any("clue" in items(ask(*one)) for one in everywhere)
        assert "clue" not in str(ask("GET", "/items?query="))
        assert "clue" not in str(ask("GET", "/items/alien/similar?k=9"))
        ask("PUT", "/items/clue", {"title": "Clue"})
    ask("DELETE", "/items/clue")
    assert not any("clue" in items(ask(*one)) for one in everywhere)
    assert ask("DELETE", "/items/clue", status=404)["error"]["code"] == "unknown_item"


def test_what_becomes_available_comes_by_itself(ask: Ask) -> None:
    ask("PUT", "/items/clue", {"available_from": int(time.time()) + 2})
    until(lambda: "clue" in items(ask("GET", "/users/bob/recommendations")))


def test_a_new_item_is_listed_and_marked(ask: Ask) -> None:
    ask("PUT", "/items/ewoks", {"title": "Ewoks", "attributes": {"genre": ["SF"]}})
    listed = ask("GET", "/users/bob/recommendations")["recommendations"]
    assert [(one["item"], one.get("new", False)) for one in listed] == [
        ("brazil", False), ("clue", False), ("ewoks", True),
    ]  # fmt: skip
    given: dict[str, Any] = {"ratings": [{"item": "duel", "stars": 4}]}
    assert items(ask("POST", "/recommendations", given))[-1] == "ewoks"
    wanted = given | {"details": True, "only_liked": True}
    assert items(ask("POST", "/recommendations", wanted | {"without": ["clue"]}))[-1] == "ewoks"
    for unwanted in (["ewoks"], ["ewoks", "clue"]):
        listed = items(ask("POST", "/recommendations", wanted | {"without": unwanted}))
        assert listed
        assert not set(unwanted) & set(listed)
    assert "ewoks" in items(ask("GET", "/users/zoe/recommendations?fallback=true"))
    assert ask("GET", "/items?query=EWO")["items"] == [{"item": "ewoks", "title": "Ewoks"}]
    assert ask("GET", "/items?query=ewo+x")["items"] == []
    said = ask("POST", "/predict", {"user": "bob", "items": ["ewoks", "clue"]})["predictions"]
    assert [(one["item"], one.get("new", False)) for one in said] == [
        ("ewoks", True), ("clue", False),
    ]  # fmt: skip
    ask("PUT", "/users/bob/ratings/ewoks", {"stars": 5})
    assert "ewoks" not in items(ask("GET", "/users/bob/recommendations"))
    assert {"item": "ewoks", "title": "Ewoks", "stars": 5.0} in (
        ask("GET", "/users/bob/ratings")["ratings"]
    )
    ask("PUT", "/items/ewoks", {"title": "Ewoks", "hidden": True})
    assert "ewoks" not in str(ask("GET", "/users/eve/recommendations"))


def test_new_items_are_in_lists_by_rules_that_let_them_pass(ask: Ask) -> None:
    ewoks = {"title": "Ewoks (1984)", "attributes": {"genre": ["SF"], "price": "9"}}
    ask("PUT", "/items/ewoks", ewoks)
    given: dict[str, Any] = {"ratings": [{"item": "duel", "stars": 4}]}

    def listed(**rules: Any) -> tuple[list[str], list[str]]:
        of_user = ask("POST", "/users/bob/recommendations", rules)
        of_guest = ask("POST", "/recommendations", given | rules)
        for said in (of_user, of_guest):
            assert ("ewoks" in items(said)) == ("ewoks" in items(of_user))
        return items(of_user), of_user["remarks"]

    assert listed(where="title like '%w%' or year < 1970")[0] == ["ewoks"]
    assert listed(where="year between 1980 and 1989", k=1) == (["ewoks"], [])
    assert "ewoks" not in listed(where="year < 1984")[0]
    assert "ewoks" not in listed(where="title not like 'ewok%'")[0]
    assert listed(among=["ewoks"], k=2) == (
        ["ewoks"], ["the list holds 1 of 2 items: these rules leave no more"],
    )  # fmt: skip
    assert listed(among=["Ewoks (1984)", "clue"], k=2) == (["clue", "ewoks"], [])
    assert listed(without=["ewoks"])[0] == ["brazil", "clue"]
    assert "ewoks" not in listed(min_ratings=1)[0]
    assert "ewoks" not in listed(at_most=["1:title"])[0]  # which choose among what is known
    assert listed(among=[]) == ([], ["the list holds 0 of 10 items: these rules leave no more"])
    ask("POST", "/users/bob/recommendations", {"where": "price < 10"}, 422)  # nothing known has one


def test_titles_are_those_of_the_store(ask: Ask) -> None:
    assert "Alien (1979)" in str(ask("GET", "/users/eve/recommendations"))
    ask("PUT", "/items/alien", {"title": "Alien: the film"})
    for path in ("/users/eve/recommendations", "/items?query=alien", "/users/ann/ratings",
                 "/items/clue/similar"):  # fmt: skip
        said = str(ask("GET", path))
        assert "Alien: the film" in said
        assert "(1979)" not in said


def test_what_was_rated_and_never_told_of_is_in_no_list_of_others(ask: Ask) -> None:
    ask("PUT", "/users/eve/ratings/mistyped", {"stars": 5})
    ask("PUT", "/items/told", {"title": "Told"})
    listed = items(ask("GET", "/users/bob/recommendations"))
    assert "told" in listed
    assert "mistyped" not in listed


def test_nobody_is_answered_for_a_person_who_was_erased(ask: Ask) -> None:
    batch = {"ratings": [{"user": "bob", "item": "clue", "stars": 2}]}
    ask("POST", "/ratings", batch, **{"idempotency-key": "k"})
    ask("GET", "/users/bob/recommendations")
    said = ask("DELETE", "/users/bob")
    assert said == {"user": "bob", "erased": True, "was_stored": True}
    for method, path, body in (
        ("GET", "/users/bob", None), ("GET", "/users/bob/recommendations", None),
        ("GET", "/users/bob/ratings", None),
        ("POST", "/predict", {"user": "bob", "items": ["duel"]}),
    ):  # fmt: skip
        said = ask(method, path, body, status=404)["error"]
        assert said["code"] == "unknown_user"
    ask("POST", "/ratings", batch, **{"idempotency-key": "k"})
    assert ask("GET", "/users/bob", status=404)
    assert ask("DELETE", "/users/bob")["was_stored"] is False
    ask("PUT", "/users/bob/ratings/brazil", {"stars": 4})  # who comes back is somebody new
    assert sorted(items(ask("GET", "/users/bob/recommendations"))) == ["alien", "clue", "duel"]
    assert len(ask("GET", "/users/bob/ratings")["ratings"]) == 1


def test_users_have_attributes(ask: Ask) -> None:
    told = {"age": 42, "likes": ["SF", "tea"], "new": True}
    assert ask("PUT", "/users/7", {"attributes": told}) == {"user": 7, "attributes": told}
    assert ask("GET", "/users/7") == {"user": 7, "attributes": told}
    assert ask("GET", "/users/07", status=404)["error"]["code"] == "unknown_user"


def test_what_others_write_is_seen(ask: Ask, address: str) -> None:
    assert items(ask("GET", "/users/bob/recommendations")) == ["brazil", "clue"]
    with RatingsStore.open(address) as other:
        other.put_rating("bob", "clue", 1)
        until(lambda: items(ask("GET", "/users/bob/recommendations")) == ["brazil"])
        other.erase_user("eve")
        until(lambda: "error" in ask_any(ask, "/users/eve/recommendations"))


def ask_any(ask: Ask, path: str) -> Any:
    try:
        return ask("GET", path)
    except AssertionError:
        return ask("GET", path, status=404)


def test_paths_say_whom_they_mean(ask: Ask) -> None:
    said = ask("DELETE", "/users/bob/ratings", status=405)["error"]
    assert said["code"] == "method_not_allowed"
    ask("PUT", "/users/bob/recommendations", {"attributes": {}}, status=405)
    ask("PUT", "/users/a%2Fratings%2Fb/ratings/alien", {"stars": 4})
    assert ask("GET", "/users/a%2Fratings%2Fb")["user"] == "a/ratings/b"
    assert len(ask("GET", "/users/a%2Fratings%2Fb/ratings")["ratings"]) == 1
    assert ask("GET", "/users/a", status=404)


def test_a_store_that_does_not_answer_is_no_fault_of_the_client(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DatabaseError("disk on fire")

    monkeypatch.setattr(RatingsStore, "person", broken)
    monkeypatch.setattr(Transaction, "write", broken)
    for method, path, body in (
        ("GET", "/users/bob/recommendations", None),
        ("PUT", "/users/bob/ratings/clue", {"stars": 4}),
    ):
        said = ask(method, path, body, status=503)["error"]
        assert said["code"] == "store_unavailable"
        assert "fire" not in said["message"]


def test_who_may_read_may_not_write(folder: Path, address: str) -> None:
    app = create_app(
        ModelStore([folder]), store=RatingsStore.open(address), token="all", read_token="some"
    )
    rating = {"ratings": [{"user": "zoe", "item": "alien", "stars": 4}]}
    asked: list[tuple[str, str, Any, bool]] = [
        ("GET", "/users/bob/recommendations", None, False),
        ("POST", "/predict", {"user": "bob", "items": ["duel"]}, False),
        ("POST", "/ratings", rating, True),
        ("PUT", "/users/zoe/ratings/alien", {"stars": 4}, True),
        ("DELETE", "/users/zoe/ratings/alien", None, True),
        ("PUT", "/items/alien", {}, True),
        ("DELETE", "/items/alien", None, True),
        ("PUT", "/users/zoe", {}, True),
        ("DELETE", "/users/zoe", None, True),
    ]
    with TestClient(app) as client:
        for method, path, body, is_write in asked:
            for token, wanted in (("", 401), ("none", 401), ("some", 403 if is_write else 200),
                                  ("all", 200)):  # fmt: skip
                shown = {"authorization": f"Bearer {token}"} if token else {}
                answer = client.request(method, path, json=body, headers=shown)
                assert answer.status_code == wanted, (method, path, token, answer.text)


def test_without_a_store_nothing_is_written(folder: Path) -> None:
    with TestClient(create_app(ModelStore([folder]))) as client:
        assert client.put("/users/bob/ratings/clue", json={"stars": 4}).status_code == 404
        assert client.post("/ratings", json={}).status_code == 404
        assert client.delete("/users/bob").status_code == 404
        listed = client.get("/users/zoe/recommendations?fallback=true").json()
        assert listed["fallback"] is True
        assert "fallback" not in client.get("/users/bob/recommendations?fallback=true").json()


def test_a_store_of_other_stars_is_refused(folder: Path, tmp_path: Path) -> None:
    for name, scale, said in (
        ("a", RatingScale(1, 10, 1), "holds 1 to 10 stars"), ("b", None, "no scale yet"),
    ):  # fmt: skip
        store = RatingsStore.create(f"sqlite:///{tmp_path}/{name}.db", scale)
        with pytest.raises(ConfigError, match=said):
            create_app(ModelStore([folder]), store=store)


def test_what_several_models_show_is_kept(folder: Path, twin: Path, address: str) -> None:
    store = RatingsStore.open(address)
    shares = Shares.parse("0:1", 2)
    with TestClient(create_app(ModelStore([folder, twin], shares), store=store)) as client:
        client.get("/users/bob/recommendations")
        client.get("/users/nobody/recommendations?fallback=true")
    with RatingsStore.open(address) as other:
        (row,) = lists_shown(other).rows(named=True)
        assert (row["model"], row["items"]) == ("lower", ["brazil", "clue"])
        assert other.user("nobody") is None


def test_metrics_tell_of_the_store(client: TestClient, ask: Ask) -> None:
    ask("PUT", "/users/zoe/ratings/alien", {"stars": 4, "time": 9})
    ask("PUT", "/users/zoe/ratings/alien", {"stars": 4, "time": 9})
    ask("GET", "/users/zoe/recommendations")
    ask("GET", "/users/zoe/recommendations")
    told = client.get("/metrics").text
    for line in (
        'starcast_store_ratings_total{outcome="new"} 1.0',
        'starcast_store_ratings_total{outcome="same"} 1.0',
        "starcast_store_commit_seconds_count 2.0",
        'route="/users/{id}/ratings/{item}",status="200"',
    ):
        assert line in told


class Counted:
    """Stands for metrics."""

    def committed(self, outcomes: object, seconds: float) -> None:
        pass


def test_writes_that_wait_are_committed_together_and_fail_alone(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, commits = RatingsStore.open(address), list[int]()

    def fails(_: Transaction) -> None:
        raise ConfigError("this one")

    async def write() -> list[Any]:
        writer = StoreWriter(store, Counted(), lambda users, _: commits.append(len(users)))  # type: ignore[arg-type]
        first = asyncio.create_task(writer.put(Put("u0", "alien", 4.0, 1)))
        await first
        monkeypatch.setattr("starcast.serve.store.writer.MOST_WAITING", 60)
        puts = [writer.put(Put(f"u{at}", "alien", 4.0, 1)) for at in range(1, 50)]
        asked = [*puts[:20], writer.do(fails), *puts[20:]]
        try:
            return list(await asyncio.gather(*asked, return_exceptions=True))
        finally:
            writer.close()

    results = asyncio.run(write())
    assert [str(one) for one in results if isinstance(one, Exception)] == ["this one"]
    assert all(one.new for one in results if not isinstance(one, Exception))
    assert len(store.users()) == 3 + 50
    store.close()


def test_what_is_on_disk_is_answered_whatever_goes_wrong_afterwards(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DatabaseError("gone")

    ask("PUT", "/items/clue", {"title": "Clue"})
    monkeypatch.setattr(RatingsStore, "news_since", broken)
    assert ask("DELETE", "/items/clue") == {"deleted": True}
    assert ask("DELETE", "/items/clue", status=404)


def test_a_newer_model_learns_what_may_be_listed(
    folder: Path, address: str, known_by_heart: Artifact
) -> None:
    models = ModelStore([folder])
    with TestClient(
        create_app(models, store=RatingsStore.open(address), look_every=0.02)
    ) as client:
        client.put("/items/clue", json={"hidden": True})
        client.get("/users/bob/recommendations")
        storage.save(known_by_heart, folder)
        until(lambda: models.n_reloads == 1)
        said = client.get("/users/bob/recommendations").json()
        assert items(said) == ["brazil"]


def test_ratings_of_new_items_count_in_time(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starcast.serve.store.live_store._COUNTED_ANEW", 0.0)
    ask("PUT", "/items/ewoks", {"title": "Ewoks"})

    def stars() -> float:
        said = ask("POST", "/predict", {"user": "bob", "items": ["ewoks"]})
        return float(said["predictions"][0]["stars"])

    before = stars()
    for number in range(9):
        ask("PUT", f"/users/fan-{number}/ratings/ewoks", {"stars": 5})
    until(lambda: stars() > before)


def test_a_new_item_shares_genres_by_either_name(ask: Ask) -> None:
    ask("PUT", "/items/alien", {"title": "Alien", "attributes": {"genres": "Odd"}})
    for name in ("genre", "genres", "Genres"):
        ask("PUT", f"/items/{name}", {"title": name, "attributes": {name: ["Odd"]}})
    ask("PUT", "/items/none", {"title": "none"})
    wanted = {"user": "bob", "items": ["genre", "genres", "Genres", "none"]}
    *same, other = [one["stars"] for one in ask("POST", "/predict", wanted)["predictions"]]
    assert len(set(same)) == 1
    assert other not in same


def test_whole_numbers_stay_whole(ask: Ask) -> None:
    told = {"year": 1999, "price": 9.5, "code": 2**53 + 1, "new": True}
    said = ask("PUT", "/items/clue", {"title": "Clue", "attributes": told})["attributes"]
    assert list(map(repr, said.values())) == ["1999", "9.5", str(2**53 + 1), "True"]


@pytest.mark.parametrize("user", ["two\nlines", "a\u2028b", "a\r\nb\nc", "\u202e", "a/b\nc"])
def test_who_came_in_by_a_batch_is_found_by_a_path(ask: Ask, user: str) -> None:
    ask("POST", "/ratings", {"ratings": [{"user": user, "item": "alien", "stars": 4}]})
    path = "/users/" + quote(user, safe="")
    assert ask("GET", path + "/ratings/alien")["stars"] == 4
    assert ask("GET", path + "/recommendations")["user"] == user
    assert ask("DELETE", path)["was_stored"]
    assert ask("GET", path, status=404)["error"]["code"] == "unknown_user"


@pytest.mark.parametrize("time", [1_700_000_000_000, 10**11, -(10**11), 2**63])
def test_milliseconds_are_no_seconds(ask: Ask, time: int) -> None:
    wanted: Any = {"stars": 4, "time": time}
    for method, path, body in (
        ("PUT", "/users/eve/ratings/alien", wanted),
        ("POST", "/ratings", {"ratings": [wanted | {"user": "eve", "item": "alien"}]}),
        ("PUT", "/items/clue", {"available_from": time}),
    ):
        message = ask(method, path, body, status=422)["error"]["message"]
        assert message.endswith("thousands of years from 1970; give seconds, not milliseconds")
    wanted["time"] = time // abs(time) * (10**11 - 1)
    assert ask("PUT", "/users/zoe/ratings/clue", wanted)["outcome"] == "new"


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/items/clue", {"attributes": {"a": {"b": 1}}},
         "body.attributes.a: Input should be a valid boolean or a valid integer or a valid number "
         "or a valid string or a valid list"),
        ("/items/clue", {"attributes": {"a": None}, "hidden": 3},
         "body.attributes.a: Input should be a valid boolean or a valid integer or a valid number "
         "or a valid string or a valid list (and 1 more faults)"),
    ],
)  # fmt: skip
def test_one_value_of_no_kind_is_one_fault(ask: Ask, path: str, body: object, said: str) -> None:
    assert ask("PUT", path, body, status=422)["error"]["message"] == said


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/predict", {}, "body.user: Field required (and 1 more faults)"),
        ("PUT", "/users/bob/ratings/clue", {"stars": None, "time": None},
         "body.stars: Input should be a valid number"),
        ("PUT", "/users/bob/ratings/clue", {"stars": "x", "time": "x"},
         "body.stars: Input should be a valid number (and 1 more faults)"),
        ("PUT", "/items/clue", {"hidden": "x", "available_from": "x"},
         "body.hidden: Input should be a valid boolean (and 1 more faults)"),
    ],
)  # fmt: skip
def test_several_values_are_several_faults(
    ask: Ask, method: str, path: str, body: object, said: str
) -> None:
    """Also where they are alike, or all of them missing."""
    assert ask(method, path, body, status=422)["error"]["message"] == said


def test_an_id_of_no_kind_is_one_fault(ask: Ask) -> None:
    body = {"ratings": [{"user": 1.5, "item": "alien", "stars": 4}]}
    said = ask("POST", "/ratings", body, status=422)["error"]["message"]
    assert said == "body.ratings.0.user: Input should be a valid integer or a valid string"
