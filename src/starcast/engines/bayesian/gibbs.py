"""One step of a chain: what the next step needs is its state, what observers may see is beside it.

Source: Cabezas et al. 2024 (blackjax) for the form, step(state) → (state, info). Deviation: the
arrays of a state are changed in place, so that the state that was given is used up.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.draws import Side, draw_noise
from starcast.engines.bayesian.likelihood import Likelihood
from starcast.engines.bayesian.sessions import SessionSide
from starcast.engines.bayesian.sweep import Observed, sweep


class ChainState(NamedTuple):
    """All that the next step depends on, beside the ratings.

    Attributes:
        user, item: the coordinates of either side.
        sessions: those of the users' days, where days are features.
        likelihood: its parameters, and the errors of every rating.
        rng: the random numbers to come.
    """

    user: Side
    item: Side
    sessions: SessionSide | None
    likelihood: Likelihood
    rng: np.random.Generator

    @property
    def front(self) -> Side:
        """The side that ratings belong to: sessions where there are any, else users."""
        return self.sessions.side if self.sessions else self.user


class SweepInfo(NamedTuple):
    """What a step tells of itself.

    Attributes:
        squared_error: sum over the ratings after the sweep, of what the likelihood calls errors.
        is_accepted: whether proposed cut points were; False where nothing is proposed.
        precisions: λ as drawn, by side; float32 (1 + its lines, 1 + n_groups), the linear line
            first, the rows' own coordinates before the groups of features.
    """

    squared_error: float
    is_accepted: bool
    precisions: Mapping[str, NDArray[np.float32]]


def step(
    state: ChainState, starts: NDArray[np.int64], items: NDArray[np.int32]
) -> tuple[ChainState, SweepInfo]:
    """Draw everything once.

    Args:
        state: of the chain; it is used up.
        starts, items: as in `sweep.Observed`.
    """
    user, item, sessions, likelihood, rng = state
    is_accepted = likelihood.before_sweep(rng)
    squared_error, *priors = sweep(
        Observed(starts, items, likelihood.errors, likelihood.alpha),
        user,
        item,
        draw_noise(user, rng),
        draw_noise(item, rng),
        sessions,
        draw_noise(sessions.side, rng) if sessions else None,
    )
    likelihood.after_sweep(squared_error, rng)
    precisions = {
        side: of_side[..., 1]
        for side, of_side in zip(("user", "item", "session"), priors, strict=True)
        if len(of_side)
    }
    return state, SweepInfo(squared_error, is_accepted, precisions)


def traced_names(state: ChainState) -> list[str]:
    """The names of what `traced` gives."""
    sides = {"user": state.user, "item": state.item}
    if state.sessions:
        sides["session"] = state.sessions.side
    untold = {
        name: np.ones((len(side.total), len(side.groups.bounds)), np.float32)
        for name, side in sides.items()
    }
    return list(traced(state, SweepInfo(0.0, False, untold)))


def traced(state: ChainState, info: SweepInfo) -> dict[str, float]:
    """The few figures by which chains are compared, by name.

    Chains turn and swap factors, each its own way, so that no figure is of one factor: the
    precision of the factors is one over their mean variance. The global bias is the mean of both
    sides' biases; of an ordered probit, as far as it is above the mean cut point, since the
    ratings know of no other.
    """
    likelihood, item = state.likelihood, state.item
    biases = [side.total[0][side.seen].mean(dtype=np.float64) for side in (state.front, item)]
    found = {**likelihood.traced(), "global_bias": float(sum(biases)) - likelihood.origin}
    for side, precisions in info.precisions.items():
        n_own = len(state.sessions.side.own) if side == "session" and state.sessions else None
        for group, lines in _groups(precisions, n_own):
            found[f"{side}{group}_bias_precision"] = float(lines[0])
            found[f"{side}{group}_factor_precision"] = float(1 / np.mean(1 / lines[1:]))
    return found


def _groups(
    precisions: NDArray[np.float32], n_own: int | None
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Each group's lines, float64; a session has factors of its own for the first lines alone."""
    lines = precisions.astype(np.float64).T
    yield "", lines[0][:n_own]
    for number, of_features in enumerate(lines[1:], start=1):
        yield f"_features_{number}", of_features
