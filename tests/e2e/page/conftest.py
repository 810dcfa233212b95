"""A real service, a real browser, and a visit that tells of everything it should not have done."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from visit_page import Visit, browsing, find_chromium, serving

# Little training: what the page shows is tested, not how good it is.
TRAINING = {
    "latent-factor-model": ("--epochs", "60"),  # enough to tell its lists from those of the means
    "deep-neural-network-model": ("--epochs", "1"),
}


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models of ml-latest-small, the latent factor model first."""
    home = tmp_path_factory.mktemp("page")
    for model, settings in TRAINING.items():
        folders = ["--out", str(home), "--logs", str(home / "logs")]
        argv = ["train", "--test", "--model", model, "--dimension", "8", *settings, *folders]
        subprocess.run([sys.executable, "-m", "starcast", *argv], check=True, capture_output=True)
    return [home / "ml-latest-small" / model for model in TRAINING]


@pytest.fixture(scope="session")
def address(artifacts: list[Path]) -> Iterator[str]:
    """Where the page is served."""
    with serving(artifacts) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium found: install it (on Debian: apt-get install chromium)")
    with browsing(executable) as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Opens the page for a new visitor; in the end nothing may have gone elsewhere or wrong.

    Chromium itself complains of every answer with an error status; tests that provoke one say so.
    """
    faults: list[str] = []
    contexts = []

    def open_page(place: str = address, *, provokes: str = "", **settings: Any) -> Page:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()

        def note(message: str) -> None:
            if not (provokes and provokes in message):
                faults.append(message)

        def check(url: str) -> None:
            if urlsplit(url).netloc != urlsplit(place).netloc:
                faults.append(f"asked for {url}")

        page.on("request", lambda request: check(request.url))
        page.on("console", lambda message: note(f"console: {message.text}"))
        page.on("pageerror", lambda error: note(f"error: {error}"))
        page.goto(place)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
