"""`starcast data`: which data sets there are, fetching them, and a look at one."""

from typing import Annotated

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.groups import grouped

app = typer.Typer(help="Data sets: list, fetch and describe.", no_args_is_help=True)

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
