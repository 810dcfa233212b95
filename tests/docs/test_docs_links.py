"""Where pages lead there is something; the site says the same of itself (`make docs`)."""

import re
from functools import cache
from pathlib import Path

import pytest
from doc_pages import DOCS, HOUSE, PAGES, anchors, links, name_of

_ANCHORS = cache(anchors)


def dead_links(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    return [link for link in links(page) if not _leads_somewhere(page, link)]


def _leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"\w+:", link):  # another site's
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(HOUSE) or not target.exists():
        return False
    return not anchor or anchor in _ANCHORS(target)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert not dead_links(page)


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    page = DOCS / "models.md"
    for link in ("nowhere.md", "judging.md#no-such-heading", "#nor-here", "../../outside.md"):
        assert not _leads_somewhere(page, link), link
    for link in ("judging.md#as-it-came", "#sources", "../README.md#serve", "images/ndcg.svg"[:6]):
        assert _leads_somewhere(page, link), link


def test_every_page_stands_in_the_table_of_contents() -> None:
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(DOCS / "index.md")}
    below = {DOCS / folder for folder in ("lists", "splits", "reference/cli")}  # docs/conf.py
    missing = [name_of(page) for page in PAGES if page not in listed and page.parent not in below]
    assert missing == ["docs/index.md"], "write them into docs/index.md"
