"""Spark for tests: a session where there is a Java, a skip with the reason where there is none.

As a program it trains and lists while executors are killed, or trains until it is killed itself:

    python on_spark.py executors|driver TABLE WORK OUT
"""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np

from starcast.artifacts import storage
from starcast.engines.settings import SgdSettings
from starcast.engines.spark.fit import Request, fit
from starcast.engines.spark.listing import Wish, lists_of
from starcast.engines.spark.needs import require_java, require_pyspark
from starcast.engines.spark.session import Session, opened
from starcast.errors import ConfigError
from starcast.training.loop import EpochRecord

_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # runs are too short for more to pay
SMALL = {
    "spark.driver.extraJavaOptions": _QUICK,
    "spark.executor.extraJavaOptions": _QUICK,
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
"""Settings of Spark that suit little data."""

SETTINGS = SgdSettings(
    epochs=3, dimension=4, learning_rate=0.02, regularization_factor=0.03, averaging=0.4, patience=9
)
_MARK = "STARCAST_TEST_OF_SPARK"  # in the environment of all that a session of ours starts


def require_spark() -> None:
    """Skip, with the reason, where Spark cannot run."""
    import pytest

    try:
        require_pyspark()
        require_java()
    except ConfigError as error:
        pytest.skip(str(error))


@contextmanager
def session(master: str = "local[2]") -> Iterator[Session]:
    """A session on this machine."""
    os.environ[_MARK] = str(os.getpid())
    os.environ.setdefault("SPARK_WORKER_DIR", tempfile.gettempdir())
    with opened(master, SMALL) as started:
        yield started


def request(ratings: object, **how: Any) -> Request:
    """What all these tests train."""
    how = {"seed": 5, **how}
    return Request(ratings=ratings, model="latent-factor-model", config=SETTINGS, **how)


class Observed:
    """Prints each epoch, and does something after the first."""

    def __init__(self, after_first: Callable[[], object]) -> None:
        self._after_first = after_first

    def started(self, n_epochs: int) -> None:
        """Nothing."""

    def epoch(self, record: EpochRecord, weights: object, is_best: bool) -> None:
        """One has ended."""
        print("epoch", record.epoch, flush=True)
        if record.epoch == 1:
            self._after_first()

    def ended(self) -> None:
        """Nothing."""


def kill_an_executor() -> None:
    """One that this process has started, as the system kills what takes too much memory."""
    mark = f"{_MARK}={os.getpid()}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"CoarseGrainedExecutorBackend" in command and mark in environment:
            os.kill(int(folder.name), signal.SIGKILL)
            print("killed", flush=True)
            return


def main(who: str, table: str, work: str, out: str) -> None:
    """Train and list over Spark Connect, on two executors of which one is killed now and then; or
    train alone."""
    if who == "driver":
        with session() as spark:
            fit(spark, work, request(table, observe=lambda run: [Observed(signal.pause)]))
        return
    with session("sc://local-cluster[2,1,1024]") as spark:
        observed = Observed(kill_an_executor)
        artifact = fit(spark, work, request(table, observe=lambda run: [observed])).artifact
        storage.save(artifact, Path(out))
        users = np.arange(artifact.split.ratings.n_users, dtype=np.int32)
        timer = Timer(0.3, kill_an_executor)
        timer.start()
        np.save(Path(out) / "top.npy", lists_of(spark, artifact, users, Wish(10)))
        timer.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
