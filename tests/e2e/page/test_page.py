"""What a visitor does: search, rate, read the forecast, open similar films, switch the model."""

import re

from playwright.sync_api import Locator, Page, expect
from visit_page import Visit, found, rate, settled

PREDICTION = re.compile(r"^[0-5]\.\d$")
SURE = re.compile(r"^\d+ % sure$")


def search_box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search a film")


def stars_of(page: Page, film: str) -> Locator:
    return page.get_by_role("slider", name=f"Stars for {film}")


def forecast(page: Page) -> Locator:
    return page.get_by_role("list", name="Your forecast").locator(":scope > li")


def titles(page: Page) -> list[str]:
    return forecast(settled(page)).locator(".title .name").all_inner_texts()


def test_a_first_visit_asks_about_a_few_films_and_then_about_others(visit: Visit) -> None:
    page = visit()
    films = page.get_by_role("list", name="Do you know these?").locator(":scope > li")
    expect(films).to_have_count(6)
    expect(films.filter(has_text="Pulp Fiction")).to_have_count(1)
    expect(page.get_by_text("Rate one film")).to_be_visible()
    expect(page.get_by_role("button", name="Start over")).to_be_hidden()
    page.get_by_role("button", name="Ask about more").click()
    expect(films).to_have_count(12)
    names = films.locator(".title .name").all_inner_texts()
    assert len(set(names)) == 12

    page.get_by_role("button", name=f"Haven’t seen {names[0]}").first.click()
    expect(films.filter(has_text=names[0])).to_have_count(0)
    expect(films).to_have_count(12)
    expect(films.first.get_by_role("slider")).to_be_focused()
    page.reload()
    expect(films).to_have_count(6)
    assert names[0] not in films.locator(".title .name").all_inner_texts()


def test_search_finds_films_while_typing_and_is_left_by_escape(visit: Visit) -> None:
    page = visit()
    search_box(page).press_sequentially("godf")
    options = found(page)
    expect(options.first).to_contain_text("The Godfather")
    expect(search_box(page)).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="found")).to_have_count(1)

    search_box(page).press("Escape")
    expect(options).to_have_count(0)
    expect(search_box(page)).to_have_value("godf")
    search_box(page).press("Escape")
    expect(search_box(page)).to_have_value("")


def test_arrow_keys_go_round_the_found_films_while_the_focus_stays(visit: Visit) -> None:
    page = visit()
    search_box(page).fill("godfather")
    options = found(page)
    expect(options.nth(2)).to_be_visible()
    n = found(settled(page)).count()
    for key, place in [("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", None),
                       ("ArrowUp", n - 1), ("ArrowDown", None)]:  # fmt: skip
        search_box(page).press(key)
        expect(search_box(page)).to_be_focused()
        active = search_box(page).get_attribute("aria-activedescendant")
        selected = page.locator("#found [aria-selected=true]")
        if place is None:
            assert active is None
            expect(selected).to_have_count(0)
        else:
            assert active == options.nth(place).get_attribute("id")
            expect(selected).to_have_id(active or "")


def test_a_film_that_is_not_there_is_said_so(visit: Visit) -> None:
    page = visit()
    search_box(page).fill("zzzz qqqq")
    expect(page.get_by_text("No film of that name")).to_be_visible()
    search_box(page).press("Enter")
    expect(search_box(page)).to_be_focused()


def test_a_film_is_rated_by_keyboard_alone(visit: Visit) -> None:
    page = visit()
    expect(page.get_by_role("slider").first).to_have_attribute("aria-valuetext", "not rated")
    for name in ("Import", "Search a film"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_accessible_name(name)
    page.keyboard.type("spirited aw")
    expect(found(page).first).to_contain_text("Spirited Away")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    slider = stars_of(page, "Spirited Away, 2001")
    expect(slider).to_be_focused()
    for key, words in [("ArrowRight", "0.5 of 5 stars"), ("4", "4 of 5 stars"),
                       ("ArrowRight", "4.5 of 5 stars"), ("End", "5 of 5 stars"),
                       ("ArrowLeft", "4.5 of 5 stars")]:  # fmt: skip
        page.keyboard.press(key)
        expect(slider).to_have_attribute("aria-valuetext", words)
        expect(slider).to_be_focused()
    expect(forecast(page)).to_have_count(10)

    page.keyboard.press("Delete")
    expect(slider).to_have_attribute("aria-valuetext", "not rated")
    expect(forecast(page)).to_have_count(0)
    expect(page.get_by_text("Rate one film")).to_be_visible()


def test_stars_are_given_and_taken_back_by_pointer(visit: Visit) -> None:
    page = visit()
    row = page.get_by_role("listitem").filter(has_text="Pulp Fiction")
    glyphs = row.locator(".stars")
    box = glyphs.bounding_box()
    assert box is not None
    glyphs.click(position={"x": box["width"] * 0.66, "y": box["height"] / 2})  # in the fourth star
    expect(stars_of(page, "Pulp Fiction, 1994")).to_have_attribute(
        "aria-valuetext", "3.5 of 5 stars"
    )
    expect(row.locator(".number")).to_have_text("3.5")
    expect(forecast(page)).to_have_count(10)
    row.get_by_role("button", name="Take back Pulp Fiction, 1994").click()
    expect(forecast(page)).to_have_count(0)
    expect(stars_of(page, "Pulp Fiction, 1994")).to_be_focused()


def test_the_list_follows_every_rating_and_leaves_out_what_is_rated(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    expect(forecast(page)).to_have_count(10)
    first = forecast(settled(page)).locator(".figure").all_inner_texts()
    assert all(PREDICTION.match(stars) for stars in first)
    sure = forecast(page).locator(".sure").all_inner_texts()
    assert all(SURE.match(one) for one in sure)
    assert len(set(sure)) > 2  # bars that differ

    with page.expect_response("**/recommendations"):
        rate(page, "Pulp Fiction", 1)
    expect(forecast(page).locator(".figure").first).not_to_have_text(first[0])
    assert not {"Toy Story", "Pulp Fiction"} & set(titles(page))


def test_reasons_repeat_the_visitors_own_stars(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    rate(page, "Fargo", 4.5)
    rate(page, "Titanic", 1)
    expect(forecast(page).locator(".why").filter(has_text="Because you gave")).not_to_have_count(0)
    film = r"(Toy Story 5|Fargo 4\.5|Titanic (only )?1)"
    for why in forecast(settled(page)).locator(".why").all():
        text = (why.text_content() or "").replace("\xa0", " ")  # no figures, no ±0.00
        assert not text or re.fullmatch(
            rf"Because you gave {film}( and {film})?(, though you gave {film})?", text
        )


def test_reasons_not_worth_reading_are_left_out(visit: Visit) -> None:
    page = visit()
    told = page.evaluate(
        """async () => {
          const { why } = await import("/static/reasons.js");
          const film = (item, stars, effect, unit = "stars") =>
            ({ item, title: `${item} (1999)`, stars, effect, unit });
          const said = (...reasons) =>
            why(reasons, 3.5).map((part) => part.textContent ?? part).join("");
          return [
            said(film("Alien", 5, 0.3), film("Brazil", 4, 0.2), film("Clue", 4, 0.1)),
            said(film("Alien", 5, 0.03), film("Brazil", 4, -0.02)),
            said(film("Alien", 1, 0.3), film("Brazil", 5, -0.25), film("Clue", 2, -0.1)),
            said(film("Alien", 5, -0.3)),
            said(film("Alien", 5, 0.1, "share"), film("Brazil", 3, 0.5, "share")),
            said(film("Alien", 0.5, 0.6, "share"), film("Brazil", 5, 0.4, "share")),
            said(),
          ].map((text) => text.replaceAll("\u00a0", " "));
        }"""
    )
    assert told == [
        "Because you gave Alien 5 and Brazil 4",
        "",
        "Because you gave Alien only 1, though you gave Brazil 5",
        "",
        "Because you gave Brazil 3",
        "Because you gave Brazil 5",
        "",
    ]


def test_similar_films_open_below_a_title_and_can_be_rated(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    title = forecast(settled(page)).first.locator(".title")
    expect(title).to_have_attribute("aria-expanded", "false")
    title.press("Enter")
    expect(title).to_have_attribute("aria-expanded", "true")
    similar = forecast(page).first.get_by_role("list").get_by_role("button")
    expect(similar).to_have_count(6)
    link = forecast(page).first.get_by_role("link", name="IMDb")
    assert re.fullmatch(r"https://www\.imdb\.com/title/tt\d{7}/", link.get_attribute("href") or "")
    label = similar.first.get_attribute("aria-label") or ""
    similar.first.click()
    film = label.removeprefix("Rate ")
    expect(stars_of(page, film)).to_be_focused()


def test_a_recommended_film_that_one_knows_can_be_rated(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    row = forecast(settled(page)).first
    name = row.locator(".title .name").inner_text()
    row.get_by_role("button", name="Seen it").click()
    page.keyboard.press("2")
    expect(forecast(page).locator(".title .name").get_by_text(name, exact=True)).to_have_count(0)
    expect(forecast(page)).to_have_count(10)


def test_what_one_does_not_want_is_gone_for_good_until_one_starts_over(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    name, second, *_ = titles(page)
    forecast(page).first.get_by_role("button", name="Not for me").press("Enter")
    expect(page.locator(".recommendation:focus-within .title .name")).to_have_text(second)
    gone = forecast(page).locator(".title .name").get_by_text(name, exact=True)
    expect(gone).to_have_count(0)
    expect(forecast(page)).to_have_count(10)
    page.reload()
    expect(forecast(page)).to_have_count(10)
    assert name not in titles(page)
    page.get_by_role("button", name="Start over").click()
    rate(page, "Toy Story", 5)
    expect(gone).to_have_count(1)


def test_filters_hold_for_the_list_and_for_what_is_asked(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    expect(forecast(page)).to_have_count(10)
    page.get_by_label("Genre").select_option("Film-Noir")
    asked = page.get_by_role("list", name="Do you know these?").locator(":scope > li")
    expect(asked.filter(has_text="Film-Noir")).to_have_count(6)
    expect(forecast(page).filter(has_text="Film-Noir")).to_have_count(10)
    page.get_by_label("Years").select_option("before 1950")
    settled(page)
    expect(forecast(page).filter(has_text="Film-Noir")).to_have_count(10)
    expect(asked).to_have_count(6)
    for year in forecast(page).locator(".title .year").all_inner_texts():
        assert int(year) < 1950
    page.get_by_label("Years").select_option("1980s")
    expect(page.get_by_text("Nothing else is left")).to_be_visible()


def test_the_list_grows_and_surprises(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    page.get_by_role("button", name="Ten more").click()
    expect(forecast(page)).to_have_count(20)
    assert len(set(titles(page))) == 20
    page.get_by_role("button", name="Surprise me").click()
    surprise = page.get_by_role("list", name="A surprise").locator(":scope > li")
    expect(surprise).to_have_count(1)
    assert surprise.locator(".title .name").inner_text() not in titles(page)
    assert int(surprise.locator(".place").inner_text()) > 20


def test_switching_the_model_shows_how_the_two_differ(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 5)
    rate(page, "Fargo", 4)
    expect(forecast(page)).to_have_count(10)
    page.get_by_text("How this works").click()
    expect(page.get_by_role("radio", name="Latent factor")).to_be_checked()
    expect(forecast(page).locator(".there:visible")).to_have_count(0)
    by_factors = titles(page)

    page.get_by_role("radio", name="Deep network").check()
    expect(forecast(page).locator(".there:visible")).to_have_count(10)
    assert titles(page) != by_factors
    for place, row in enumerate(forecast(settled(page)).all(), start=1):
        name = row.locator(".title .name").inner_text()
        mark = row.locator(".mark").inner_text()
        there = by_factors.index(name) + 1 if name in by_factors else None
        climbed = 0 if there is None else there - place
        expected = "new" if there is None else "=" if not climbed else f"▲ {climbed}"
        assert mark == (expected if climbed >= 0 else f"▼ {-climbed}")

    page.get_by_label("Compare with").select_option("no other model")
    expect(forecast(page).locator(".there:visible")).to_have_count(0)


def test_the_switch_works_by_arrow_keys(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".formula")).to_be_hidden()  # nobody came for formulas
    rate(page, "Toy Story", 5)
    page.get_by_text("How this works").click()
    page.get_by_role("radio", name="Latent factor").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Deep network")).to_be_checked()
    expect(page.locator(".formula")).to_contain_text("MLP")
    facts = page.locator(".formula").locator("xpath=..").inner_text().replace("\xa0", " ")
    assert re.search(r"test RMSE \d\.\d{3}, NDCG@10 \d\.\d{3}$", facts)


def test_a_reload_keeps_the_ratings_until_one_starts_over(visit: Visit) -> None:
    page = visit()
    rate(page, "Toy Story", 4.5)
    expect(forecast(page)).to_have_count(10)
    before = titles(page)
    page.reload()
    expect(stars_of(page, "Toy Story, 1995")).to_have_attribute("aria-valuetext", "4.5 of 5 stars")
    expect(forecast(page)).to_have_count(10)
    assert titles(page) == before

    page.get_by_role("button", name="Start over").click()
    expect(forecast(page)).to_have_count(0)
    expect(page.get_by_role("slider")).to_have_count(6)
    page.reload()
    expect(page.get_by_role("slider")).to_have_count(6)
    expect(page.get_by_text("Rate one film")).to_be_visible()
