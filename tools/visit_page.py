"""The page as a visitor meets it: `starcast serve` on loopback, and a real, headless Chromium.

Shared by page_screenshots.py and by the tests of the page.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

expect.set_options(timeout=30_000)  # milliseconds: a busy machine takes its time

Visit = Callable[..., Page]
"""Opens the page at an address for a new visitor, with settings of the browser."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """The path of an installed Chromium, None if there is none."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


@contextmanager
def browsing(executable: str) -> Iterator[Browser]:
    """A headless Chromium. In containers, as root, it cannot make a sandbox of its own."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"] if is_root else []
        )
        yield browser
        browser.close()


@contextmanager
def serving(
    artifacts: Sequence[Path], *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """`starcast serve` with the artifacts on a free port of loopback; yields the page's address.

    Raises: RuntimeError: it ended before it was ready.
    """
    models = [part for artifact in artifacts for part in ("--model", str(artifact))]
    argv = [sys.executable, "-m", "starcast", "serve", *models, "--port", "0", *options]
    everything = {**os.environ, **(environment or {})}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=everything) as service:
        try:
            yield _address(service)
        finally:
            service.terminate()


def found(page: Page) -> Locator:
    """The films that the search has found."""
    return page.get_by_role("listbox", name="Films found").get_by_role("option")


def settled(page: Page) -> Page:
    """The page once it shows the answers to all that was asked: what is read before may be old."""
    expect(page.locator("html[data-waiting]")).to_have_count(0)
    return page


def rate(page: Page, film: str, stars: float) -> None:
    """Search a film, take the first that is found, and give it stars, all by keyboard."""
    search = settled(page).get_by_role("combobox", name="Search a film")
    search.fill(film)
    expect(found(page).first).to_contain_text(film)
    search.press("Enter")
    slider = page.locator(":focus")
    slider.press(str(int(stars)))
    if stars % 1:
        slider.press("ArrowRight")


def _address(service: "subprocess.Popen[str]") -> str:
    """The address that the service tells when it is ready."""
    assert service.stdout
    for line in service.stdout:
        if told := re.search(r"http://\S+", line):
            return f"{told[0]}/"
    raise RuntimeError(f"starcast serve ended with status {service.wait()}")
