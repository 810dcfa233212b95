"""Models in closed form, or nearly, that take in later ratings."""

import numpy as np

from starcast.engines.baselines import BaselineEngine
from starcast.models.growing.request import Arrays, Growing


def count_again(growing: Growing) -> Arrays:
    """Baselines of all rows: what training anew gives."""
    return BaselineEngine(growing.settings, growing.rows, growing.seed).weights()


def grow_item_item(growing: Growing) -> Arrays:
    """Weights between items that know later ratings."""
    from starcast.engines.linear.growth import with_later

    return with_later(growing.weights, growing.settings, growing.rows, growing.is_fresh)


def grow_implicit(growing: Growing) -> Arrays:
    """Touched users solved for, then items of which a fair part is fresh; exact, each in turn."""
    from starcast.engines.factorization.implicit import ImplicitEngine

    weights = growing.widened()
    engine = ImplicitEngine(growing.settings, growing.rows, growing.seed)
    counted = engine.weights()
    counted |= {name: weights[name] for name in ("user_factors", "item_factors")}
    engine.load(counted)
    engine.settle(growing.touched("user"), growing.moved_items())
    if growing.has_new_items:
        engine.settle(growing.raters_of_new_items(), np.empty(0, np.int32))
    return engine.weights()
