"""`starcast recommend`, `explain` and `similar`: lists and reasons, from a model's folder alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from starcast.cli import options as opt
from starcast.cli.groups import grouped
from starcast.cli.person import Rated, RatingsOf, folded_in
from starcast.cli.use import (
    OUT,
    ArtifactFolder,
    Fallback,
    K,
    Unknown,
    User,
    offering_fallback,
    open_recommender,
    read_ids,
    treatment_of,
)
from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    from starcast.data.files.options import ReadingOptions
    from starcast.data.ids import Ids
    from starcast.recommend import Recommendation, Recommender

Item = Annotated[str, typer.Option("--item", help="An item id.")]
RankBy = Annotated[
    str,
    typer.Option(
        "--rank-by",
        metavar="list|stars",
        help="What orders the list. list: would they pick it and like it; stars: predicted stars.",
    ),
]
Reasons = Annotated[int, typer.Option("--k", "-k", min=1, help="Most reasons to give.")]


@grouped
def recommend(
    artifact: ArtifactFolder,
    *,
    user: Annotated[
        list[str] | None, typer.Option("--user", help="A user id; repeat for more.")
    ] = None,
    users: Annotated[
        str | None,
        typer.Option(
            "--users",
            metavar="FILE",
            help="A table with a column of users, or an id a line; their lists go to --out.",
        ),
    ] = None,
    rated: Rated = None,
    ratings_of: RatingsOf = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="A list for every user, written to --out.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help=f"A file for the lists: {OUT}.")] = None,
    k: K = 10,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Also list what has been rated.")
    ] = False,
    rank_by: RankBy = "list",
    fallback: Fallback = False,
    unknown: Unknown = None,
    recognition: opt.IdRecognition,
) -> None:
    """List what suits somebody best: users, a person by their ratings, or every user."""
    _check_one_asks(user, rated, ratings_of, users, everybody or None)
    _check_out(out, "--all" if everybody else "--users FILE" if users else None)
    _check_options(recognition.overrides, ratings_of, users, unknown)
    treatment = treatment_of(unknown, fallback) if users else None
    recommender = open_recommender(artifact, fallback or treatment == "fallback", rank_by)
    if rated or ratings_of:
        person = folded_in(recommender, rated, ratings_of, recognition.overrides)
        _give(person.recommend(k, exclude_seen=not include_seen), out)
        return
    wanted: Sequence[str] | Ids | None = user
    if users and treatment:
        wanted = _known_users(recommender, users, treatment, recognition.overrides)
    with offering_fallback():
        if out:
            _write_lists(recommender, out, wanted, k, include_seen)
        else:
            _show_lists(recommender, user or (), k, include_seen)


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

    _check_one_asks(user, rated, ratings_of)
    _check_options(recognition.overrides, ratings_of, None)
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


def _check_one_asks(*ways: object) -> None:
    if sum(way is not None for way in ways) != 1:
        more = ", --users FILE or --all" if len(ways) > 3 else ""
        raise ConfigError(
            f"say for whom, in one way: --user, --rated ITEM=STARS, --ratings-of FILE{more}"
        )


def _check_out(out: Path | None, many: str | None) -> None:
    from starcast.recommend.table_file import require_ending

    if many and out is None:
        raise ConfigError(f"{many} and --out FILE belong together; give both or neither")
    if out:
        require_ending(out)


def _check_options(
    options: "ReadingOptions",
    ratings_of: Path | None,
    users: str | None,
    unknown: str | None = None,
) -> None:
    """Refuse options that say how a file is written where there is none."""
    if (given := options.given()) and not (ratings_of or users):
        raise ConfigError(f"{given[0]} says how a file is written; it is for --ratings-of FILE")
    if unknown and not users:
        raise ConfigError("--unknown is for --users FILE")


def _known_users(
    recommender: "Recommender", users: str, treatment: str, options: "ReadingOptions"
) -> "Ids":
    """The users in a file, each once, but those that are to be left out; what is done is said."""
    from starcast.cli.show import note
    from starcast.recommend.pairs import named_ids

    asked = read_ids(users, ("user",), options)["user"]
    ids, first = np.unique(asked, return_index=True)
    if len(ids) < len(asked):
        note(f"left out: {len(asked) - len(ids):,} rows of users that are named before")
    ids = asked[np.sort(first)]
    is_known = recommender.artifact.split.ratings.users.find(ids) >= 0
    strange = ids[~is_known]
    if treatment == "refuse" or not len(strange):
        return ids
    done = "are left out" if treatment == "skip" else "get what most people like"
    note(
        f"{len(strange):,} of {len(ids):,} users were not in the training data "
        f"({named_ids('user', strange)}) and {done}"
    )
    if treatment == "skip" and not is_known.any():
        raise DataError(f"{users} names no user that was in the training data")
    return ids[is_known] if treatment == "skip" else ids


def _write_lists(
    recommender: "Recommender",
    out: Path,
    users: "Sequence[str] | Ids | None",
    k: int,
    include_seen: bool,
) -> None:
    from starcast.cli.show import console, listing

    with listing(recommender.artifact.title) as on_progress:
        recommender.recommend_all(
            out, k, users=users, exclude_seen=not include_seen, on_progress=on_progress
        )
    whom = "every user" if users is None else f"{len(users):,} user{'s' * (len(users) != 1)}"
    console.print(f"lists for {whom} saved to {out}", soft_wrap=True)


def _show_lists(
    recommender: "Recommender", users: Sequence[str], k: int, include_seen: bool
) -> None:
    lists = [recommender.recommend(one, k, exclude_seen=not include_seen) for one in users]
    if len(users) == 1:
        _show_list(lists[0])
        return
    from starcast.cli.show import items

    rows = [(user, row) for user, listed in zip(users, lists, strict=True) for row in listed]
    items("stars", ((f"{row.prediction:.2f}", row.item_id, row.title) for _, row in rows),
          users=[user for user, _ in rows])  # fmt: skip


def _give(listed: "Sequence[Recommendation]", out: Path | None) -> None:
    """A person's list, to a file or to the terminal."""
    from starcast.cli.show import console
    from starcast.recommend.lists import write_list

    if out is None:
        _show_list(listed)
        return
    write_list(listed, out)
    console.print(f"the list saved to {out}", soft_wrap=True)


def _show_list(listed: "Sequence[Recommendation]") -> None:
    from starcast.cli.show import items

    items("stars", ((f"{row.prediction:.2f}", row.item_id, row.title) for row in listed))
