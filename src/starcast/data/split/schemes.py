"""Schemes: which rows are test rows, and which of the others validate. A new one is one entry."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, final

import numpy as np

from starcast.data.ratings import Ratings
from starcast.data.split import by_hash, draws, moments
from starcast.data.split.draws import Mask
from starcast.display import quoted
from starcast.errors import ConfigError

OFFICIAL, GIVEN, HASH = "official", "given", "hash"

Plan = Any  # a `SplitPlan`, which is made of this

Draw = Callable[[Plan, Ratings, float, draws.Random], Mask]
"""A plan, ratings, a share of them and what is random, to the rows that are drawn."""

Masks = Callable[[Plan, Ratings], tuple[Mask, Mask]]
"""A plan and ratings to the test rows and the validation rows."""


def _no_detail(text: str, detail: str) -> dict[str, Any]:
    if detail:
        scheme = text.partition(":")[0]
        raise ConfigError(
            f"the split {quoted(scheme)} takes nothing after a colon, got {quoted(text)}"
        )
    return {}


def _fold(text: str, detail: str) -> dict[str, Any]:
    try:
        fold, n_folds = (int(number) for number in detail.split("/")) if detail else (1, 5)
    except ValueError:
        raise ConfigError(f"{quoted(text)} names no fold; write kfold:1/5") from None
    return {"fold": fold, "n_folds": n_folds}


def _cuts(text: str, detail: str) -> dict[str, Any]:
    return {"cuts": tuple(one.strip() for one in detail.split(",")) if detail else ()}


def _some(plan: Plan, ratings: Ratings, share: float, rng: draws.Random) -> Mask:
    return draws.random_rows(len(ratings), share, rng)


def _given(plan: Plan, ratings: Ratings, share: float, rng: draws.Random) -> Mask:
    if ratings.given_test is None:
        raise ConfigError(f"no test rows were given with {ratings.name}; name them: --test-ratings")
    return ratings.given_test


def _drawn(test: Draw, validation: Draw = _some) -> Masks:
    """Test rows drawn of all, then validation rows of the others."""

    def masks(plan: Plan, ratings: Ratings) -> tuple[Mask, Mask]:
        streams = [np.random.default_rng([plan.seed, part]) for part in (0, 1)]
        is_test = test(plan, ratings, plan.test, streams[0])
        is_validation = ~is_test
        if is_validation.any():
            rest = ratings.take(is_validation)
            is_validation[~is_test] = validation(plan, rest, plan.validation, streams[1])
        return is_test, is_validation

    return masks


def _drawn_alike(draw: Draw) -> Masks:
    return _drawn(draw, draw)


@final
class Scheme(NamedTuple):
    """One way to divide ratings.

    Attributes:
        masks: the rows of the test and of validation.
        parameters: which of test, validation and seed have an effect.
        read: the whole text and what follows its colon, to fields of the plan.
        detail: a plan to what follows its colon.
        example: how it is written, if not by its name alone.
    """

    masks: Masks
    parameters: tuple[str, ...] = ("test", "validation", "seed")
    read: Callable[[str, str], dict[str, Any]] = _no_detail
    detail: Callable[[Plan], str] = lambda plan: ""
    example: str = ""


SCHEMES: Mapping[str, Scheme] = {
    "random": Scheme(_drawn(_some)),
    "user-random": Scheme(
        _drawn_alike(lambda plan, ratings, share, rng: draws.random_of_users(ratings, share, rng))
    ),
    "user-latest": Scheme(
        _drawn_alike(lambda plan, ratings, share, rng: draws.latest_of_users(ratings, share)),
        ("test", "validation"),
    ),
    "leave-one-out": Scheme(
        _drawn_alike(lambda plan, ratings, share, rng: draws.one_of_users(ratings, rng)),
        ("seed",),
    ),
    "time": Scheme(
        _drawn_alike(lambda plan, ratings, share, rng: draws.latest(ratings, share)),
        ("test", "validation"),
    ),
    "before": Scheme(
        _drawn(
            lambda plan, ratings, share, rng: moments.since(ratings, plan.cuts[-1]),
            lambda plan, ratings, share, rng: (
                moments.since(ratings, plan.cuts[0])
                if len(plan.cuts) > 1
                else draws.latest(ratings, share)
            ),
        ),
        ("validation",),
        read=_cuts,
        detail=lambda plan: ",".join(plan.cuts),
        example="before:2016-01-01",
    ),
    HASH: Scheme(
        lambda plan, ratings: by_hash.masks(ratings, plan.test, plan.validation, plan.seed)
    ),
    "kfold": Scheme(
        _drawn(
            lambda plan, ratings, share, rng: draws.fold_rows(
                len(ratings), plan.fold, plan.n_folds, rng
            )
        ),
        ("validation", "seed"),
        read=_fold,
        detail=lambda plan: f"{plan.fold}/{plan.n_folds}",
        example="kfold:1/5",
    ),
    GIVEN: Scheme(_drawn(_given), ("validation", "seed"), example="given (--test-ratings)"),
    OFFICIAL: Scheme(
        _drawn(_given),
        ("validation", "seed"),
        read=lambda text, detail: {"official": detail},
        detail=lambda plan: plan.official,
        example="official:u1 (ML-100K)",
    ),
}
"""By name. A new one is an entry; help, messages and checks follow."""


def examples() -> str:
    """Every scheme as it is written."""
    return ", ".join(scheme.example or name for name, scheme in SCHEMES.items())
