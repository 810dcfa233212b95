"""`starcast explain` and `similar`: why an item is listed, and what is like it."""

from typing import Annotated

import typer

from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.named_items import Item, item_ids
from starcast.cli.person import Rated, RatingsOf, folded_in, require_file, require_one_way
from starcast.cli.use import ArtifactFolder, K, User, open_recommender
from starcast.evaluation.list_size import LIST_SIZE

Reasons = Annotated[int, typer.Option("--k", "-k", min=1, help="Most reasons to give.")]


def explain(
    artifact: ArtifactFolder,
    *,
    item: Item,
    user: User = None,
    rated: Rated = None,
    ratings_of: RatingsOf = None,
    k: Reasons = 5,
    recognition: opt.IdRecognition,
) -> Answer:
    """Say which of somebody's own ratings speak for an item or against it, and by how much."""
    from starcast.cli.show import console, items

    require_one_way(user, rated, ratings_of)
    require_file(recognition.overrides, ratings_of)
    recommender = open_recommender(artifact)
    (item_id,) = item_ids(recommender, [item])
    explanation = (
        folded_in(recommender, rated, ratings_of, recognition.overrides).explain(item_id, k)
        if user is None
        else recommender.explain(user, item_id, k)
    )
    title = recommender.title(item_id) or str(item_id)
    effect = "{:+.2f}" if explanation.unit == "stars" else "{:+.0%}"
    rows = [
        (effect.format(one.effect), one.item_id, f"{one.stars:g} for {one.title}".rstrip())
        for one in explanation.reasons
    ]

    def shown() -> None:
        console.print(f"{explanation.prediction:.2f}  {title}", soft_wrap=True)
        console.print(f"{explanation.base:.2f}  to somebody unknown", soft_wrap=True)
        items(explanation.unit, rows)

    return Answer({"item_id": item_id, "title": title} | explanation._asdict(), shown)


def similar(artifact: ArtifactFolder, item: Item, k: K = LIST_SIZE) -> Answer:
    """List the items that are most like another."""
    from starcast.cli.show import items

    recommender = open_recommender(artifact)
    (item_id,) = item_ids(recommender, [item])
    listed = recommender.similar(item_id, k)
    rows = [(f"{row.similarity:.2f}", row.item_id, row.title) for row in listed]
    return Answer(listed, lambda: items("alike", rows))
