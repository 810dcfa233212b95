"""The pages of docs/reference/, written from the parser, the service and the definitions.

    python tools/write_reference.py docs/reference

A test compares the pages with the code, so that nothing is added without its place.
"""

import sys
from pathlib import Path

from reference import PAGES


def write(folder: Path) -> None:
    """Write all pages, and take away those of verbs that are no more."""
    (folder / "cli").mkdir(parents=True, exist_ok=True)
    for path in (folder / "cli").glob("*.md"):
        if f"cli/{path.name}" not in PAGES:
            path.unlink()
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
