"""What `import starcast as sc` offers: the way from ratings to recommendations, a verb a step.

Thin: every verb calls the library with plain values and gives back the library's own objects, which
show as tables.
"""

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from starcast import models as registry
from starcast.artifacts import storage
from starcast.data import load as data
from starcast.data.files.options import RECOGNISED, Columns, Missing, ReadingOptions
from starcast.data.files.tabular import REPEATED, TESTED
from starcast.data.movielens.catalog import DATA_DIR, MIRROR
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import GIVEN, Split, SplitPlan
from starcast.engines.blas import spin_briefly
from starcast.errors import ConfigError, LeftOutWarning
from starcast.evaluation.comparison import Comparison
from starcast.evaluation.comparison import compare as judge
from starcast.evaluation.comparison.comparison import draws_for
from starcast.evaluation.metrics import Relevance
from starcast.evaluation.report import Report, require_list_size
from starcast.evaluation.report import evaluate as report_of
from starcast.recommend import Recommender
from starcast.training.callback import CallbackObserver, OnEpoch
from starcast.training.checkpoint_folder import kept_in
from starcast.training.checkpoints import MINUTES
from starcast.training.fit import unobserved
from starcast.training.parents import check_parents, place_of
from starcast.training.plan import Recipe, in_words, train_all

Place = str | Path


def load(
    source: object,
    items: Place | None = None,
    *,
    scale: str | None = None,
    columns: Columns | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    skip: int = 0,
    header: str | None = None,
    missing: Missing | None = None,
    min_ratings: int = 0,
    test_ratings: object = None,
    data_dir: Place | None = None,
    mirror: str | None = None,
) -> Ratings:
    """Ratings of a data set by name, or of your own; `reading` says what was taken for what.

    Args:
        source: a name such as "ml-1m", fetched if need be; the path of a file of ratings in any
            form of docs/data.md, of a folder of parts, a pattern, or an archive; several of these,
            which are joined; the address of a database, as "sqlite:///shop.db?table=ratings"; or a
            data frame of Polars, pandas or Arrow. A name that is also that of a file is the file.
        items: a file with item ids and titles, beside ratings of your own.
        scale: the stars that exist, as "0.5:5:0.5"; inferred if not given.
        columns: which column is which: {"user": "placeID", "rating": 3}, or "user=placeID".
        separator: what stands between fields, where that is not recognised.
        encoding: of the text, where that is not recognised.
        skip: lines above the table to leave out.
        header: "none" where no line names the columns, "first" where the first does.
        missing: ratings that mean that there is none: -1, [0, 99], or "NA".
        min_ratings: leave out users and items with fewer ratings, until none has fewer.
        test_ratings: your own test rows, as `source`; `split` divides by them.
        data_dir: the folder that holds data sets; $STARCAST_DATA_DIR, else "datasets".
        mirror: an address or folder to fetch from, instead of GroupLens; else $STARCAST_MIRROR.
    Raises: UnknownNameError, FetchError, DataError: in one line, with what to do.
    """
    options = ReadingOptions.of(
        columns=columns, separator=separator, encoding=encoding, skip=skip, header=header,
        missing=missing, min_ratings=min_ratings,
    )  # fmt: skip
    if data.is_name(source):
        if items or scale or options != RECOGNISED or test_ratings is not None:
            raise ConfigError(f"'{source}' is read in one way only; give options with a file")
        mirror = mirror or os.environ.get(MIRROR)
        return data.load(str(source), _data_dir(data_dir), mirror=mirror)
    wanted = None if scale is None else RatingScale.parse(scale)
    ratings = data.load_own(source, items, options=options, scale=wanted, test_source=test_ratings)
    left_out = ratings.reading.left_out if ratings.reading else {}
    if older := left_out.get(REPEATED, 0):
        warnings.warn(f"{older:,} repeated pairs: the latest rating counts", stacklevel=2)
    if both := left_out.get(TESTED, 0):
        warnings.warn(f"left out: {both:,} {TESTED}", stacklevel=2)
    return ratings


def _data_dir(given: Place | None) -> Path:
    """The folder of data sets, as on the command line."""
    return Path(given or os.environ.get(DATA_DIR) or "datasets").expanduser()


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
    scheme = scheme or ("random" if ratings.given_test is None else GIVEN)
    plan = SplitPlan.parse(scheme, test=test, validation=validation, seed=seed)
    return data.divide(plan, ratings, _data_dir(data_dir))


def train(
    split: Split,
    model: str | None = None,
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
        split: which rows train and which validate.
        model: its name, as on the command line.
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
        settings: of the model, such as epochs or dimension; its defaults hold elsewhere.
    Raises:
        UnknownNameError: no such model, purpose or setting.
        CheckpointError: the folder holds a run of something else, or a damaged one.
        ConfigError: a model and a purpose; a setting the model does not have, or out of its range;
            or a parent that does not fit.
        TrainingError: nothing could be learned.
    """
    spin_briefly()
    observe = (lambda run: [CallbackObserver(on_epoch)]) if on_epoch else unobserved
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
        figures = report_of(artifact).noted()
        artifact = replace(artifact, test_before_final=figures)
    return Recommender(artifact)


def evaluate(model: Recommender, *, k: int = 10, relevant: str = "above-mean") -> Report:
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
    k: int = 10,
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
