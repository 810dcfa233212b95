"""Blend: several trained models as one, a weighted sum of their scores.

The weights are learnt on the validation rows, from scores that have not seen them: those of every
part before its refit. The test rows are not looked at.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.units import Units
from starcast.engines.protocol import Scores, score_ratings
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError, TrainingError
from starcast.evaluation.metrics import STARS, Quality
from starcast.scoring.in_stars import as_trained
from starcast.scoring.weighted_sum import join
from starcast.training.blend_parts import check_parts, described, split_of
from starcast.training.identity import library_versions
from starcast.training.quality import rating_quality
from starcast.training.shares import choose_shares
from starcast.training.support import choose_support

Doubles = NDArray[np.float64]

_PENALTIES = np.logspace(-6, 0, 7)
_FOLDS = 5
_ROWS_PER_COEFFICIENT = 10  # at least: fewer teach nothing that holds elsewhere


def blend(parts: Sequence[Artifact], *, seed: int = 42) -> Artifact:
    """Put trained models together.

    Its history is one line: `train` is the quality on the validation rows that taught the
    coefficients, `validation` that of coefficients which had not seen the row they are judged on.

    Args:
        parts: two or more models of one split.
        seed: of the folds.
    Returns: a blend, which needs none of its parts any more. It is leaky if a part is.
    Raises:
        ConfigError: fewer than two models, the same twice, one that is itself a blend or was not
            trained to its end, or too few validation rows.
        SplitMismatchError: models of different splits.
        TrainingError: a score that is no finite number.
    Source: Breiman 1996 (stacked regressions). Deviation: see `ridge`.
    """
    _check(parts)
    started = time.perf_counter()
    split = split_of(parts)
    held_out, units = split.validation, parts[0].units
    each = [_scores(part, held_out) for part in parts]
    scores = np.stack(each, axis=1).astype(np.float64)
    stars = units.values(held_out.stars).astype(np.float64)
    folds = np.random.default_rng(seed).permutation(len(stars)) % _FOLDS
    coefficients = fit_coefficients(scores, stars, folds)
    fitted, unseen = mixed(coefficients, scores), cross_fitted(scores, stars, folds)
    record = {
        "epoch": 1,
        "loss": units.factor**2 * float(np.mean((stars - fitted) ** 2) / 2),
        "training_error": units.factor * float(np.sqrt(np.mean((stars - fitted) ** 2))),
        "train": _quality(fitted, held_out, units),
        "validation": _quality(unseen, held_out, units),
        "seconds": time.perf_counter() - started,
    }
    refit = any(part.refit for part in parts)
    own = {"coefficients": coefficients}
    deployed = join([(part.model, part.weights) for part in parts], own)
    before = join([(part.model, part.weights_before_refit) for part in parts], own)
    settings = tuple(part.config for part in parts)
    shares = choose_shares(unseen, split.train, held_out, units)
    blind = models.BLEND.deployed(before, SparseRows.by_user(split.train), settings, units, shares)
    return Artifact(
        model=models.BLEND.name,
        config=None,
        seed=seed,
        weights=deployed,
        weights_before_refit=before if refit else deployed,
        split=split,
        best_epoch=1,
        history=(record,),
        units=units,
        shares=shares,
        refit=refit,
        leak=next((part.leak for part in parts if part.leak), ""),
        versions=library_versions(),
        support=choose_support(blind, split.train, held_out, units),
        parts=tuple(
            _described(part, _quality(own, held_out, units)["rmse"], float(coefficient))
            for part, own, coefficient in zip(parts, each, coefficients[1:], strict=True)
        ),
    )


def ridge(scores: Doubles, stars: Doubles, penalties: Doubles) -> Doubles:
    """The coefficients that bring a weighted sum of scores nearest to the stars.

    They minimise mean((r - c₀ - Σₖ cₖ sₖ)²) + λ·v · Σₖ (cₖ - 1/K)², where v is the mean variance of
    the K scores: with more penalty, or where scores are too much alike to be told apart, all parts
    count the same.

    Args:
        scores: (n, K).
        stars: (n,).
        penalties: (L,), each a λ > 0.
    Returns: (L, K + 1), for each penalty the intercept c₀ and c₁ … c_K.
    Source: Hoerl & Kennard 1970, eq. 2.2. Deviation: drawn to equal weights rather than to zero.
    """
    n_parts = scores.shape[1]
    centre, mean = scores.mean(axis=0), stars.mean()
    apart = scores - centre
    left_open = stars - mean - apart.mean(axis=1)
    variances, turn = np.linalg.eigh(apart.T @ apart / len(stars))
    pull = turn.T @ (apart.T @ left_open) / len(stars)
    held_back = penalties[:, np.newaxis] * np.maximum(variances.mean(), np.finfo(float).tiny)
    slopes = 1 / n_parts + pull / (np.maximum(variances, 0) + held_back) @ turn.T
    return np.column_stack([mean - slopes @ centre, slopes])


def mixed(coefficients: Doubles, scores: Doubles) -> Doubles:
    """The weighted sums (n,), or (n, L), for coefficients (K + 1,), or (L, K + 1)."""
    return np.asarray(coefficients[..., 0] + scores @ coefficients[..., 1:].T)


def fit_coefficients(scores: Doubles, stars: Doubles, folds: NDArray[np.intp]) -> Doubles:
    """The coefficients by the penalty that does best on rows left out of the fit; (K + 1,).

    Args:
        scores: (n, K).
        stars: (n,).
        folds: (n,), two or more different numbers; each number's rows are left out once.
    """
    errors = np.zeros(len(_PENALTIES))
    for fold in np.unique(folds):
        out = folds == fold
        tried = ridge(scores[~out], stars[~out], _PENALTIES)
        errors += np.sum((stars[out, np.newaxis] - mixed(tried, scores[out])) ** 2, axis=0)
    best = int(np.argmin(errors))
    return np.asarray(ridge(scores, stars, _PENALTIES[best : best + 1])[0])


def cross_fitted(scores: Doubles, stars: Doubles, folds: NDArray[np.intp]) -> Doubles:
    """The weighted sum for each row, by coefficients and a penalty that had not seen it; (n,).

    Args:
        scores, stars, folds: as for `fit_coefficients`, with three or more folds.
    """
    unseen = np.empty(len(stars))
    for fold in np.unique(folds):
        out = folds == fold
        unseen[out] = mixed(fit_coefficients(scores[~out], stars[~out], folds[~out]), scores[out])
    return unseen


def _quality(scores: NDArray[Any], held_out: Ratings, units: Units) -> Quality:
    return rating_quality(held_out.stars, units.stars(scores), held_out)


def _scores(part: Artifact, held_out: Ratings) -> Scores:
    """In the units of training."""
    scores = score_ratings(as_trained(part.scorer_before_refit()), held_out)
    if not np.all(np.isfinite(scores)):
        raise TrainingError(f"{part.model} does not predict a number for every validation rating")
    return scores


def _check(parts: Sequence[Artifact]) -> None:
    check_parts(parts)
    for part in parts:
        if models.find(part.model).objective is not STARS:
            raise ConfigError(f"{part.model} is made for lists; blend it with --for lists")
    n_rows = len(parts[0].split.validation)
    wanted = _ROWS_PER_COEFFICIENT * (len(parts) + 1)
    if n_rows < wanted:
        raise ConfigError(
            f"{n_rows} validation ratings are too few to weigh {len(parts)} models; at least "
            f"{wanted} are needed: train them with more data or a larger --validation-share"
        )


def _described(part: Artifact, rmse: float, coefficient: float) -> dict[str, Any]:
    """What a blend tells of a part, as JSON can hold it."""
    return described(part) | {"validation_rmse": rmse, "coefficient": coefficient}
