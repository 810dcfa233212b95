"""Executors and drivers that are lost for real: processes killed while they train and list."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import on_spark
import pytest

import starcast as sc
from starcast.artifacts.artifact import Artifact
from starcast.engines.settings import SgdSettings
from starcast.engines.spark.fit import Request, fit
from starcast.engines.spark.listing import Wish, lists_of
from starcast.engines.spark.session import Session
from starcast.recommend import Recommender
from starcast.training.loop import EpochRecord

SETTINGS = SgdSettings(
    epochs=2, dimension=4, learning_rate=0.02, regularization_factor=0.03, averaging=0.4, patience=9
)
PROGRAM = """
import os, sys
import on_spark
from test_spark_failures import request
from starcast.engines.spark.fit import fit

class Report:
    def started(self, n): pass
    def epoch(self, record, weights, is_best): print("epoch", record.epoch, flush=True)
    def ended(self): pass

with on_spark.session() as session:
    fit(session, sys.argv[1], request(observe=lambda run: [Report()]))
"""


def request(**how: Any) -> Request:
    return Request(
        ratings=sc.load("ml-latest-small"), model="latent-factor-model", config=SETTINGS, **how
    )


def executors() -> list[int]:
    """The processes of executors that this process's Spark has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
            parents = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "CoarseGrainedExecutorBackend" in line and on_spark.MARK in parents:
            found.append(int(folder.name))
    return found


class Killer:
    """An observer that kills an executor, as the system does, while the next epoch runs."""

    def __init__(self) -> None:
        self.killed: list[int] = []

    def started(self, n_epochs: int) -> None:
        pass

    def epoch(self, record: EpochRecord, weights: object, is_best: bool) -> None:
        if not self.killed:
            self.kill()

    def kill(self) -> None:
        victim = executors()[0]
        os.kill(victim, signal.SIGKILL)
        self.killed.append(victim)

    def ended(self) -> None:
        pass


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    with on_spark.session() as session:
        return fit(session, str(tmp_path_factory.mktemp("work")), request()).artifact


def test_a_killed_executor_changes_nothing(undisturbed: Artifact, tmp_path: Path) -> None:
    """Two executors of their own; one is killed between two epochs, one while lists are made."""
    if not Path("/proc").is_dir():
        pytest.skip("processes are looked for in /proc")
    with on_spark.session("local-cluster[2,1,1024]") as session:
        killer = Killer()
        found = fit(session, str(tmp_path), request(observe=lambda run: [killer])).artifact
        assert killer.killed
        for name, array in undisturbed.weights.items():
            np.testing.assert_array_equal(found.weights[name], array, err_msg=name)
        top = listed_while_one_is_killed(session, found, killer)
    users = np.arange(found.split.ratings.n_users, dtype=np.int32)
    np.testing.assert_array_equal(top, Recommender(found).top_rows(users, 10))
    assert len(killer.killed) == 2


def listed_while_one_is_killed(session: Session, artifact: Artifact, killer: Killer) -> Any:
    users = np.arange(artifact.split.ratings.n_users, dtype=np.int32)
    thread = threading.Timer(0.5, killer.kill)
    thread.start()
    top = lists_of(session, artifact, users, Wish(10))
    thread.join()
    return top


def test_a_killed_driver_goes_on_to_the_same_end(undisturbed: Artifact, tmp_path: Path) -> None:
    on_spark.require_spark()
    here = Path(__file__).parent
    support = here.parents[2] / "support"
    path = os.pathsep.join([str(here), str(support), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    ) as driver:  # fmt: skip
        assert driver.stdout
        told = driver.stdout.readline()
        os.killpg(driver.pid, signal.SIGKILL)
    assert told == "epoch 1\n"
    said: list[str] = []
    with on_spark.session() as session:
        found = fit(session, str(tmp_path), request(tell=said.append)).artifact
    assert any(line.startswith("going on after epoch") for line in said), said
    for name, array in undisturbed.weights.items():
        np.testing.assert_array_equal(found.weights[name], array, err_msg=name)
