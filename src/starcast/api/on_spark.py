"""Training on Spark, as `sc.train` asks for it."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self, final

from starcast.data.split import Split, SplitPlan
from starcast.engines.spark.fit import Request, finish, fit
from starcast.engines.spark.session import opened
from starcast.errors import ConfigError
from starcast.models import Model
from starcast.recommend import Recommender
from starcast.training.callback import CallbackObserver, OnEpoch


@final
class Where(NamedTuple):
    """Of Spark, as `sc.train` takes it.

    Attributes:
        master: its address; None for that of the session that is open, else local[*].
        work: a folder that all executors see; None for one of this machine that is gone afterwards.
        keep_users: most users that the model holds; None for as many as memory takes.
        spark_config: settings of Spark by name.
    """

    master: str | None = None
    work: str | Path | None = None
    keep_users: int | None = None
    spark_config: Mapping[str, str] | None = None

    @classmethod
    def taken_from(cls, settings: dict[str, Any]) -> Self:
        """Those among settings; they are taken out."""
        return cls(**{name: settings.pop(name) for name in cls._fields if name in settings})


def train_on_spark(
    source: object,
    model: Model,
    settings: Mapping[str, Any],
    on_epoch: OnEpoch | None,
    **how: Any,
) -> Recommender:
    """Train on Spark.

    Args:
        source: a split by hash, whose ratings are sent over; or what Spark reads: a path, an
            address, the name of a table, or a data frame.
        model: what to train.
        settings: of the model and of Spark.
        on_epoch: called with the record of every epoch.
        how: seed, refit and final.
    Raises: ConfigError, DataError, TrainingError: as `engines.spark.fit.fit`.
    """
    given = {name: value for name, value in settings.items() if name != "engine"}
    where = Where.taken_from(given)
    ratings, plan = source, SplitPlan("hash")
    if isinstance(source, Split):
        ratings, plan = source.ratings, SplitPlan.told(source.scheme)
    request = Request(
        ratings=ratings,
        model=model.name,
        config=model.settings(**given),
        plan=plan,
        keep_users=where.keep_users,
        observe=lambda run: [CallbackObserver(on_epoch)] if on_epoch else [],
        **how,
    )
    with opened(where.master, where.spark_config or {}) as session, TemporaryDirectory() as folder:
        if where.work is None and not session.is_one_machine:
            raise ConfigError("name a folder that all executors see: work='s3a://bucket/folder'")
        place = str(where.work or folder)
        fitted = fit(session, place, request)
        finish(session, place)
    return Recommender(fitted.artifact)
