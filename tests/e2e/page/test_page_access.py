"""Whoever the visitor is: screen reader, dark room, small phone, no liking for motion."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from visit_page import Visit, found, rate, settled

PHONE = {"width": 360, "height": 740}


def fill(page: Page) -> None:
    """Bring every part of the page to light: a forecast, a comparison, open titles."""
    rate(page, "Toy Story", 5)
    rate(page, "Lord of the Rings: The Return", 4)
    expect(page.locator(".recommendation")).to_have_count(10)
    page.get_by_role("button", name="Surprise me").click()
    page.get_by_text("How this works").click()
    page.get_by_role("radio", name="Deep network").check()
    expect(page.locator(".there:visible")).to_have_count(10)
    bring(page)
    for row in (page.locator(".film").first, page.locator(".recommendation").first):
        row.locator(".title").click()
        expect(row.locator(".like li")).to_have_count(6)


def bring(page: Page) -> None:
    """Import a list of which one film is not found."""
    rows = "title,rating\nHeat (1995),4\nNowhere to Be Found (1931),3\n"
    settled(page).locator("#file").set_input_files(
        {"name": "mine.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    expect(page.get_by_role("region", name="Import")).to_contain_text("Not found (1)")


def violations(page: Page) -> list[str]:
    found = Axe().run(settled(page)).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node['html']}"
        for fault in found
        for node in fault["nodes"]
    ]


def overflow(page: Page) -> int:
    """How many pixels stand out to the right."""
    wide: int = settled(page).evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wide


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(visit: Visit, scheme: Any, size: Any) -> None:
    page = visit(
        color_scheme=scheme, viewport=size, reduced_motion="reduce", bypass_csp=True
    )  # axe is put into the page as a script of its own, which our policy would refuse
    expect(page.locator(".film")).to_have_count(6)
    assert violations(page) == []
    fill(page)
    assert violations(page) == []
    page.get_by_role("button", name="Save or share").click()
    assert violations(page) == []
    page.get_by_role("button", name="Done").click()
    page.get_by_role("combobox", name="Search a film").fill("star")
    expect(found(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert violations(page) == []


def test_the_page_is_dark_where_the_visitor_prefers_it(visit: Visit) -> None:
    def brightness(scheme: Any, of: str) -> int:
        page = visit(color_scheme=scheme)
        colour: str = page.evaluate(f"getComputedStyle(document.documentElement).{of}")
        return sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))

    assert brightness("light", "backgroundColor") > 700 > 200 > brightness("light", "color")
    assert brightness("dark", "backgroundColor") < 100 < 600 < brightness("dark", "color")


def test_nothing_stands_out_on_a_phone(visit: Visit) -> None:
    page = visit(viewport=PHONE, has_touch=True)
    expect(page.locator(".film")).to_have_count(6)
    assert overflow(page) <= 0
    fill(page)
    assert overflow(page) <= 0
    page.get_by_role("combobox", name="Search a film").fill("the")
    expect(found(page).first).to_be_visible()
    assert overflow(page) <= 0


def test_the_forecast_is_a_touch_away_on_a_phone(visit: Visit) -> None:
    page = visit(viewport=PHONE, has_touch=True, reduced_motion="reduce")
    rate(page, "Toy Story", 5)
    expect(page.locator(".recommendation")).to_have_count(10)
    page.evaluate("scrollTo(0, 0)")
    link = page.get_by_role("link", name="Your forecast")
    expect(link).to_be_in_viewport()
    link.tap()
    expect(page.locator(".recommendation").first).to_be_in_viewport()
    page.get_by_role("link", name="Films you know").tap()
    expect(page.get_by_role("combobox", name="Search a film")).to_be_in_viewport()


def test_stars_are_given_by_touch(visit: Visit) -> None:
    page = visit(viewport=PHONE, has_touch=True)
    glyphs = page.locator(".stars").first
    box = glyphs.bounding_box()
    assert box is not None
    glyphs.tap(position={"x": box["width"] * 0.78, "y": box["height"] / 2})
    expect(page.locator(".number").first).to_have_text("4")
    expect(page.locator(".recommendation")).to_have_count(10)


def test_what_changes_is_announced(visit: Visit) -> None:
    page = visit()
    said = page.locator("#announcement")
    rate(page, "Toy Story", 5)
    expect(said).to_contain_text("First of your forecast: ")
    name = settled(page).locator(".recommendation .title .name").first.inner_text()
    expect(said).to_contain_text(name)
    spoken = page.locator(".recommendation .unseen").first
    expect(spoken).to_contain_text("of 5 stars forecast")


def test_the_focus_is_seen(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".film")).to_have_count(6)
    for _ in range(4):  # search, a title, its stars, the next title
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => {
              const focused = document.activeElement;
              const ring = focused.closest(".stars") ?? focused;
              const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(ring);
              return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
            }"""
        )
        assert shown


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_rows_glide_only_for_those_who_do_not_mind(visit: Visit, motion: Any) -> None:
    page = visit(reduced_motion=motion)
    page.evaluate(
        """() => {
          window.glides = 0;
          const animate = Element.prototype.animate;
          Element.prototype.animate = function (...how) {
            window.glides += 1;
            return animate.apply(this, how);
          };
        }"""
    )
    rate(page, "Toy Story", 5)
    expect(page.locator(".recommendation")).to_have_count(10)
    glides = settled(page).evaluate("window.glides")
    assert (glides == 0) == (motion == "reduce")
