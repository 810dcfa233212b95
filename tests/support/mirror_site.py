"""A small web server on this machine that misbehaves on demand, and archives for it to serve."""

import hashlib
import io
import random
import ssl
import threading
import zipfile
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from starcast.data.movielens.download import Part, download
from starcast.data.movielens.fetch import fetch, is_fetched
from starcast.errors import FetchError

FILES = {"ml-100k": "u.data", "ml-1m": "ratings.dat", "ml-10m": "ratings.dat"}
FOLDERS = {"ml-10m": "ml-10M100K"}
NOISE = random.Random(0).randbytes(700_000)  # does not compress, so that archives come in pieces


def archive_of(name: str, ratings: bytes = b"1\t2\t3\t4\n") -> bytes:
    """An archive in GroupLens's layout with invented rows."""
    folder = FOLDERS.get(name, name)
    content = {f"{folder}/{FILES[name]}": ratings, f"{folder}/README": NOISE}
    return zip_of({f"{folder}/": b"", **content})


def zip_of(members: dict[str, bytes]) -> bytes:
    """A zip archive with these members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def md5_of(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@dataclass
class Request:
    """One request as the server saw it, and the length of the body it sent."""

    path: str
    headers: dict[str, str]
    n_sent: int = 0


Answering = Callable[["Handler", bytes], None]


class Site:
    """The server: what it serves, how it answers next, and what it was asked."""

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.with_etag = True
        self.release = threading.Event()  # ends the answers that hang
        self._next: defaultdict[str, deque[Answering]] = defaultdict(deque)
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self.scheme = "http"
        if certificate:
            self.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}"

    def add(self, name: str, archive: bytes | None = None) -> bytes:
        """Serve an archive with its sum beside it."""
        archive = archive_of(name) if archive is None else archive
        self.files[f"/{name}.zip"] = archive
        self.files[f"/{name}.zip.md5"] = f"{md5_of(archive)}  {name}.zip\n".encode()
        return archive

    def once(self, path: str, answering: Answering) -> None:
        """Answer the next request for a path in another way than the usual."""
        self._next[path].append(answering)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def answer(self, handler: "Handler") -> None:
        queue = self._next[handler.path]
        (queue.popleft() if queue else serve)(handler, self.files.get(handler.path, b""))

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Clients that hang up are what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        self.request_seen = Request(self.path, dict(self.headers.items()))
        self.site.requests.append(self.request_seen)
        self.site.answer(self)

    def log_message(self, *_: Any) -> None:
        pass

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def body(self, content: bytes) -> None:
        self.request_seen.n_sent += len(content)
        self.wfile.write(content)


def _handler_of(site: Site) -> type[Handler]:
    return type("BoundHandler", (Handler,), {"site": site})


def _tag(handler: Handler, content: bytes) -> dict[str, object]:
    return {"ETag": f'"{md5_of(content)}"'} if handler.site.with_etag else {}


def serve(handler: Handler, content: bytes) -> None:
    """As a good server does: ranges, unless the file is another by now."""
    wanted = handler.headers.get("Range", "")
    tag = _tag(handler, content)
    if handler.path not in handler.site.files:
        return fail(404)(handler, content)
    if not wanted or handler.headers.get("If-Range") not in (None, tag.get("ETag")):
        return ignore_range(handler, content)
    return serve_range(handler, content)


def serve_range(handler: Handler, content: bytes) -> None:
    """Ranges, whether or not the file is another by now."""
    start, size = int(handler.headers["Range"][len("bytes=") : -1]), len(content)
    if start >= size:
        return handler.head(416, Content_Range=f"bytes */{size}")
    where = f"bytes {start}-{size - 1}/{size}"
    length = size - start
    handler.head(206, Content_Length=length, Content_Range=where, **_tag(handler, content))
    return handler.body(content[start:])


def ignore_range(handler: Handler, content: bytes) -> None:
    handler.head(200, Content_Length=len(content), **_tag(handler, content))
    handler.body(content)


def cut_short(n_bytes: int) -> Answering:
    """Promise the whole file and hang up after `n_bytes`."""

    def answering(handler: Handler, content: bytes) -> None:
        handler.head(200, Content_Length=len(content), **_tag(handler, content))
        handler.body(content[:n_bytes])

    return answering


def hang(n_bytes: int) -> Answering:
    """Promise the whole file and go silent after `n_bytes`."""

    def answering(handler: Handler, content: bytes) -> None:
        cut_short(n_bytes)(handler, content)
        handler.wfile.flush()
        handler.site.release.wait()

    return answering


def silent(handler: Handler, _content: bytes) -> None:
    """Not even a status line."""
    handler.site.release.wait()


def fail(status: int) -> Answering:
    def answering(handler: Handler, _content: bytes) -> None:
        handler.head(status, Content_Length=0)

    return answering


def redirect(url: str) -> Answering:
    def answering(handler: Handler, _content: bytes) -> None:
        handler.head(302, Location=url, Content_Length=0)

    return answering


def refused_download(url: str, part: Part, timeout: float = 30.0) -> str:
    """The one line that says why a download failed."""
    with pytest.raises(FetchError) as caught:
        download(url, part, timeout)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refused_fetch(
    name: str, data_dir: Path, mirror: str | None = None, timeout: float = 30.0
) -> str:
    """The one line that says why nothing was fetched."""
    with pytest.raises(FetchError) as caught:
        fetch(name, data_dir, mirror, timeout=timeout)
    assert "\n" not in str(caught.value)
    assert not is_fetched(data_dir / name)
    return str(caught.value)


def visible(data_dir: Path) -> list[str]:
    """What a fetch leaves, but for its lock."""
    return sorted(path.name for path in data_dir.iterdir() if not path.name.endswith(".lock"))
