"""`starcast doctor`: what this installation is made of, and whether it works."""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, final

from starcast.cli.answers import Answer
from starcast.errors import StarcastError

EXTRAS = {
    "board": ("tensorboard",),
    "export": ("tensorflow", "onnx"),
    "serve": ("fastapi", "pydantic", "uvicorn", "httptools", "prometheus_client"),
    "keras": ("keras", "tensorflow"),
    "keras-gpu": ("keras", "tensorflow", "jax"),
    "rank": ("lightgbm",),
    "index": ("faiss",),
    "spark": ("pyspark",),
    "store": ("sqlalchemy", "psycopg"),
    "tune": ("optuna",),
    "mlflow": ("mlflow", "sqlalchemy", "alembic"),
}
"""Modules that each extra brings."""
_LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "polars", "matplotlib", "typer")
_USERS, _ITEMS, _SHARE = 60, 40, 0.5  # of the ratings of the self-test


@final
class Finding(NamedTuple):
    """What was looked at, what is there, and what is wrong with it ("" if nothing is)."""

    name: str
    found: str
    fault: str = ""


def doctor() -> Answer:
    """Tell versions, threads and extras, and train a small model to see that all of it works.

    It ends with 1, and a line on stderr for each fault, if something is wrong.
    """
    from starcast.cli.show import console, errors

    findings = list(_findings())
    faults = [f"{one.name}: {one.fault}" for one in findings if one.fault]

    def shown() -> None:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False)
        for one in findings:
            table.add_row(one.name, one.found)
        console.print(table)

    for fault in faults:
        errors.print(f"starcast: {fault}", soft_wrap=True)
    return Answer({"works": not faults, "findings": findings}, shown, 1 if faults else 0)


def _findings() -> Iterator[Finding]:
    yield Finding("starcast", metadata.version("starcast"))
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    for name in _LIBRARIES:
        yield _version_of(name)
    yield _looked_at("cores", _cores)
    yield _looked_at("threads", _threads)
    yield _looked_at("BLAS", _blas)
    yield _looked_at("compiled code", _compiled_code)
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if find_spec(name) is None]
        how = f"not here ({', '.join(missing)}): pip install 'starcast[{extra}]'"
        yield Finding(f"extra {extra}", how if missing else "here")
    yield _looked_at("self-test", _self_test)


def _looked_at(name: str, look: Callable[[], str]) -> Finding:
    """What a look finds; a fault if it fails in whatever way."""
    try:
        return Finding(name, look())
    except Exception as error:  # whatever it is: that is what a doctor is asked for
        from starcast.training.plan import in_words

        return Finding(name, "fails", in_words(error))


def _version_of(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "not here", "is not installed; install starcast anew")


def _cores() -> str:
    granted = getattr(os, "sched_getaffinity", None)  # what a container grants, where it is told
    return f"{len(granted(0)) if granted else os.cpu_count() or 1} of {os.cpu_count()}"


def _threads() -> str:
    from starcast.engines.compiled import n_threads

    return f"{n_threads()} in compiled loops"


def _blas() -> str:
    import numpy  # noqa: F401  # loads a BLAS, which is then found
    import scipy.linalg  # noqa: F401  # which brings its own beside NumPy's
    from threadpoolctl import threadpool_info

    found = {
        f"{one['internal_api']} {one['version']}, {one['num_threads']} threads"
        for one in threadpool_info()
        if one["user_api"] == "blas"
    }
    return "; ".join(sorted(found)) or "unknown"


def _compiled_code() -> str:
    """Where it is kept. Raises: OSError: nothing can be written there."""
    from starcast.engines.compiled import kept_in

    folder = kept_in()
    if folder is None:
        return "is not kept"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        return f"kept in {folder}"


def _self_test() -> str:
    """Train, save, load and ask a model. Raises: StarcastError: it is not what it should be."""
    import numpy as np

    from starcast.artifacts import storage
    from starcast.data.ratings import Ratings
    from starcast.data.split import SplitPlan
    from starcast.recommend import Recommender
    from starcast.training.fit import fit

    started = time.perf_counter()
    rng = np.random.default_rng(1)
    kind, liked = rng.normal(size=_USERS), rng.normal(size=_ITEMS)
    users, items = np.nonzero(rng.random((_USERS, _ITEMS)) < _SHARE)
    stars = np.clip(np.round(3 + kind[users] + liked[items]), 1, 5).astype(np.float32)
    split = SplitPlan().divide(Ratings.from_columns(users, items, stars))
    trained = fit(split, "latent-factor-model")
    with tempfile.TemporaryDirectory() as place:
        loaded = storage.load(storage.save(trained, Path(place, "model")))
    pairs = users[:50].tolist(), items[:50].tolist()
    before, after = (Recommender(one).predict(*pairs) for one in (trained, loaded))
    if not np.array_equal(before, after):
        raise StarcastError("a model that was saved and loaded predicts otherwise than before")
    validation = min(one["validation"]["rmse"] for one in trained.history)
    if not validation < 0.8 * float(np.std(stars)):
        raise StarcastError(f"a model learned too little: validation RMSE {validation:.3f}")
    listed = Recommender(loaded).recommend(0, k=3)
    if len(listed) != 3:
        raise StarcastError(f"a list of 3 has {len(listed)} items")
    return f"passed in {time.perf_counter() - started:.1f} s"
