"""The page, its files, and the documentation of the endpoints; nothing is loaded from elsewhere."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, final

from fastapi import FastAPI, Request, Response

from starcast.serve.api_errors import ApiError

_PAGE = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}


class _File(NamedTuple):
    content: bytes
    kind: str
    tag: str


@final
class Pages:
    """Files in memory, by the path they are asked for; no path of a request touches the disk."""

    def __init__(self, folder: Path = _PAGE) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _file(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }

    def answer(self, name: str, request: Request) -> Response:
        """A file, or word that the client has it already. Raises: ApiError: no such file."""
        if name not in self._files:
            raise ApiError(404, "not_found", "there is no such file")
        file = self._files[name]
        headers = {"etag": file.tag, "cache-control": "no-cache"}  # may be kept, is asked for anew
        if file.tag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers, media_type=file.kind)


def _file(content: bytes, kind: str) -> _File:
    return _File(content, kind, f'"{hashlib.sha256(content).hexdigest()[:16]}"')


def documentation(app: FastAPI) -> str:
    """The OpenAPI document as a plain page."""
    import jinja2

    template = (Path(__file__).parent / "docs.html").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    document = app.openapi()
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
                "parameters": operation.get("parameters", []),
                "body": _last(body.get("schema", {})), "answers": answers,
            }  # fmt: skip


def _schema(told: Mapping[str, Any]) -> str:
    return _last(told.get("content", {}).get("application/json", {}).get("schema", {}))


def _last(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
