"""The page, its files, and the documentation of the endpoints; nothing is loaded from elsewhere."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, NamedTuple, final

from fastapi import FastAPI, Request, Response

from starcast.serve.api_errors import ApiError

_PAGE = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}


class File(NamedTuple):
    """Bytes that do not change, their media type, and what tells them from others."""

    content: bytes
    kind: str
    tag: str

    @classmethod
    def of(cls, content: bytes, suffix: str) -> "File":
        """A file whose name would end so."""
        return cls(content, _TYPES[suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')

    def answer(self, request: Request) -> Response:
        """The file, or word that the client has it already."""
        headers = {"etag": self.tag, "cache-control": "no-cache"}  # may be kept, is asked for anew
        if self.tag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
        return Response(self.content, headers=headers, media_type=self.kind)


@final
class Pages:
    """Files in memory, by the path they are asked for; no path of a request touches the disk."""

    def __init__(self, folder: Path = _PAGE) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): File.of(path.read_bytes(), path.suffix)
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }

    def answer(self, name: str, request: Request) -> Response:
        """A file, or word that the client has it already. Raises: ApiError: no such file."""
        if name not in self._files:
            raise ApiError(404, "not_found", "there is no such file")
        return self._files[name].answer(request)


_RATINGS = {"GivenRating", "RatingPut", "BatchRating"}  # schemas of stars that are given


@final
class Document:
    """What the endpoints take and give, for programs and as a page.

    It is made in a thread, once for the stars that the loaded models know.

    Args:
        app: with its endpoints.
        threads: where it is made; it takes a tenth of a second.
        stars: the lowest and the highest that any loaded model knows.
    """

    def __init__(
        self, app: FastAPI, threads: Executor, stars: Callable[[], tuple[float, float]]
    ) -> None:
        self._app, self._threads, self._stars = app, threads, stars
        self._made: dict[tuple[float, float], Future[tuple[File, File]]] = {}

    async def json(self) -> File:
        """The OpenAPI document."""
        return (await self._both())[0]

    async def page(self) -> File:
        """The same to be read."""
        return (await self._both())[1]

    async def _both(self) -> tuple[File, File]:
        stars = self._stars()
        if stars not in self._made:
            self._made = {stars: self._threads.submit(self._make, stars)}
        made = asyncio.wrap_future(self._made[stars])
        return await asyncio.shield(made)  # others wait for it too

    def _make(self, stars: tuple[float, float]) -> tuple[File, File]:
        document = self._app.openapi()
        bounds = dict(zip(("minimum", "maximum"), stars, strict=True))
        for name in _RATINGS & document["components"]["schemas"].keys():
            document["components"]["schemas"][name]["properties"]["stars"].update(bounds)
        text = json.dumps(document, ensure_ascii=False)
        return File.of(text.encode(), ".json"), File.of(page_of(document).encode(), ".html")


def page_of(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as a plain page."""
    import jinja2

    template = (Path(__file__).parent / "docs.html").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    schemas = [
        {"name": name, "text": json.dumps(schema, indent=2)}
        for name, schema in document["components"]["schemas"].items()
    ]
    return environment.from_string(template).render(
        document=document, operations=list(_operations(document)), schemas=schemas
    )


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            answers = [
                {"status": status, "what": told["description"], "schema": _schema(told)}
                for status, told in operation["responses"].items()
            ]
            yield {
                "method": method.upper(), "path": path, "what": operation.get("description", ""),
                "parameters": list(_parameters(operation)),
                "body": _last(body.get("schema", {})), "answers": answers,
            }  # fmt: skip


def _parameters(operation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Parameters one by one, also those that are documented together."""
    for given in operation.get("parameters", []):
        for name, schema in given["schema"].get("properties", {given["name"]: None}).items():
            yield {**given, "name": name, "schema": schema} if schema else given


def _schema(told: Mapping[str, Any]) -> str:
    return _last(told.get("content", {}).get("application/json", {}).get("schema", {}))


def _last(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
