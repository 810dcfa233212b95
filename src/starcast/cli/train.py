"""`starcast train`: one model on one split, to an artifact on disk."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.saving import keep, reserve
from starcast.errors import ConfigError, SplitMismatchError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.split import Split
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
        help="A parent's artifact; give it twice, for the latent factor model (or a Bayesian one) "
        "and the deep network. Else those in --out are used, or trained first.",
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
    context: typer.Context,
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
    from starcast.cli import show
    from starcast.engines.settings import parse_features, parse_layers
    from starcast.evaluation.report import evaluate
    from starcast.training.parents import check_parent
    from starcast.training.plan import Recipe, train_all

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
    reserve(context, home / model)
    named = _named_parents(chosen, init_from, fresh_parents)
    recipe = Recipe(seed, refit, leaky_parents, observe(divided, logs))

    def find(parent: str) -> "Artifact | None":
        folder = named.get(parent, home / parent)
        found = None if fresh_parents else _parent_at(folder, parent, refit)
        if found:
            try:
                check_parent(chosen, config, divided, found, leaky=leaky_parents)
            except (ConfigError, SplitMismatchError) as error:
                hint = "" if named else "; --fresh-parents trains new ones"
                raise type(error)(f"{error}{hint}") from None
        else:
            reserve(context, place(parent))
        return found

    def place(name: str) -> Path:
        return home / (f"{name}-fresh" if fresh_parents and name != model else name)

    def trained(artifact: "Artifact") -> None:
        keep(artifact, place(artifact.model))
        _announce(artifact, place(artifact.model))

    artifact = train_all(divided, {model: config}, recipe, find=find, trained=trained)[model]
    report = evaluate(artifact)
    storage.add_test_figures(home / model, report.own_items(_K), of=artifact)
    show.closing_figures(report, k=_K, explain=explain)


def observe(split: "Split", logs: Path, *, each_epoch: bool = True) -> "Observe":
    """Observers for every run: the console (a line per epoch or the bar alone), and TensorBoard."""
    from starcast.cli.show import console, note
    from starcast.engines.protocol import Sampler
    from starcast.training.fit import Run
    from starcast.training.loop import Observer
    from starcast.training.observers import (
        ConsoleObserver,
        Expendable,
        HasGraph,
        TensorBoardObserver,
    )

    started = time.strftime("%Y%m%d-%H%M%S")
    items = zip(split.ratings.titles.tolist(), split.ratings.items.ids.tolist(), strict=True)
    labels = [title or str(item_id) for title, item_id in items]

    note_once = cache(note)  # however many runs lose the same

    def lost(where: object, error: OSError) -> None:
        why = error.strerror or error
        note_once(f"cannot write to {where} ({why}): training goes on without")

    def observers(run: Run) -> Sequence[Observer]:
        suffix = "-refit" if run.is_refit else ""
        folder = logs / inputs.folder_name(split) / f"{run.model.name}-{started}{suffix}"
        graph = run.engine.graph() if isinstance(run.engine, HasGraph) else b""
        config = run.config
        lists = {"layers": str(list(config.layers)), "features": ",".join(config.features)}
        settings = asdict(config) | lists | {"seed": run.seed}
        told = ConsoleObserver(
            console, run.title, each_epoch=each_epoch, sampled=isinstance(run.engine, Sampler)
        )
        return [
            Expendable(told, partial(lost, "the output")),
            Expendable(TensorBoardObserver(folder, settings, labels, graph), partial(lost, logs)),
        ]

    return observers


def _announce(artifact: "Artifact", folder: Path) -> None:
    from starcast.cli.show import console, note

    if artifact.leak:
        note(f"LEAKY: {artifact.leak}")
    console.print(f"{artifact.reached}; saved to {folder}", end="\n\n", soft_wrap=True)


def _named_parents(model: "Model", init_from: list[Path] | None, fresh: bool) -> dict[str, Path]:
    """The folders of --init-from by the parent that each holds, in whatever order they came."""
    from starcast.artifacts import storage
    from starcast.training.parents import place_of

    if init_from and fresh:
        raise ConfigError("--init-from names trained parents, --fresh-parents trains new ones")
    held = {folder: storage.read_manifest(folder)["model"] for folder in init_from or ()}
    named = {place_of(name): folder for folder, name in held.items()}
    if init_from and sorted(named) != sorted(model.parents):
        raise ConfigError(
            f"{model.name} starts from {' and '.join(model.parents)}; --init-from names "
            f"{' and '.join(sorted(held.values()))}: give it for each parent, once"
        )
    return named


def _parent_at(folder: Path, name: str, refit: bool) -> "Artifact | None":
    """A parent from disk; None where there is none yet."""
    from starcast.artifacts import storage
    from starcast.cli.show import console, note
    from starcast.disk.replacement import standing

    if not standing(folder).exists():
        note(f"no {name} at {folder}: training it first, on the same split")
        return None
    console.print(f"starting from {folder}", soft_wrap=True)
    found = storage.load(folder)
    if found.broken_off:
        note(f"{folder} is not trained to its end: {found.broken_off}")
    if refit and not found.refit:
        note(f"{folder} was not refitted: the refit starts from training rows only")
    return found
