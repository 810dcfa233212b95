"""`starcast data`: which data sets there are, fetching them, and a look at one."""

from pathlib import Path
from typing import Annotated

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.command_line import require_no_secret
from starcast.cli.groups import grouped

app = typer.Typer(
    help="Data sets: list, fetch and describe; and yours as blocks.", no_args_is_help=True
)

BlocksOut = Annotated[Path, typer.Option("--out", help="Folder of the blocks, as ratings.blocks.")]
Name = Annotated[str, typer.Argument(help="A data set, such as ml-1m.")]


@app.command("list")
def list_() -> None:
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
    console.print(table, highlight=False)


@app.command()
@grouped
def fetch(name: Name, source: opt.Fetching) -> None:
    """Download a data set, check it against its pinned sums, and unpack it."""
    from starcast.cli.show import console, fetching
    from starcast.data.movielens import catalog
    from starcast.data.movielens.fetch import fetch as download

    if catalog.find(name).embedded:
        console.print(f"{name} comes with Starcast: nothing to fetch")
        return
    with fetching(name) as on_progress:
        folder = download(name, source.data_dir, source.mirror, on_progress)
    console.print(f"{name} is in {folder}", highlight=False)


@app.command()
@grouped
def blocks(*, own: opt.OwnFiles, out: BlocksOut) -> None:
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
    console.print(f"{written!r}: blocks in {out}", highlight=False, soft_wrap=True)


@app.command()
@grouped
def describe(*, name: Name = "ml-latest-small", own: opt.OwnFiles, source: opt.Fetching) -> None:
    """Count users, items and ratings, and show how the stars are spread."""
    import numpy as np
    from rich.table import Table

    from starcast.cli.show import console, note
    from starcast.data import distribution
    from starcast.data.movielens import catalog

    data = inputs.load_ratings(opt.Data(dataset=name, own=own, fetching=source))
    console.print(repr(data), highlight=False)
    filled = len(data) / (data.n_users * data.n_items)
    per_user = np.bincount(data.user_rows, minlength=data.n_users)
    per_item = np.bincount(data.item_rows, minlength=data.n_items)
    console.print(
        f"mean {data.stars.mean(dtype=np.float64):.3f} stars; {filled:.2%} of all pairs are rated; "
        f"median {np.median(per_user):.0f} ratings a user, {np.median(per_item):.0f} an item",
        highlight=False,
    )
    if not own.ratings:
        console.print(f"licence: {catalog.find(name).licence}", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for heading in ("stars", "ratings", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    bins = distribution.bins(data.stars)
    most = max(one.n_ratings for one in bins)
    for one in bins:
        length = max(one.n_ratings > 0, round(40 * one.n_ratings / most))
        table.add_row(str(one), f"{one.n_ratings:,}", "█" * length)
    console.print(table, highlight=False)
    if hint := distribution.likely_missing(data.stars):
        note(hint)
