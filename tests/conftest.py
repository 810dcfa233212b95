"""What every test shares: no network, no display, no clock, repeatable random cases."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import postgres_server
import pytest

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, Split, SplitPlan
from starcast.engines.settings import MiniBatchSettings

# Read when Matplotlib is first imported, hence at the top of the first file pytest loads.
os.environ.setdefault("MPLBACKEND", "Agg")

hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine: the default run is offline."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            pytest.fail(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    """A PostgreSQL of our own, for all tests that want one."""
    programs = postgres_server.binaries()
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with postgres_server.running(programs) as port:
        yield port


@pytest.fixture
def postgres_address(postgres_port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database, with its password where libpq looks for it."""
    monkeypatch.setenv("PGPASSWORD", postgres_server.PASSWORD)
    return postgres_server.fresh_database(postgres_port)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind that stores may lie in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    address: str = request.getfixturevalue("postgres_address")
    return address


@pytest.fixture
def ratings() -> Ratings:
    """Three users, four films and eight ratings, small enough to work with by hand.

    Rows, sorted by (user, item), with stars @ timestamp:

        ann:  alien 5 @ 40,  brazil 3 @ 10,  clue 4 @ 30,  duel 1 @ 20
        bob:  alien 2 @ 11,  duel 4.5 @ 12
        eve:  brazil 4 @ 50,  clue 0.5 @ 5
    """
    return Ratings.from_columns(
        np.array(["ann", "ann", "ann", "ann", "bob", "bob", "eve", "eve"]),
        np.array(["alien", "brazil", "clue", "duel", "alien", "duel", "brazil", "clue"]),
        np.array([5, 3, 4, 1, 2, 4.5, 4, 0.5], np.float32),
        np.array([40, 10, 30, 20, 11, 12, 50, 5]),
        titles={"alien": "Alien (1979)", "duel": "Duel (1971)"},
        name="tiny",
    )


@pytest.fixture(scope="session")
def planted() -> Ratings:
    """40 users and 30 items, 60 % of the pairs rated; stars follow two planted factors."""
    rng = np.random.default_rng(7)
    user_factors, item_factors = rng.normal(0, 0.8, (40, 2)), rng.normal(0, 0.8, (30, 2))
    users, items = np.nonzero(rng.random((40, 30)) < 0.6)
    noise = rng.normal(0, 0.2, len(users))
    exact = 3 + np.sum(user_factors[users] * item_factors[items], axis=1) + noise
    return Ratings.from_columns(
        users + 1,
        items * 10,
        np.clip(np.round(2 * exact) / 2, 0.5, 5).astype(np.float32),
        np.arange(len(users)),
        titles={item * 10: f"Film {item}" for item in range(30)},
        name="planted",
    )


@pytest.fixture(scope="session")
def planted_split(planted: Ratings) -> Split:
    """The planted ratings, 20 % of them test rows and 20 % of the rest validation rows."""
    return SplitPlan(validation=0.2).divide(planted)


@pytest.fixture
def known_by_heart(ratings: Ratings) -> Artifact:
    """A latent factor model of the tiny ratings with weights to reckon with by hand.

    The mean is 3 and the dimension 2:

        ann (0.5; 1, 0)     bob (0; 0, 1)     eve (-0.5; 1, 1)      (bias; factors)
        alien (1; 1, 0)     brazil (0; 0, 2)  clue (0; 0, 2)        duel (-1; -1, 1)

    Raw scores:

        ann:  alien 5.5,  brazil 3.5,  clue 3.5,  duel 1.5
        bob:  alien 4,    brazil 5,    clue 5,    duel 3
        eve:  alien 4.5,  brazil 4.5,  clue 4.5,  duel 1.5

    Training rows: ann–alien 5, ann–brazil 3, bob–alien 2, eve–clue 0.5. Validation: ann–duel 1.
    Test: ann–clue 4, bob–duel 4.5, eve–brazil 4.
    """
    rows = [TRAIN, TRAIN, TEST, VALIDATION, TRAIN, TEST, TEST, TRAIN]
    weights = {
        "mean": np.array(3, np.float32),
        "user_bias": np.array([0.5, 0, -0.5], np.float32),
        "user_factors": np.array([[1, 0], [0, 1], [1, 1]], np.float32),
        "item_bias": np.array([1, 0, 0, -1], np.float32),
        "item_factors": np.array([[1, 0], [0, 2], [0, 2], [-1, 1]], np.float32),
    }
    return Artifact(
        model="latent-factor-model",
        config=MiniBatchSettings(dimension=2),
        seed=1,
        weights=weights,
        weights_before_refit=weights,
        split=Split(ratings, np.array(rows, np.uint8), "by hand"),
        best_epoch=3,
        history=({"epoch": 1, "loss": 0.5, "validation": {"rmse": 1.25}},),
        versions={"numpy": np.__version__},
    )
