"""`starcast store`: ratings in a database: made, filled, written out, counted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.command_line import require_no_secret
from starcast.cli.verbs import VerbGroup, add

if TYPE_CHECKING:
    from starcast.data.scale import RatingScale
    from starcast.data.store.exporting import Stats
    from starcast.data.store.ratings_store import RatingsStore

app = typer.Typer(
    cls=VerbGroup, help="Ratings in a database: SQLite or PostgreSQL.", no_args_is_help=True
)

Address = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS",
        help="Of the store: sqlite:///r.db, or postgresql://user@host/database; a password comes "
        "from PGPASSWORD or ~/.pgpass.",
    ),
]


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
) -> Answer:
    """Make a store, or bring one to this version."""
    from starcast.cli.show import console
    from starcast.data.scale import RatingScale as Scale

    with opened(address, Scale.parse(scale) if scale else None, make=True) as store:
        stars = store.scale or "the first import says which stars there are"
        line = f"{store.label}: {stars}"
        record = {"store": store.label, "scale": store.scale and str(store.scale)}
    return Answer(record, lambda: console.print(line, soft_wrap=True))


def import_(
    address: Address,
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
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
) -> Answer:
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
        line = (
            f"{store.label}: {counts} ratings; titles or attributes of {done.items:,} items and "
            f"{done.users:,} users"
        )
        record = {"store": store.label} | done._asdict()
    return Answer(record, lambda: console.print(line, soft_wrap=True))


def export(
    address: Address,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A .csv, .parquet or .jsonl file.")],
) -> Answer:
    """Write all current ratings into a file."""
    from starcast.cli.show import console
    from starcast.recommend.table_file import require_ending, write_table

    require_ending(out)
    with opened(address) as store:
        from starcast.data.store.exporting import column_types, exported

        types = column_types(store)
        write_table(out, types, lambda: exported(store, types), exact=True)
        record = {"store": store.label, "out": out}
    return Answer(record, lambda: console.print(f"wrote {out}", soft_wrap=True))


def stats(address: Address) -> Answer:
    """Count users, items and ratings, and say from when to when they reach."""
    from starcast.cli.show import console

    with opened(address) as store:
        from starcast.data.store.exporting import stats_of

        found = stats_of(store)

    def shown() -> None:
        for line in _lines(found):
            console.print(line, soft_wrap=True)

    return Answer(found, shown)


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


add(
    app, "init", init,
    "starcast store init sqlite:///ratings.db --scale 0.5:5:0.5",
)  # fmt: skip
add(
    app, "import", import_,
    "starcast store import sqlite:///ratings.db ml-latest-small",
    "starcast store import sqlite:///ratings.db ratings.csv --items films.csv",
)  # fmt: skip
add(app, "export", export, "starcast store export sqlite:///ratings.db ratings.parquet")
add(app, "stats", stats, "starcast store stats sqlite:///ratings.db --json")
