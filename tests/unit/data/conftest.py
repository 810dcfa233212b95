"""Fixtures of the fetching tests: web servers on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mirror_site import Site
from own_certificate import make_certificate

from starcast.data.movielens.download import Part


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


@pytest.fixture
def part(tmp_path: Path) -> Part:
    return Part(tmp_path / "ml-1m.zip.part")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls") / "valid", 2999)


@pytest.fixture(scope="session")
def expired_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls") / "expired", 2001)


@pytest.fixture
def secure_site(certificate: tuple[Path, Path]) -> Iterator[Site]:
    server = Site(certificate)
    yield server
    server.close()


@pytest.fixture
def expired_site(expired_certificate: tuple[Path, Path]) -> Iterator[Site]:
    server = Site(expired_certificate)
    yield server
    server.close()
