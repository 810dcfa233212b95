"""Networks in Keras, read: what Keras itself computes is what the expression does."""

import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.engines.expression import Expression, concatenate, dense, item, output, user, weight
from starcast.engines.expression.autodiff import scores
from starcast.engines.expression.layers import rated_items, raters, time
from starcast.engines.expression.networks import deep_network
from starcast.engines.expression.plain import as_plain
from starcast.engines.expression.weights import shapes_of, weights_of
from starcast.engines.keras.backend import quieten
from starcast.engines.known import given_tables
from starcast.errors import StarcastError

quieten()
with warnings.catch_warnings():  # what its import warns of is not ours to mend
    warnings.simplefilter("ignore")
    import keras
    from keras import layers as k

    from starcast.engines.keras.activations import KNOWN
    from starcast.engines.keras.inputs import Inputs
    from starcast.engines.keras.layers import LAYERS
    from starcast.engines.keras.names import is_automatic
    from starcast.engines.keras.reading import read

USERS, ITEMS = Vocabulary(np.arange(5), "user"), Vocabulary(np.arange(4), "item")
RATINGS = replace(
    Ratings.from_columns(np.arange(5), np.array([0, 1, 2, 3, 0]), np.array([1.0, 3, 5, 4, 2])),
    attributes=(
        Attribute.of(ITEMS, "genre", {0: ["War"], 1: ["War", "Drama"], 3: ["Noir"]}),
        Attribute.of(USERS, "age", {0: ["25"], 1: ["40"]}),
        Attribute.of(ITEMS, "price in $", {0: ["2"], 2: ["7"]}, is_feature=False),
        Attribute.of(ITEMS, "age", {0: ["old"]}, is_feature=False),
        Attribute.of(ITEMS, "user", {0: ["pro"]}, is_feature=False),
    ),
)
EVERY_PAIR = np.divmod(np.arange(20), 4)


def rows(inputs: Any, width: int = 3) -> tuple[Any, Any]:
    return (
        k.Embedding(inputs.n_users, width, name="p")(inputs.user),
        k.Embedding(inputs.n_items + 2, width, name="q")(inputs.item),  # more than there are
    )


def everything(inputs: Any) -> Any:
    """Every layer that can be read, by the names that Keras has for them."""
    p, q = rows(inputs)
    both = k.Concatenate()([p, q, inputs.genre, inputs.item_age, inputs.price_in__])
    x = k.Dense(5, "relu", name="one")(both)
    x = k.LayerNormalization(epsilon=0.01, name="norm")(x)
    x = k.BatchNormalization(epsilon=0.02, name="batch")(x)
    x = k.LeakyReLU(negative_slope=0.3)(k.ELU(alpha=0.5)(k.Activation("tanh")(x)))
    x = k.ReLU(max_value=0.9, negative_slope=0.1)(k.Rescaling(2.0, offset=-0.25)(x))
    tower = keras.Sequential([k.Dense(3, "gelu", name="two"), k.Dropout(0.3), k.Identity()])
    y = k.Flatten()(k.Reshape((3,))(tower(x)))
    parts = [k.Add()([y, p]), k.Subtract()([p, q]), k.Multiply()([p, q, y]),
             k.Average()([p, q, y]), k.Maximum()([p, y]), k.Minimum()([p, y])]  # fmt: skip
    meeting = k.Dot(axes=1)([p, q])
    signs = 1 - (p * q + 2 * p - q / 4) * (-y) + keras.ops.square(p)
    end = k.Dense(1, use_bias=False, name="end")(k.Concatenate()([*parts, signs]))
    return end + meeting + keras.ops.sum(inputs.user_age, axis=1, keepdims=True)


def activated(name: str) -> Callable[[Any], Any]:
    def network(inputs: Any) -> Any:
        return k.Dense(1, name="end")(k.Dense(4, name, name="one")(k.Concatenate()(rows(inputs))))

    return network


def told_by_keras(network: Callable[[Any], Any]) -> tuple[Expression, dict[str, Any], Any]:
    """The expression, weights at random, and what Keras makes of these for every pair."""
    expression = read(network, RATINGS)
    inputs = Inputs(RATINGS)
    tensor = network(inputs)
    told = [one for one, _ in inputs.read()]
    model = keras.Model([inputs.user, inputs.item, *told], tensor)
    rng = np.random.default_rng(4)
    shapes = shapes_of(expression, 5, 4)
    weights = {n: rng.normal(0.2, 0.7, shape).astype(np.float32) for n, shape in shapes.items()}
    weights = {n: np.abs(one) if n.endswith("_variance") else one for n, one in weights.items()}
    weights |= given_tables(expression, RATINGS)
    set_weights(model, weights)
    tables = [weights[own.weights[0]] for _, own in inputs.read()]
    sides = [next(iter(own.sides)) == "item" for _, own in inputs.read()]
    given = [table[EVERY_PAIR[side]] for table, side in zip(tables, sides, strict=True)]
    return expression, weights, np.ravel(model([*EVERY_PAIR, *given], training=False))


def set_weights(model: Any, weights: dict[str, Any]) -> None:
    words = {"moving_mean": "mean", "moving_variance": "variance"}
    for layer in model._flatten_layers():
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            if variable.name == "embeddings":
                table = weights[f"{'user' if layer.name == 'p' else 'item'}_{layer.name}"]
                variable.assign(np.resize(table, variable.shape))
            elif variable.name in {"kernel", "bias", "gamma", "beta", *words}:
                word = words.get(variable.name, variable.name)
                variable.assign(weights[f"{layer.name}_{word}"])


def test_every_layer_is_what_keras_makes_of_it() -> None:
    expression, weights, expected = told_by_keras(everything)
    mean = weights["mean"]  # is ours
    assert np.ptp(expected) > 0.5
    found = scores(expression, weights, *EVERY_PAIR)
    np.testing.assert_allclose(found, expected + mean, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", KNOWN)
def test_every_activation_is_what_keras_makes_of_it(name: str) -> None:
    expression, weights, expected = told_by_keras(activated(name))
    np.testing.assert_allclose(scores(expression, weights, *EVERY_PAIR), expected, atol=2e-5)


CALLED = {
    "relu in full": lambda x: keras.activations.relu(x, negative_slope=0.3, max_value=0.4),
    "a wide leak": lambda x: keras.ops.leaky_relu(x, negative_slope=0.6),
    "gelu, exactly": lambda x: keras.ops.gelu(x, approximate=False),
    "gelu by a tanh": keras.ops.gelu,
    "a layer as activation": lambda x: k.Activation(k.LeakyReLU(negative_slope=0.7))(x),
    "a function as activation": lambda x: k.Activation(keras.ops.gelu)(x),
    "clipped at one": lambda x: keras.ops.clip(x, 0.1, 0.1),
    **{name: getattr(keras.ops, name) for name in KNOWN if name != "linear"},
}


@pytest.mark.parametrize("call", CALLED.values(), ids=CALLED)
def test_every_call_of_an_activation_is_what_keras_makes_of_it(call: Callable[[Any], Any]) -> None:
    def network(inputs: Any) -> Any:
        p, q = rows(inputs)
        return k.Dense(1, name="end")(call(3 * p * q))  # beyond where they bend

    expression, weights, expected = told_by_keras(network)
    np.testing.assert_allclose(scores(expression, weights, *EVERY_PAIR), expected, atol=2e-5)


def test_a_layer_beyond_memory_is_refused_before_keras_makes_it() -> None:
    """Three rows of 10¹³ numbers; what is written down needs their shape alone."""
    with pytest.raises(StarcastError, match="a width must be a whole number in"):
        read(with_rows(lambda i, p, q: k.Dense(1)(k.Dense(10**13)(p * q))), RATINGS)


def test_every_layer_of_the_list_is_there_in_keras() -> None:
    assert all(hasattr(k, name) for name in LAYERS)


def towers(inputs: Any) -> Any:
    p, q = (k.Embedding(n, 8)(of) for n, of in ((5, inputs.user), (4, inputs.item)))
    x = k.Dense(6, "relu")(k.Concatenate()([p, q]))
    return k.Dense(1)(k.Dense(3, "relu")(x))


def test_a_plain_network_is_the_deep_network_whose_loops_are_compiled() -> None:
    """Twice: Keras counts the layers of a process in their names, which must not matter."""
    for _ in range(2):
        assert as_plain(read(towers, RATINGS)) == as_plain(deep_network(8, (6, 3)))


def test_an_expression_stays_what_it_is() -> None:
    own = output(user("p", 2) * item("q", 2))
    assert read(lambda inputs: own, RATINGS) is own


@pytest.mark.parametrize(
    ("end", "has_mean"),
    [
        (lambda p, q: k.Dot(axes=1)([p, q]), True),
        (lambda p, q: k.Dense(1, use_bias=False)(p * q), True),
        (lambda p, q: 1 + 4 * k.Dense(1, "sigmoid")(p * q), False),
        (lambda p, q: keras.ops.sum(p * q, axis=-1), True),
    ],
)
def test_the_mean_of_the_ratings_is_where_it_starts(end: Any, has_mean: bool) -> None:
    network = read(lambda inputs: end(*rows(inputs)), RATINGS)
    assert ("mean" in weights_of(network)) == has_mean
    assert network.shape == ()


def test_tables_start_as_they_are_told() -> None:
    def network(inputs: Any) -> Any:
        p, q = rows(inputs)
        bias = k.Embedding(5, 1, embeddings_initializer="zeros", name="user_bias")(inputs.user)
        return k.Dense(1)(p * q) + bias

    found = weights_of(read(network, RATINGS))
    assert found["user_bias"].start == "zeros"
    assert found["user_p"].start == "normal"


def with_rows(build: Callable[[Any, Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda inputs: build(inputs, *rows(inputs))


@keras.saving.register_keras_serializable("test")
class Dense(k.Layer):  # type: ignore[misc]
    """A layer of one's own, by the name of another."""

    def call(self, x: Any) -> Any:
        return x


SHARED = k.Dense(1, name="shared")


def tanh(x: Any) -> Any:
    """By the name of one of Keras's, but another."""
    return x * x


def pool(of: Any) -> Any:
    """A layer, each time a new one of the same name."""
    return k.Dense(3, use_bias=False, name="a")(of)


class Own(keras.Model):  # type: ignore[misc]
    """A model whose layers its code alone knows."""

    def call(self, x: Any) -> Any:
        return x[:, :1]


ONE, OTHER = (keras.Input((3,), name=name) for name in ("one", "other"))
BY_NAME = keras.Model({"other": OTHER, "one": ONE}, k.Dot(1)([ONE, OTHER]), name="by_name")


def with_ones(layer: Any, below: Any) -> Any:
    """What a layer makes of something, once it was given ones for its kernel."""
    above = layer(below)
    layer.kernel.assign(np.ones(layer.kernel.shape))
    return above


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "another layer": (
        with_rows(lambda i, p, q: k.Dense(1)(k.GaussianNoise(0.1)(p * q))),
        "the layer GaussianNoise ('gaussian_noise') cannot be read; these can: Activation, Add",
    ),
    "of one's own": (with_rows(lambda i, p, q: Dense(name="mine")(p * q)[:, :1]), "cannot be read"),
    "a lambda": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Lambda(lambda x: x)(p * q))),
        "the layer Lambda ('lambda') cannot be read",
    ),
    "twice": (
        with_rows(lambda i, p, q: SHARED(p) + SHARED(q)),
        "'shared' is used twice; make one for each place",
    ),
    "two of a name": (
        with_rows(lambda i, p, q: k.Dense(1, name="a")(k.Dense(3, name="a")(p * q))),
        "2 layers are called 'a'",
    ),
    "two tables of a name": (
        with_rows(lambda i, p, q: k.Dot(1)([p * q, k.Embedding(5, 3, name="user_p")(i.user)])),
        "two Embeddings are called 'p'",
    ),
    "a wrong name": (
        with_rows(lambda i, p, q: i.genres),
        "unknown input 'genres': did you mean 'genre'?",
    ),
    "too few rows": (
        lambda i: k.Dot(1)([k.Embedding(4, 2, name="p")(i.user), k.Embedding(4, 2)(i.item)]),
        "the Embedding 'p' has 4 rows for 5 users; give it inputs.n_users",
    ),
    "a category looked up": (
        with_rows(lambda i, p, q: k.Embedding(3, 2)(i.genre)),
        "one number",
    ),
    "a category looked up and summed": (
        with_rows(lambda i, p, q: keras.ops.sum(k.Embedding(3, 1)(i.genre), axis=1)),
        "is embedded by Dense(width, use_bias=False)",
    ),
    "rows as numbers": (
        with_rows(lambda i, p, q: keras.ops.sum(p * q, axis=-1) + k.Rescaling(2.0)(i.user)),
        "reads rows, which an Embedding alone may",
    ),
    "two outputs": (with_rows(lambda i, p, q: [p, q]), "it gives 2 outputs"),
    "nothing": (lambda i: None, "it gives NoneType, not a tensor of Keras"),
    "a vector": (with_rows(lambda i, p, q: p * q), "it hands on (None, 3), a network one number"),
    "no item": (
        lambda i: k.Dense(1)(k.Embedding(5, 2)(i.user)),
        "the network reads nothing of the item",
    ),
    "an input of its own": (
        with_rows(lambda i, p, q: k.Dense(1)(p * q) + keras.Input((1,), name="mine")),
        "it reads 'mine', an Input of its own; take one of inputs",
    ),
    "a regularizer": (
        with_rows(lambda i, p, q: k.Dense(1, kernel_regularizer="l2")(p * q)),
        "has a kernel_regularizer, which has no effect here",
    ),
    "another start": (
        with_rows(lambda i, p, q: k.Dense(1, kernel_initializer="he_normal")(p * q)),
        "has the kernel_initializer HeNormal; here it is GlorotUniform",
    ),
    "another start of a table": (
        lambda i: k.Dot(1)([k.Embedding(5, 2, "ones")(i.user), k.Embedding(4, 2)(i.item)]),
        "has the embeddings_initializer Ones; it can be 'uniform' or 'zeros' here",
    ),
    "a mask": (
        lambda i: k.Dot(1)([k.Embedding(5, 2, mask_zero=True)(i.user), k.Embedding(4, 2)(i.item)]),
        "masks row 0, which is somebody's",
    ),
    "another axis": (
        with_rows(lambda i, p, q: k.Dense(1)(k.BatchNormalization(scale=False)(p * q))),
        "has scale=False; it can be True here",
    ),
    "another activation": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Dense(3, "softmax")(p * q))),
        "unknown activation 'softmax'",
    ),
    "another operation": (
        with_rows(lambda i, p, q: keras.ops.mean(p * q, axis=1)),
        "the operation Mean ('mean') cannot be read",
    ),
    "weights given to a table": (
        lambda i: k.Dot(1)(
            [
                k.Embedding(5, 2, weights=[np.full((5, 2), np.nan)], name="p")(i.user),
                k.Embedding(4, 2)(i.item),
            ]
        ),
        "'p' is given values for its weights, which start anew",
    ),
    "weights given later": (
        with_rows(lambda i, p, q: with_ones(k.Dense(1, name="end"), p * q)),
        "'end' is given values for its weights, which start anew",
    ),
    "a setting that Keras is to lose": (
        with_rows(lambda i, p, q: k.Dense(1)(k.LayerNormalization(rms_scaling=True)(p * q))),
        "has rms_scaling=True, which has no effect here",
    ),
    "a threshold": (
        with_rows(lambda i, p, q: k.Dense(1)(k.ReLU(threshold=0.5)(p * q))),
        "has threshold=0.5, which has no effect here",
    ),
    "dropout also in use": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Dropout(0.5, name="d")(p * q, training=True))),
        "'d' is called with training=, which has no effect here",
    ),
    "a mask that is given": (
        with_rows(
            lambda i, p, q: k.Dense(1)(k.BatchNormalization(name="b")(p * q, mask=i.genre[:, 0]))
        ),
        "'b' is called with mask=, which has no effect here",
    ),
    "an activation of one's own, by a name of Keras": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Dense(3, tanh)(p * q))),
        "the activation 'tanh' is not Keras's own",
    ),
    "a part of a function": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Dense(3, partial(tanh))(p * q))),
        "was given what cannot be kept as data",
    ),
    "bounds the wrong way round": (
        with_rows(lambda i, p, q: k.Dense(1)(keras.ops.clip(p * q, 1, -1))),
        "it clips to 1 at least and -1 at most",
    ),
    "rows": (with_rows(lambda i, p, q: i.item), "it hands on item, a row"),
    "two pools of a name": (
        with_rows(lambda i, p, q: k.Dot(1)([pool(i.rated), pool(i.rated)])),
        "2 layers are called 'a'",
    ),
    "a model of a class of one's own": (
        with_rows(lambda i, p, q: Own(name="own")(p * q)),
        "the layer Own ('own') cannot be read",
    ),
    "a model whose inputs are named": (
        with_rows(lambda i, p, q: BY_NAME({"one": p, "other": q})),
        "'by_name' is given a dictionary; give it a list",
    ),
    "weights that stay": (
        with_rows(lambda i, p, q: k.Dense(1, trainable=False)(p * q)),
        "has trainable=False, which has no effect here",
    ),
    "weights in two parts": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Dense(3, lora_rank=2)(p * q))),
        "has lora_rank=2, which has no effect here",
    ),
    "another type": (
        with_rows(lambda i, p, q: k.Dense(1, dtype="float64")(p * q)),
        "is of float64; here all are of float32",
    ),
    "who rated what, otherwise": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Concatenate(name="both")([p * q, i.rated]))),
        "'both' reads who rated what, which a Dense alone may",
    ),
    "a table and who rated what": (
        with_rows(lambda i, p, q: k.Dot(1)([q, k.Dense(3, name="q")(i.rated)])),
        "'item_q' is read by rows and as a whole; give each its own",
    ),
    "attention": (
        with_rows(lambda i, p, q: k.Dense(1)(k.Attention()([p, q]))),
        "the layer Attention ('attention') cannot be read",
    ),
    "a model used twice": (
        with_rows(lambda i, p, q: (lambda t: t(p) + t(q))(keras.Sequential([k.Dense(1)]))),
        "is used twice",
    ),
}


@pytest.mark.filterwarnings("ignore:You passed .rms_scaling=True.")
@pytest.mark.parametrize(("network", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_in_a_line(network: Any, said: str) -> None:
    with pytest.raises(StarcastError, match=re.escape(said)) as caught:
        read(network, RATINGS)
    assert "\n" not in str(caught.value)


def test_who_rated_what_is_read_by_dense_layers() -> None:
    """Within a model, too; kernels are tables, biases and activations stay."""

    def attending(inputs: Any) -> Any:
        p, q = rows(inputs)
        rated = keras.Sequential([k.Dense(3, "tanh", name="liked")])(inputs.rated)
        fans = k.Dense(3, use_bias=False, name="fans")(inputs.raters)
        return k.Dense(1)(k.Concatenate()([p, q * rated, fans]))

    liked = (rated_items("liked", 3) + weight("liked_bias", 3)).apply("tanh")
    p, q = user("p", 3), item("q", 3)
    wanted = output(concatenate(p, q * liked, raters("fans", 3)))
    assert as_plain(read(attending, RATINGS)) == as_plain(wanted)


def test_the_time_of_a_rating_is_read() -> None:
    """Against the same by hand; without timestamps it is refused."""

    def dated(inputs: Any) -> Any:
        p, q = rows(inputs)
        date = k.Dense(3, use_bias=False, name="date")(inputs.time)
        return k.Dense(1)(k.Concatenate()([p, q, date]))

    known = replace(RATINGS, timestamps=np.array([10, 20, 30, 40, 50]))
    wanted = output(concatenate(user("p", 3), item("q", 3), dense("date", time(), 3, bias=False)))
    assert as_plain(read(dated, known)) == as_plain(wanted)
    with pytest.raises(StarcastError, match=r"has no timestamps, which inputs\.time reads"):
        read(dated, RATINGS)


def test_names_that_keras_gives_are_told_from_ones_own() -> None:
    assert all(is_automatic(layer()) for layer in (k.ReLU, k.BatchNormalization, k.Add))
    assert is_automatic(k.Dense(1))
    assert not is_automatic(k.Dense(1, name="dense_of_mine"))
