"""The first five minutes of people who bring something along, share it, or come to a shop.

Those of people at the command line are in `test_first_minutes.py`.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from visit_page import Visit, found, rate, serving, settled

LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2024-01-01,The Matrix,1999,https://boxd.it/2a1m,5
2024-01-02,Amélie,2001,https://boxd.it/2aQM,4.5
2024-01-03,Spirited Awai,2001,https://boxd.it/xy,4
2024-01-04,Everything Everywhere All at Once,2022,https://boxd.it/xx,5
2024-01-05,Parasite,2019,https://boxd.it/xa,
"""


@pytest.fixture(scope="module")
def keeping(artifacts: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is served with a store behind it."""
    store = f"sqlite:///{tmp_path_factory.mktemp('store')}/r.db"
    argv = [sys.executable, "-m", "starcast", "store", "init", store, "--scale", "0.5:5:0.5"]
    subprocess.run(argv, check=True, capture_output=True)
    with serving(artifacts[:1], "--store", store) as address:
        yield address


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A shop's page: products by ids that are text, with addresses, and prices for genres."""
    home = tmp_path_factory.mktemp("shop")
    with (home / "ratings.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["customer_id", "product_id", "stars"])
        for n in range(400):
            rows.writerow([f"c{n % 40}", f"sku/{n * n % 23}", n * 7 % 5 + 1])
    with (home / "products.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["product_id", "title", "url"])
        for n in range(23):
            rows.writerow([f"sku/{n}", f"Lamp {n}, <b>large</b>", f"https://shop.example/{n}"])
    argv = [
        *("train", "--ratings", str(home / "ratings.csv"), "--items", str(home / "products.csv")),
        *("--model", "item-item-model", "--out", str(home), "--logs", str(home / "logs")),
    ]
    subprocess.run([sys.executable, "-m", "starcast", *argv], check=True, capture_output=True)
    config = home / "shop.toml"
    config.write_text('[serve]\nitems-are = "products"\n', encoding="utf-8")
    with serving([home / "ratings" / "item-item-model"], "--config", str(config)) as address:
        yield address


def forecast(page: Page) -> Locator:
    return page.get_by_role("list", name="Your forecast").locator(":scope > li")


def stars(page: Page) -> dict[str, str]:
    """What is rated on the page, as screen readers hear it."""
    given = settled(page).get_by_role("slider").all()
    told = {
        one.get_attribute("aria-label"): one.get_attribute("aria-valuetext") or "" for one in given
    }
    return {
        (label or "").removeprefix("Stars for "): value.partition(" ")[0]
        for label, value in told.items()
        if value != "not rated"
    }


def test_five_ratings_make_a_sensible_list(visit: Visit) -> None:
    page = visit()
    space = {"Matrix": 5, "Star Wars: Episode IV": 5, "Alien": 4.5, "Toy Story": 4, "Titanic": 2}
    for film, given in space.items():
        rate(page, film, given)
    expect(forecast(page)).to_have_count(10)
    expect(page.locator("#caption")).to_be_visible()
    kept = json.loads(settled(page).evaluate("localStorage['starcast.ratings.ml-latest-small']"))
    assert len(kept) == 5
    titles = forecast(page).locator(".title .name").all_inner_texts()
    assert not {"Titanic", "The Matrix", "Alien", "Toy Story"} & set(titles)
    assert {"Star Wars: Episode V\xa0– The Empire Strikes Back", "The Silence of the Lambs"} & set(
        titles
    )  # what everybody likes who likes these
    figures = [float(one) for one in forecast(page).locator(".figure").all_inner_texts()]
    usual = page.locator("#caption").inner_text()
    assert min(figures) >= float(usual.removeprefix("You usually give ")[:3])


def test_an_export_is_dropped_and_what_was_not_found_is_fixed_by_hand(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".film")).to_have_count(6)
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "ratings.csv", { type: "text/csv" }));
          for (const kind of ["dragover", "drop"]) {
            document.dispatchEvent(
              new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
          }
        }""",
        LETTERBOXD,
    )
    told = page.get_by_role("region", name="Import")
    expect(told).to_contain_text("3 films rated from ratings.csv.")
    expect(told).to_contain_text("Left out: 1 row without a rating.")
    expect(told.get_by_role("list", name="Taken for the same")).to_contain_text(
        "Spirited Awai (2001) is Spirited Away, 2001"
    )
    expect(forecast(page)).to_have_count(10)
    assert stars(page) == {
        "The Matrix, 1999": "5", "Amelie, 2001": "4.5", "Spirited Away, 2001": "4",
    }  # fmt: skip
    missing = told.get_by_role("list", name="Not found")
    expect(missing).to_contain_text("Everything Everywhere All at Once (2022)")
    missing.get_by_role("button", name="Search Everything Everywhere").click()
    page.get_by_role("combobox", name="Search a film").fill("fargo")
    found(page).first.click()
    assert stars(page)["Fargo, 1996"] == "5"  # its stars came along
    told.get_by_role("button", name="is not that").click()
    assert "Spirited Away, 2001" not in stars(page)


def test_what_is_no_list_gets_one_line(visit: Visit) -> None:
    page = visit(provokes="status of 422")
    settled(page).locator("#file").set_input_files(
        {"name": "cat.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"}
    )
    expect(page.get_by_role("alert")).to_contain_text("cat.png is no text; give a CSV file")


def test_a_link_holds_the_ratings_and_opens_elsewhere(visit: Visit, address: str) -> None:
    page = visit()
    rate(page, "Toy Story", 4.5)
    rate(page, "Amelie", 5)
    page.get_by_role("button", name="Save or share").click()
    link = page.get_by_label("Link").input_value()
    assert link == f"{address}#ratings=ml-latest-small/1:4.5,4973:5"
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as CSV").click()
    assert saved.value.suggested_filename == "starcast-ratings.csv"
    rows = list(csv.reader(Path(saved.value.path()).read_text("utf-8").splitlines()))
    assert rows[0] == ["item_id", "title", "rating"]
    assert [(row[0], row[2]) for row in rows[1:]] == [("1", "4.5"), ("4973", "5")]

    elsewhere = visit()
    asked: list[str] = []
    elsewhere.on("request", lambda request: asked.append(request.url))
    elsewhere.goto(link)
    elsewhere.reload()
    expect(forecast(elsewhere)).to_have_count(10)
    given = {"Toy Story, 1995": "4.5", "Amelie, 2001": "5"}
    assert stars(elsewhere) == given
    assert not any("4973:5" in url for url in asked)  # no fragment was sent
    assert "#" not in elsewhere.url

    rate(elsewhere, "Fargo", 2)
    elsewhere.goto(link)
    notice = elsewhere.locator("#notice")
    expect(notice).to_contain_text("2 films came with the link.")
    assert len(stars(elsewhere)) == 3  # one's own are there until one says otherwise
    notice.get_by_role("button", name="Show them instead of mine").click()
    expect(elsewhere.get_by_role("slider", name="Stars for Fargo, 1996")).to_have_count(0)
    assert stars(elsewhere) == given


@pytest.mark.parametrize("hash_", ["#ratings=", "#ratings=%zz/%", "#ratings=ml-latest-small/:,1:x"])
def test_a_link_that_was_cut_off_harms_nothing(visit: Visit, address: str, hash_: str) -> None:
    page = visit(f"{address}{hash_}")
    expect(page.locator(".film")).to_have_count(6)
    expect(page.locator("#notice")).to_contain_text("That link")
    assert stars(page) == {}


@pytest.mark.parametrize("end", [",4973:", ",4973", ",49"])
def test_a_link_that_was_cut_off_within_a_rating_gives_those_before(
    visit: Visit, address: str, end: str
) -> None:
    page = visit(f"{address}#ratings=ml-latest-small/1:4.5{end}")
    expect(page.locator("#notice")).to_contain_text("1 film came with the link.")
    assert stars(page) == {"Toy Story, 1995": "4.5"}


def test_a_link_that_names_no_data_is_said_to_be_cut_off(visit: Visit, address: str) -> None:
    page = visit(f"{address}#ratings=")
    expect(page.locator("#notice")).to_contain_text("holds no ratings: perhaps it was cut off")


def test_ones_list_is_kept_under_a_name_and_follows(visit: Visit, keeping: str) -> None:
    page = visit(keeping, provokes="status of 404")
    rate(page, "Toy Story", 5)
    page.get_by_role("button", name="Save or share").click()
    page.get_by_label("Name").fill("ann / smith")
    page.get_by_role("button", name="Keep").click()
    said = page.locator("#sharing-said")
    expect(said).to_contain_text("1 film kept as “ann / smith”")
    page.get_by_role("button", name="Done").click()
    with page.expect_response(lambda answer: answer.request.method == "PUT") as stored:
        rate(page, "Fargo", 4)
    assert stored.value.ok
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as erased:
        page.get_by_role("button", name="Take back Toy Story, 1995").click()
    assert erased.value.ok

    elsewhere = visit(keeping, provokes="status of 404")
    rate(elsewhere, "Titanic", 3)
    elsewhere.get_by_role("button", name="Save or share").click()
    elsewhere.get_by_label("Name").fill("ann / smith")
    elsewhere.get_by_role("button", name="Keep").click()
    expect(elsewhere.locator("#sharing-said")).to_contain_text("There is a list called")
    elsewhere.get_by_role("button", name="Open", exact=True).click()
    expect(elsewhere.locator("#sharing-said")).to_contain_text("1 film opened")
    assert stars(elsewhere) == {"Fargo, 1996": "4"}


def test_a_shops_page_speaks_of_products(visit: Visit, shop: str) -> None:
    page = visit(shop)
    expect(page.get_by_role("heading", name="Products you know")).to_be_visible()
    expect(page.get_by_text("Rate one product")).to_be_visible()
    page.get_by_role("slider").first.press("5")
    expect(forecast(page)).to_have_count(10)
    assert page.get_by_label("Kind").count() == 0  # these products have none
    expect(page.get_by_role("button", name="Don’t know Lamp").first).to_be_visible()
    expect(forecast(page).first.get_by_role("button", name="Know it")).to_be_visible()
    forecast(page).first.locator(".title").click()
    link = forecast(page).first.get_by_role("link", name="more")
    assert (link.get_attribute("href") or "").startswith("https://shop.example/")
    expect(page.get_by_role("combobox", name="Search a product")).to_be_visible()
    page.get_by_text("How this works").click()
    text = page.locator("body").inner_text().lower()
    assert not re.search("film|seen|genre", text)
    assert "<b>large</b>" in text  # as text, not as a tag
