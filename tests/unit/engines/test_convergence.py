"""What is said of chains: the worst of all figures, in words, and as plain values."""

import json
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.engines.convergence import Convergence, Diagnosis

ALIKE = Diagnosis(1.004, 420.0, 250.4)


def normal(shift: float, n: int = 300) -> NDArray[np.float64]:
    """Independent draws of two chains, the second of which lies higher."""
    return np.random.default_rng(1).normal([0, shift], 1.0, (n, 2))


def test_the_worst_of_all_figures_speaks() -> None:
    told = Convergence(2, 150, {"noise": ALIKE, "bias": Diagnosis(1.3, 31.0, 55.0)}, 0.97)
    assert (told.rhat, told.worst, told.ess) == (1.3, "bias", 31)
    assert told.sentence == (
        "2 chains have not settled: R̂ 1.30 of bias (1.01 is settled), 31 effective draws, "
        "97% of cuts accepted"
    )
    assert not told.is_reached


def test_agreeing_chains_that_drew_enough_have_converged() -> None:
    told = Convergence(2, 300, {"noise": ALIKE, "bias": Diagnosis(1.0, 201.0, 900.0)})
    assert told.is_reached
    assert told.sentence == "2 chains agree: R̂ 1.00, 201 effective draws"
    assert not Convergence(3, 300, told.figures).is_reached  # 201 are not 100 for each
    assert not Convergence(2, 300, {"noise": ALIKE._replace(rhat=1.011)}).is_reached
    assert not Convergence(2, 300, {"noise": ALIKE._replace(tail_ess=199.0)}).is_reached


def test_traces_are_diagnosed() -> None:
    accepted = np.array([[1.0, 0.0], [1.0, 1.0]])
    told = Convergence.of({"noise": normal(0), "bias": normal(4)}, accepted)
    assert (told.n_chains, told.n_sweeps, told.acceptance) == (2, 300, 0.75)
    assert told.worst == "bias"
    assert told.figures["noise"].rhat < 1.02 < 1.5 < told.figures["bias"].rhat
    assert Convergence.of({"noise": normal(0)}).is_reached


@pytest.mark.parametrize(
    ("traces", "words"),
    [
        (normal(0, 3), "2 chains of 3 sweeps after burn-in: too short for R̂"),
        (normal(0, 0), "2 chains of 0 sweeps after burn-in: too short for R̂"),
        (normal(0)[:, :1], "1 chain: 287 effective draws; R̂ takes two or more"),
        (np.ones((40, 2)), "2 chains: 80 effective draws; R̂ takes two or more"),
    ],
)
def test_what_says_little_is_said_to(traces: NDArray[np.float64], words: str) -> None:
    told = Convergence.of({"noise": traces})
    assert told.sentence == words
    assert not told.is_reached


def test_a_figure_that_never_moves_does_not_speak_for_others() -> None:
    told = Convergence.of({"still": np.ones((300, 2)), "noise": normal(0)})
    assert told.worst == "noise"
    assert told.is_reached


def test_it_is_written_and_read_back() -> None:
    told = Convergence(2, 9, {"noise": ALIKE, "still": Diagnosis(math.nan, 18.0, 18.0)}, None)
    plain = json.loads(json.dumps(told.plain()).replace("NaN", "null"))
    again = Convergence.from_plain(plain)
    assert math.isnan(again.figures["still"].rhat)
    assert again.figures["noise"] == ALIKE
    assert (again.n_chains, again.n_sweeps, again.acceptance) == (2, 9, None)
