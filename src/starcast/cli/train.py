"""`starcast train`: one model on one split, to an artifact on disk."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.saving import keep
from starcast.errors import ConfigError, SplitMismatchError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.split import Split
    from starcast.engines.settings import Config
    from starcast.models import Model
    from starcast.training.fit import Observe

_PARENTS = "Transfer learning"
_K = 20  # list size of the figures that close a run, as in the 2018 system

ModelName = Annotated[str, typer.Option("--model", help="Which model to train.")]
Out = Annotated[Path, typer.Option("--out", help="Where trained models go.")]
Logs = Annotated[Path, typer.Option("--logs", help="Where TensorBoard's logs go.")]
InitFrom = Annotated[
    list[Path] | None,
    typer.Option(
        "--init-from",
        help="A parent's artifact; give it twice: latent factor model (or a Bayesian one), then "
        "deep network. Else those in --out are used, or trained first.",
        rich_help_panel=_PARENTS,
    ),
]
TransferWeight = Annotated[
    float | None,
    typer.Option(
        "--transfer-weight",
        help="Share of the latent factor model in the first prediction.",
        rich_help_panel=_PARENTS,
    ),
]
FreshParents = Annotated[
    bool,
    typer.Option("--fresh-parents", help="Train parents anew.", rich_help_panel=_PARENTS),
]
LeakyParents = Annotated[
    bool,
    typer.Option(
        "--leaky-parents",
        help="Accept parents of another split. Their training rows may be test rows here: the "
        "artifact and its figures are stamped LEAKY.",
        rich_help_panel=_PARENTS,
    ),
]


def train(
    model: ModelName = "latent-factor-model",
    dataset: opt.Dataset = "ml-latest-small",
    ratings: opt.RatingsFile = None,
    items: opt.ItemsFile = None,
    scale: opt.Scale = None,
    data_dir: opt.DataDir = Path("datasets"),
    mirror: opt.Mirror = None,
    split: opt.SplitText = "random",
    test_share: opt.TestShare = 0.2,
    validation_share: opt.ValidationShare = 0.1,
    seed: opt.Seed = 42,
    epochs: opt.Epochs = None,
    batch_size: opt.BatchSize = None,
    dimension: opt.Dimension = None,
    learning_rate: opt.LearningRate = None,
    optimizer: opt.Optimizer = None,
    dropout_rate: opt.Dropout = None,
    regularization_factor: opt.Regularization = None,
    layers: opt.Layers = None,
    averaging: opt.Averaging = None,
    patience: opt.Patience = None,
    samples: opt.Samples = None,
    burn_in: opt.BurnIn = None,
    chains: opt.Chains = None,
    kept: opt.Kept = None,
    likelihood: opt.Likelihood = None,
    features: opt.Features = None,
    day_length: opt.DayLength = None,
    refit: opt.Refit = False,
    init_from: InitFrom = None,
    transfer_weight: TransferWeight = None,
    fresh_parents: FreshParents = False,
    leaky_parents: LeakyParents = False,
    out: Out = Path("pretrained_models"),
    logs: Logs = Path("tf_logs"),
    explain: opt.Explain = False,
) -> None:
    """Train a model on a split, keep its best weights, and print its test figures."""
    from starcast import models
    from starcast.artifacts import storage
    from starcast.artifacts.replacement import require_writable
    from starcast.cli import show
    from starcast.engines.settings import parse_features, parse_layers
    from starcast.evaluation.report import evaluate
    from starcast.training.fit import fit
    from starcast.training.parents import check_parents, leak_between

    chosen = models.find(model)
    config = chosen.config(
        epochs=epochs,
        batch_size=batch_size,
        dimension=dimension,
        learning_rate=learning_rate,
        optimizer=optimizer,
        dropout_rate=dropout_rate,
        regularization_factor=regularization_factor,
        layers=None if layers is None else parse_layers(layers),
        averaging=averaging,
        patience=patience,
        transfer_weight=transfer_weight,
        samples=samples,
        burn_in=burn_in,
        chains=chains,
        kept=kept,
        likelihood=likelihood,
        features=None if features is None else parse_features(features),
        day_length=day_length,
    )
    about_parents = {
        "--init-from": init_from,
        "--transfer-weight": transfer_weight is not None,
        "--fresh-parents": fresh_parents,
        "--leaky-parents": leaky_parents,
    }
    for flag, given in about_parents.items():
        if given and not chosen.parents:
            raise ConfigError(f"{model} starts from no parents; leave {flag} out")
    divided = inputs.load_split(
        inputs.load_ratings(dataset, ratings, items, scale, data_dir, mirror),
        split=split,
        test_share=test_share,
        validation_share=validation_share,
        seed=seed,
        official_from=None if ratings else data_dir,
    )
    if "attributes" in config.features:
        inputs.tell_attributes(divided.ratings)
    home = out / inputs.folder_name(divided)
    require_writable(home / model)
    watch = observe(divided, logs)
    parents = [
        _parent(name, folder, config, divided, seed, refit, fresh_parents, watch)
        for name, folder in _places(chosen, init_from, home, fresh_parents)
    ]
    try:
        check_parents(chosen, config, divided, parents, leaky=leaky_parents)
    except (ConfigError, SplitMismatchError) as error:
        hint = "" if init_from else "; --fresh-parents trains new ones"
        raise type(error)(f"{error}{hint}") from None
    artifact = fit(
        divided,
        model,
        config,
        seed=seed,
        refit=refit,
        parents=parents or None,
        leak=leak_between(divided, parents) if leaky_parents else "",
        observe=watch,
    )
    keep(artifact, home / model)
    _announce(artifact, home / model)
    report = evaluate(artifact)
    storage.add_test_figures(home / model, report.own_items(_K))
    show.closing_figures(report, k=_K, explain=explain)


def observe(split: "Split", logs: Path, *, each_epoch: bool = True) -> "Observe":
    """Observers for every run: the console (a line per epoch or the bar alone), and TensorBoard."""
    from starcast.cli.show import console
    from starcast.engines.protocol import Sampler
    from starcast.training.fit import Run
    from starcast.training.loop import Observer
    from starcast.training.observers import ConsoleObserver, HasGraph, TensorBoardObserver

    started = time.strftime("%Y%m%d-%H%M%S")
    items = zip(split.ratings.titles.tolist(), split.ratings.items.ids.tolist(), strict=True)
    labels = [title or str(item_id) for title, item_id in items]

    def observers(run: Run) -> Sequence[Observer]:
        suffix = "-refit" if run.is_refit else ""
        folder = logs / inputs.folder_name(split) / f"{run.model.name}-{started}{suffix}"
        graph = run.engine.graph() if isinstance(run.engine, HasGraph) else b""
        config = run.config
        lists = {"layers": str(list(config.layers)), "features": ",".join(config.features)}
        settings = asdict(config) | lists | {"seed": run.seed}
        return [
            ConsoleObserver(
                console, run.title, each_epoch=each_epoch, sampled=isinstance(run.engine, Sampler)
            ),
            TensorBoardObserver(folder, settings, labels, graph),
        ]

    return observers


def _announce(artifact: "Artifact", folder: Path) -> None:
    from starcast.cli.show import console, note

    if artifact.leak:
        note(f"LEAKY: {artifact.leak}")
    console.print(f"{artifact.reached}; saved to {folder}\n", soft_wrap=True)


def _places(
    model: "Model", init_from: list[Path] | None, home: Path, fresh: bool
) -> list[tuple[str, Path]]:
    """Each parent's name and folder; a folder that is not there means: train it there first."""
    from starcast.artifacts import storage

    if init_from and len(init_from) != len(model.parents):
        raise ConfigError(
            f"{model.name} starts from {' and '.join(model.parents)}; give --init-from for each"
        )
    if init_from and fresh:
        raise ConfigError("--init-from names trained parents, --fresh-parents trains new ones")
    for folder in init_from or ():
        storage.read_manifest(folder)  # a mistyped name is refused, not trained
    if init_from:
        return list(zip(model.parents, init_from, strict=True))
    return [(name, home / (f"{name}-fresh" if fresh else name)) for name in model.parents]


def _parent(
    name: str,
    folder: Path,
    config: "Config",
    split: "Split",
    seed: int,
    refit: bool,
    anew: bool,
    watch: "Observe",
) -> "Artifact":
    """A parent from disk, or trained on this split and kept there."""
    from starcast.artifacts import storage
    from starcast.cli.show import console, note
    from starcast.training.fit import fit
    from starcast.training.parents import parent_config

    if folder.exists() and not anew:
        console.print(f"starting from {folder}", soft_wrap=True)
        found = storage.load(folder)
        if found.broken_off:
            note(f"{folder} is not trained to its end: {found.broken_off}")
        if refit and not found.refit:
            note(f"{folder} was not refitted: the refit starts from training rows only")
        return found
    note(f"no {name} at {folder}: training it first, on the same split")
    parent = fit(split, name, parent_config(name, config), seed=seed, refit=refit, observe=watch)
    keep(parent, folder)
    _announce(parent, folder)
    return parent
