"""Options that several verbs share. The names are those of the 2018 system where it had them."""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, Self, final

import typer

from starcast.cli import completing
from starcast.cli.groups import Group
from starcast.data.files.options import ReadingOptions
from starcast.data.movielens.catalog import DATA_DIR, MIRROR, USUAL_DATA_DIR

_DATA, _SPLIT, _RUN = "Data", "Split", "Run"


def _option(*names: str, help: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


@final
@dataclass(frozen=True, kw_only=True)
class Fetching(Group):
    """Where data sets lie and come from."""

    data_dir: Annotated[
        Path,
        _option(
            "--data-dir",
            envvar=DATA_DIR,
            help="Where data sets lie, downloaded, or as NAME.zip with its NAME.zip.md5.",
            panel=_DATA,
        ),
    ] = USUAL_DATA_DIR
    mirror: Annotated[
        str | None,
        _option(
            "--mirror",
            envvar=MIRROR,
            help="Fetch from this address or folder instead of GroupLens.",
            panel=_DATA,
        ),
    ] = None


@dataclass(frozen=True)
class Recognition(Group):
    """What is not left to recognition when ratings of one's own are read."""

    overrides: ReadingOptions

    @classmethod
    def offered(cls) -> tuple[Field[Any], ...]:
        """Of `ReadingOptions`, those that are options."""
        return fields(ReadingOptions)

    @classmethod
    def options(cls) -> Iterator[Parameter]:
        """An option for every one of `offered`."""
        for one in cls.offered():
            flag = f"--{one.name.replace('_', '-')}"
            option = _option(flag, **one.metadata, panel=_DATA)
            yield Parameter(
                one.name,
                Parameter.KEYWORD_ONLY,
                default=0 if one.default == 0 else None,
                annotation=Annotated[int if one.default == 0 else str | None, option],
            )

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> Self:
        """The overrides that are given."""
        return cls(ReadingOptions.of(**{one.name: given.pop(one.name) for one in cls.offered()}))


@final
@dataclass(frozen=True)
class IdRecognition(Recognition):
    """The same for tables of ids alone, which have no ratings that could be missing."""

    @classmethod
    def offered(cls) -> tuple[Field[Any], ...]:
        """Those that say how a table is written."""
        of_ratings = ("missing", "min_ratings")
        return tuple(one for one in fields(ReadingOptions) if one.name not in of_ratings)


@final
@dataclass(frozen=True, kw_only=True)
class OwnFiles(Group):
    """Ratings of one's own."""

    ratings: Annotated[
        list[str] | None,
        _option(
            "--ratings",
            help="Your own ratings, in almost any form: a file, a folder of parts, a pattern, an "
            "archive, '-' for standard input, a store, as sqlite:///r.db, or any other database, "
            "as sqlite:///shop.db?table=ratings. Repeat to join several.",
            panel=_DATA,
        ),
    ] = None
    items: Annotated[
        Path | None,
        _option(
            "--items",
            help="Titles, genres and other columns for them, to filter lists by: a file with item "
            "ids and titles.",
            panel=_DATA,
        ),
    ] = None
    scale: Annotated[
        str | None,
        _option(
            "--scale",
            help="LOWEST:HIGHEST:STEP; ratings outside are refused. Inferred if not given.",
            panel=_DATA,
        ),
    ] = None
    recognition: Recognition


@final
@dataclass(frozen=True, kw_only=True)
class Data(Group):
    """The ratings: a data set by name, or files of one's own."""

    dataset: Annotated[
        str, _option("--dataset", help="A data set by name; see 'starcast data list'.", panel=_DATA,
                     autocompletion=completing.data_sets),
    ] = "ml-latest-small"  # fmt: skip
    own: OwnFiles
    fetching: Fetching


@final
@dataclass(frozen=True, kw_only=True)
class SplitOptions(Group):
    """How ratings are divided; the seed is that of everything random."""

    split: Annotated[
        str | None,
        _option(
            "--split",
            help="How ratings are divided.",  # the schemes are named where help is shown
            panel=_SPLIT,
        ),
    ] = None
    test_ratings: Annotated[
        list[str] | None,
        _option(
            "--test-ratings",
            help="Your own test ratings beside --ratings, in any form of these, read alike. What "
            "they hold is left out of the training ratings.",
            panel=_SPLIT,
        ),
    ] = None
    test_share: Annotated[
        float | None,
        _option(
            "--test-share",
            help="Share of the ratings that is the test set. 0.2 if not given.",
            panel=_SPLIT,
        ),
    ] = None
    validation_share: Annotated[
        float | None,
        _option(
            "--validation-share",
            help="Share of the rest that validates. 0.1 if not given.",
            panel=_SPLIT,
        ),
    ] = None
    seed: Annotated[
        int, _option("--seed", help="Of the split and of everything random.", panel=_SPLIT)
    ] = 42
    split_seed: Annotated[
        int | None,
        _option("--split-seed", help="Of the split alone; --seed if not given.", panel=_SPLIT),
    ] = None


@final
@dataclass(frozen=True, kw_only=True)
class Resuming(Group):
    """How a run goes on that was ended before its time."""

    fresh: Annotated[
        bool,
        _option("--fresh", help="Start over; else a run that was ended goes on.", panel=_RUN),
    ] = False
    checkpoint_every: Annotated[
        float,
        _option(
            "--checkpoint-every",
            min=0,
            metavar="MINUTES",
            help="How often a run keeps what it needs to go on; 0: after every epoch.",
            panel=_RUN,
        ),
    ] = 5.0


Refit = Annotated[
    bool,
    _option(
        "--refit",
        help="Train again on training + validation rows for the epochs validation chose.",
        panel=_RUN,
    ),
]
Final = Annotated[
    bool,
    _option(
        "--final",
        help="The same on all rows, the test rows among them: for use, not for comparing.",
        panel=_RUN,
    ),
]
Explain = Annotated[bool, typer.Option("--explain", help="Say what each printed figure means.")]
