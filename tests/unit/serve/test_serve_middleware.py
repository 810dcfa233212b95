"""Token, limits, headers, page: what stands around the endpoints."""

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from starcast.serve.middleware import Limits, Middleware
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import ServiceMetrics
from starcast.serve.served_model import ServedModel
from starcast.serve.service import create_app

LIST = "/users/ann/recommendations"


def test_a_token_is_asked_for_where_there_is_something_to_tell(folder: Path) -> None:
    with TestClient(create_app(ModelStore([folder]), token="s3cret")) as client:
        for path in ("/", "/static/main.js", "/healthz", "/readyz", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200, path
        for path in (LIST, "/models", "/metrics", "/items?query=a"):
            refused = client.get(path)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
            assert refused.headers["www-authenticate"] == "Bearer"
        for shown in ("Bearer s3cre", "Bearer s3cret2", "s3cret", "Basic s3cret", "Bearer \xe9"):
            headers = {"authorization": shown.encode("latin-1")}
            assert client.get(LIST, headers=headers).status_code == 401, shown  # type: ignore[arg-type]
        assert client.get(LIST, headers={"authorization": "Bearer s3cret"}).status_code == 200


def test_a_body_is_counted_as_it_comes(folder: Path) -> None:
    headers = {"content-type": "application/json"}
    with TestClient(create_app(ModelStore([folder]), limits=Limits(body=100))) as client:
        said = client.post("/recommendations", content=b'{"ratings": []}' + b" " * 85)
        assert said.status_code == 422  # of 100 bytes, but of no type
        for content in (b"x" * 101, iter([b" " * 60, b" " * 60])):  # the latter tells no length
            answer = client.post("/recommendations", content=content, headers=headers)
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "too_large"
            assert answer.headers["connection"] == "close"


def test_what_takes_too_long_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def endless(*_: Any) -> str:
        release.wait(30)
        return "{}"

    monkeypatch.setattr(ServedModel, "similar", endless)
    with TestClient(create_app(ModelStore([folder]), limits=Limits(seconds=0.05))) as client:
        answer = client.get("/items/alien/similar")
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timeout")
        assert client.get("/healthz").status_code == 200
        release.set()


def test_an_answer_has_to_begin_in_time_and_not_to_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadlines: list[asyncio.Timeout] = []
    timeout = asyncio.timeout

    def noted(seconds: float) -> asyncio.Timeout:
        deadlines.append(timeout(seconds))
        return deadlines[-1]

    async def application(scope: Scope, _: Receive, send: Send) -> None:
        assert deadlines[-1].when() is not None
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert deadlines[-1].when() is None
        await send({"type": "http.response.body", "body": b"done"})

    monkeypatch.setattr("starcast.serve.middleware.asyncio.timeout", noted)
    metrics = ServiceMetrics(ModelStore([folder]))
    client = TestClient(Middleware(application, metrics, Limits()))
    assert client.get("/").content == b"done"


def test_a_fault_of_ours_is_no_secret_and_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: Any) -> str:
        raise RuntimeError("the reason")

    monkeypatch.setattr(ServedModel, "similar", faulty)
    with TestClient(create_app(ModelStore([folder])), raise_server_exceptions=False) as client:
        answer = client.get("/items/alien/similar")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
        assert "the reason" not in answer.text
    assert "the reason" in caplog.text


def test_other_origins_are_let_in_only_where_asked(folder: Path) -> None:
    headers = {"origin": "https://films.example", "access-control-request-method": "GET"}
    with TestClient(create_app(ModelStore([folder]))) as client:
        assert "access-control-allow-origin" not in client.get(LIST, headers=headers).headers
    cors = ["https://films.example"]
    with TestClient(create_app(ModelStore([folder]), cors=cors, token="t")) as client:
        before = client.options(LIST, headers=headers)
        assert before.headers["access-control-allow-origin"] == cors[0]
        assert before.status_code == 200


def test_the_page_may_load_nothing_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/docs"):
        page = client.get(path)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-security-policy"].startswith("default-src 'self';")
        assert not re.search(r"""(src|href)=["'](https?:)?//""", page.text)
        for file in re.findall(r"""(?:src|href)=["'](static/[^"']+)""", page.text):
            assert client.get(f"/{file}").status_code == 200, file


def test_files_have_their_types_and_are_sent_once(client: TestClient) -> None:
    script = client.get("/static/main.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    again = client.get("/static/main.js", headers={"if-none-match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["../loaded.py", "%2e%2e/loaded.py", "/etc/passwd", "", "..%2f..%2f", "%00"]
)
def test_no_other_file_can_be_had(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_the_docs_name_every_endpoint(client: TestClient) -> None:
    page = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page
    for parameter in ("k", "reasons", "include_seen", "limit", "query", "model", "id"):
        assert f"<td><code>{parameter}</code></td>" in page


def test_the_docs_are_made_once_and_sent_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def page_of(document: object) -> str:
        made.append(document)
        return "the page"

    monkeypatch.setattr("starcast.serve.static.page_of", page_of)
    for path in ("/docs", "/openapi.json") * 20:
        first = client.get(path)
        assert first.status_code == 200
        again = client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert len(made) == 1
