"""The pages of the documentation as tests read them."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

HOUSE = Path(__file__).parents[2]
DOCS = HOUSE / "docs"
PAGES = sorted(
    [*(HOUSE / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
     *DOCS.rglob("*.md"), *DOCS.glob("*.ipynb")]
)  # fmt: skip
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def name_of(page: Path) -> str:
    """A page as people call it: README.md, docs/serving.md."""
    return page.relative_to(HOUSE).as_posix()


def markdown_of(page: Path) -> str:
    """The Markdown of a page; of a notebook, that of its cells in words."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(one["source"]) for one in cells if one["cell_type"] == "markdown")


def links(page: Path) -> Iterator[str]:
    """Where a page leads: its links and pictures, those in HTML among them."""
    text = markdown_of(page)
    for block in _MARKDOWN.parse(text):
        for token in block.children or ():
            target = token.attrGet("href") or token.attrGet("src")
            if isinstance(target, str):
                yield target
    yield from re.findall(r'<(?:a|img)\b[^>]*?(?:href|src)="([^"]+)"', text)


def anchors(page: Path) -> set[str]:
    """What may follow `#` in a link to a page: its headings, as GitHub names them."""
    tokens = _MARKDOWN.parse(markdown_of(page))
    headings = [
        "".join(child.content for child in after.children or ())
        for token, after in pairwise(tokens)
        if token.type == "heading_open"
    ]
    named: dict[str, int] = {}
    found = set()
    for heading in headings:
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found.add(f"{slug}-{named[slug]}" if slug in named else slug)
        named[slug] = named.get(slug, 0) + 1
    return found
