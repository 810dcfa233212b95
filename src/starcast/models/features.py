"""What the three networks read beside ids, by the setting `features`, as the Bayesian model does.

A vector of a user is the own one plus those of attributes, of all items the user rated, and
of the time; an item's is its own plus those of its attributes and of all its raters. What the data
tell is recorded with the settings, as the text of the network.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression, dense
from starcast.engines.expression.layers import rated_items, raters, time
from starcast.engines.expression.networks import Besides
from starcast.engines.expression.node import made
from starcast.engines.known import known_of
from starcast.engines.network_setting import network_of, text_of
from starcast.engines.ordinal import in_steps
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError
from starcast.models.model import Suit
from starcast.models.networks import Network

Featured = Callable[[Any, Besides], Expression]
"""Settings, and what is read beside ids, to a network."""


def computed_by(featured: Featured) -> Network:
    """What settings say that a network computes.

    Raises: ConfigError: it has features, and no data have told what these are.
    """

    def compute(settings: NetworkSettings) -> Expression:
        if settings.network:
            return network_of(settings.network)
        if settings.features or settings.loss == "ordinal":
            raise ConfigError("features and steps are told by data: train by starcast.training.fit")
        return featured(settings, Besides())

    return compute


def suit_for(featured: Featured) -> Suit:
    """Settings to settings that record the network which data make of their features."""

    def suit(settings: NetworkSettings, known: Callable[[], Ratings]) -> tuple[Any, str]:
        if not settings.features and settings.loss != "ordinal":
            return replace(settings, network=""), ""
        network = featured(settings, besides_of(settings, known()))
        network = in_steps(network, known()) if settings.loss == "ordinal" else network
        return replace(settings, network=text_of(network)), ""

    return suit


def besides_of(settings: NetworkSettings, ratings: Ratings) -> Besides:
    """What some features come to. Raises: ConfigError: the data do not tell them."""
    found: dict[str, list[Expression]] = {"user": [], "item": []}
    width = settings.dimension
    if "histories" in settings.features:
        found["user"].append(rated_items("rated", width))
        found["item"].append(raters("raters", width))
    if "attributes" in settings.features:
        for known, attribute in zip(known_of(ratings), ratings.attributes, strict=True):
            if attribute.is_feature and known.width:
                row = made(
                    f"{known.side}_row", shape=(known.width,), weights=(known.table,), start="given"
                )
                layer = dense(f"{known.side}_{known.name}", row, width, bias=False)
                found[known.side].append(layer)
        if not any(one.is_feature for one in ratings.attributes):
            raise ConfigError(
                f"nothing is known of the users and items of {ratings.name} (no genres, no file of "
                "users and items, or a damaged one); leave 'attributes' out of --features"
            )
    if "time" in settings.features:
        if ratings.timestamps is None:
            raise ConfigError(f"{ratings.name} has no timestamps; leave 'time' out of --features")
        found["user"].append(dense("user_date", time(), width, bias=False))
    return Besides(tuple(found["user"]), tuple(found["item"]))
