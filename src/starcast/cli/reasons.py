"""`starcast explain` and `similar`: why an item is listed, and what is like it."""

from typing import Annotated

import typer

from starcast.cli import options as opt
from starcast.cli.groups import grouped
from starcast.cli.person import Rated, RatingsOf, folded_in, require_file, require_one_way
from starcast.cli.use import ArtifactFolder, K, User, open_recommender

Item = Annotated[str, typer.Option("--item", help="An item id.")]
Reasons = Annotated[int, typer.Option("--k", "-k", min=1, help="Most reasons to give.")]


@grouped
def explain(
    artifact: ArtifactFolder,
    *,
    item: Item,
    user: User = None,
    rated: Rated = None,
    ratings_of: RatingsOf = None,
    k: Reasons = 5,
    recognition: opt.IdRecognition,
) -> None:
    """Say which of somebody's own ratings speak for an item or against it, and by how much."""
    from starcast.cli.show import console, items

    require_one_way(user, rated, ratings_of)
    require_file(recognition.overrides, ratings_of)
    recommender = open_recommender(artifact)
    explanation = (
        folded_in(recommender, rated, ratings_of, recognition.overrides).explain(item, k)
        if user is None
        else recommender.explain(user, item, k)
    )
    title = recommender.title(item) or item
    console.print(f"{explanation.prediction:.2f}  {title}", soft_wrap=True)
    console.print(f"{explanation.base:.2f}  to somebody unknown", soft_wrap=True)
    effect = "{:+.2f}" if explanation.unit == "stars" else "{:+.0%}"
    items(
        explanation.unit,
        (
            (
                effect.format(reason.effect),
                reason.item_id,
                f"{reason.stars:g} for {reason.title}".rstrip(),
            )
            for reason in explanation.reasons
        ),
    )


def similar(artifact: ArtifactFolder, item: Item, k: K = 10) -> None:
    """List the items that are most like another."""
    from starcast.cli.show import items

    listed = open_recommender(artifact).similar(item, k)
    items("alike", ((f"{row.similarity:.2f}", row.item_id, row.title) for row in listed))
