"""Downloading: servers that fail, addresses that lead nowhere, and certificates."""

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from mirror_site import NOISE, Site, fail, redirect, refused_download
from mirror_site import silent as answer_nothing

from starcast.data.movielens.download import Part, download, read_small
from starcast.errors import FetchError

FILE = "/ml-1m.zip"


@pytest.fixture(autouse=True)
def _content(site: Site) -> None:
    site.files[FILE] = NOISE


def test_brings_the_whole_file(site: Site, part: Part) -> None:
    download(site.url + FILE, part)
    assert part.path.read_bytes() == NOISE
    assert "Range" not in site.requests[0].headers


def test_a_server_that_never_speaks_is_given_up(site: Site, part: Part) -> None:
    site.once(FILE, answer_nothing)
    assert "went silent" in refused_download(site.url + FILE, part, timeout=0.05)


def test_progress_knows_no_size_where_the_server_tells_none(site: Site, part: Part) -> None:
    def answer(handler: Any, content: bytes) -> None:
        handler.head(200)
        handler.body(content)

    site.once(FILE, answer)
    progress: list[tuple[int, int | None]] = []
    download(site.url + FILE, part, on_progress=lambda *now: progress.append(now))
    assert progress[-1] == (700_000, None)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "there is no such file"),
        (403, "the server refuses"),
        (500, "try again later"),
        (503, "try again later"),
        (416, "which is no file"),
        (204, "which is no file"),
    ],
)
def test_an_http_error_is_one_line(site: Site, part: Part, status: int, words: str) -> None:
    site.once(FILE, fail(status))
    message = refused_download(site.url + FILE, part)
    assert f"{site.url}{FILE} answered HTTP {status}" in message
    assert words in message
    assert not part.path.exists()


def test_a_refused_connection_is_one_line(part: Part) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unheard.getsockname()[1]}"
        message = refused_download(f"http://{address}{FILE}", part)
    assert f"the connection to {address} failed" in message
    assert os.strerror(errno.ECONNREFUSED) in message


def test_a_host_without_address_is_one_line(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_to_resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail_to_resolve)
    message = refused_download(f"http://no.such.host{FILE}", part)
    assert "the host no.such.host is not to be found" in message


@pytest.mark.parametrize("url", ["http://[bad/x.zip", "http://host:port/x.zip", "http:///x.zip"])
def test_a_malformed_address_is_one_line(part: Part, url: str) -> None:
    assert "failed" in refused_download(url, part)


def test_an_answer_that_is_no_http_is_one_line(site: Site, part: Part) -> None:
    site.once(FILE, lambda handler, _: handler.body(b"SSH-2.0-OpenSSH\r\n"))
    assert "the connection to 127.0.0.1" in refused_download(site.url + FILE, part)


def test_small_texts_are_read_up_to_a_limit(site: Site) -> None:
    site.files["/sum"] = b"0123456789"
    assert read_small(f"{site.url}/sum", limit=4) == "0123"
    assert read_small(f"{site.url}/none") is None
    site.once("/sum", fail(500))
    with pytest.raises(FetchError, match="HTTP 500"):
        read_small(f"{site.url}/sum")


def test_a_self_signed_certificate_is_refused(secure_site: Site, part: Part) -> None:
    message = refused_download(secure_site.url + FILE, part)
    assert "the certificate of 127.0.0.1" in message
    assert "is not valid (self-signed certificate)" in message
    assert "nothing was downloaded and the check is not bypassed" in message
    assert "--mirror FOLDER" in message
    assert secure_site.requests == []
    assert not part.path.exists()


def test_an_expired_certificate_is_refused_by_that_reason(
    expired_site: Site,
    expired_certificate: tuple[Path, Path],
    part: Part,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(expired_certificate[0]))
    message = refused_download(expired_site.url + FILE, part)
    assert "has expired" in message
    assert "wait until its owner renews it" in message
    assert "nothing was downloaded and the check is not bypassed" in message
    assert expired_site.requests == []
    assert not part.path.exists()


def test_a_redirect_away_from_https_is_refused(
    secure_site: Site,
    certificate: tuple[Path, Path],
    site: Site,
    part: Part,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    secure_site.once(FILE, redirect(site.url + FILE))
    assert "is not HTTPS: refused" in refused_download(secure_site.url + FILE, part)
    assert not part.path.exists()
