"""Options that several verbs share. The names are those of the 2018 system where it had them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    from starcast.ratings import Ratings
    from starcast.split import Split

_DATA, _SPLIT, _HYPER, _RUN = "Data", "Split", "Hyper-parameters", "Run"


def _option(*names: str, help: str, panel: str, **more: object) -> typer.models.OptionInfo:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)  # type: ignore[arg-type,no-any-return]


Dataset = Annotated[str, _option("--dataset", help="A data set by name; see 'starcast data list'.", panel=_DATA)]  # fmt: skip
RatingsFile = Annotated[Path | None, _option("--ratings", help="Your own ratings: .csv, .tsv or .parquet.", panel=_DATA)]  # fmt: skip
ItemsFile = Annotated[Path | None, _option("--items", help="Titles for them: a file with item ids and titles.", panel=_DATA)]  # fmt: skip
Scale = Annotated[str | None, _option("--scale", help="LOWEST:HIGHEST:STEP; ratings outside are refused. Inferred if not given.", panel=_DATA)]  # fmt: skip
DataDir = Annotated[Path, _option("--data-dir", help="Where downloaded data sets lie.", panel=_DATA)]  # fmt: skip
Mirror = Annotated[str | None, _option("--mirror", envvar="STARCAST_MIRROR", help="Fetch from this address or folder instead of GroupLens.", panel=_DATA)]  # fmt: skip

SplitText = Annotated[str, _option("--split", help="random, user-latest, time, kfold:1/5, or official:u1 (ML-100K).", panel=_SPLIT)]  # fmt: skip
TestShare = Annotated[float, _option("--test-share", help="Share of the ratings that is the test set.", panel=_SPLIT)]  # fmt: skip
ValidationShare = Annotated[float, _option("--validation-share", help="Share of the rest that validates.", panel=_SPLIT)]  # fmt: skip
Seed = Annotated[int, _option("--seed", help="Of the split and of everything random.", panel=_SPLIT)]  # fmt: skip

Epochs = Annotated[int | None, _option("--epochs", "--epoch", help="Most epochs to train.", panel=_HYPER)]  # fmt: skip
BatchSize = Annotated[int | None, _option("--batch-size", help="Ratings per step.", panel=_HYPER)]
Dimension = Annotated[int | None, _option("--dimension", help="Length of an embedding.", panel=_HYPER)]  # fmt: skip
LearningRate = Annotated[float | None, _option("--learning-rate", help="Step size.", panel=_HYPER)]
Optimizer = Annotated[str | None, _option("--optimizer", help="Adam, RMSProp, GradientDescent; for the latent factor model also SGD, ALS.", panel=_HYPER)]  # fmt: skip
Dropout = Annotated[float | None, _option("--dropout-rate", help="Share of hidden units dropped in training.", panel=_HYPER)]  # fmt: skip
Regularization = Annotated[float | None, _option("--regularization-factor", help="Weight of the embeddings' squared norms.", panel=_HYPER)]  # fmt: skip
Layers = Annotated[str | None, _option("--layers", help='Widths of the dense layers, such as "[64,32,16,8,1]".', panel=_HYPER)]  # fmt: skip
Patience = Annotated[int | None, _option("--max-checkout-without-progress", help="Epochs without a better validation RMSE before stopping.", panel=_HYPER)]  # fmt: skip

Refit = Annotated[bool, _option("--refit", help="Train again on training + validation rows for the epochs validation chose.", panel=_RUN)]  # fmt: skip
Explain = Annotated[bool, typer.Option("--explain", help="Say what each printed figure means.")]


def load_ratings(
    dataset: str,
    ratings: Path | None,
    items: Path | None,
    scale: str | None,
    data_dir: Path,
    mirror: str | None,
) -> "Ratings":
    """The data set that the data options name: one of the catalog, or the user's own files."""
    from starcast.cli.show import fetching, note
    from starcast.data import load
    from starcast.scale import RatingScale

    if not ratings:
        if items or scale:
            raise ConfigError("--items and --scale describe your own --ratings; give that file too")
        with fetching(dataset) as on_progress:
            return load.load(dataset, data_dir, mirror=mirror, on_progress=on_progress)
    data, n_duplicates = load.load_files(
        ratings, items, scale=RatingScale.parse(scale) if scale else None
    )
    if n_duplicates:
        note(f"{n_duplicates:,} repeated (user, item) pairs: the latest rating of each is kept")
    return data


def load_split(
    data: "Ratings",
    *,
    split: str,
    test_share: float,
    validation_share: float,
    seed: int,
    official_from: Path | None,
) -> "Split":
    """The split that the split options describe, announced.

    Args:
        data: the data set.
        split, test_share, validation_share, seed: the options.
        official_from: the folder of data sets; None for the user's own ratings.
    """
    from starcast.cli.show import console
    from starcast.data import load
    from starcast.split import SplitPlan

    plan = SplitPlan.parse(split, test=test_share, validation=validation_share, seed=seed)
    shipped = None
    if plan.scheme == "official":
        if official_from is None:
            raise DataError("your own ratings ship no official split; choose another --split")
        shipped = load.load_official_test(data.name, plan.official, official_from, data)
    divided = plan.divide(data, shipped)
    console.print(repr(data), highlight=False)
    console.print(
        f"split {divided.scheme}: {len(divided.train):,} train, {len(divided.validation):,} "
        f"validation, {len(divided.test):,} test; fingerprint {divided.fingerprint[:12]}",
        highlight=False,
    )
    return divided


def folder_name(split: "Split") -> str:
    """The folder of a data set's artifacts, logs and reports."""
    return split.ratings.name
