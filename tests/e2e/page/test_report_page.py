"""The report of a comparison in a browser: tables that can be sorted, and none that is cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tiny_reports import artifact, deep_network, report, split

from starcast.evaluation.comparison import compare, here, report_folder, write

CUT_OFF = """() => [...document.querySelectorAll(".scroll")]
  .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent.slice(0, 80))"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A report of twelve models with long names."""
    shared = split()
    models = [artifact(shared, mean=2.5 + n / 8, seed=n) for n in range(11)]
    reports = [report(model) for model in [*models, deep_network(shared)]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_folder, "draw", lambda _: {})
        compared = compare(reports, n_draws=14_000)
        file = write(compared, tmp_path_factory.mktemp("reports"), here("starcast compare"))
    faults: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text))
    opened.goto(Path(file).as_uri())
    yield opened
    opened.close()
    assert faults == []


def column(page: Page, n: int) -> list[str]:
    """The cells of a column of the first table."""
    return page.locator("table").first.locator(f"tbody tr > :nth-child({n})").all_inner_texts()


def test_tables_are_sorted_by_their_headings(page: Page) -> None:
    first = page.locator("table").first
    heading = first.get_by_role("columnheader", name="RMSE")
    assert heading.get_attribute("aria-sort") == "ascending"
    before = column(page, 2)
    assert before == sorted(before, key=float)
    heading.get_by_role("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert column(page, 2) == before[::-1]
    first.get_by_role("button", name="Model").click()
    assert column(page, 1) == sorted(column(page, 1))
    assert heading.get_attribute("aria-sort") is None
    assert first.locator("[aria-sort]").count() == 1
    assert page.locator("table").nth(1).locator("[aria-sort]").count() == 1  # each for itself


def test_numbers_in_any_writing_are_sorted_and_what_is_none_comes_last(page: Page) -> None:
    told = ["0.5 to 0.6", "–", "1e-05", "12,345", "< 0.001", "7 of 9"]
    cells = page.locator("table").first.locator("tbody tr > td:last-child")
    cells.evaluate_all(
        "(cells, told) => cells.forEach((cell, n) => { cell.textContent = told[n] ?? '–'; })", told
    )
    heading = page.locator("table").first.get_by_role("button", name="Seconds")
    heading.click()
    rising = ["1e-05", "< 0.001", "0.5 to 0.6", "7 of 9", "12,345"]
    assert cells.all_inner_texts()[:6] == [*rising, "–"]
    heading.click()
    assert cells.all_inner_texts()[:6] == [*rising[::-1], "–"]


def test_nothing_is_cut_off_on_a_desk(page: Page) -> None:
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_everybody_can_read_it(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
