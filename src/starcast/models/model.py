"""What the rest of Starcast needs to know of a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import Settings
from starcast.engines.solvers import Solvers
from starcast.errors import ConfigError
from starcast.evaluation.metrics import STARS, Objective
from starcast.models.growing.request import Growing
from starcast.scoring.in_stars import in_stars
from starcast.scoring.schema import Schema, unknown_schema
from starcast.scoring.shrinkage import WHOLE, KnownMeans, Shares, shrunk

MakeEngine = Callable[[Any, Ratings, int], Engine]
"""Settings, training rows and seed to a fresh engine."""

MakeScorer = Callable[[Weights, SparseRows, Any], Scorer]
"""Weights, who rated what in training by user, and the settings, to the deployed form."""

MakeSchema = Callable[[Any, int, int], Schema]
"""Settings, and how many users and items there are, to what weights must be."""

Suit = Callable[[Any, Callable[[], Ratings]], tuple[Any, str]]
"""Settings, and what gives all rows that will train, to settings that suit them, and why others
were given up; "" if none were."""

Transfer = Callable[[Mapping[str, Weights], Any], dict[str, NDArray[np.float32]]]
"""The parents' weights by model name, and a model's settings, to a model's first weights."""

Grow = Callable[[Growing], dict[str, NDArray[np.float32]]]
"""A trained model and later ratings to weights that know these."""


class ParentAdapter(NamedTuple):
    """How one model takes another's place as a parent.

    Attributes:
        parent: whose place.
        weights: its own weights, and the settings of what starts from it, to weights as that
            parent has them.
    """

    parent: str
    weights: Callable[[Weights, Any], dict[str, NDArray[np.float32]]]


@final
@dataclass(frozen=True, kw_only=True)
class Model:
    """What the rest of Starcast needs to know of a model.

    Attributes:
        name: on the command line.
        title: for tables and charts.
        formula: the prediction in one line.
        defaults: settings by optimizer, chosen on validation rows; the first is the default.
        engines: by name; the same names and shapes of weights from each.
        elsewhere: the defaults of engines beside the compiled one, by engine.
        scorer: weights, histories and settings to the deployed form, in the units of training.
        schema: what its weights must be, without which they are read as they are.
        objective, is_baseline: what it is judged by, and whether it is there to be beaten.
        suit: settings to such as suit the rows; None where any do.
        on_disk: the optimizers that train in memory that does not grow with ratings on disk.
        parents: the models it is warm-started from, each with those of its settings that must
            agree, and with which of its own.
        transfer: the parents' weights and its settings to its first weights.
        adapter: the parent whose place it may take, if any.
        grow: how it takes in later ratings; None if it has to be trained again.
        uses_times: whether training goes by times, so that they are kept with the model.
    """

    name: str
    title: str
    formula: str
    defaults: Mapping[str, Settings]
    engines: Mapping[str, MakeEngine]
    scorer: MakeScorer
    elsewhere: Mapping[str, Mapping[str, Settings]] = field(default_factory=dict)
    schema: MakeSchema = unknown_schema
    objective: Objective = STARS
    is_baseline: bool = False
    suit: Suit | None = None
    on_disk: tuple[str, ...] = ()
    parents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    transfer: Transfer | None = field(default=None)
    adapter: ParentAdapter | None = None
    grow: Grow | None = None
    uses_times: bool = False

    @property
    def solvers(self) -> Solvers:
        """How it is trained. Raises: ConfigError: it is not."""
        self._require_training()
        return Solvers(self.name, self.defaults, self.elsewhere)

    def settings(self, **given: Any) -> Settings:
        """Its default settings with given ones on top; see `Solvers.settings`."""
        return self.solvers.settings(given)

    def engine(
        self, config: Settings, train: Ratings, seed: int, *, units: Units = FIVE_STARS
    ) -> Engine:
        """A fresh engine, which sees the rows in units; settings say which.

        Raises: ConfigError: the model is not trained, or what the engine needs is missing.
        """
        self._require_training()
        return self.engines[config.engine](config, units.standardized(train), seed)

    def deployed(
        self,
        weights: Weights,
        histories: SparseRows,
        settings: Any,
        units: Units = FIVE_STARS,
        shares: Shares = WHOLE,
    ) -> Scorer:
        """The deployed form, in stars, of weights that were learned in units.

        Args:
            weights: as an engine gave them; of a blend, with those of its parts.
            histories: who rated what in training, by user, stars.
            settings: the weights' own; of a blend, those of each part.
            units: of the training.
            shares: the model's own; the rest is the means'.
        """
        if not units.are_stars:
            histories = replace(histories, values=units.values(histories.values))
        scorer = self.scorer(weights, histories, settings)
        if not shares.are_whole:
            scorer = shrunk(scorer, shares, KnownMeans.of(histories))
        return in_stars(scorer, units)

    def _require_training(self) -> None:
        if not self.defaults:
            raise ConfigError(
                f"a {self.name} is not trained: 'starcast blend' makes it of trained models"
            )
