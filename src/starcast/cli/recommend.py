"""`starcast recommend`: lists, from a model's folder alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.person import Rated, RatingsOf, folded_in, require_file, require_one_way
from starcast.cli.rules import RuleOptions
from starcast.cli.spark import COMPILED, Cluster, Engine, is_spark, lists_there
from starcast.cli.use import (
    OUT,
    ArtifactFolder,
    Fallback,
    K,
    Unknown,
    offering_fallback,
    open_recommender,
    read_ids,
    treatment_of,
    user_id,
)
from starcast.errors import ConfigError, DataError
from starcast.evaluation.list_size import LIST_SIZE

if TYPE_CHECKING:
    from starcast.data.files.options import ReadingOptions
    from starcast.data.ids import Ids
    from starcast.recommend import Recommendation, Recommender

RankBy = Annotated[
    str,
    typer.Option(
        "--rank-by",
        metavar="list|stars",
        help="What orders the list. list: would they pick it and like it; stars: predicted stars.",
    ),
]
Wish = dict[str, Any]
"""What is asked of every list, as `Recommender.recommend` takes it."""


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
    k: K = LIST_SIZE,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Also list what has been rated.")
    ] = False,
    rank_by: RankBy = "list",
    fallback: Fallback = False,
    unknown: Unknown = None,
    asked: RuleOptions,
    recognition: opt.IdRecognition,
    engine: Engine = COMPILED,
    cluster: Cluster,
) -> Answer:
    """List what suits somebody best: users, a person by their ratings, or every user."""
    from starcast.cli.show import note

    require_one_way(user, rated, ratings_of, users, everybody or None)
    _check_out(out, "--all" if everybody else "--users FILE" if users else None)
    require_file(recognition.overrides, ratings_of, users, *asked.files)
    there = is_spark(engine, cluster)
    if there and not everybody:
        raise ConfigError("--engine spark makes the lists of --all; leave it out for others")
    if unknown and not users:
        raise ConfigError("--unknown is for --users FILE")
    treatment = treatment_of(unknown, fallback) if users else None
    wish: Wish = {"k": k, "exclude_seen": not include_seen, "on_remark": note}
    wish["rules"] = asked.rules(recognition.overrides)
    recommender = open_recommender(artifact, fallback or treatment == "fallback", rank_by)
    if rated or ratings_of:
        person = folded_in(recommender, rated, ratings_of, recognition.overrides)
        return _given(person.recommend(**wish), out)
    wanted: Sequence[str] | Ids | None = user
    if users and treatment:
        wanted = _known_users(recommender, users, treatment, recognition.overrides)
    with offering_fallback():
        if out and there:
            stars_alone = rank_by == "stars"
            with lists_there(cluster, recommender.artifact, wish, stars_alone) as make:
                return _write_lists(recommender, out, wanted, {**wish, "make": make})
        if out:
            return _write_lists(recommender, out, wanted, wish)
        return _lists(recommender, user or (), wish)


def _check_out(out: Path | None, many: str | None) -> None:
    from starcast.recommend.table_file import require_ending

    if many and out is None:
        raise ConfigError(f"{many} and --out FILE belong together; give both or neither")
    if out:
        require_ending(out)


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
    wish: Wish,
) -> Answer:
    from starcast.cli.show import console, listing

    with listing(recommender.artifact.title) as on_progress:
        recommender.recommend_all(out, users=users, on_progress=on_progress, **wish)
    whom = "every user" if users is None else f"{len(users):,} user{'s' * (len(users) != 1)}"
    line = f"lists for {whom} saved to {out}"
    return Answer(
        {"users": None if users is None else len(users), "k": wish["k"], "out": out},
        lambda: console.print(line, soft_wrap=True),
    )


def _lists(recommender: "Recommender", users: Sequence[str], wish: Wish) -> Answer:
    from starcast.cli.show import items

    lists = [recommender.recommend(one, **wish) for one in users]
    if len(users) == 1:
        return _given(lists[0], None)
    rows = [(user, row) for user, listed in zip(users, lists, strict=True) for row in listed]
    told = [{"user_id": user_id(recommender, user)} | row._asdict() for user, row in rows]
    shown = [(f"{row.prediction:.2f}", row.item_id, row.title) for _, row in rows]
    return Answer(told, lambda: items("stars", shown, users=[user for user, _ in rows]))


def _given(listed: "Sequence[Recommendation]", out: Path | None) -> Answer:
    """A person's list, to a file or to the terminal."""
    from starcast.cli.show import console, items
    from starcast.recommend.lists import write_list

    if out is None:
        rows = [(f"{row.prediction:.2f}", row.item_id, row.title) for row in listed]
        return Answer(listed, lambda: items("stars", rows))
    write_list(listed, out)
    line = f"the list saved to {out}"
    return Answer({"users": 1, "out": out}, lambda: console.print(line, soft_wrap=True))
