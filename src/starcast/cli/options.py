"""Options that several verbs share. The names are those of the 2018 system where it had them."""

from pathlib import Path
from typing import Annotated, Any

import typer

_DATA, _SPLIT, _HYPER, _RUN = "Data", "Split", "Hyper-parameters", "Run"
_SAMPLING = "Sampling (bayesian-factorization-model)"


def _option(*names: str, help: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


Dataset = Annotated[
    str, _option("--dataset", help="A data set by name; see 'starcast data list'.", panel=_DATA)
]
RatingsFile = Annotated[
    Path | None, _option("--ratings", help="Your own ratings: .csv, .tsv or .parquet.", panel=_DATA)
]
ItemsFile = Annotated[
    Path | None,
    _option(
        "--items", help="Titles and genres for them: a file with item ids and titles.", panel=_DATA
    ),
]
Scale = Annotated[
    str | None,
    _option(
        "--scale",
        help="LOWEST:HIGHEST:STEP; ratings outside are refused. Inferred if not given.",
        panel=_DATA,
    ),
]
DataDir = Annotated[
    Path, _option("--data-dir", help="Where downloaded data sets lie.", panel=_DATA)
]
Mirror = Annotated[
    str | None,
    _option(
        "--mirror",
        envvar="STARCAST_MIRROR",
        help="Fetch from this address or folder instead of GroupLens.",
        panel=_DATA,
    ),
]

SplitText = Annotated[
    str,
    _option(
        "--split",
        help="random, user-latest, time, kfold:1/5, or official:u1 (ML-100K).",
        panel=_SPLIT,
    ),
]
TestShare = Annotated[
    float, _option("--test-share", help="Share of the ratings that is the test set.", panel=_SPLIT)
]
ValidationShare = Annotated[
    float, _option("--validation-share", help="Share of the rest that validates.", panel=_SPLIT)
]
Seed = Annotated[
    int, _option("--seed", help="Of the split and of everything random.", panel=_SPLIT)
]

Epochs = Annotated[
    int | None, _option("--epochs", "--epoch", help="Most epochs to train.", panel=_HYPER)
]
BatchSize = Annotated[int | None, _option("--batch-size", help="Ratings per step.", panel=_HYPER)]
Dimension = Annotated[
    int | None, _option("--dimension", help="Length of an embedding.", panel=_HYPER)
]
LearningRate = Annotated[float | None, _option("--learning-rate", help="Step size.", panel=_HYPER)]
Optimizer = Annotated[
    str | None,
    _option(
        "--optimizer",
        help="Adam, RMSProp, GradientDescent; for the latent factor model also SGD, ALS.",
        panel=_HYPER,
    ),
]
Dropout = Annotated[
    float | None,
    _option("--dropout-rate", help="Share of hidden units dropped in training.", panel=_HYPER),
]
Regularization = Annotated[
    float | None,
    _option(
        "--regularization-factor", help="Weight of the embeddings' squared norms.", panel=_HYPER
    ),
]
Layers = Annotated[
    str | None,
    _option("--layers", help='Widths of the dense layers, such as "[64,32,16,8,1]".', panel=_HYPER),
]
Averaging = Annotated[
    float | None,
    _option(
        "--averaging", help="Share of the running average of weights kept each epoch.", panel=_HYPER
    ),
]
Patience = Annotated[
    int | None,
    _option(
        "--max-checkout-without-progress",
        help="Epochs without a better validation RMSE before stopping.",
        panel=_HYPER,
    ),
]

Samples = Annotated[
    int | None,
    _option("--samples", help="Draws after burn-in, of all chains together.", panel=_SAMPLING),
]
BurnIn = Annotated[
    int | None,
    _option("--burn-in", help="Sweeps of each chain before its draws count.", panel=_SAMPLING),
]
Chains = Annotated[
    int | None,
    _option("--chains", help="Independent chains; they run side by side.", panel=_SAMPLING),
]
Kept = Annotated[
    int | None,
    _option("--kept", help="Draws that are kept, evenly thinned; they predict.", panel=_SAMPLING),
]
Likelihood = Annotated[
    str | None,
    _option(
        "--likelihood",
        help="probit: stars are ordered classes; gaussian: numbers.",
        panel=_SAMPLING,
    ),
]
Features = Annotated[
    str | None,
    _option(
        "--features",
        help="Of users and items, any of histories,attributes,days; or none.",
        panel=_SAMPLING,
    ),
]
DayLength = Annotated[
    int | None,
    _option(
        "--day-length", help="Of a day, in the unit of the timestamps: seconds.", panel=_SAMPLING
    ),
]

Refit = Annotated[
    bool,
    _option(
        "--refit",
        help="Train again on training + validation rows for the epochs validation chose.",
        panel=_RUN,
    ),
]
Explain = Annotated[bool, typer.Option("--explain", help="Say what each printed figure means.")]
