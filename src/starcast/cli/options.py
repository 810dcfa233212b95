"""Options that several verbs share. The names are those of the 2018 system where it had them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, final

import typer

from starcast.cli.groups import Group

if TYPE_CHECKING:
    from starcast.evaluation.metrics import Relevance

_DATA, _SPLIT, _RUN = "Data", "Split", "Run"


def _option(*names: str, help: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


@final
@dataclass(frozen=True, kw_only=True)
class Fetching(Group):
    """Where data sets lie and come from."""

    data_dir: Annotated[
        Path, _option("--data-dir", help="Where downloaded data sets lie.", panel=_DATA)
    ] = Path("datasets")
    mirror: Annotated[
        str | None,
        _option(
            "--mirror",
            envvar="STARCAST_MIRROR",
            help="Fetch from this address or folder instead of GroupLens.",
            panel=_DATA,
        ),
    ] = None


@final
@dataclass(frozen=True, kw_only=True)
class OwnFiles(Group):
    """Ratings in files of one's own."""

    ratings: Annotated[
        Path | None,
        _option("--ratings", help="Your own ratings: .csv, .tsv or .parquet.", panel=_DATA),
    ] = None
    items: Annotated[
        Path | None,
        _option(
            "--items",
            help="Titles and genres for them: a file with item ids and titles.",
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


@final
@dataclass(frozen=True, kw_only=True)
class Data(Group):
    """The ratings: a data set by name, or files of one's own."""

    dataset: Annotated[
        str, _option("--dataset", help="A data set by name; see 'starcast data list'.", panel=_DATA)
    ] = "ml-latest-small"
    own: OwnFiles
    fetching: Fetching


@final
@dataclass(frozen=True, kw_only=True)
class SplitOptions(Group):
    """How ratings are divided; the seed is that of everything random."""

    split: Annotated[
        str,
        _option(
            "--split",
            help="random, user-latest, time, kfold:1/5, or official:u1 (ML-100K).",
            panel=_SPLIT,
        ),
    ] = "random"
    test_share: Annotated[
        float,
        _option("--test-share", help="Share of the ratings that is the test set.", panel=_SPLIT),
    ] = 0.2
    validation_share: Annotated[
        float,
        _option("--validation-share", help="Share of the rest that validates.", panel=_SPLIT),
    ] = 0.1
    seed: Annotated[
        int, _option("--seed", help="Of the split and of everything random.", panel=_SPLIT)
    ] = 42


Refit = Annotated[
    bool,
    _option(
        "--refit",
        help="Train again on training + validation rows for the epochs validation chose.",
        panel=_RUN,
    ),
]
Explain = Annotated[bool, typer.Option("--explain", help="Say what each printed figure means.")]


@final
@dataclass(frozen=True, kw_only=True)
class Judging(Group):
    """How models are judged on the test rows."""

    k: Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="Length of the lists.")] = 10
    relevant: Annotated[
        str,
        typer.Option(
            "--relevant",
            help="What a good list would hold: all test items, those rated above-mean (at or above "
            "the user's own mean), or those with a number of stars or more, such as 4.",
        ),
    ] = "above-mean"
    explain: Explain = False

    @cached_property
    def relevance(self) -> "Relevance":
        """The rule of relevance. Raises: UnknownNameError, ConfigError: it is none."""
        from starcast.evaluation.metrics import Relevance

        return Relevance.parse(self.relevant)
