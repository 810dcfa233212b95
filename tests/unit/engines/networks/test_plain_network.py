"""The yardstick itself: the gradient of an expression is the slope of formulas by hand."""

import numpy as np
import pytest
from plain_network import Doubles, gradients, objective, ratings_of

PENALTY, STEP = 0.3, 1e-6
DEEP = {
    "user_embedding": (3, 2), "item_embedding": (3, 2), "hidden_0_kernel": (4, 5),
    "hidden_0_bias": (5,), "hidden_1_kernel": (5, 3), "hidden_1_bias": (3,),
    "output_kernel": (3, 1), "output_bias": (1,),
}  # fmt: skip
FACTORS = {"user_factors": (3, 2), "item_factors": (3, 2), "user_bias": (3,), "item_bias": (3,)}
ENSEMBLE = DEEP | FACTORS | {"output_kernel": (2 + 2 + 3, 1)}


@pytest.mark.parametrize("shapes", [DEEP, ENSEMBLE], ids=["deep", "ensemble"])
@pytest.mark.parametrize("dropped", [False, True])
def test_every_slope_by_two_values(shapes: dict[str, tuple[int, ...]], dropped: bool) -> None:
    rng = np.random.default_rng(1)
    weights: Doubles = {name: rng.normal(0.2, 0.5, shape) for name, shape in shapes.items()}
    masks = [rng.choice([0.0, 2.0], (5, 5))] if dropped else []
    rows = [(0, 0, 5.0), (0, 1, 2.0), (1, 0, 1.0), (1, 2, 4.0), (2, 1, 3.5)]
    ratings = ratings_of(rows, n_users=3, n_items=3)
    found = gradients(weights, ratings, PENALTY, masks)
    assert found.keys() == weights.keys()
    for name, array in weights.items():
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + STEP
            above = objective(weights, ratings, PENALTY, masks)
            array[place] = kept - STEP
            below = objective(weights, ratings, PENALTY, masks)
            array[place] = kept
            assert found[name][place] == pytest.approx((above - below) / (2 * STEP), abs=1e-5)
