"""What every test shares: no network, no display, no clock, repeatable random cases."""

import os
import socket
from typing import Any

import hypothesis
import numpy as np
import pytest

from starcast.ratings import Ratings

# Read when the libraries are first imported, hence at the top of the first file pytest loads.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

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
