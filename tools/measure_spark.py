"""The Spark engine beside Spark's own MLlib: accuracy, time, memory, and lists of everybody.

    python tools/measure_spark.py accuracy --ratings ml-1m.parquet
    python tools/measure_spark.py training --ratings ml-20m/ratings.csv --master MASTER
    python tools/measure_spark.py lists --ratings ml-20m/ratings.csv

`lists` are of the model that the step before has left. Every step is a process of its own, whose
memory is summed up over all that it has started. Both engines see one split by hash; as MLlib has
no validation, both train on training and validation rows, and test rows judge.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import numpy as np

import starcast as sc
from starcast import models
from starcast.artifacts import storage
from starcast.data.split import TEST, Split
from starcast.engines.spark.fit import Request, fit
from starcast.engines.spark.listing import Wish, lists_of
from starcast.engines.spark.session import Session, opened
from starcast.evaluation.report import evaluate
from starcast.recommend import Recommender

K, DIMENSION = 10, 32
MLLIB: dict[str, Any] = {"rank": DIMENSION, "regParam": 0.05, "maxIter": 10, "seed": 42}
Figures = dict[str, Any]


class Watched:
    """An observer that prints each epoch's validation RMSE, to see that it goes on."""

    def started(self, n_epochs: int) -> None:
        """Nothing."""

    def epoch(self, record: Any, weights: object, is_best: bool) -> None:
        """A line on stderr."""
        quality = record.validation or record.train
        print(record.epoch, f"{quality['rmse']:.4f} {record.seconds:.1f} s", file=sys.stderr)

    def ended(self) -> None:
        """Nothing."""


def trained(session: Session, ratings: str, epochs: int | None, **how: Any) -> Any:
    """A model of a table, trained by Spark, and the seconds that all of it took."""
    given = {} if epochs is None else {"epochs": epochs}
    config = models.find("latent-factor-model").settings(
        dimension=DIMENSION, optimizer=how.pop("optimizer"), **given
    )
    request = Request(
        ratings=ratings,
        model="latent-factor-model",
        config=config,
        observe=lambda run: [Watched()],
        tell=lambda line: print(line, file=sys.stderr),
        **how,
    )
    with TemporaryDirectory() as work:
        started = time.perf_counter()
        fitted = fit(session, work, request)
        return fitted.artifact, time.perf_counter() - started


def ours(session: Session, arguments: argparse.Namespace) -> Figures:
    """Test RMSE, refitted."""
    optimizer = arguments.optimizer
    artifact, seconds = trained(
        session, arguments.ratings, arguments.epochs, refit=True, optimizer=optimizer
    )
    storage.save(artifact, Path(arguments.out))
    return judged(artifact, seconds)


def judged(artifact: Any, seconds: float) -> Figures:
    """Of a model that was refitted; and of the same before."""
    before = replace(artifact, weights=artifact.weights_before_refit, refit=False)
    return {
        "fit_s": seconds,
        "test_rmse": evaluate(artifact).stars()["RMSE"],
        "test_rmse_before_refit": evaluate(before).stars()["RMSE"],
        "epochs": artifact.best_epoch,
        "fingerprint": artifact.split.fingerprint[:12],
    }


def here(session: Session, arguments: argparse.Namespace) -> Figures:
    """The same by the engine of this machine."""
    given = {} if arguments.epochs is None else {"epochs": arguments.epochs}
    how = {"dimension": DIMENSION, "optimizer": arguments.optimizer, **given}
    split = divided(arguments.ratings)
    started = time.perf_counter()
    artifact = sc.train(split, refit=True, **how).artifact
    return judged(artifact, time.perf_counter() - started)


def once(session: Session, arguments: argparse.Namespace) -> Figures:
    """Training alone, of so many epochs: does it come to its end?"""
    epochs, optimizer = arguments.epochs or 3, arguments.optimizer
    artifact, seconds = trained(session, arguments.ratings, epochs, optimizer=optimizer)
    storage.save(artifact, Path(arguments.out))
    epochs = [record["seconds"] for record in artifact.history]
    return {"fit_s": seconds, "epoch_s": epochs, "n": len(artifact.split.ratings)}


def divided(ratings: str) -> Split:
    """The same split, here."""
    return sc.split(sc.load(ratings), "hash")


def frame_of(session: Session, split: Split, users: Any = None) -> Any:
    """Training and validation rows, of all users or of some, as MLlib takes them."""
    import pyarrow as pa

    known = split.known
    if users is not None:
        known = known.take(np.isin(known.user_rows, users))
    columns = {"user": known.user_rows, "item": known.item_rows, "rating": known.stars}
    return session.frame(pa.table(columns)).repartition(session.width).cache()


def mllib(session: Session, arguments: argparse.Namespace) -> Figures:
    """MLlib's ALS alone; pairs of which it knows nothing are the mean."""
    from pyspark.ml.recommendation import ALS

    split = divided(arguments.ratings)
    frame = frame_of(session, split)
    frame.count()
    started = time.perf_counter()
    model = ALS(userCol="user", itemCol="item", ratingCol="rating", **MLLIB).fit(frame)
    factors: dict[str, Any] = {
        name: tables(getattr(model, f"{name}Factors")) for name in ("user", "item")
    }
    seconds = time.perf_counter() - started
    test = split.ratings.take(split.parts == TEST)
    users, items = factors["user"], factors["item"]
    mean = float(split.known.stars.mean(dtype=np.float64))
    pairs = zip(test.user_rows.tolist(), test.item_rows.tolist(), strict=True)
    known = ((u in users and i in items, u, i) for u, i in pairs)
    scores = np.array([users[u] @ items[i] if is_known else mean for is_known, u, i in known])
    errors = test.scale.clip(scores) - test.stars
    rmse = float(np.sqrt(np.mean(np.square(errors, dtype=np.float64))))
    return {"fit_s": seconds, "test_rmse": rmse, **MLLIB}


def tables(frame: Any) -> dict[int, Any]:
    """Factors by row."""
    rows = frame.toArrow().to_pylist()
    return {row["id"]: np.array(row["features"]) for row in rows}


def our_lists(session: Session, arguments: argparse.Namespace) -> Figures:
    """Top 10 of everybody, or of some, seen items left out; and of MLlib, seen items and all."""
    import pyarrow as pa
    from pyspark.ml.recommendation import ALS

    artifact = storage.load(Path(arguments.out))
    split, n_all = artifact.split, artifact.split.ratings.n_users
    users = np.arange(0, n_all, max(1, n_all // (arguments.users or n_all)), dtype=np.int32)
    als = ALS(userCol="user", itemCol="item", ratingCol="rating", **{**MLLIB, "maxIter": 1})
    model = als.fit(frame_of(session, split, users))
    subset = session.frame(pa.table({"user": users})).cache()
    subset.count()
    with TemporaryDirectory() as folder:

        def ours_written() -> None:
            ids = split.ratings.users.ids[users]
            Recommender(artifact).recommend_all(
                Path(folder) / "lists.parquet",
                K,
                users=ids,
                make=lambda rows: lists_of(session, artifact, rows, Wish(K)),
            )

        def theirs_written() -> None:
            everybody = len(users) == n_all
            lists = (
                model.recommendForAllUsers(K)
                if everybody
                else model.recommendForUserSubset(subset, K)
            )
            lists.write.mode("overwrite").parquet(f"{folder}/theirs")

        lists_of(session, artifact, users[:1000], Wish(K))  # warm
        rounds = [(timed(ours_written), timed(theirs_written)) for _ in range(arguments.rounds)]
    mine, theirs = (float(np.median(one)) for one in zip(*rounds, strict=True))
    return {
        "users": len(users),
        "items": split.ratings.n_items,
        "rounds_ours_mllib_s": rounds,
        "times_as_fast": theirs / mine,
    }


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


STEPS: dict[str, tuple[tuple[str, Callable[..., Figures]], ...]] = {
    "accuracy": (("Starcast", ours), ("this machine's engine", here), ("MLlib's ALS", mllib)),
    "training": (("Starcast", once),),
    "lists": (("top 10 of everybody", our_lists),),
}


def family(root: int) -> Iterator[int]:
    """A process and all that it has started."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(int(stat[1]), []).append(int(folder.name))
    found = [root]
    for one in found:
        yield one
        found += parents.get(one, [])


def memory(root: int) -> float:
    """GB that belong to a process and to all that it has started."""
    total = 0
    for one in family(root):
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))
    return total / 1e6


@contextmanager
def peak_of(root: int) -> Iterator[list[float]]:
    """The most memory while the context lasts, looked at each half second."""
    found, done = [0.0], Event()

    def look() -> None:
        while not done.wait(0.5):
            found[0] = max(found[0], memory(root))

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def run(step: str, number: int, arguments: argparse.Namespace) -> Figures:
    """One contestant, in this process."""
    settings = dict(one.split("=", 1) for one in arguments.spark_config)
    settings.setdefault("spark.driver.memory", arguments.driver_memory)
    with opened(arguments.master, settings) as session:
        return STEPS[step][number][1](session, arguments)


def main() -> None:
    """Measure each contestant in a process of its own, and print a line of JSON for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--driver-memory", default="4g")
    parser.add_argument("--spark-config", action="append", default=[])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--optimizer", default="SGD", choices=("SGD", "ALS"))
    parser.add_argument("--users", type=int, help="of lists; all if not given")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", default="build/measured-on-spark")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only is not None:
        print(json.dumps(run(arguments.step, arguments.only, arguments)))
        return
    for number, (name, _) in enumerate(STEPS[arguments.step]):
        command = [sys.executable, *sys.argv, "--only", str(number)]
        started = time.perf_counter()
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
            peak_of(process.pid) as peak,
        ):
            told = process.communicate()[0]
        if process.returncode:
            sys.exit(f"{name} failed")
        whole = {"whole_s": time.perf_counter() - started, "peak_gb": peak[0]}
        print(name, json.dumps({**json.loads(told), **whole}), flush=True)


if __name__ == "__main__":
    main()
