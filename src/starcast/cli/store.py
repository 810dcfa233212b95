"""`starcast store`: ratings in a database: made, filled, written out, counted."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.command_line import require_no_secret
from starcast.cli.groups import grouped

if TYPE_CHECKING:
    from starcast.data.scale import RatingScale
    from starcast.data.store.exporting import Stats
    from starcast.data.store.ratings_store import RatingsStore

app = typer.Typer(help="Ratings in a database: SQLite or PostgreSQL.", no_args_is_help=True)

Address = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS",
        help="Of the store: sqlite:///r.db, or postgresql://user@host/database; a password comes "
        "from PGPASSWORD or ~/.pgpass.",
    ),
]


@app.command()
def init(
    address: Address,
    scale: Annotated[
        str | None,
        typer.Option(
            "--scale",
            help="LOWEST:HIGHEST:STEP, the stars that exist; those of the first import if not "
            "given.",
        ),
    ] = None,
) -> None:
    """Make a store, or bring one to this version."""
    from starcast.cli.show import console
    from starcast.data.scale import RatingScale as Scale

    with opened(address, Scale.parse(scale) if scale else None, make=True) as store:
        stars = store.scale or "the first import says which stars there are"
        console.print(f"{store.label}: {stars}", highlight=False, soft_wrap=True)


@app.command("import")
@grouped
def import_(
    address: Address,
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Ratings, as --ratings takes them elsewhere, or a data set's name.",
        ),
    ],
    *,
    items: Annotated[
        Path | None,
        typer.Option("--items", help="Titles and genres: a file with item ids and titles."),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option("--scale", help="LOWEST:HIGHEST:STEP; ratings outside are refused."),
    ] = None,
    recognition: opt.Recognition,
    fetching: opt.Fetching,
) -> None:
    """Bring ratings into a store; done again, it changes nothing."""
    from starcast.cli.show import console
    from starcast.data.load import is_name

    is_data_set = len(source) == 1 and is_name(source[0])
    own = opt.OwnFiles(
        ratings=None if is_data_set else source, items=items, scale=scale, recognition=recognition
    )
    with opened(address) as store:
        from starcast.data.store.importing import import_ratings

        name = source[0] if is_data_set else ""
        ratings = inputs.load_ratings(opt.Data(dataset=name, own=own, fetching=fetching))
        done = import_ratings(store, ratings)
        counts = ", ".join(f"{n:,} {name}" for name, n in done.ratings._asdict().items())
        console.print(
            f"{store.label}: {counts} ratings; titles or attributes of {done.items:,} items and "
            f"{done.users:,} users",
            highlight=False,
            soft_wrap=True,
        )


@app.command()
def export(
    address: Address,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A .csv, .parquet or .jsonl file.")],
) -> None:
    """Write all current ratings into a file."""
    from starcast.cli.show import console
    from starcast.recommend.table_file import require_ending, write_table

    require_ending(out)
    with opened(address) as store:
        from starcast.data.store.exporting import column_types, exported

        types = column_types(store)
        write_table(out, types, lambda: exported(store, types), exact=True)
        console.print(f"wrote {out}", highlight=False, soft_wrap=True)


@app.command()
def stats(
    address: Address,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Count users, items and ratings, and say from when to when they reach."""
    from starcast.cli.show import console

    with opened(address) as store:
        from starcast.data.store.exporting import stats_of

        found = stats_of(store)
    if as_json:
        typer.echo(json.dumps(found._asdict()))
    else:
        for line in _lines(found):
            console.print(line, highlight=False, soft_wrap=True)


def _lines(found: "Stats") -> list[str]:
    """Figures for people."""
    mean = "–" if found.mean is None else f"{found.mean:.3f}"
    span = "no times are known"
    if found.first is not None and found.last is not None:
        span = f"from {_day(found.first)} to {_day(found.last)}"
    return [
        f"{found.ratings:,} ratings of {found.users:,} users and {found.items:,} items, "
        f"{found.hidden:,} of them hidden",
        f"{found.scale or 'no scale yet'}; mean {mean}; {span}",
        f"{found.history:,} ratings in the history; {found.bytes / 1e6:,.1f} MB; schema version "
        f"{found.schema}",
    ]


def _day(seconds: int) -> str:
    """A day of Greenwich, or the number where the calendar has none."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return f"second {seconds}"


def opened(
    address: str, scale: "RatingScale | None" = None, *, make: bool = False
) -> "RatingsStore":
    """The store at an address of the command line.

    Raises: ConfigError, DataError: a password stands in it, or there is no store.
    """
    require_no_secret(address)
    from starcast.data.store.source import opened as open_store

    return open_store(address, scale, make=make)
