"""What is settled once weights are chosen: how far they are drawn to the means, and the support."""

from starcast.data.split import Split
from starcast.data.units import Units
from starcast.engines.protocol import Weights, score_ratings
from starcast.engines.rows import SparseRows
from starcast.engines.settings import Settings
from starcast.models import Model
from starcast.scoring.in_stars import as_trained
from starcast.scoring.shrinkage import Shares
from starcast.training.shares import choose_shares
from starcast.training.support import choose_support


def settled(
    model: Model, config: Settings, units: Units, weights: Weights, split: Split
) -> tuple[Shares, float]:
    """What validation rows say of stars and lists that weights make which have not seen them.

    Args:
        model, config, units: of the training.
        weights: as validation chose them.
        split: whose validation rows are asked.
    """
    histories = SparseRows.by_user(split.train)
    raw = as_trained(model.deployed(weights, histories, config, units))
    scores = score_ratings(raw, split.validation)
    shares = choose_shares(scores, split.train, split.validation, units)
    blind = model.deployed(weights, histories, config, units, shares)
    return shares, choose_support(blind, split.train, split.validation, units)
