"""The page and the service behind it: policy, errors, requests that are overtaken, tokens."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect
from visit_page import Visit, rate, serving

PAGE = Path(__file__).parents[3] / "src" / "starcast" / "serve" / "page"
UNREACHABLE = "ERR_FAILED"  # what Chromium's console says of an aborted answer
TOKEN = "sesame"


def sent(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.post_data or "{}")
    return body


def message(page: Page) -> Any:
    return page.get_by_role("alert")


def test_the_page_comes_with_a_policy_that_allows_its_own_files_only(visit: Visit) -> None:
    page = visit()
    answer = page.reload()
    assert answer is not None
    assert "default-src 'self'" in (answer.header_value("content-security-policy") or "")
    assert (
        page.evaluate("document.querySelectorAll('style, script:not([src]), [onclick]').length")
        == 0
    )


def test_the_models_and_numbers_asked_for_are_those_shown(visit: Visit) -> None:
    page = visit()
    with page.expect_request("**/recommendations") as asked:
        rate(page, "Toy Story", 4)
    body = sent(asked.value)
    assert body["model"] == "latent-factor-model"
    assert body["ratings"] == [{"item": 1, "stars": 4}]
    expect(page.locator(".recommendation")).to_have_count(body["k"])


def test_a_service_that_does_not_answer_gets_one_calm_line(visit: Visit) -> None:
    page = visit(provokes=UNREACHABLE)
    expect(message(page)).to_be_empty()
    page.route("**/recommendations", lambda route: route.abort())
    rate(page, "Toy Story", 5)
    expect(message(page)).to_contain_text("does not answer")
    page.unroute("**/recommendations")
    message(page).get_by_role("button", name="Try again").click()
    expect(page.locator(".recommendation")).to_have_count(10)
    expect(message(page)).to_be_empty()


def test_an_error_of_the_service_is_shown_in_its_own_words(visit: Visit) -> None:
    page = visit(provokes="status of 503")
    refusal = {"error": {"code": "timeout", "message": "too busy; ask again in a second"}}
    page.route("**/recommendations", lambda route: route.fulfill(status=503, json=refusal))
    rate(page, "Toy Story", 5)
    expect(message(page)).to_contain_text("too busy; ask again in a second")


def test_a_page_without_any_answer_is_not_blank(visit: Visit, address: str) -> None:
    page = visit(provokes=UNREACHABLE)
    page.route("**/models", lambda route: route.abort())
    page.reload()
    expect(message(page)).to_contain_text("does not answer")
    page.unroute("**/models")
    message(page).get_by_role("button", name="Try again").click()
    expect(page.locator(".film")).to_have_count(6)


def test_newer_ratings_overtake_those_under_way(visit: Visit) -> None:
    page = visit()
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/recommendations", hold_the_first)
    with page.expect_event("requestfailed") as overtaken:
        rate(page, "Toy Story", 4.5)  # 4, which is held, and then 4.5
    assert sent(overtaken.value)["ratings"][0]["stars"] == 4
    expect(page.locator(".recommendation")).to_have_count(10)
    expect(message(page)).to_be_empty()


def test_a_film_that_the_model_no_longer_knows_is_named(visit: Visit) -> None:
    page = visit(provokes="status of 404")
    kept = [{"item": -7, "title": "Lost Film, The (1927)", "stars": 4}]
    place = "starcast.ratings.ml-latest-small"
    page.evaluate("([place, text]) => localStorage.setItem(place, text)", [place, json.dumps(kept)])
    page.reload()
    expect(message(page)).to_contain_text("does not know The Lost Film, 1927; take it back")
    page.get_by_role("button", name="Take back The Lost Film, 1927").click()
    expect(page.get_by_text("Rate one film")).to_be_visible()
    expect(message(page)).to_be_empty()


def test_films_one_did_not_want_may_be_gone(visit: Visit) -> None:
    page = visit(provokes="status of 404")
    place = "starcast.unwanted.ml-latest-small"
    page.evaluate("(place) => localStorage.setItem(place, '[-7]')", place)
    page.reload()
    rate(page, "Toy Story", 5)
    expect(page.locator(".recommendation")).to_have_count(10)
    expect(message(page)).to_be_empty()


def test_damaged_memory_is_a_first_visit(visit: Visit) -> None:
    page = visit()
    page.evaluate("localStorage.setItem('starcast.ratings.ml-latest-small', '[{broken')")
    page.reload()
    expect(page.locator(".film")).to_have_count(6)
    expect(message(page)).to_be_empty()


@pytest.fixture(scope="module")
def guarded(artifacts: list[Path]) -> Iterator[str]:
    """Where the page is served by a service that wants a token."""
    name = "STARCAST_PAGE_TOKEN"
    with serving(artifacts[:1], "--token-env", name, environment={name: TOKEN}) as address:
        yield address


def test_a_token_is_asked_for_once_and_kept_for_the_tab(visit: Visit, guarded: str) -> None:
    page = visit(guarded, provokes="status of 401")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("asks for a token")
    page.get_by_role("textbox", name="Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("did not accept")
    page.get_by_role("textbox", name="Token").fill(TOKEN)
    dialog.get_by_role("button", name="Use it").click()
    expect(page.locator(".film")).to_have_count(6)
    expect(page.get_by_role("radio")).to_have_count(0)  # one model: nothing to switch

    page.reload()
    expect(page.locator(".film")).to_have_count(6)
    expect(dialog).to_be_hidden()
    assert page.evaluate("Object.values(localStorage).join().includes('sesame')") is False


def test_a_visitor_without_a_token_is_told_so(visit: Visit, guarded: str) -> None:
    page = visit(guarded, provokes="status of 401")
    page.get_by_role("dialog").get_by_role("button", name="Not now").click()
    expect(message(page)).to_contain_text("only with a token")
    message(page).get_by_role("button", name="Try again").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_titles_are_set_with_their_article_in_front_and_their_year_apart(visit: Visit) -> None:
    page = visit()
    expected = {
        "Matrix, The (1999)": ["The Matrix", "", "1999"],
        "City of God (Cidade de Deus) (2002)": ["City of God", "Cidade de Deus", "2002"],
        "Avventura, L' (Adventure, The) (1960)": ["L’Avventura", "The Adventure", "1960"],
        "Seven (a.k.a. Se7en) (1995)": ["Seven", "Se7en", "1995"],
        "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)": [
            "Léon: The Professional", "The Professional, Léon", "1994",
        ],
        "Star Wars: Episode IV - A New Hope (1977)": [
            "Star Wars: Episode IV\xa0– A New Hope", "", "1977",
        ],
        "You Are (Not) Alone (Jo) (2007)": ["You Are (Not) Alone", "Jo", "2007"],
        "(500) Days of Summer (2009)": ["(500) Days of Summer", "", "2009"],
        "Doctor Who (2005-2010)": ["Doctor Who", "", "2005"],
        "Babylon 5": ["Babylon 5", "", ""],
        "": ["7", "", ""],
    }  # fmt: skip
    found = page.evaluate(
        """async (titles) => {
          const { parts } = await import("/static/titles.js");
          return titles.map((title) => parts({ item: 7, title }))
            .map(({ name, also, year }) => [name, also, year]);
        }""",
        list(expected),
    )
    assert dict(zip(expected, found, strict=True)) == expected


def test_another_models_places_are_marked_and_told(visit: Visit) -> None:
    page = visit()
    found = page.evaluate(
        """async () => {
          const { mark, ordinal, places, words } = await import("/static/movement.js");
          const there = places([{ item: "a", stars: 4.5 }, { item: "b", stars: 4.31 }]);
          return [
            ["a", "b", "c"].map((item) => mark(1, there.get(item), 10)),
            mark(5, there.get("b"), 10), mark(1, { place: 11 }, 10), mark(1, { place: 10 }, 10),
            [words("Deep", there.get("b"), 2), words("Deep", there.get("c"), 2)],
            [1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111].map(ordinal),
          ];
        }"""
    )
    assert found == [
        ["=", "▲ 1", "new"], "▼ 3", "new", "▲ 9",
        ["Deep puts it 2nd, with 4.31 stars", "Deep has it beyond its first 2"],
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scale", "glyphs", "shares"),
    [
        ((0.5, 5, 0.5), 5, {0.5: 0.1, 2.5: 0.5, 5: 1}),
        ((1, 10, 1), 10, {1: 0.1, 10: 1}),
        ((-10, 10, 0.5), 5, {-10: 0, 0: 0.5, 10: 1}),  # too many to count: from end to end
        ((0, 100, 1), 5, {0: 0, 50: 0.5}),
    ],
)
def test_every_scale_has_stars(
    visit: Visit, scale: tuple[float, ...], glyphs: int, shares: dict[float, float]
) -> None:
    page = visit()
    found = page.evaluate(
        """async ([[lowest, highest, step], stars]) => {
          const { StarSlider, glyphs, share } = await import("/static/stars.js");
          const scale = { lowest, highest, step };
          const given = [];
          const slider = new StarSlider(scale, "Stars", (stars) => given.push(stars));
          for (let n = 0; n < 2; n += 1) {
            slider.input.stepUp();
            slider.input.dispatchEvent(new Event("input"));
          }
          return [glyphs(scale), stars.map((value) => share(value, scale)), given];
        }""",
        [list(scale), list(shares)],
    )
    lowest, _, step = scale
    assert found == [glyphs, pytest.approx(list(shares.values())), [lowest, lowest + step]]


def test_files_stay_short_enough_to_read() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in PAGE.glob("*.*")}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > 250} == {}
