"""What the page asks of the service: details of lists, what to rate, and lists brought along."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Attribute
from starcast.errors import ConfigError
from starcast.recommend import Recommendation
from starcast.serve.guests import liked_first
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app
from starcast.serve.words import Words

LETTERBOXD = (
    "Date,Name,Year,Letterboxd URI,Rating\r\n"
    "2024-01-02,Alien,1979,https://boxd.it/a,2\r\n"
    "2024-01-02,alien!,1980,https://boxd.it/a,4.5\r\n"
    "2024-01-03,Duel,1971,https://boxd.it/d,3\r\n"
    "2024-01-03,Zardoz,1974,https://boxd.it/z,5\r\n"
    "2024-01-04,Dune,2021,https://boxd.it/x,\r\n"
)


@pytest.fixture
def film_client(known_by_heart: Artifact, tmp_path: Path) -> Iterator[TestClient]:
    """The model known by heart, of items with genres, ids elsewhere, and addresses."""
    ratings = known_by_heart.split.ratings
    films = ratings.items
    about = (
        Attribute.of(films, "genre", {"alien": ["Horror", "Sci-Fi"], "duel": ["Thriller"]}),
        Attribute.of(films, "imdb_id", {"alien": ["tt0078748"], "duel": ["x"]}, is_feature=False),
        Attribute.of(films, "tmdbId", {"alien": ["348"]}, is_feature=False),
        Attribute.of(
            films, "url",
            {"alien": ["https://films.example/a"], "duel": ["javascript:alert(1)"]},
            is_feature=False,
        ),
    )  # fmt: skip
    split = replace(known_by_heart.split, ratings=replace(ratings, attributes=about))
    folder = storage.save(replace(known_by_heart, split=split), tmp_path / "films")
    with TestClient(create_app(ModelStore([folder]))) as asking:
        yield asking


def post(client: TestClient, path: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def bring(client: TestClient, content: str | bytes, status: int = 200, name: str = "my.csv") -> Any:
    answer = client.post(f"/imports?name={name}", content=content)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_details_tell_how_sure_a_list_is_and_what_its_items_are(film_client: TestClient) -> None:
    given = [{"item": "brazil", "stars": 5}, {"item": "clue", "stars": 5}]
    said = post(film_client, "/recommendations", ratings=given, details=True, reasons=5)
    alien, duel = sorted(said["recommendations"], key=lambda one: one["item"])
    assert alien["genres"] == ["Horror", "Sci-Fi"]
    assert alien["links"] == {
        "IMDb": "https://www.imdb.com/title/tt0078748/",
        "TMDb": "https://www.themoviedb.org/movie/348",
        "more": "https://films.example/a",
    }
    assert (duel["genres"], duel.get("links")) == (["Thriller"], None)  # neither is an address
    assert said["mark"] > said["usual"] > 0.5
    for one in (alien, duel):
        assert one["deviation"] > 0
        assert 0 <= one["chance"] <= 1
        assert {why["item"] for why in one["reasons"]} == {"brazil", "clue"}
    assert (alien["chance"] >= duel["chance"]) == (alien["stars"] >= duel["stars"])


def test_what_is_liked_comes_before_all_others() -> None:
    found = [Recommendation(n, "", stars) for n, stars in enumerate([3.9, 3.1, 4.2, 2, 3.5])]

    def items(usual: float, k: int) -> list[object]:
        return [one.item_id for one in liked_first(found, usual, k)]

    assert items(3.5, 2) == [0, 2]
    assert items(3.5, 3) == [0, 2, 4]  # what is usual is liked
    assert items(3.5, 4) == [0, 2, 4, 1]
    assert items(0, 9) == [0, 1, 2, 3, 4]
    assert items(5, 2) == [0, 1]


def test_what_is_liked_is_asked_for_in_a_list(client: TestClient) -> None:
    given = [{"item": "brazil", "stars": 3}]
    plain = post(client, "/recommendations", ratings=given)["recommendations"]
    liked = post(client, "/recommendations", ratings=given, only_liked=True)["recommendations"]
    assert {one["item"] for one in liked} == {one["item"] for one in plain}
    one = post(client, "/recommendations", ratings=given, only_liked=True, k=1)["recommendations"]
    assert one == liked[:1]


def test_suggestions_leave_out_what_is_known_and_what_was_not_seen(
    film_client: TestClient,
) -> None:
    def items(**body: Any) -> set[str]:
        said = post(film_client, "/suggestions", **body)
        return {one["item"] for one in said["suggestions"]}

    assert items() == {"alien", "brazil", "clue", "duel"}
    rated = [{"item": "alien", "stars": 4}]
    assert items(ratings=rated, without=["duel", "nobody"]) == {"brazil", "clue"}
    assert items(where="genres = 'Thriller'") == {"duel"}
    assert len(items(k=2)) == 2
    assert post(film_client, "/suggestions", 422, k=0)["error"]["code"] == "invalid_request"
    assert post(film_client, "/suggestions", 422, where="genrs = 1")["error"]["code"]
    said = post(film_client, "/suggestions", 404, ratings=[{"item": "nobody", "stars": 4}])
    assert said["error"]["code"] == "unknown_item"


def test_an_export_is_matched_and_what_is_not_found_comes_with_what_it_may_be(
    client: TestClient,
) -> None:
    said = bring(client, LETTERBOXD)
    alien, duel = said["found"]
    assert alien == {
        "item": "alien", "title": "Alien (1979)", "given": "alien! (1980)", "is_sure": False,
        "stars": 4.5,
    }  # fmt: skip
    assert (duel["item"], duel["given"], duel["is_sure"]) == ("duel", "Duel (1971)", True)
    assert said["not_found"] == [{"given": "Zardoz (1974)", "stars": 5.0, "near": []}]
    assert said["notes"] == [
        "left out: 1 row without a rating",
        "left out: 1 older rating of what was rated again",
    ]


def test_an_archive_is_taken_for_its_ratings(client: TestClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("profile.csv", "Date Joined,Username\n2020-01-01,ann\n")
        archive.writestr("ratings.csv", LETTERBOXD)
    assert (
        bring(client, packed.getvalue(), name="e.zip")["found"]
        == bring(client, LETTERBOXD)["found"]
    )


def test_a_list_of_ids_as_the_page_writes_it_is_read_back(client: TestClient) -> None:
    said = bring(client, 'item_id,title,rating\nclue,"=1+1",0.5\nalien,"Alien (1979)",5\n')
    assert [(one["item"], one["stars"]) for one in said["found"]] == [("clue", 0.5), ("alien", 5.0)]
    assert said["not_found"] == said["notes"] == []


def test_imdb_rates_to_ten(client: TestClient) -> None:
    said = bring(client, "Const,Your Rating,Title,Year\ntt0078748,9,Alien,1979\n")
    assert [one["stars"] for one in said["found"]] == [4.5]


BOMB = io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as large:
    large.writestr("ratings.csv", b"item,rating\n" + b"alien,5\n" * 700_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "my.csv is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "my.csv is no text"),
        (b"PK\x03\x04 and no more", "my.csv cannot be unpacked"),
        (BOMB.getvalue(), "holds more than 4,194,304 bytes"),
        (b"item,rating\n" + b"alien,5\n" * 20_001, "my.csv holds more than 20,000 rows"),
        (b"item,rating\nalien,7\n", "7 stars for item 'alien' are outside"),
        (b"alien\nduel\n", "my.csv has 1 column; it needs item, rating columns"),
        (b"item,rating\nalien,many\n", "line 2"),
        (b"name,colour\nalien,red\n", "my.csv"),
    ],
    ids=["empty", "picture", "torn", "bomb", "rows", "scale", "column", "word", "other"],
)
def test_what_is_no_list_gets_one_line(client: TestClient, content: bytes, said: str) -> None:
    message = bring(client, content, 422)["error"]["message"]
    assert said in message
    assert "--" not in message  # of commands, which nobody here gives
    assert "starcast-" not in message  # where it lay for a moment is nobody's business
    assert "\n" not in message


def test_a_large_list_is_read_though_it_has_many_values(client: TestClient) -> None:
    rows = "".join(f"film {n},{n % 5 + 0.5}\n" for n in range(6_000))
    said = bring(client, "title,rating,a,b\n" + rows.replace("\n", ",,\n") + "Alien (1979),3,,\n")
    assert [one["item"] for one in said["found"]] == ["alien"]
    assert len(said["not_found"]) == 100
    assert said["notes"] == ["6,000 are not known here, of which 100 are told"]


def test_the_page_is_told_what_items_are_called(film_client: TestClient, folder: Path) -> None:
    about = film_client.get("/page.json").json()
    assert about == {
        "items": {"one": "item", "many": "items"},
        "genres": ["Horror", "Sci-Fi", "Thriller"],
        "years": [1971, 1979],
        "has_store": False,
    }
    with TestClient(create_app(ModelStore([folder]), words=Words.parse("stories"))) as shop:
        assert shop.get("/page.json").json()["items"] == {"one": "story", "many": "stories"}
    assert Words.of("ml-1m") == Words("film", "films")


@pytest.mark.parametrize("text", ["", " ", "<b>", "a/", "/b", "x" * 31, "wi\nnes", "1"])
def test_what_is_no_word_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="items cannot be called"):
        Words.parse(text)


@pytest.mark.parametrize(
    "path", ["/page.json", "/docs", "/openapi.json", "/imports", "/suggestions", "/predict"]
)
def test_no_query_is_ignored(client: TestClient, path: str) -> None:
    ask = client.get if client.get(path).status_code == 200 else client.post
    answer = ask(f"{path}?unknown=1")
    assert answer.status_code == 422
    assert "unknown query parameter 'unknown'" in answer.json()["error"]["message"]
