"""What the rest of Starcast needs to know of a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import Settings
from starcast.engines.solvers import Solvers
from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.metrics import STARS, Objective
from starcast.scoring.schema import Schema, unknown_schema

MakeEngine = Callable[[Any, Ratings, int], Engine]
"""Settings, training rows and seed to a fresh engine."""

MakeScorer = Callable[[Weights, SparseRows, Any], Scorer]
"""Weights, who rated what in training by user, and the settings, to the deployed form."""

MakeSchema = Callable[[Any, int, int], Schema]
"""Settings, and how many users and items there are, to what weights must be."""

Transfer = Callable[[Mapping[str, Weights], Any], dict[str, NDArray[np.float32]]]
"""The parents' weights by model name, and a model's settings, to a model's first weights."""

COMPILED = "compiled"  # the backend that every model has


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
        engines: by backend; the same names and shapes of weights from each.
        scorer: weights, histories and settings to the deployed form.
        schema: what its weights must be, without which they are read as they are.
        objective, is_baseline: what it is judged by, and whether it is there to be beaten.
        parents: the models it is warm-started from, each with the settings that must agree.
        transfer: the parents' weights and its settings to its first weights.
        adapter: the parent whose place it may take, if any.
    """

    name: str
    title: str
    formula: str
    defaults: Mapping[str, Settings]
    engines: Mapping[str, MakeEngine]
    scorer: MakeScorer
    schema: MakeSchema = unknown_schema
    objective: Objective = STARS
    is_baseline: bool = False
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    transfer: Transfer | None = field(default=None)
    adapter: ParentAdapter | None = None

    @property
    def solvers(self) -> Solvers:
        """How it is trained. Raises: ConfigError: it is not."""
        self._require_training()
        return Solvers(self.name, self.defaults)

    def settings(self, **given: Any) -> Settings:
        """Its default settings with given ones on top; see `Solvers.settings`."""
        return self.solvers.settings(given)

    def engine(
        self, config: Settings, train: Ratings, seed: int, *, backend: str = COMPILED
    ) -> Engine:
        """A fresh engine.

        Raises:
            UnknownNameError: a backend this model has none of.
            ConfigError: it is not trained.
        """
        self._require_training()
        if backend not in self.engines:
            raise UnknownNameError(f"engine for {self.name}", backend, self.engines)
        return self.engines[backend](config, train, seed)

    def _require_training(self) -> None:
        if not self.defaults:
            raise ConfigError(
                f"a {self.name} is not trained: 'starcast blend' makes it of trained models"
            )
