"""`starcast find`: items by title."""

from typing import Annotated

import typer

from starcast.cli.answers import Answer
from starcast.cli.use import ArtifactFolder, K
from starcast.display import quoted
from starcast.errors import UnknownIdError
from starcast.evaluation.list_size import LIST_SIZE

Text = Annotated[list[str], typer.Argument(metavar="TITLE", help="A title, or some words of it.")]


def find(artifact: ArtifactFolder, title: Text, k: K = LIST_SIZE) -> Answer:
    """Find items by title, however it is typed: the best match first."""
    from starcast.artifacts import storage
    from starcast.cli.show import items
    from starcast.recommend.named_items import NamedItems

    trained = storage.load(artifact)
    ratings, text = trained.split.ratings, " ".join(title)
    rows = NamedItems(trained).like(text, k) if text.strip() else []  # a search for nothing has all
    if not rows:
        raise UnknownIdError(f"no title here is like {quoted(text)}")
    found = [
        {
            "item_id": ratings.items.ids[row].item(),
            "title": str(ratings.titles[row]),
            "ratings": int(trained.n_raters[row]),
        }
        for row in rows
    ]
    shown = [(f"{one['ratings']:,}", one["item_id"], str(one["title"])) for one in found]
    return Answer(found, lambda: items("ratings", shown))
