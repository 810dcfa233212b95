"""How fast the Keras engine trains on this machine's accelerator, in one command of a few minutes.

    pip install starcast-*.whl 'jax[cuda12]' keras
    KERAS_BACKEND=jax python tools/measure_gpu.py --out measured
    KERAS_BACKEND=jax python tools/measure_gpu.py --out measured --small      # on a CPU, to try it

The ratings are made up: of ML-1M's and ML-20M's shapes, out of planted factors and noise. For every
set, network, batch and precision it tells ratings per second of an epoch, once it is compiled. Then
it tells the seconds of training until the validation RMSE is within 0.001 of the best that the
compiled engine reaches on the same split by its defaults. What there was no time for is told as
such. Rows are written to measured/gpu.json as they come, and as a table to measured/gpu.md.
"""

import json
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from starcast import models
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import Split, SplitPlan
from starcast.engines.blas import spin_briefly
from starcast.engines.protocol import Engine, Weights
from starcast.engines.settings import Settings
from starcast.errors import ConfigError, StarcastError
from starcast.evaluation.metrics import rmse
from starcast.scoring import DeepScorer, EnsembleScorer

NETWORKS = {"deep": "deep-neural-network-model", "ensemble": "ensemble-no-transfer-learning"}
NEAR = 0.001  # of the compiled engine's RMSE
_SCALE = RatingScale(0.5, 5.0, 0.5)
_JUDGED = 100_000  # validation rows
_TIMED = 3  # epochs, after that which compiles
_RATES = (0.01, 0.03)  # of large batches; the first that is near enough is told


class Shape(NamedTuple):
    """How large a set is, in what batches it is visited, and its share of the time."""

    name: str
    n_users: int
    n_items: int
    n_ratings: int
    batches: tuple[int, ...]
    share: float


SHAPES = (
    Shape("ML-20M-shaped", 138_493, 26_744, 20_000_263, (1 << 16, 1 << 18, 1 << 20), 0.7),
    Shape("ML-1M-shaped", 6_040, 3_706, 1_000_209, (1 << 16, 1 << 18), 0.3),
)
SMALL = (
    Shape("a hundredth of ML-20M", 1_385, 2_674, 200_003, (1 << 12,), 0.5),
    Shape("a tenth of ML-1M", 1_940, 1_173, 100_021, (1 << 11,), 0.5),
)


class Clock:
    """How much time is left of so many minutes."""

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    def is_over(self) -> bool:
        """Whether there is none."""
        return time.monotonic() >= self._end


def planted(shape: Shape, seed: int = 7) -> Ratings:
    """Distinct pairs, crowded as in MovieLens, and stars of biases, eight factors and noise."""
    rng = np.random.default_rng(seed)
    keys = np.empty(0, np.int64)
    while len(keys) < shape.n_ratings:
        n = int(1.3 * (shape.n_ratings - len(keys))) + 1000
        users = _drawn(rng, np.exp(rng.normal(0, 1.0, shape.n_users)), n)
        items = _drawn(rng, (np.arange(shape.n_items) + shape.n_items / 30) ** -1.5, n)
        keys = np.concatenate([keys, users * shape.n_items + items])
        keys.sort()
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    keys = np.delete(keys, rng.choice(len(keys), len(keys) - shape.n_ratings, replace=False))
    users, items = np.divmod(keys, shape.n_items)
    return Ratings.from_rows(
        Vocabulary(np.arange(shape.n_users), "user"),
        Vocabulary(np.arange(shape.n_items), "item"),
        users.astype(np.int32),
        items.astype(np.int32),
        _stars(rng, users, items, shape),
        scale=_SCALE,
        name=shape.name,
    )


def _drawn(rng: np.random.Generator, weights: NDArray[Any], n: int) -> NDArray[np.int64]:
    ends = np.cumsum(weights)
    return np.asarray(np.searchsorted(ends, rng.random(n) * ends[-1], side="right"), np.int64)


def _stars(
    rng: np.random.Generator, users: NDArray[np.int64], items: NDArray[np.int64], shape: Shape
) -> NDArray[np.float32]:
    p, q = (rng.normal(0, 0.45, (n, 8)).astype(np.float32) for n in (shape.n_users, shape.n_items))
    a, b = (rng.normal(0, 0.4, n).astype(np.float32) for n in (shape.n_users, shape.n_items))
    exact = 3.5 + a[users] + b[items] + np.einsum("nd,nd->n", p[users], q[items])
    noisy = exact + rng.normal(0, 0.7, len(users))
    return np.asarray(np.clip(np.round(2 * noisy) / 2, 0.5, 5), np.float32)


def speeds(shape: Shape, split: Split, clock: Clock) -> Iterator[dict[str, Any]]:
    """A row for every network, batch and precision."""
    for network, name in NETWORKS.items():
        for batch_size in shape.batches:
            for precision in ("float32", "mixed_bfloat16"):
                row = {"set": shape.name, "network": network, "batch": batch_size}
                row |= {"precision": precision}
                if clock.is_over():
                    yield row | {"left out": "no time"}
                    continue
                config = models.find(name).settings(
                    engine="keras", batch_size=batch_size, precision=precision
                )
                yield row | _speed(name, config, split.train)


def _speed(name: str, config: Settings, train: Ratings) -> dict[str, Any]:
    engine = models.find(name).engine(config, train, 1)
    seconds = []
    for _ in range(1 + _TIMED):
        started = time.perf_counter()
        engine.run_epoch()
        seconds.append(time.perf_counter() - started)
    best = min(seconds[1:])
    return {
        "epoch s": round(best, 4),
        "million ratings/s": round(len(train) / best / 1e6, 2),
        "first epoch s": round(seconds[0], 1),
    }


def races(shape: Shape, split: Split, clock: Clock) -> Iterator[dict[str, Any]]:
    """A row for every network: seconds of training to the compiled engine's best, and its own."""
    for network, name in NETWORKS.items():
        row: dict[str, Any] = {"set": shape.name, "network": network}
        if clock.is_over():
            yield row | {"left out": "no time"}
            continue
        config = models.find(name).settings()
        compiled = list(course(name, config, split, 12, clock))
        target = min(error for _, error in compiled)
        row |= {"RMSE": round(target, 4), "compiled s": reached(compiled, target)}
        for rate in _RATES:
            given = {"engine": "keras", "batch_size": shape.batches[0], "learning_rate": rate}
            own = list(course(name, models.find(name).settings(**given), split, 60, clock, target))
            row |= {"rate": rate, "Keras s": reached(own, target), "epochs": len(own)}
            row |= {"Keras RMSE": round(min(error for _, error in own), 4)}
            if row["Keras s"] is not None:
                break
        yield row


def course(
    name: str, config: Settings, split: Split, epochs: int, clock: Clock, target: float = 0.0
) -> Iterator[tuple[float, float]]:
    """After each epoch the seconds of training so far, without the first, which compiles, and the
    validation RMSE of averaged weights; until it is near a target, or the time is over.

    The first epoch counts as the second.
    """
    engine: Engine = models.find(name).engine(config, split.train, 1)
    judged = split.validation.take(np.arange(min(_JUDGED, len(split.validation))))
    average: Weights | None = None
    seconds: list[float] = []
    for _ in range(epochs):
        started = time.perf_counter()
        engine.run_epoch()
        seconds.append(time.perf_counter() - started)
        weights, beta = engine.weights(), np.float32(config.averaging)
        average = (
            weights
            if average is None
            else {one: beta * average[one] + (1 - beta) * array for one, array in weights.items()}
        )
        scorer = EnsembleScorer(average) if "user_factors" in average else DeepScorer(average)
        error = rmse(judged.stars, _SCALE.clip(scorer.score_pairs(*_pairs(judged))))
        yield sum(seconds[1:]) + seconds[:2][-1], error
        if error <= target + NEAR or (clock.is_over() and len(seconds) > 1):
            return


def _pairs(judged: Ratings) -> tuple[Any, Any]:
    return judged.user_rows, judged.item_rows


def reached(told: list[tuple[float, float]], target: float) -> float | None:
    """Seconds until an error is near a target; None if it never is.

    >>> reached([(1.0, 0.9), (2.0, 0.8505), (3.0, 0.85)], 0.85)
    2.0
    """
    return next((round(at, 3) for at, error in told if error <= target + NEAR), None)


def machine() -> dict[str, str]:
    """What it was measured on."""
    import keras

    devices = keras.distribution.list_devices()
    return {
        "backend": keras.backend.backend(),
        "devices": ", ".join(devices),
        "kind": _kind(str(keras.backend.backend())),
        "keras": keras.__version__,
        "python": platform.python_version(),
    }


def _kind(backend: str) -> str:
    if backend == "jax":
        import jax

        return f"{jax.devices()[0].device_kind}, jax {jax.__version__}"
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices()
    details = tf.config.experimental.get_device_details(found[0])
    return f"{details.get('device_name', found[0].device_type)}, tensorflow {tf.__version__}"


def require_accelerator(backend: str) -> None:
    """Refuse a machine, or an installation, that would measure its CPU. Raises: ConfigError."""
    if backend == "jax":
        import jax

        found = [device.platform for device in jax.devices()]
    else:
        import tensorflow as tf

        found = [device.device_type.lower() for device in tf.config.list_physical_devices()]
    if set(found) <= {"cpu"}:
        raise ConfigError(
            f"{backend} finds no accelerator here: is the build for it installed "
            "(starcast[keras-gpu])? --small tries this on a CPU"
        )


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as Markdown, with every column that any of them has."""
    heads = list(dict.fromkeys(name for row in rows for name in row))
    lines = [heads, ["---"] * len(heads)]
    lines += [["" if row.get(name) is None else str(row[name]) for name in heads] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(
    out: Annotated[Path, typer.Option(help="A folder for what is measured.")],
    small: Annotated[bool, typer.Option(help="Small sets, to try it on a CPU.")] = False,
    minutes: Annotated[float, typer.Option(help="No new measurement begins after so many.")] = 4,
) -> None:
    """Measure, tell, and write down."""
    spin_briefly()
    models.require_engine(models.find(NETWORKS["deep"]).settings(engine="keras"))
    found: dict[str, list[dict[str, Any]]] = {"speed": [], "race": []}
    where, shapes = machine(), SMALL if small else SHAPES
    if not small:
        require_accelerator(where["backend"])
    print(where, flush=True)
    out.mkdir(parents=True, exist_ok=True)
    for shape in shapes:
        split = SplitPlan(test=0.05, validation=0.05).divide(planted(shape))
        for kind, rows in (("speed", speeds), ("race", races)):
            for row in rows(shape, split, Clock(minutes * shape.share / 2)):
                print(row, flush=True)
                found[kind].append(row)
                (out / "gpu.json").write_text(json.dumps(where | found, indent=1) + "\n")
    page = f"{where}\n\n{table(found['speed'])}\n{table(found['race'])}"
    (out / "gpu.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    try:
        typer.run(main)
    except StarcastError as error:
        raise SystemExit(f"measure_gpu: {error}") from None
