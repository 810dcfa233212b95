"""`starcast recommend`, `explain` and `similar`: lists and reasons, from a model's folder alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli.use import ArtifactFolder, Fallback, K, offering_fallback, open_recommender
from starcast.display import quoted
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from starcast.recommend import FoldedInUser, Recommender

User = Annotated[str | None, typer.Option("--user", help="A user id.")]
Item = Annotated[str, typer.Option("--item", help="An item id.")]
Rated = Annotated[
    list[str] | None,
    typer.Option(
        "--rated",
        metavar="ITEM=STARS",
        help="A rating of somebody the model does not know; repeat for more.",
    ),
]
RatingsOf = Annotated[
    Path | None,
    typer.Option(
        "--ratings-of",
        help="The same from a file: a table of items or titles and stars, or an export of "
        "Letterboxd or IMDb.",
    ),
]
RankBy = Annotated[
    str,
    typer.Option(
        "--rank-by",
        metavar="list|stars",
        help="What orders the list. list: would they pick it and like it; stars: predicted stars.",
    ),
]
Reasons = Annotated[int, typer.Option("--k", "-k", min=1, help="Most reasons to give.")]


def recommend(
    artifact: ArtifactFolder,
    user: User = None,
    rated: Rated = None,
    ratings_of: RatingsOf = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="A list for every user, written to --out.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file for --all: .parquet or .csv.")
    ] = None,
    k: K = 10,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Also list what has been rated.")
    ] = False,
    rank_by: RankBy = "list",
    fallback: Fallback = False,
) -> None:
    """List what suits somebody best: a user, a person by their ratings, or every user."""
    _check_one_asks(user, rated, ratings_of, everybody or None)
    if everybody != (out is not None):
        raise ConfigError("--all and --out FILE belong together; give both or neither")
    recommender = open_recommender(artifact, fallback, rank_by)
    if out:
        _recommend_all(recommender, out, k, include_seen)
        return
    if user is None:
        listed = _folded_in(recommender, rated, ratings_of).recommend(
            k, exclude_seen=not include_seen
        )
    else:
        with offering_fallback():
            listed = recommender.recommend(user, k, exclude_seen=not include_seen)
    _show("stars", ((f"{row.prediction:.2f}", row.item_id, row.title) for row in listed))


def explain(
    artifact: ArtifactFolder,
    item: Item,
    user: User = None,
    rated: Rated = None,
    ratings_of: RatingsOf = None,
    k: Reasons = 5,
) -> None:
    """Say which of somebody's own ratings speak for an item or against it, and by how much."""
    from starcast.cli.show import console

    _check_one_asks(user, rated, ratings_of)
    recommender = open_recommender(artifact)
    explanation = (
        _folded_in(recommender, rated, ratings_of).explain(item, k)
        if user is None
        else recommender.explain(user, item, k)
    )
    title = recommender.title(item) or item
    console.print(f"{explanation.prediction:.2f}  {title}", soft_wrap=True)
    console.print(f"{explanation.base:.2f}  to somebody unknown", soft_wrap=True)
    effect = "{:+.2f}" if explanation.unit == "stars" else "{:+.0%}"
    _show(
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
    listed = open_recommender(artifact).similar(item, k)
    _show("alike", ((f"{row.similarity:.2f}", row.item_id, row.title) for row in listed))


def _check_one_asks(*ways: object) -> None:
    if sum(way is not None for way in ways) != 1:
        every = " or --all" if len(ways) > 3 else ""
        raise ConfigError(
            f"say for whom, in one way: --user, --rated ITEM=STARS, --ratings-of FILE{every}"
        )


def _folded_in(
    recommender: "Recommender", rated: Sequence[str] | None, ratings_of: Path | None
) -> "FoldedInUser":
    if ratings_of:
        from starcast.cli.show import note
        from starcast.data.files import person
        from starcast.recommend.matching import match

        matched = match(person.read(ratings_of), recommender.artifact.split.ratings)
        for line in matched.notes:
            note(line)
        return recommender.fold_in(matched.item_ids, matched.stars)
    pairs = [one.rpartition("=") for one in rated or ()]
    for written, (item_id, _, stars) in zip(rated or (), pairs, strict=True):
        if not (item_id and _is_number(stars)):
            raise ConfigError(f"{quoted(written)} is no rating; write ITEM=STARS, as 260=4.5")
    return recommender.fold_in([one for one, _, _ in pairs], [float(one) for _, _, one in pairs])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _recommend_all(recommender: "Recommender", out: Path, k: int, include_seen: bool) -> None:
    from starcast.cli.show import console, listing

    with listing(recommender.artifact.title) as on_progress:
        recommender.recommend_all(out, k, exclude_seen=not include_seen, on_progress=on_progress)
    console.print(f"lists for every user saved to {out}", soft_wrap=True)


def _show(figure: str, rows: Iterable[tuple[str, object, str]]) -> None:
    """A table of a figure, an item and its title."""
    from rich.table import Table

    from starcast.cli.show import console

    table = Table(box=None, pad_edge=False)
    table.add_column(figure, justify="right")
    table.add_column("item")
    table.add_column("title")
    for value, item_id, title in rows:
        table.add_row(value, str(item_id), title)
    console.print(table)
