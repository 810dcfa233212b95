"""How a list blend learns: a softmax over each user's candidates, and perhaps trees beside it."""

from collections.abc import Iterator
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from starcast.engines.protocol import Scores
from starcast.errors import ConfigError
from starcast.scoring.list_blend import Mix
from starcast.scoring.trees import Trees

_PENALTY = 1e-4  # λ of the coefficients of standardized features
_STEPS = 200  # of L-BFGS, at most
_RATED = 1 / 3  # what trees are told of a candidate that was rated, but below the user's mean
_TREES: dict[str, Any] = {
    "objective": "cross_entropy",
    "num_leaves": 4,
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_N_TREES, _ROWS_PER_LEAF = 400, (20, 500)

Floats = NDArray[np.float64]


@final
class Examples(NamedTuple):
    """Candidates of n users, and what became of them in rows that were held out.

    Attributes:
        table: float32 (n, C, n_features).
        valid: bool (n, C); the others are no candidates.
        rated, liked: bool (n, C), whether the user rated it, and at or above their own mean.
    """

    table: Scores
    valid: NDArray[np.bool_]
    rated: NDArray[np.bool_]
    liked: NDArray[np.bool_]

    def take(self, which: Any) -> "Examples":
        """Those of some users, by rows or by a mask (n,)."""
        return Examples(*(part[which] for part in self))


def fit(examples: Examples, *, trees: bool, seed: int) -> Mix:
    """The mix that puts what users liked before the other candidates."""
    coefficients = softmax(examples).astype(np.float32)
    return Mix(coefficients, grow(examples, seed) if trees else None)


def cross_fitted(examples: Examples, folds: NDArray[np.intp], *, trees: bool, seed: int) -> Scores:
    """Scores (n, C) of each user's candidates by a mix that has not seen the user."""
    unseen = np.empty(examples.valid.shape, np.float32)
    for fold in np.unique(folds):
        out = folds == fold
        mix = fit(examples.take(~out), trees=trees, seed=seed)
        unseen[out] = mix.of_candidates(examples.table[out], examples.valid[out])
    return unseen


def softmax(examples: Examples) -> Floats:
    """Coefficients β of the features, by L-BFGS; (n_features,).

    They minimise -Σ_u Σ_c w_uc ln p_uc / Σ w + λ Σ (σ_f β_f)², with p_uc the softmax of β · x_uc
    over the candidates of user u, w_uc = 1/√(liked candidates of u) of a liked candidate and 0 of
    another, and σ_f the standard deviation of a feature. What is alike for all candidates of a
    user has a coefficient of 0.

    Source: Cao, Qin, Liu, Tsai, Li 2007, eq. 5 (ListNet's cross entropy of top-one probabilities).
        Deviation: users weigh by the root of what they liked; a quadratic penalty.
    """
    learnt = examples.take(examples.liked.any(axis=1))
    n_features = examples.table.shape[-1]
    if not len(learnt.table):
        return np.zeros(n_features)
    spread = learnt.table[learnt.valid].std(axis=0, dtype=np.float64)
    differs = np.ptp(learnt.table, axis=1).max(axis=0) > 0  # between candidates of a user
    scale = np.divide(1, spread, out=np.zeros(n_features), where=differs & (spread > 0))
    loss = _Loss(learnt, scale)
    found = minimize(
        loss, np.zeros(n_features), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}
    )
    return np.asarray(found.x * scale)


def loss_of(examples: Examples, coefficients: Floats) -> float:
    """The first term of what `softmax` minimises: nats per liked candidate, weighted."""
    learnt = examples.take(examples.liked.any(axis=1))
    unpenalized = _Loss(learnt, np.ones(len(coefficients)))
    return unpenalized(coefficients)[0] - _PENALTY * float(coefficients @ coefficients)


@final
class _Loss:
    """What `softmax` minimises, and its gradient, in standardized features.

    Args:
        examples: of users who liked a candidate.
        scale: (n_features,), 1/σ; 0 where a feature is to have no say.
    """

    def __init__(self, examples: Examples, scale: Floats) -> None:
        self._table, self._scale = examples.table, scale
        self._barred = np.where(examples.valid, np.float32(0), np.float32(-np.inf))
        weights = examples.liked / np.sqrt(examples.liked.sum(axis=1, keepdims=True))
        self._weights = weights / weights.sum()

    def __call__(self, coefficients: Floats) -> tuple[float, Floats]:
        """Loss, and gradient (n_features,)."""
        scores = self._table @ (coefficients * self._scale).astype(np.float32) + self._barred
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores, dtype=np.float64)
        total = odds.sum(axis=1, keepdims=True)
        liked = self._weights > 0
        loss = -np.sum(self._weights[liked] * (scores - np.log(total))[liked])
        left = self._weights - self._weights.sum(axis=1, keepdims=True) * odds / total
        flat = self._table.reshape(-1, len(coefficients))
        slope = -self._scale * (left.ravel().astype(np.float32) @ flat)
        penalty = _PENALTY * float(coefficients @ coefficients)
        return float(loss) + penalty, slope + 2 * _PENALTY * coefficients


def grow(examples: Examples, seed: int) -> Trees:
    """Boosted trees by pointwise cross-entropy: 1 liked, 1/3 rated, 0 neither.

    Raises: ConfigError: LightGBM is not here.
    """
    lightgbm = library()
    learnt = examples.take(examples.rated.any(axis=1))
    aims = np.where(learnt.liked, 1.0, np.where(learnt.rated, _RATED, 0.0))[learnt.valid]
    least = int(np.clip(len(aims) // 1000, *_ROWS_PER_LEAF))
    settings = _TREES | {"seed": seed, "min_data_in_leaf": least}
    data = lightgbm.Dataset(learnt.table[learnt.valid], aims)
    return trees_of(lightgbm.train(settings, data, _N_TREES).dump_model())


def library() -> Any:
    """LightGBM. Raises: ConfigError: it is not here."""
    try:
        import lightgbm
    except (ModuleNotFoundError, OSError):  # the latter where its own libraries are not
        raise ConfigError(
            "trees are grown by LightGBM, which is not here: pip install 'starcast[rank]'"
        ) from None
    return lightgbm


def trees_of(dumped: dict[str, Any]) -> Trees:
    """LightGBM's dumped model as arrays; thresholds are rounded down, so float32 decides alike."""
    grown = [list(_splits(tree["tree_structure"])) for tree in dumped["tree_info"]]
    n_splits = max([1, *(len(splits) for splits in grown)])
    trees = Trees(
        np.zeros((len(grown), n_splits), np.int32),
        np.zeros((len(grown), n_splits), np.float32),
        np.full((len(grown), n_splits, 2), -1, np.int32),
        np.zeros((len(grown), n_splits + 1), np.float32),
    )
    for tree, (splits, info) in enumerate(zip(grown, dumped["tree_info"], strict=True)):
        if not splits:
            trees.values[tree, 0] = info["tree_structure"]["leaf_value"]
        for node in splits:
            at = node["split_index"]
            trees.features[tree, at] = node["split_feature"]
            trees.thresholds[tree, at] = _below(node["threshold"])
            for side, name in enumerate(("left_child", "right_child")):
                child = node[name]
                if "split_index" in child:
                    trees.children[tree, at, side] = child["split_index"]
                else:
                    trees.children[tree, at, side] = -1 - child["leaf_index"]
                    trees.values[tree, child["leaf_index"]] = child["leaf_value"]
    return trees


def _splits(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every split of a dumped tree."""
    if "split_index" in node:
        yield node
        yield from _splits(node["left_child"])
        yield from _splits(node["right_child"])


def _below(threshold: float) -> np.float32:
    """The highest float32 that is no higher."""
    near = np.float32(threshold)
    return near if near <= threshold else np.nextafter(near, np.float32(-np.inf))
