"""Where to look for better settings: the one place that says how each is varied, or why not.

What is said here is relative to a solver's own defaults where it can be, so that it holds for every
solver, and for models that other packages bring.
"""

from collections.abc import Mapping
from typing import NamedTuple, final


@final
class Around(NamedTuple):
    """From default / factor to default · factor, on a logarithmic scale."""

    factor: float


@final
class Between(NamedTuple):
    """From `low` to `high`, on a straight scale."""

    low: float
    high: float


@final
class AnyOf(NamedTuple):
    """One of these, written as on the command line; without any, one of all the names there are."""

    options: tuple[str, ...] = ()


@final
class LeftOut(NamedTuple):
    """Not varied unless asked for, and why.

    Attributes:
        reason: in a line.
        ever: whether it can be asked for.
    """

    reason: str
    ever: bool = True


Prior = Around | Between | AnyOf | LeftOut

_SPEED = LeftOut("it says how fast, not what, a model learns")
_MORE = LeftOut("more is better, and takes longer")

PRIORS: Mapping[str, Prior] = {
    "epochs": LeftOut("validation says when a training is to end"),
    "batch_size": Around(4),
    "dimension": Around(4),
    "factor_dimension": Around(4),
    "learning_rate": Around(10),
    "optimizer": LeftOut(
        "each optimizer has settings of its own: tune by one at a time", ever=False
    ),
    "dropout_rate": Between(0.0, 0.5),
    "regularization_factor": Around(10),
    "layers": AnyOf(
        ("[32,1]", "[64,32,1]", "[64,32,16,8,1]", "[128,64,32,1]", "[256,128,64,32,1]")
    ),
    "loss": AnyOf(),
    "averaging": Between(0.0, 0.95),
    "patience": LeftOut("it says how long to wait for a better epoch"),
    "transfer_weight": Between(0.0, 1.0),
    "samples": _MORE,
    "burn_in": _MORE,
    "chains": _MORE,
    "kept": _MORE,
    "until_converged": _MORE,
    "likelihood": AnyOf(),
    "features": LeftOut("it says what is read of users and items, which not all data have"),
    "day_length": LeftOut("it matters to the feature days alone"),
    "presence": Around(3),
    "input_penalty": Around(3),
    "steps_per_epoch": LeftOut("it says how often validation looks"),
    "interest_weight": Between(0.0, 2.0),
    "activity_exponent": Between(0.0, 1.0),
    "nearness": Around(10),
    "popularity_exponent": Between(0.0, 1.0),
    "dropped_share": Between(0.0, 0.7),
    "core_items": LeftOut("it bounds memory and time"),
    "unobserved_weight": Around(10),
    "frequency_exponent": Between(0.0, 1.5),
    "network": LeftOut("it is the model", ever=False),
    "engine": LeftOut("it says what trains, not what is learned", ever=False),
    "precision": _SPEED,
    "devices": _SPEED,
    "jit_compile": _SPEED,
}
"""How every setting is varied."""
