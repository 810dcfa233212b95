"""Networks of any layout with any weights, in the compiled engine."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from plain_network import is_table, some_ratings

from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.layout import Layout
from starcast.engines.settings import NetworkSettings

PENALTY, N_USERS, N_ITEMS = 0.25, 50, 40
widths = st.integers(1, 20)
layouts = st.builds(
    Layout,
    embedding=widths,
    hidden=st.lists(widths, min_size=1, max_size=4).map(tuple),
    factors=st.integers(0, 20),
    dropout_rate=st.just(0.0),
)


def drawn(layout: Layout, seed: int) -> tuple[NetworkEngine, dict[str, Any]]:
    """An engine whose one step of one batch moves the weights by the gradient, and its weights."""
    config = NetworkSettings(
        optimizer="GradientDescent",
        learning_rate=1.0,
        batch_size=10**6,
        regularization_factor=PENALTY,
    )
    engine = NetworkEngine(config, some_ratings(300, N_USERS, N_ITEMS), layout.network, 1)
    rng = np.random.default_rng(seed)
    weights = {
        name: (rng.normal(0, 1, array.shape) / np.sqrt(max(array.shape[0], 1))).astype(np.float32)
        for name, array in engine.weights().items()
    }
    for name in filter(is_table, weights):  # the last user and the last item have no ratings
        weights[name] = rng.normal(0.1, 0.5, weights[name].shape).astype(np.float32)
        weights[name][-1] = 0
    engine.load(weights)
    return engine, weights
