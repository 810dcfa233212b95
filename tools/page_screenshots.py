"""Take the pictures of docs/page.md: train on ml-latest-small, serve, visit the page, rate films.

    python tools/page_screenshots.py [ARTIFACT ...]

Writes page-light.png, page-dark.png and page-phone.png into docs/images/; artifacts that are given
are served instead of trained. Needs Chromium, and for the fonts a reader on macOS or Windows would
see a Palatino (on Debian: chromium, fonts-urw-base35, fonts-liberation).
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect
from visit_page import browsing, find_chromium, rate, serving

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PARTS = ("item-item-model", "bayesian-factorization-model")
TASTE = {"Matrix": 4.5, "Fargo": 5, "Spirited Away": 5, "Titanic": 2, "Amelie": 5}
WIDE: ViewportSize = {"width": 1280, "height": 1120}
PHONE: ViewportSize = {"width": 360, "height": 780}
DOTS = 2  # of the picture for each pixel of the page
COLOURS = 256  # enough for type on one paper; a third of the bytes
GAP = 24  # pixels of the page, between the two phones


def train(home: Path) -> list[Path]:
    """Train a model for lists and one for stars, and blend them; gives back all artifacts."""

    def starcast(*words: str) -> None:
        command = [sys.executable, "-m", "starcast", *words, "--out", str(home)]
        subprocess.run(command, check=True)

    for model in PARTS:
        starcast("train", "--model", model, "--logs", str(home / "logs"))
    parts = [home / "ml-latest-small" / model for model in PARTS]
    starcast("blend", *map(str, parts), "--for", "lists")
    return [home / "ml-latest-small" / "list-blend", *parts]


def take(browser: Browser, address: str) -> None:
    """Write the three pictures."""
    for scheme in ("light", "dark"):
        page = browser.new_context(
            viewport=WIDE, color_scheme=scheme, device_scale_factor=DOTS, reduced_motion="reduce"
        ).new_page()
        _rate_all(page, address)
        if scheme == "light":
            _open(page)
        _write(_picture(page), f"page-{scheme}.png")
    phone = browser.new_context(viewport=PHONE, device_scale_factor=DOTS, reduced_motion="reduce")
    page = phone.new_page()
    _rate_all(page, address)
    first = _picture(page)
    page.get_by_role("link", name="Your forecast").click()
    _write(_side_by_side(first, _picture(page)), "page-phone.png")


def _rate_all(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".film").first).to_be_visible()
    for film, stars in TASTE.items():
        rate(page, film, stars)
    expect(page.locator("#recommendations .recommendation")).to_have_count(10)
    page.wait_for_load_state("networkidle")  # until the last list is there
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def _open(page: Page) -> None:
    second = page.locator("#recommendations .recommendation").nth(1)
    second.locator(".title").click()
    expect(second.locator(".like li").first).to_be_visible()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.mouse.move(0, 0)


def _picture(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot())).convert("RGB")


def _side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + right.width + GAP * DOTS, left.height), "white")
    both.paste(left, (0, 0))
    both.paste(right, (left.width + GAP * DOTS, 0))
    return both


def _write(picture: Image.Image, name: str) -> None:
    rare_too = Image.Quantize.MAXCOVERAGE  # the others would drop the green of a small mark
    few = picture.quantize(COLOURS, rare_too, dither=Image.Dither.NONE)
    few.save(IMAGES / name, optimize=True)


def main(artifacts: Sequence[Path]) -> None:
    """Serve the artifacts, or freshly trained ones, and take the pictures."""
    executable = find_chromium()
    if executable is None:
        sys.exit("no Chromium found: install it (on Debian: apt-get install chromium)")
    with (
        tempfile.TemporaryDirectory() as home,
        serving(artifacts or train(Path(home))) as address,
        browsing(executable) as browser,
    ):
        take(browser, address)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
