"""What `import starcast as sc` offers: the way from ratings to recommendations, a verb a step.

Thin: every verb calls the library with plain values and gives back the library's own objects, which
show as tables.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from starcast import models as registry
from starcast.api.loading import load as load
from starcast.artifacts import storage
from starcast.data import load as data
from starcast.data.movielens.catalog import data_dir_of
from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.engines.blas import spin_briefly
from starcast.errors import ConfigError, LeftOutWarning
from starcast.evaluation.comparison import Comparison
from starcast.evaluation.comparison import compare as judge
from starcast.evaluation.comparison.comparison import draws_for
from starcast.evaluation.list_size import LIST_SIZE
from starcast.evaluation.metrics import Relevance
from starcast.evaluation.report import Report, require_list_size
from starcast.evaluation.report import evaluate as report_of
from starcast.models.own_network import text_from
from starcast.recommend import Recommender
from starcast.training.callback import CallbackObserver, OnEpoch
from starcast.training.checkpoint_folder import kept_in
from starcast.training.checkpoints import MINUTES
from starcast.training.fit import unobserved
from starcast.training.parents import check_parents, place_of
from starcast.training.plan import Recipe, in_words, train_all

Place = str | Path
SPARK = "spark"  # the engine that works elsewhere


def split(
    ratings: Ratings,
    scheme: str | None = None,
    *,
    test: float | None = None,
    validation: float | None = None,
    seed: int | None = None,
    data_dir: Place | None = None,
) -> Split:
    """Divide ratings into training, validation and test rows.

    Args:
        ratings: the data set.
        scheme: as `--split` has it: "random", "user-latest", "before:2016-01-01", … "given", for
            test rows that came with the ratings, is the default where they did; else "random".
        test: share of all rows that are test rows; 0.2 if not given.
        validation: share of the others that validate; 0.1 if not given.
        seed: of what is random; 42 if not given.
        data_dir: where the data set lies whose official split is wanted; as for `load`.
    Raises: UnknownNameError, ConfigError: no such scheme, one that the ratings do not allow, or a
        share or a seed that has no effect on it.
    """
    has_given = ratings.given_test is not None
    shares = {"test": test, "validation": validation}
    plan = SplitPlan.parse(scheme, has_given=has_given, **shares, seed=seed)
    return data.divide(plan, ratings, data_dir_of(data_dir))


def train(
    split: Any,
    model: str | Callable[[Any], Any] | None = None,
    *,
    purpose: str | None = None,
    seed: int = 42,
    refit: bool = False,
    final: bool = False,
    parents: Sequence[Recommender] = (),
    on_epoch: OnEpoch | None = None,
    checkpoint: Place | None = None,
    checkpoint_every: float = MINUTES,
    **settings: Any,
) -> Recommender:
    """Train a model; validation rows alone decide when it is best.

    Args:
        split: which rows train and which validate; with engine="spark" also ratings where they lie,
            which are divided by hash: an address, the name of a table, a data frame of Spark.
        model: its name, as on the command line; or a network of your own, a function of the inputs
            that the data have to a tensor of Keras, as docs/own-network.md tells.
        purpose: instead of a name, "lists" or "stars": the model to take for them.
        seed: of everything random.
        refit: train again on training and validation rows, for the epochs validation chose.
        final: train again on all rows instead, the test rows among them: for use, not for
            comparing. The model keeps the test figures of the run that chose.
        parents: trained parents of a warm-started model; trained first if not given.
        on_epoch: called with the record of every epoch, such as `print`.
        checkpoint: a folder that holds what a run needs to go on: the same call with it goes on
            where the last was ended, bit for bit. Nothing is left there once training is done.
        checkpoint_every: minutes; 0 for after every epoch.
        settings: of the model, such as epochs or dimension; its defaults hold elsewhere. With
            engine="spark" also `master`, `work`, `keep_users` and `spark_config` (docs/scale.md).
    Raises:
        UnknownNameError: no such model, purpose or setting.
        CheckpointError: the folder holds a run of something else, or a damaged one.
        ConfigError: a model and a purpose; a setting the model does not have, or out of its range;
            or a parent that does not fit.
        TrainingError: nothing could be learned.
    """
    if settings.get("engine") == SPARK:
        from starcast.api.on_spark import train_on_spark

        if parents or checkpoint is not None or callable(model):
            raise ConfigError(
                "engine='spark' takes no parents and no networks, and keeps what is under way in "
                "work=…"
            )
        chosen, how = registry.chosen(model, purpose), {"refit": refit, "final": final}
        return train_on_spark(split, chosen, settings, on_epoch, seed=seed, **how)
    if not isinstance(split, Split):
        raise ConfigError("divide ratings before a model is trained: sc.split(sc.load(…))")
    spin_briefly()
    observe = (lambda run: [CallbackObserver(on_epoch)]) if on_epoch else unobserved
    if callable(model):
        settings |= {"network": text_from(model, split.ratings)}
        model = registry.OWN_NETWORK.name
    chosen = registry.chosen(model, purpose)
    config, given = chosen.settings(**settings), [parent.artifact for parent in parents]
    if given:
        check_parents(chosen, config, split, given, final=final)
    by_place = {place_of(parent.model): parent for parent in given}
    with kept_in(checkpoint, chosen.name, checkpoint_every) as (kept, trained):
        recipe = Recipe(seed, refit, observe=observe, final=final, checkpoints=kept)
        wanted = {chosen.name: config}
        found = train_all(split, wanted, recipe, find=by_place.get, trained=trained)
    artifact = found[chosen.name]
    if artifact.broken_off:
        warnings.warn(f"not trained to its end: {artifact.broken_off}", stacklevel=2)
    if artifact.final:
        figures = report_of(artifact).figures()
        artifact = replace(artifact, test_before_final=figures)
    return Recommender(artifact)


def evaluate(model: Recommender, *, k: int = LIST_SIZE, relevant: str = "above-mean") -> Report:
    """Judge a model on the test rows of its split.

    Args:
        model: any trained model.
        k: length of the lists.
        relevant: what a good list from the catalogue would hold: "all" test items, those rated
            "above-mean" (at or above the user's own mean), or those with as many stars or more as
            a number says, such as "4".
    Raises: UnknownNameError, ConfigError: nothing of that kind, or more stars than there are.
    """
    return report_of(model.artifact, k=k, relevance=Relevance.parse(relevant))


def compare(
    split: Split,
    models: Sequence[str | Recommender],
    *,
    k: int = LIST_SIZE,
    relevant: str = "above-mean",
    seed: int = 42,
    refit: bool = False,
) -> Comparison:
    """Judge models against each other on the test rows of one split.

    A model that fails is left out with a warning, and told of in the notes.

    Args:
        split: the split.
        models: names, which are trained here with their default settings, and trained models.
        k, relevant: as for `evaluate`.
        seed, refit: of the training.
    Raises:
        SplitMismatchError: a model was trained on another split.
        ConfigError: fewer than two models, or lists of no length that there are figures for.
    """
    spin_briefly()
    require_list_size(k)
    relevance = Relevance.parse(relevant)
    relevance.require_reachable(split.ratings.scale.highest)
    named = [model for model in models if isinstance(model, str)]
    wanted = {model: registry.find(model).settings() for model in named}
    failed: dict[str, str] = {}

    def lost(name: str, error: Exception) -> None:
        failed[registry.find(name).title] = in_words(error)
        warnings.warn(f"{name} failed: {in_words(error)}", LeftOutWarning, stacklevel=5)

    fresh = train_all(split, wanted, Recipe(seed, refit), failed=lost)
    chosen = [
        fresh[model] if isinstance(model, str) else model.artifact
        for model in models
        if not isinstance(model, str) or model in fresh
    ]
    for artifact in chosen:
        artifact.require_test_of(split, "compare it here")
    reports = [report_of(artifact, k=k, relevance=relevance) for artifact in chosen]
    return judge(reports, n_draws=draws_for(len(reports)), failed=failed)


def open(folder: Place) -> Recommender:
    """A model that was saved, by `Recommender.save` or the command line."""
    return Recommender(storage.load(Path(folder)))
