"""Artifact: a trained model on disk, complete and with nothing executable in it.

A folder holds `manifest.json`, `weights.safetensors`, `users.parquet`, `items.parquet` and
`ratings.parquet` (every rating with its part of the split). It is all that evaluating, predicting,
recommending and warm-starting need.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.data.columns import compared, counts_of
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.convergence import Convergence
from starcast.engines.protocol import Scorer
from starcast.engines.rows import SparseRows
from starcast.engines.settings import GibbsSettings, Settings
from starcast.errors import ConfigError, SplitMismatchError
from starcast.scoring.panels import FEW
from starcast.scoring.ranker import Ranker, log_support
from starcast.scoring.shrinkage import WHOLE, Shares

Arrays = Mapping[str, NDArray[np.float32]]

_JUDGED = 2048  # validation rows that tell how far ratings lie from predictions


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Artifact:
    """One trained model and everything needed to use it and to judge it.

    Attributes:
        model: its name in the registry.
        config: the settings it was trained with; None of a blend, whose parts have their own.
        seed: of everything random.
        weights: as deployed.
        weights_before_refit: as validation chose them, blind to the validation rows; the same
            arrays as `weights` unless the model was refitted.
        split: the data and the part of each row.
        units: in which the weights were learned.
        shares: the model's own in its stars; the rest is the means'.
        best_epoch: the epoch validation chose.
        history: a dictionary per epoch.
        refit: whether `weights` were trained again, on the validation rows, too.
        final: whether they were trained again on all rows, the test rows among them.
        leak: "" or why every figure of this model is worthless.
        broken_off: "" or why training ended before its time.
        versions: of the libraries that made it.
        support: γ; lists are ordered by stars + γ · ln(1 + training ratings of the item), unless
            the model makes lists of its own.
        measured_residual_rmse: `residual_rmse` as measured when the artifact was first saved; None
            where it has not been.
        test_before_final: the test figures of the run that chose a final model's settings, if they
            are noted.
        parts: of a blend; for each its model, seed, settings, whether it was refitted, its
            validation RMSE, and its coefficient.
        opened: when its test ratings were opened, ISO 8601, one for each time.
        convergence: whether the chains that `weights` were drawn by agree; None of a model that is
            not sampled, or was before this was noted.
    """

    model: str
    config: Settings | None
    seed: int
    weights: Arrays
    weights_before_refit: Arrays
    split: Split
    best_epoch: int
    history: tuple[Mapping[str, Any], ...]
    units: Units = FIVE_STARS
    shares: Shares = WHOLE
    refit: bool = False
    final: bool = False
    leak: str = ""
    broken_off: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    support: float = 0.0
    measured_residual_rmse: float | None = None
    test_before_final: Mapping[str, float | None] | None = None
    parts: tuple[Mapping[str, Any], ...] = ()
    opened: tuple[str, ...] = ()
    convergence: Convergence | None = None

    @property
    def title(self) -> str:
        """The model's title, marked when its figures are leaky."""
        return models.find(self.model).title + (" (LEAKY)" if self.leak else "")

    @property
    def reached(self) -> str:
        """How far training went, in words: the epoch validation chose, or a sampler's sweeps."""
        if self.config is None:
            return f"a blend of {len(self.parts)}"
        if isinstance(self.config, GibbsSettings):  # no sweep is better than another
            return f"{self.best_epoch} sweeps"
        return f"best epoch {self.best_epoch}"

    @property
    def retrained(self) -> str:
        """What followed the choice of the epoch, in words that go on from others; "" if nothing."""
        if self.final:
            return ", then trained on all ratings"
        return ", refitted" if self.refit else ""

    @cached_property
    def scorer(self) -> Scorer:
        """The deployed form."""
        return self._scorer(self.weights, self.trained_on)

    def up_to(self, part: int) -> NDArray[np.bool_]:
        """The rows of a part and of those before it; all of a final model, which knows no others.

        TRAIN: what popularity counts. VALIDATION: what lists leave out.
        """
        return compared(np.less_equal, self.split.parts, TEST if self.final else part)

    @property
    def trained_on(self) -> NDArray[np.bool_]:
        """bool (n,), the rows that `weights` have learned from."""
        return self.up_to(VALIDATION if self.refit else TRAIN)

    def ranker(self, *, by_stars: bool = False) -> Ranker:
        """What lists are ordered by: the model's own list scores, or stars and support."""
        support = self.support * log_support(self.n_raters) if self.support else None
        size = 0.0 if self.units.are_stars else self.units.factor
        return Ranker(self.scorer, support, by_stars=by_stars, size=size)

    @cached_property
    def n_raters(self) -> NDArray[np.int64]:
        """int64 (n_items,), the training ratings of each item; of a final model, all."""
        ratings = self.split.ratings
        return counts_of(ratings.item_rows, ratings.n_items, self.up_to(TRAIN))

    @cached_property
    def residual_rmse(self) -> float:
        """How far ratings lie from predictions that have not seen them, RMSE in stars.

        By a sample of the validation rows and the weights before the refit. Not less than a
        hundredth of a step of the scale: folding in would trust ratings without end.
        """
        if self.measured_residual_rmse is not None:
            return self.measured_residual_rmse
        rows, scorer = self.split.validation, self.scorer_before_refit()
        rows = rows.take(np.arange(0, len(rows), len(rows) // _JUDGED + 1))
        errors = [
            part.stars - scorer.score_pairs(part.user_rows, part.item_rows)
            for at in range(0, len(rows), FEW)  # so few that no compiled code has to be loaded
            for part in [rows.take(np.arange(at, min(at + FEW, len(rows))))]
        ]
        rmse = float(np.sqrt(np.mean(np.square(np.concatenate(errors), dtype=np.float64))))
        return max(rmse, 0.01 * rows.scale.step)

    def scorer_before_refit(self) -> Scorer:
        """As validation chose it, blind to the validation rows."""
        if not self.refit:
            return self.scorer
        return self._scorer(self.weights_before_refit, compared(np.equal, self.split.parts, TRAIN))

    def before_final(self) -> "Artifact":
        """The model that a final one was before it was trained on all rows: what test rows judge.

        Any other model is that itself.
        """
        if not self.final:
            return self
        return replace(self, weights=self.weights_before_refit, refit=False, final=False)

    @property
    def about_final(self) -> str:
        """What a final model has no figures of, in a line; "" of another."""
        if not self.final:
            return ""
        n_train = self.split.counts[0]
        return (
            f"{self.title} is trained on all {len(self.split.ratings):,} ratings, the test ratings "
            "among them, so it has no test figures of its own; these are of the run that chose its "
            f"settings, trained on {n_train:,}"
        )

    def _scorer(self, weights: Arrays, known: NDArray[np.bool_]) -> Scorer:
        """Of weights, the ratings that they have seen (a mask), and the settings."""
        histories = SparseRows.by_user(self.split.ratings.take(known))
        settings = self.config or tuple(settings_of_part(part) for part in self.parts)
        return models.find(self.model).deployed(
            weights, histories, settings, self.units, self.shares
        )

    def require_split(self, fingerprint: str, purpose: str, *, final: bool = False) -> None:
        """Refuse to be used on another split, or where test rows are still to judge.

        Args:
            fingerprint: of the split.
            purpose: of the use, as "compare it with means".
            final: whether what it is used for will see the test rows, too.
        Raises:
            SplitMismatchError: the fingerprints differ.
            ConfigError: it is final and has seen the test rows.
        """
        if self.final and not final:
            raise ConfigError(
                f"{self.model} is trained on all ratings, and the test ratings among them cannot "
                "judge it any more: it is not compared, blended or started from; train it without "
                "--final for that"
            )
        if self.split.fingerprint != fingerprint:
            raise SplitMismatchError(
                f"cannot {purpose}: {self.model} was trained on another split "
                f"({self.split.ratings.name}, {self.split.scheme}, {self.split.fingerprint[:12]}) "
                f"than {fingerprint[:12]}; its training rows may be test rows here"
            )

    def require_test_of(self, split: Split, purpose: str) -> None:
        """Refuse to be judged beside a model of a split with other test rows.

        One split may extend the other: later ratings have come to it, and none of them is a test
        row of either.

        Raises: SplitMismatchError, ConfigError: as `require_split`.
        """
        shared = self.split.fingerprint if self.split.shares_test_with(split) else split.fingerprint
        self.require_split(shared, purpose)

    def settings(self) -> dict[str, Any]:
        """The settings as plain values."""
        if self.config is None:
            return {
                "parts": " + ".join(models.find(part["model"]).title for part in self.parts),
                "seed": self.seed,
            }
        return asdict(self.config) | {"seed": self.seed}


def settings_of_part(part: Mapping[str, Any]) -> Settings:
    """What a part of a blend was trained with."""
    record = {name: value for name, value in part["settings"].items() if name != "seed"}
    return models.find(part["model"]).solvers.recorded(record)
