"""From ratings that lie on a cluster to an artifact like any other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, final
from uuid import uuid4

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.columns import MOST_IN_MEMORY
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.scale import RatingScale
from starcast.data.split import TEST, TRAIN, VALIDATION, SplitPlan
from starcast.engines.setting_catalogue import told
from starcast.engines.settings import Settings
from starcast.engines.spark.cells import ITEMS, USERS
from starcast.engines.spark.engine import SparkEngine, Tables
from starcast.engines.spark.judging import Judge, judged
from starcast.engines.spark.keeper import SlotKeeper
from starcast.engines.spark.kept import Keeping
from starcast.engines.spark.prepared import JUDGED_STAGE, Prepared
from starcast.engines.spark.preparing import Asked, looked_at, prepare, taken_up
from starcast.engines.spark.session import Session, told_in_a_line
from starcast.engines.spark.solvers import require_trainable
from starcast.engines.spark.source import source_of
from starcast.engines.spark.stages import Stages
from starcast.errors import CheckpointError, TrainingError
from starcast.evaluation.metrics import STARS, Quality
from starcast.models import Model
from starcast.training.identity import difference, library_versions
from starcast.training.loop import Observer, Trained, train
from starcast.training.settling import settled

_SECONDS_PER_RATING = 1e-6  # of the local engine, all in all, as measured on ML-1M
Tell = Callable[[str], None]


class Watched(NamedTuple):
    """One run of the loop, as its observers are told of it."""

    model: Model
    config: Settings
    is_refit: bool


@final
@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be trained, on what, and how.

    Attributes:
        ratings: what `source.source_of` takes.
        model: its name in the registry.
        config: its settings.
        options: how ratings are read.
        scale: the stars that exist; None to infer it.
        items_path: titles, and what else is known of items.
        plan: how ratings are divided.
        seed: of everything random.
        refit: train again on training and validation rows.
        final: train again on all rows instead.
        keep_users: most users that the artifact keeps; None for all that memory holds.
        fresh: start over, whatever an earlier run has left.
        observe: makes observers of a run of the loop.
        tell: told of what goes on, a line each.
    """

    ratings: object
    model: str
    config: Settings
    options: ReadingOptions = RECOGNISED
    scale: RatingScale | None = None
    items_path: Path | None = None
    plan: SplitPlan = field(default_factory=partial(SplitPlan, "hash"))
    seed: int = 42
    refit: bool = False
    final: bool = False
    keep_users: int | None = None
    fresh: bool = False
    observe: Callable[[Watched], Sequence[Observer]] = lambda run: ()
    tell: Tell = lambda line: None


@final
class Fitted(NamedTuple):
    """A model, and what test rows say of it, of all users, kept or not."""

    artifact: Artifact
    test: Quality
    keeps_all: bool


def fit(session: Session, place: str, request: Request) -> Fitted:
    """Train on Spark; a run that was ended goes on from the stages in its folder.

    Args:
        session: where.
        place: the folder of the stages, which executors see.
        request: what.
    Raises:
        ConfigError, DataError: it cannot be trained, or its ratings cannot be used.
        CheckpointError: the folder holds a run of something else.
        TrainingError: nothing could be learned.
    """
    require_trainable(request.config)
    with told_in_a_line(f"Spark at {session.master}"):
        data = _data(session, Stages(session, place), request)
        n = sum(data.counts)
        if n <= MOST_IN_MEMORY:
            request.tell(
                f"{n / 1e6:.1f} M ratings: the local engine needs "
                f"{max(1, round(n * _SECONDS_PER_RATING))} s (--engine compiled)"
            )
        return _Run(data, request).fitted()


def finish(session: Session, place: str) -> None:
    """Note that the model is saved: the next run starts anew."""
    Stages(session, place).note(_NOTE, {"finished": True})


_NOTE = "prepared"


def _data(session: Session, stages: Stages, request: Request) -> Prepared:
    """The stages that training reads: those of an earlier run of the same, or new ones."""
    source = source_of(session, request.ratings, request.options)
    if source.reading:
        request.tell(source.reading.summary.rsplit(";", 1)[0])
    asked = Asked(source, request.options.missing, request.scale, request.plan)
    known, sound = looked_at(asked)
    identity = _identity(request, sound.digest)
    before = None if request.fresh else stages.noted(_NOTE)
    if before and not before.get("finished"):
        if differs := difference(before["identity"], identity):
            raise CheckpointError(f"{stages.place} is of a run with {differs}; --fresh starts over")
        stages.run = before["run"]
        request.tell(f"going on with what lies in {stages.place}")
        return taken_up(session, stages, asked, sound, before["data"])
    stages.note(_NOTE, {"finished": True})  # what is there is of no use from now on
    stages.run = uuid4().hex
    data = prepare(session, stages, asked, known, sound)
    stages.note(_NOTE, {"identity": identity, "data": data.noted(), "run": stages.run})
    return data


def _identity(request: Request, digest: str) -> dict[str, Any]:
    settings = {told(name): value for name, value in request.config.written().items()}
    return {
        "model": request.model, **settings, "seed": request.seed, "refit": request.refit,
        "final": request.final, "split": str(request.plan), "scale": str(request.scale),
        "ratings": digest, **library_versions(),
    }  # fmt: skip


@final
class _Run:
    """A request on ratings that are prepared."""

    def __init__(self, data: Prepared, request: Request) -> None:
        self._data, self._request = data, request
        self._model = models.find(request.model)
        self._config = require_trainable(request.config)
        self._units = data.units()
        self._keeping = Keeping(data, request.keep_users)

    def fitted(self) -> Fitted:
        """The artifact."""
        request, keeping = self._request, self._keeping
        engine = self._engine(TRAIN)
        chosen = self._trained(engine, refit=False)
        broken_off, deployed = chosen.broken_off, chosen
        test = self._judged(engine, chosen.weights).get(TEST, {})
        if (request.refit or request.final) and not broken_off:
            again = self._engine(TEST if request.final else VALIDATION)
            deployed = self._trained(again, refit=True, epochs=chosen.best_epoch)
            if deployed.broken_off:
                broken_off = f"the refit broke off: {deployed.broken_off}"
                deployed = chosen
        split = keeping.split(request.items_path)
        before = {name: chosen.weights[name] for name in chosen.weights}
        weights = before
        if deployed is not chosen:
            weights = {name: deployed.weights[name] for name in deployed.weights}
        shares, support = settled(self._model, self._config, self._units, before, split)
        artifact = Artifact(
            model=request.model,
            config=self._config,
            seed=request.seed,
            weights=weights,
            weights_before_refit=before,
            split=split,
            best_epoch=chosen.best_epoch,
            history=tuple(record._asdict() for record in chosen.history),
            units=self._units,
            refit=deployed is not chosen,
            final=request.final and deployed is not chosen,
            broken_off=broken_off,
            versions=library_versions(),
            shares=shares,
            support=support,
        )
        return Fitted(artifact, test, keeping.keeps_all)

    def _engine(self, part: int) -> SparkEngine:
        members = self._keeping.members
        return SparkEngine(self._config, self._data, part, self._units, self._request.seed, members)

    def _trained(self, engine: SparkEngine, *, refit: bool, epochs: int | None = None) -> Trained:
        config, request = self._config, self._request

        def validate(weights: Any, share: float) -> tuple[Quality, Quality | None]:
            found = self._judged(engine, weights)
            return found[TRAIN], None if refit else found[VALIDATION]

        def as_it_is() -> tuple[Quality, Quality | None]:
            return validate(engine.weights(), 1.0)

        watched = Watched(self._model, config, refit)
        try:
            return train(
                engine,
                validate,
                objective=STARS,
                epochs=config.epochs if epochs is None else epochs,
                patience=config.patience if epochs is None else epochs,
                stars_per_unit=self._units.factor,
                observers=request.observe(watched),
                keeper=SlotKeeper(engine, as_it_is, STARS.metric, request.tell),
            )
        except TrainingError as error:
            raise type(error)(f"{error} (on Spark)") from None

    def _judged(self, engine: SparkEngine, weights: Any) -> dict[int, Quality]:
        assert isinstance(weights, Tables)
        data, slot = self._data, weights.slot
        judge = Judge(self._config.dimension, engine.mean, self._units, data.scale)
        users, items = engine.cells(slot, USERS), engine.cells(slot, ITEMS)
        return judged(users, items, data.stages.read(JUDGED_STAGE), judge, data.n_sides)
