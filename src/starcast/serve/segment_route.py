"""Endpoints whose ids are whole segments of the path: a slash within an id is written as %2F."""

from collections.abc import MutableMapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from starlette.routing import Match

from starcast.serve.strict_route import StrictRoute


class SegmentRoute(StrictRoute):
    """An endpoint of a path such as `/users/{id:path}/ratings/{item:path}`.

    Elsewhere an id may hold slashes as they are. Where `/users/ann/ratings` would be the person
    "ann/ratings", and two ids stand in one path, who is meant must not be guessed.
    """

    @cached_property
    def _n_slashes(self) -> int:
        return self.path_format.count("/")

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, MutableMapping[str, Any]]:
        """Whether a request is for this endpoint, and with which ids."""
        if scope["path"].count("/") < self._n_slashes:
            return Match.NONE, {}  # as of most requests, which others wait to be compared with
        match, child = super().matches(scope)
        given = _ids(self.path_format, scope) if match != Match.NONE else None
        if given is None:
            return Match.NONE, {}
        child["path_params"] = {**scope.get("path_params", {}), **given}
        return match, child


def _ids(path_format: str, scope: MutableMapping[str, Any]) -> dict[str, str] | None:
    raw = scope.get("raw_path") or scope["path"].encode()
    segments = raw.partition(b"?")[0].decode("latin-1").split("/")
    wanted = path_format.split("/")
    if len(segments) != len(wanted):
        return None
    given: dict[str, str] = {}
    for name, segment in zip(wanted, segments, strict=True):
        try:
            text = unquote(segment, errors="strict")
        except UnicodeDecodeError:
            return None
        if name.startswith("{"):
            given[name.strip("{}")] = text
        elif name != text:
            return None
    return given
