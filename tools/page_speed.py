"""Measure the page: what a first visit weighs, and how long a list takes after a change.

    python tools/page_speed.py ARTIFACT

Serves the artifact on loopback to a headless Chromium, both on this machine's cores. A visitor
rates five films, then changes one of them thirty times; a change ends with the frame that shows
the new list. Prints the bytes of all answers as they are sent, and the median and the 90th
percentile of the changes in milliseconds.
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, Response, expect
from visit_page import browsing, find_chromium, rate, serving

TASTE = {"Matrix": 4.5, "Fargo": 5, "Spirited Away": 5, "Titanic": 2, "Amelie": 5}
N_CHANGES = 30

_CHANGE = """async (n) => {
  const slider = document.querySelector("#rated input");
  const list = document.querySelector("#recommendations");
  const shown = new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    });
    watch.observe(list, { subtree: true, childList: true, characterData: true });
  });
  slider.value = n % 2 ? 3 : 4.5;
  const from = performance.now();
  slider.dispatchEvent(new Event("input"));
  return (await shown) - from;
}"""


def weigh(page: Page, address: str) -> int:
    """Bytes of the bodies of a first visit, up to the first list."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(address)
    expect(page.locator("#films li").first).to_be_visible()
    page.get_by_role("slider").first.press("5")
    expect(page.locator("#recommendations li")).to_have_count(10)
    return sum(len(answer.body()) for answer in answers)


def time_changes(page: Page) -> list[float]:
    """Milliseconds from a change of a rating to the frame with the new list."""
    for film, stars in TASTE.items():
        rate(page, film, stars)
    expect(page.locator("#recommendations li")).to_have_count(10)
    page.wait_for_load_state("networkidle")
    return [float(page.evaluate(_CHANGE, n)) for n in range(N_CHANGES)]


def main(artifact: Path) -> None:
    """Measure one model."""
    executable = find_chromium()
    if executable is None:
        sys.exit("no Chromium found: install it (on Debian: apt-get install chromium)")
    with serving([artifact]) as address, browsing(executable) as browser:
        page = browser.new_context(reduced_motion="reduce").new_page()
        n_bytes = weigh(page, address)
        taken = sorted(time_changes(page))
        print(f"first visit with a list: {n_bytes / 1000:.0f} kB")
        median, late = statistics.median(taken), taken[int(0.9 * len(taken))]
        print(f"a change: {median:.0f} ms, 90th percentile {late:.0f} ms")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
