"""`--features` of the networks: what data tell becomes part of the network, or is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from starcast import models
from starcast.artifacts.updating import update
from starcast.data.ratings import Attribute, Ratings
from starcast.data.split import SplitPlan
from starcast.engines.expression.weights import given_of, shapes_of
from starcast.engines.network_setting import network_of
from starcast.engines.protocol import TimedScorer
from starcast.errors import ConfigError, UnknownNameError
from starcast.models.growing.request import Growing
from starcast.models.known import _deep_network
from starcast.training.plan import Recipe, train_all

DEEP, ENSEMBLE, TRANSFER = (
    "deep-neural-network-model", "ensemble-no-transfer-learning", "ensemble-transfer-learning",
)  # fmt: skip
EVERY = ("histories", "attributes", "time")
SMALL: dict[str, Any] = {"dimension": 3, "layers": (4, 1), "epochs": 2, "features": EVERY}


@pytest.fixture
def told(ratings: Ratings) -> Ratings:
    """Ratings with times, and with what is known of users and items."""
    genres = {one: [["War", "Drama"][n % 2]] for n, one in enumerate(ratings.items.ids.tolist())}
    ages = {one: ["25"] for one in ratings.users.ids.tolist()[::2]}
    prices = {one: ["5"] for one in ratings.items.ids.tolist()}
    attributes = (
        Attribute.of(ratings.items, "genre", genres),
        Attribute.of(ratings.users, "age", ages),
        Attribute.of(ratings.items, "price", prices, is_feature=False),
    )
    when = np.arange(len(ratings)) * 60
    return replace(ratings, attributes=attributes, timestamps=when)


def suited(name: str, ratings: Ratings, **settings: Any) -> Any:
    suit = models.find(name).suit
    assert suit
    return suit(models.find(name).settings(**(SMALL | settings)), lambda: ratings)[0]


def test_without_features_nothing_is_recorded_and_the_network_is_as_ever(told: Ratings) -> None:
    assert suited(DEEP, told, features=()).network == ""


def test_what_data_tell_is_recorded_with_the_settings(told: Ratings) -> None:
    """Columns that are there to filter by are no features, as in the Bayesian model."""
    config = suited(DEEP, told)
    network = network_of(config.network)
    assert set(given_of(network)) == {
        "user_known_age", "item_known_genre", "user_time", "time_scale",
    }  # fmt: skip
    shapes = shapes_of(network, told.n_users, told.n_items)
    assert shapes["hidden_0_kernel"] == (9, 4), "[p ; q ; p ⊙ q]"
    assert shapes["item_rated"] == (told.n_items, 3)
    assert shapes["user_raters"] == (told.n_users, 3)
    attributes = network_of(suited(DEEP, told, features=("attributes",)).network)
    assert "time_scale" not in given_of(attributes)


def test_what_data_do_not_tell_is_refused_with_what_to_leave_out(ratings: Ratings) -> None:
    untold = replace(ratings, attributes=(), timestamps=None)
    with pytest.raises(ConfigError, match="leave 'attributes' out of --features"):
        suited(DEEP, untold, features=("attributes",))
    with pytest.raises(ConfigError, match="has no timestamps; leave 'time' out of --features"):
        suited(ENSEMBLE, untold, features=("time",))
    with pytest.raises(UnknownNameError, match="unknown feature 'days': known: histories, attr"):
        models.find(DEEP).settings(features=("days",))
    with pytest.raises(ConfigError, match="has no setting features"):
        models.find("latent-factor-model").settings(features=("time",))
    with pytest.raises(ConfigError, match="features and steps are told by data"):
        _deep_network(models.find(DEEP).settings(**SMALL))


def test_an_ensemble_starts_where_its_parents_of_the_same_features_ended(told: Ratings) -> None:
    """Before its first step it is their mix, times and all."""
    split = SplitPlan(seed=1).divide(told)
    own = SMALL | {"learning_rate": 1e-12, "optimizer": "GradientDescent"}
    config = models.find(TRANSFER).settings(**own, transfer_weight=0.25)
    done = train_all(split, {TRANSFER: config}, Recipe(seed=1))
    deep, ensemble, factor = (done[n] for n in (DEEP, TRANSFER, "latent-factor-model"))
    assert deep.config.features == EVERY  # type: ignore[union-attr]
    rows = split.test.user_rows, split.test.item_rows
    times = split.test.timestamps
    assert times is not None
    plain = replace(ensemble, shares=deep.shares).scorer, deep.scorer
    for scorer in plain:
        assert isinstance(scorer, TimedScorer)
    parts = [one.score_at(*rows, times) for one in plain if isinstance(one, TimedScorer)]
    expected = 0.25 * factor.scorer.score_pairs(*rows) + 0.75 * parts[1]
    np.testing.assert_allclose(parts[0], expected, atol=2e-3)


def test_a_layer_that_is_called_like_a_table_has_no_rows_for_newcomers(ratings: Ratings) -> None:
    """`Dense(2, name="user_tower")` is no table of users."""
    weights = {name: np.ones((3, 2), np.float32) for name in ("user_p", "user_tower_kernel")}
    growing = Growing(
        weights, None, ratings, np.zeros(len(ratings), bool), ratings.n_users - 2, ratings.n_items,
        1.0, 1,
    )  # fmt: skip
    grown = growing.widened({"user_p": "user", "user_tower_kernel": ""})
    assert grown["user_p"].tolist() == [[1, 1]] * 3 + [[0, 0]] * 2
    assert grown["user_tower_kernel"].tolist() == [[1, 1]] * 3


def test_newcomers_of_an_update_bring_what_is_known_of_them(told: Ratings) -> None:
    """And a value that is new to the network counts for nothing."""
    config = models.find(DEEP).settings(**SMALL | {"features": ("attributes",)})
    artifact = train_all(SplitPlan(seed=1).divide(told), {DEEP: config}, Recipe(seed=1))[DEEP]
    old, new = told.items.ids[:1].tolist(), ["eraserhead", "fargo"]
    arrived = Ratings.from_columns(
        np.array(["zoe"] * 3), np.array(old + new), np.array([3.0, 4, 5])
    )
    genres = Attribute.of(arrived.items, "genre", {new[0]: ["Drama", "Mime"], new[1]: ["Mime"]})
    grown = update(artifact, replace(arrived, attributes=(genres,), scale=told.scale)).artifact
    table = grown.weights["item_known_genre"]
    assert table[:-2].tolist() == artifact.weights["item_known_genre"].tolist()
    assert table[-2:].tolist() == [[1, 0], [0, 0]]
    assert not grown.weights["user_known_age"][-1].any()
