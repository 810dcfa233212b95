"""What data tell of users and items, as tables."""

from dataclasses import replace

import numpy as np
import pytest

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.data.split.described import attributes
from starcast.engines import known
from starcast.engines.expression import Expression, concatenate, item, output, user
from starcast.engines.expression.node import made
from starcast.engines.expression.weights import check_network
from starcast.engines.known import given_tables, known_of, of_newcomers
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError

USERS, ITEMS = Vocabulary(np.array([4, 5, 6]), "user"), Vocabulary(np.array([1, 2, 3, 9]), "item")
ATTRIBUTES = (
    Attribute.of(ITEMS, "genre", {1: ["War"], 2: ["War", "Drama", "Noir", "Love"]}),
    Attribute.of(USERS, "age", {4: ["25"], 6: ["40"]}),
    Attribute.of(ITEMS, "price", {1: ["2"], 2: ["4"], 9: ["9"]}, is_feature=False),
    Attribute.of(ITEMS, "maker", {1: ["2", "3"], 2: ["4"]}, is_feature=False),
    Attribute.of(ITEMS, "size", {1: ["2"], 2: ["L"]}, is_feature=False),
)
RATINGS = replace(
    Ratings.from_columns(np.array([4, 5, 6, 6]), np.array([1, 2, 3, 9]), np.array([1.0, 3, 5, 4])),
    attributes=ATTRIBUTES,
)


def given(side: str, name: str, width: int) -> Expression:
    row = f"{side}_row"
    return made(row, shape=(width,), weights=(f"{side}_known_{name}",), start="given")


def network(*more: Expression) -> Expression:
    return output(concatenate(user("p", 2), item("q", 2), *more))


def test_categories_have_a_place_each_and_numbers_are_numbers() -> None:
    widths = {one.name: one.width for one in known_of(RATINGS)}
    assert widths == {"genre": 4, "age": 2, "price": 1, "maker": 3, "size": 2}


def test_tables_by_hand() -> None:
    """The values ascend; a row of n of them has 1/√n in each; 2, 4 and 9 have mean 5."""
    read = (given("item", "genre", 4), given("item", "price", 1), given("user", "age", 2))
    found = given_tables(network(*read), RATINGS)
    assert found["item_known_genre"].tolist() == [[0, 0, 0, 1], [0.5] * 4, [0] * 4, [0] * 4]
    assert found["user_known_age"].tolist() == [[1, 0], [0, 0], [0, 1]]
    deviation = np.sqrt((9 + 1 + 16) / 3)
    expected = np.array([-3, -1, 0, 4]) / deviation  # of the third nothing is known
    np.testing.assert_allclose(found["item_known_price"][:, 0], expected, rtol=1e-6)


def test_only_what_is_read_is_made() -> None:
    assert given_tables(network(), RATINGS) == {}


def test_it_is_no_weight_that_training_moves() -> None:
    config = NetworkSettings(learning_rate=0.1, batch_size=2)
    engine = ExpressionEngine(config, RATINGS, network(given("item", "genre", 4)), 1)
    before = engine.weights()
    loss = engine.run_epoch()
    after = engine.weights()
    np.testing.assert_array_equal(after["item_known_genre"], before["item_known_genre"])
    assert after["item_known_genre"].any()
    norms = np.mean([np.sum(before[f"{s}_{n}"] ** 2) for s, n in (("user", "p"), ("item", "q"))])
    assert loss.loss > 0 < norms
    assert not np.allclose(after["item_q"], before["item_q"])


def test_what_the_data_do_not_tell_is_said() -> None:
    with pytest.raises(ConfigError, match="reads 'user_known_job', which these data do not tell"):
        ExpressionEngine(NetworkSettings(), RATINGS, network(given("user", "job", 2)), 1)
    with pytest.raises(ConfigError, match=r"'user_known_age' as \(3, 5\), these data tell \(3, 2"):
        ExpressionEngine(NetworkSettings(), RATINGS, network(given("user", "age", 5)), 1)


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST_VALUES", 3)
    with pytest.raises(ConfigError, match=r"'genre' has 4 different values, more than .* \(3\)"):
        given_tables(network(given("item", "genre", 4)), RATINGS)


def test_what_is_known_alone_makes_no_network() -> None:
    with pytest.raises(ConfigError, match="reads nothing of the user"):
        check_network(output(concatenate(given("user", "age", 2), item("q", 2))))
    with pytest.raises(ConfigError, match="no weights that data tell"):
        made("weight", shape=(2,), weights=("w",), start="given")


LATER = Vocabulary(np.array([1, 2, 3, 9, 11, 12, 13]), "item")


def grown(name: str, told: dict[int, list[str]]) -> tuple[Attribute, Attribute]:
    """An attribute of the items, and with that of later ones."""
    arrived = replace(
        Ratings.from_columns(np.array([4, 4, 4]), np.array([11, 12, 13]), np.array([1.0, 3, 5])),
        attributes=(
            Attribute.of(Vocabulary(np.array([11, 12, 13]), "item"), name, told,
                         is_feature=name == "genre"),
        ),
    )  # fmt: skip
    every = attributes(RATINGS, arrived, USERS, LATER)
    return next(one for one in ATTRIBUTES if one.name == name), next(
        one for one in every if one.name == name
    )


def table_of(name: str, width: int) -> known.Table:
    return given_tables(network(given("item", name, width)), RATINGS)[f"item_known_{name}"]


def test_newcomers_have_the_places_of_the_values_that_are_read() -> None:
    """A value that nobody had in training counts for nothing, and moves no other's place."""
    told = {11: ["War", "Drama"], 12: ["Action"], 13: ["Action", "Noir"]}
    before, now = grown("genre", told)
    table = table_of("genre", 4)
    found = of_newcomers(table, before, now, 7)
    half = np.float32(1 / np.sqrt(2))
    assert found.tolist() == [[half, 0, 0, half], [0] * 4, [0, 0, 1, 0]]
    once_more = of_newcomers(np.concatenate([table, found]), now, now, 7)
    assert once_more.shape == (0, 4)
    last = Attribute.of(Vocabulary(np.arange(8), "item"), "genre",
                        {**dict(enumerate(listed(now, 7))), 7: ["Action", "Drama"]})  # fmt: skip
    assert of_newcomers(np.concatenate([table, found]), now, last, 8).tolist() == [[1, 0, 0, 0]]


def listed(attribute: Attribute, n: int) -> list[list[str]]:
    """The values of each of n members."""
    texts = attribute.values[attribute.value_rows]
    return [texts[attribute.member_rows == row].tolist() for row in range(n)]


def test_newcomers_have_numbers_on_the_scale_of_training() -> None:
    """2, 4 and 9 have mean 5; what is no number, or several, is not known."""
    before, now = grown("price", {11: ["14"], 12: ["dear"], 13: ["3", "4"]})
    found = of_newcomers(table_of("price", 1), before, now, 7)
    np.testing.assert_allclose(found[:, 0], [9 / np.sqrt(26 / 3), 0, 0], rtol=1e-6)


def test_of_columns_that_cannot_be_told_nothing_is_known() -> None:
    before, now = grown("genre", {11: ["War"]})
    assert not of_newcomers(np.ones((4, 3), np.float32), before, now, 7).any()
