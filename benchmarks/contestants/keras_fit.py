"""The networks as a user of Keras writes them: embeddings, dense layers, Model.fit, Adam."""

from typing import Any

from benchmarks.stage import SEED, known, read, some_rows
from benchmarks.worker import Outcome, Round, clocked, peak_memory

_HIDDEN = (64, 32, 16, 8)


def epoch(
    data: str,
    network: str,
    dimension: int,
    batch_size: int,
    threads: int,
    n_rows: int | None = None,
    compiled: bool = False,
) -> Round:
    """An epoch over the training and validation rows by Model.fit, seconds per rating.

    Args:
        data: the folder of a split.
        network: "deep" or "ensemble".
        dimension: of the embeddings.
        batch_size: of Model.fit.
        threads: for one operation, and for operations side by side.
        n_rows: so many random rows, with the tables of all; every row if not given.
        compiled: whether the step is compiled by XLA (`jit_compile=True`).
    """
    import keras

    rows = some_rows(known(read(data)), n_rows)
    model = _network(network, rows.n_users, rows.n_items, dimension, threads)
    model.compile(keras.optimizers.Adam(0.001), "mse", jit_compile=compiled)

    def fit() -> None:
        model.fit([rows.user_rows, rows.item_rows], rows.stars, batch_size, verbose=0)

    def run() -> Outcome:
        return {"time": clocked(fit, len(rows)), "peak GB": peak_memory()}

    return run


def pairs(data: str, network: str, dimension: int, threads: int) -> Round:
    """Predictions of the test rows by Model.predict, seconds per pair."""
    test = read(data).test
    model = _network(network, test.n_users, test.n_items, dimension, threads)

    def predict() -> None:
        model.predict([test.user_rows, test.item_rows], batch_size=8192, verbose=0)

    predict()
    return lambda: {"time": clocked(predict, len(test))}


def _network(name: str, n_users: int, n_items: int, dimension: int, threads: int) -> Any:
    import keras
    import tensorflow as tf
    from keras import layers

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(SEED)
    user, item = keras.Input((), dtype="int32"), keras.Input((), dtype="int32")

    def looked_up(width: int) -> list[Any]:
        tables = (layers.Embedding(n_users, width), layers.Embedding(n_items, width))
        return [table(row) for table, row in zip(tables, (user, item), strict=True)]

    values = layers.Concatenate()(looked_up(dimension))
    for width in _HIDDEN:
        values = layers.Dense(width, "relu")(values)
    if name == "ensemble":
        product, biases = layers.Multiply()(looked_up(dimension)), looked_up(1)
        values = layers.Concatenate()([product, *biases, values])
    return keras.Model([user, item], layers.Dense(1)(values))
