"""The first tables and an epoch of each solver, as the driver asks for them: one job each."""

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, final

import numpy as np

from starcast import models
from starcast.data.units import Units
from starcast.engines.settings import AlsSettings, Settings, SgdSettings
from starcast.engines.spark.cells import ITEMS, SCHEMA, USERS
from starcast.engines.spark.prepared import Prepared
from starcast.engines.spark.ridges import Solve
from starcast.engines.spark.starts import Begin, BeginAsHere
from starcast.engines.spark.strata import Step
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Config = SgdSettings | AlsSettings
NAMES = {USERS: "user", ITEMS: "item"}


@final
class Training(NamedTuple):
    """Which ratings train, and how they are read.

    Attributes:
        part: those of it and of the parts before it.
        units: of the training.
        mean: of these ratings, in units.
        seed: of everything random.
    """

    part: int
    units: Units
    mean: float
    seed: int


class Solver(Protocol):
    """Makes tables, and makes them better."""

    def first(self) -> "DataFrame":
        """The tables of both sides before the first epoch."""
        ...

    def passed(self, cells: "DataFrame", epoch: int) -> "DataFrame":
        """The tables of both sides after an epoch, in their cells the squared errors it saw."""
        ...


def require_trainable(config: Settings) -> Config:
    """Raises: ConfigError: settings of a model or a solver that does not train on Spark."""
    if not isinstance(config, Config):
        able = [name for name, one in models.MODELS.items()
                if any(isinstance(own, Config) for own in one.defaults.values())]  # fmt: skip
        raise ConfigError(
            f"--engine spark trains {' and '.join(able)} by SGD or ALS, and nothing else"
        )
    return config


def solver_of(config: Config, data: Prepared, training: Training) -> Solver:
    """The solver whose settings these are; its ratings are packed unless they lie there."""
    if isinstance(config, AlsSettings):
        return Als(config, data, training)
    return Sgd(config, data, training)


@final
class Sgd:
    """Stochastic gradient descent: as many steps as sides, items moving on after each.

    Source: Gemulla, Nijkamp, Haas, Sismanis 2011 (DSGD); updates as `factorization.sgd`.
    """

    def __init__(self, config: SgdSettings, data: Prepared, training: Training) -> None:
        part, units, mean, seed = training
        self._config, self._data, self._training = config, data, training
        self._blocks = data.stages.once(
            f"blocks-{part}", lambda: data.blocks(part, units, mean, seed)
        )

    def first(self) -> "DataFrame":
        """Each side's drawn for itself."""
        users, items = (
            _drawn(self._data, self._training, kind, self._config.dimension) for kind in NAMES
        )
        return users.unionByName(items)

    def passed(self, cells: "DataFrame", epoch: int) -> "DataFrame":
        """Every rating visited once."""
        from pyspark.sql import functions as F

        n, config = self._data.n_sides, self._config
        shifts = np.random.default_rng([self._training.seed, 3, epoch]).permutation(n).tolist()
        of_user = F.pmod(F.col("side") - shifts[0], F.lit(n)).cast("int")
        target = F.when(F.col("kind") == USERS, F.col("side")).otherwise(of_user)
        cells = cells.withColumn("target", target)
        for shift, then in zip(shifts, [*shifts[1:], 0], strict=True):
            met = F.pmod(F.col("side") - F.col("target"), F.lit(n)) == shift
            rates = config.learning_rate, config.regularization_factor
            step = Step(config.dimension, *rates, then, n)
            joined = cells.unionByName(self._blocks.where(met))
            cells = joined.repartitionById(n, "target").mapInArrow(step, SCHEMA)
        return cells


@final
class Als:
    """Alternating least squares: every user's row given all items, then every item's.

    Source: Zhou, Wilkinson, Schreiber, Pan 2008; regressions as `factorization.als`.
    """

    def __init__(self, config: AlsSettings, data: Prepared, training: Training) -> None:
        self._config, self._data, self._training = config, data, training
        part = training.part
        self._rated = {
            kind: data.stages.once(f"rated-{name}-{part}", partial(data.rated, name, part))
            for kind, name in NAMES.items()
        }

    def first(self) -> "DataFrame":
        """Items as the local engine begins, for the same end; users are solved for first."""
        data, (part, _, _, seed), d = self._data, self._training, self._config.dimension
        begin = BeginAsHere(
            ITEMS, d, seed, data.members("user").count(), data.n_sides, data.are_numbers["item"]
        )
        items = data.counted("item", part).coalesce(1).mapInArrow(begin, SCHEMA)
        return _drawn(data, self._training, USERS, d).unionByName(items)

    def passed(self, cells: "DataFrame", epoch: int) -> "DataFrame":
        """Both sides solved, one after the other."""
        return self._solved(self._solved(cells, USERS), ITEMS)

    def _solved(self, cells: "DataFrame", kind: int) -> "DataFrame":
        """Each side of a kind has a task, which is sent all sides of the other."""
        from pyspark.sql import functions as F

        n, config = self._data.n_sides, self._config
        every = F.sequence(F.lit(0), F.lit(n - 1))
        targets = F.when(F.col("kind") == kind, F.array("side")).otherwise(every)
        sent = cells.withColumn("target", F.explode(targets)).unionByName(self._rated[kind])
        _, units, mean, _ = self._training
        solve = Solve(kind, config.dimension, config.regularization_factor, units, mean)
        return sent.repartitionById(n, "target").mapInArrow(solve, SCHEMA)


def _drawn(data: Prepared, training: Training, kind: int, dimension: int) -> "DataFrame":
    """First tables whose factors are drawn side by side; a side may have nobody."""
    n = data.n_sides
    every = data.session.spark.range(0, n, 1, 1).selectExpr(
        "cast(id as int) as side", "-1 as place", "0L as n"
    )
    counted = data.counted(NAMES[kind], training.part).drop("id").unionByName(every)
    begin = Begin(kind, dimension, training.seed)
    return counted.repartitionById(n, "side").mapInArrow(begin, SCHEMA)
