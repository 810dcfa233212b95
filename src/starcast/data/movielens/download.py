"""One file over HTTP, resumed until it is whole, however often the connection breaks."""

import json
import re
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from socket import gaierror
from typing import final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from starcast.errors import FetchError

Progress = Callable[[int, int | None], None]
Answer = HTTPResponse | HTTPError  # an HTTPError is an answer that can be read, too

TIMEOUT = 30.0
_CHUNK = 1 << 18
_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A download in progress: its bytes, and beside them a note of what they are the start of.

    Attributes:
        path: the bytes so far.
    """

    path: Path

    @property
    def note(self) -> Path:
        """Where the address and the validator (ETag or date) of the file are written down."""
        return self.path.with_name(f"{self.path.name}.json")

    def size_of(self, url: str) -> tuple[int, str]:
        """Bytes at hand of the file at `url`, and its validator; (0, "") for another's bytes."""
        try:
            noted = json.loads(self.note.read_text("utf-8"))
            if noted["url"] == url:
                return self.path.stat().st_size, str(noted["validator"])
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            pass  # nothing usable is the normal state: the download starts at the first byte
        return 0, ""

    def describe(self, url: str, validator: str) -> None:
        """Note what the bytes are the start of."""
        noted = json.dumps({"url": url, "validator": validator})
        self.note.write_text(noted + "\n", "utf-8")

    def discard(self) -> None:
        """Delete the bytes and the note."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def download(
    url: str, part: Part, timeout: float = TIMEOUT, on_progress: Progress | None = None
) -> None:
    """Make `part` the whole file at `url`, going on where an earlier try ended.

    A server that does not resume, or whose file has changed since, sends it from the first byte.

    Args:
        url: http or https.
        part: where the bytes go; kept when the download breaks off.
        timeout: seconds of silence after which the server is given up.
        on_progress: told the bytes at hand and the size of the file, None where it is unknown.
    Raises:
        FetchError: the file could not be had whole; the message says why.
        OSError: the part cannot be written.
    """
    start, validator = part.size_of(url)
    report = on_progress or _silent
    with open_url(url, timeout, _range(start, validator), accept=416) as answer:
        if answer.status == 200:
            return _receive(answer, url, part, 0, report)
        if answer.status == 206 and _goes_on(answer, start, validator):
            return _receive(answer, url, part, start, report)
        if answer.status == 416 and _sent_range(answer) == f"bytes */{start}":
            return report(start, start)  # an earlier run had it all and ended before the check
        if not start:
            raise FetchError(f"{url} answered HTTP {answer.status}, which is no file")
    part.discard()
    return download(url, part, timeout, on_progress)


def read_small(url: str, timeout: float = TIMEOUT, limit: int = 4096) -> str | None:
    """The text at `url`, at most `limit` bytes of it, or None where there is no such file.

    Raises: FetchError: it cannot be had.
    """
    with open_url(url, timeout, {}, accept=404) as answer, _explained(url):
        return None if answer.status == 404 else answer.read(limit).decode("utf-8", "replace")


def open_url(url: str, timeout: float, headers: dict[str, str], *, accept: int) -> Answer:
    """The answer to a GET request; the HTTP error `accept` is an answer like others.

    Raises: FetchError: no connection, a certificate that is not valid, or another HTTP error.
    """
    with _explained(url):
        request = urllib.request.Request(url, headers={"User-Agent": "starcast"} | headers)
        try:
            answer: Answer = urllib.request.urlopen(
                request, timeout=timeout, context=ssl.create_default_context()
            )
        except HTTPError as error:
            if error.code != accept:
                error.close()
                raise
            answer = error
    if urlsplit(url).scheme == "https" != urlsplit(answer.url).scheme:
        answer.close()
        raise FetchError(f"{url} was redirected to {answer.url}, which is not HTTPS: refused")
    return answer


def _range(start: int, validator: str) -> dict[str, str]:
    if not start:
        return {}
    return {"Range": f"bytes={start}-"} | ({"If-Range": validator} if validator else {})


def _goes_on(answer: Answer, start: int, validator: str) -> bool:
    """Whether the bytes sent follow those at hand; some servers look at no If-Range."""
    unchanged = _validator(answer) in ("", validator)
    return unchanged and _sent_range(answer).startswith(f"bytes {start}-")


def _sent_range(answer: Answer) -> str:
    return str(answer.headers.get("Content-Range", ""))


def _receive(answer: Answer, url: str, part: Part, start: int, report: Progress) -> None:
    """Append what an answer brings after `start` bytes. Raises: FetchError: it ended too early."""
    length = answer.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    received = start
    # Unbuffered, so that whatever ends this process leaves all that came on the disk.
    with part.path.open("ab" if start else "wb", buffering=0) as sink:
        if not start:
            part.describe(url, _validator(answer))
        report(received, total)
        for chunk in _chunks(answer, url):
            sink.write(chunk)
            received += len(chunk)
            report(received, total)
    if total is not None and received < total:
        raise FetchError(
            f"{url} ended after {received:,} of {total:,} bytes; "
            "they are kept: run the same command again to go on from there"
        )


def _chunks(answer: Answer, url: str) -> Iterator[bytes]:
    while True:
        with _explained(url):
            chunk: bytes = answer.read1(_CHUNK)  # read() would lose what came before a timeout
        if not chunk:
            return
        yield chunk


def _validator(answer: Answer) -> str:
    """What tells this version of the file from others; If-Range takes strong ETags and dates."""
    tag = answer.headers.get("ETag", "")
    return tag if re.fullmatch(r'"[^"]*"', tag) else answer.headers.get("Last-Modified", "")


def _silent(_received: int, _total: int | None) -> None:
    pass


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Network failures as one line that says what to do."""
    try:
        yield
    except HTTPError as error:
        raise FetchError(f"{url} answered HTTP {error.code}: {_advice(error.code)}") from None
    except (OSError, HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        raise FetchError(_explanation(url, cause)) from error


def _advice(code: int) -> str:
    if code >= 500:
        return "the server is in trouble; try again later, or use --mirror"
    if code in (404, 410):
        return "there is no such file; check the address given by --mirror or STARCAST_MIRROR"
    return "the server refuses; check the address given by --mirror or STARCAST_MIRROR"


def _explanation(url: str, cause: object) -> str:
    """What went wrong between here and a host, and what to do."""
    host = urlsplit(url).netloc if "[" not in url else url  # a malformed [address] cannot be split
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _about_certificate(host, cause)
    if isinstance(cause, TimeoutError):
        return (
            f"{host} went silent while sending {url}; "
            "what came is kept: run the same command again to go on from there"
        )
    if isinstance(cause, gaierror):
        return f"the host {host} is not to be found; check the network, or use --mirror FOLDER"
    shown = "".join(letter if letter.isprintable() else " " for letter in str(cause))
    return f"the connection to {host} failed ({shown}); what came of {url} is kept: try again"


def _about_certificate(host: str, cause: ssl.SSLCertVerificationError) -> str:
    if cause.verify_code == _EXPIRED:
        what, wait = "has expired", "wait until its owner renews it (and check this clock)"
    else:
        what, wait = f"is not valid ({cause.verify_message})", "find out who answers in its name"
    return (
        f"the certificate of {host} {what}, so nobody can tell whether the data is genuine: "
        f"nothing was downloaded and the check is not bypassed; {wait}, name another source with "
        "--mirror URL, or put the zip and its .md5 into a folder by hand and use --mirror FOLDER"
    )
