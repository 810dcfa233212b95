"""`starcast train`: one model on one split, to an artifact on disk."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starcast.artifacts.beside import FRESH
from starcast.cli import completing, inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.closing import Closing, Test, closed
from starcast.cli.compiling import first_run
from starcast.cli.given import K_OF_2018, OF_2018, GivenSettings, with_effect
from starcast.cli.groups import Group
from starcast.cli.logging_options import Logging
from starcast.cli.naming import Name, folder_for
from starcast.cli.observing import observe
from starcast.cli.parents import Parents, named_parents, parent_at, refuse_for_none
from starcast.cli.repeated_verbs import refuse_with_repeat, repeat_training, rows_of
from starcast.cli.repeating import Again, Repeat
from starcast.cli.run_file import OF_THE_CHOSEN, write_run
from starcast.cli.saving import checkpoints, keep, reserve, tell_convergence
from starcast.cli.spark import COMPILED, SPARK, AfarOptions, Cluster, is_spark, train_there
from starcast.errors import ConfigError, SplitMismatchError
from starcast.evaluation.list_size import LIST_SIZE

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.ratings import Ratings
    from starcast.models import Model

ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        "--models",
        help="Which model to train. [default: latent-factor-model]",
        autocompletion=completing.model_names,
    ),
]
For = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="lists|stars",
        help="Take the model that makes the best lists, or that predicts stars best.",
    ),
]
Network = Annotated[
    str | None,
    typer.Option(
        "--network",
        metavar="FILE.py:FUNCTION",
        help="Train a network of your own, written in Keras; see docs/own-network.md.",
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Where trained models go.")]


def train(
    context: typer.Context,
    *,
    model: ModelName = None,
    purpose: For = None,
    network: Network = None,
    data: opt.Data,
    split: opt.SplitOptions,
    given: GivenSettings,
    refit: opt.Refit = False,
    final: opt.Final = False,
    resuming: opt.Resuming,
    parents: Parents,
    name: Name = None,
    out: Out = Path("pretrained_models"),
    log: Logging,
    test: Test = False,
    explain: opt.Explain = False,
    repeat: Repeat = None,
    cluster: Cluster,
    afar: AfarOptions,
) -> Answer:
    """Train a model on a split, keep its best weights, and print its validation figures."""
    from starcast.training.parents import check_parent
    from starcast.training.plan import Recipe, train_all

    chosen, is_of_2018 = _chosen(model, purpose, network), context.obj is OF_2018
    own_folder = folder_for(name, chosen.name)
    k = K_OF_2018 if is_of_2018 else LIST_SIZE
    closing = Closing(test or is_of_2018, explain, k, log)
    log.check()
    is_spark, has_effect = _without_spark(given.values, cluster, afar)
    has_effect = with_effect(chosen, has_effect) if is_of_2018 else has_effect
    config = chosen.settings(**has_effect)
    refuse_for_none(chosen, parents)
    if repeat:
        refuse_with_repeat(context, is_spark=is_spark)
        rows = rows_of(data, split)
        config = _with_network(config, network, rows.ratings)
        again = Again(repeat, out, resuming.fresh)
        return repeat_training(context, again, rows, (chosen.name, config, refit), closing.test)
    if is_spark:
        how = {"fresh": resuming.fresh, "refit": refit, "final": final,
               "own_folder": own_folder, "closing": closing}  # fmt: skip
        there = cluster, afar
        fitted, answer = train_there(context, chosen, config, there, data, split, out, **how)
        write_run(context, answer.record["folder"], fitted, OF_THE_CHOSEN)
        return answer
    divided = inputs.load_split(data, split)
    config = _with_network(config, network, divided.ratings)
    if "attributes" in getattr(config, "features", ()):
        inputs.tell_attributes(divided.ratings)
    home = out / inputs.folder_name(divided)
    reserve(context, home / own_folder)
    named = named_parents(chosen, parents)

    def find(parent: str) -> "Artifact | None":
        folder = named.get(parent, home / parent)
        found = None if parents.fresh_parents else parent_at(folder, parent, refit, final)
        if found:
            try:
                leaky = parents.leaky_parents
                check_parent(chosen, config, divided, found, leaky=leaky, final=final)
            except (ConfigError, SplitMismatchError) as error:
                hint = "" if named else "; --fresh-parents trains new ones"
                raise type(error)(f"{error}{hint}") from None
        else:
            reserve(context, place(parent))
        return found

    def place(model: str) -> Path:
        if model == chosen.name:
            return home / own_folder
        return home / (f"{model}{FRESH}" if parents.fresh_parents else model)

    def trained(artifact: "Artifact") -> None:
        replaced[artifact.model] = keep(artifact, place(artifact.model), kept)
        more = OF_THE_CHOSEN if artifact.model == chosen.name else ()
        write_run(context, place(artifact.model), artifact, more)
        _announce(artifact, place(artifact.model))

    kept, replaced = checkpoints(place, resuming), dict[str, Path | None]()
    watch = observe(divided, log, name_of=lambda model: place(model).name)
    recipe = Recipe(split.seed, refit, parents.leaky_parents, watch, final, kept)
    with first_run():
        done = train_all(divided, {chosen.name: config}, recipe, find=find, trained=trained)
    artifact = done[chosen.name]
    answer = closed(artifact, home / own_folder, closing)
    kept.discard()
    return answer.told_also(replaced=replaced.get(chosen.name))


def _chosen(model: str | None, purpose: str | None, network: str | None) -> "Model":
    """The model that is to be trained. Raises: ConfigError: two are named."""
    from starcast import models

    if model and "," in model:
        raise ConfigError(f"train trains one model; 'starcast compare --models {model}' several")
    if network is None:
        return models.chosen(model, purpose)
    if model or purpose:
        raise ConfigError("--network is the model; leave out --model and --for")
    return models.OWN_NETWORK


def _with_network(config: Any, network: str | None, ratings: "Ratings") -> Any:
    """Settings with the text of a network of one's own, if there is one."""
    if network is None:
        return config
    from starcast.models.own_network import text_from_file

    return replace(config, network=text_from_file(network, ratings))


def _without_spark(given: Mapping[str, Any], *options: Group) -> tuple[bool, Mapping[str, Any]]:
    """Whether Spark trains, and the settings given besides; as `is_spark`."""
    if is_spark(SPARK if given.get("engine") == SPARK else COMPILED, *options):
        return True, {name: value for name, value in given.items() if name != "engine"}
    return False, given


def _announce(artifact: "Artifact", folder: Path) -> None:
    from starcast.cli.show import console, note

    if artifact.leak:
        note(f"LEAKY: {artifact.leak}")
    tell_convergence(artifact)
    console.print(f"{artifact.reached}; saved to {folder}", end="\n\n", soft_wrap=True)
