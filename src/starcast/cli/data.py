"""`starcast data`: which data sets there are, fetching them, and a look at one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import completing, inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.command_line import require_no_secret
from starcast.cli.verbs import VerbGroup, add

if TYPE_CHECKING:
    from rich.table import Table

    from starcast.data.distribution import Bin
    from starcast.data.ratings import Ratings

app = typer.Typer(
    cls=VerbGroup,
    help="Data sets: list, fetch and describe; and yours as blocks.",
    no_args_is_help=True,
)

BlocksOut = Annotated[Path, typer.Option("--out", help="Folder of the blocks, as ratings.blocks.")]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A data set, such as ml-1m.", autocompletion=completing.data_sets
    ),
]


def list_() -> Answer:
    """List the data sets that can be named."""
    from rich.table import Table

    from starcast.cli.show import console
    from starcast.data.movielens.catalog import CATALOG

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "ratings", "users", "items", "released", ""):
        table.add_column(
            heading, justify="right" if heading in ("ratings", "users", "items") else "left"
        )
    for data_set in CATALOG.values():
        counts = (data_set.n_ratings, data_set.n_users, data_set.n_items)
        where = "embedded" if data_set.embedded else ""
        table.add_row(data_set.name, *(f"{n:,}" for n in counts), str(data_set.released), where)
    told = ("name", "n_ratings", "n_users", "n_items", "released", "embedded", "licence")
    record = [{name: getattr(one, name) for name in told} for one in CATALOG.values()]
    return Answer(record, lambda: console.print(table))


def fetch(name: Name, source: opt.Fetching) -> Answer:
    """Download a data set, check it against its pinned sums, and unpack it."""
    from starcast.cli.show import console, fetching
    from starcast.data.movielens import catalog
    from starcast.data.movielens.fetch import fetch as download

    if catalog.find(name).embedded:
        line = f"{name} comes with Starcast: nothing to fetch"
        return Answer({"name": name, "folder": None}, lambda: console.print(line))
    with fetching(name) as on_progress:
        folder = download(name, source.data_dir, source.mirror, on_progress)
    return Answer(
        {"name": name, "folder": folder},
        lambda: console.print(f"{name} is in {folder}", soft_wrap=True),
    )


def blocks(*, own: opt.OwnFiles, out: BlocksOut) -> Answer:
    """Write your ratings as blocks: what is trained on them need not fit into memory.

    They are read in one pass; then --ratings FOLDER takes them. See docs/scale.md.
    """
    from starcast.cli.show import console, note
    from starcast.data.scale import RatingScale
    from starcast.data.to_blocks import to_blocks
    from starcast.errors import ConfigError

    if not own.ratings:
        raise ConfigError("name the ratings that are to be written: --ratings FILE")
    for address in own.ratings:
        require_no_secret(address)
    scale = RatingScale.parse(own.scale) if own.scale else None
    overrides = own.recognition.overrides
    written = to_blocks(own.ratings, out, own.items, options=overrides, scale=scale)
    if written.reading:
        console.print(written.reading.summary, soft_wrap=True)
        for line in written.reading.remarks:
            note(line)
    return Answer(
        _counts(written) | {"folder": out},
        lambda: console.print(f"{written!r}: blocks in {out}", soft_wrap=True),
    )


def describe(*, name: Name = "ml-latest-small", own: opt.OwnFiles, source: opt.Fetching) -> Answer:
    """Count users, items and ratings, and show how the stars are spread."""
    import numpy as np

    from starcast.cli.show import console, note
    from starcast.data import distribution
    from starcast.data.movielens import catalog

    data = inputs.load_ratings(opt.Data(dataset=name, own=own, fetching=source))
    filled = len(data) / (data.n_users * data.n_items)
    per_user = np.bincount(data.user_rows, minlength=data.n_users)
    per_item = np.bincount(data.item_rows, minlength=data.n_items)
    mean, medians = data.stars.mean(dtype=np.float64), (np.median(per_user), np.median(per_item))
    licence = None if own.ratings else catalog.find(name).licence
    bins = distribution.bins(data.stars)

    def shown() -> None:
        console.print(repr(data))
        console.print(
            f"mean {mean:.3f} stars; {filled:.2%} of all pairs are rated; "
            f"median {medians[0]:.0f} ratings a user, {medians[1]:.0f} an item"
        )
        if licence:
            console.print(f"licence: {licence}", soft_wrap=True)
        console.print(_bars(bins))
        if hint := distribution.likely_missing(data.stars):
            note(hint)

    record = _counts(data) | {
        "mean": mean,
        "share_rated": filled,
        "median_per_user": medians[0],
        "median_per_item": medians[1],
        "licence": licence,
        "stars": [{"stars": str(one), "ratings": one.n_ratings} for one in bins],
    }
    return Answer(record, shown)


def _counts(ratings: "Ratings") -> dict[str, object]:
    return {
        "name": ratings.name,
        "ratings": len(ratings),
        "users": ratings.n_users,
        "items": ratings.n_items,
    }


def _bars(bins: "Sequence[Bin]") -> "Table":
    """How often each number of stars was given."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("stars", "ratings", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    most = max(one.n_ratings for one in bins)
    for one in bins:
        length = max(one.n_ratings > 0, round(40 * one.n_ratings / most))
        table.add_row(str(one), f"{one.n_ratings:,}", "█" * length)
    return table


add(app, "list", list_, "starcast data list")
add(app, "fetch", fetch, "starcast data fetch ml-1m", "starcast data fetch ml-1m --mirror FOLDER")
add(
    app, "describe", describe,
    "starcast data describe ml-latest-small",
    "starcast data describe --ratings ratings.csv --json",
)  # fmt: skip
add(app, "blocks", blocks, "starcast data blocks --ratings ratings.csv --out ratings.blocks")
