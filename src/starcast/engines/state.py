"""The state of an engine as named arrays: what its next epoch depends on beside how it was made."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

State = Mapping[str, NDArray[Any]]
"""Arrays by name, of any type that is a number."""

_WORD = 1 << 64


def copied(arrays: State) -> dict[str, NDArray[Any]]:
    """A copy of each, in C order."""
    return {name: np.array(array, order="C") for name, array in arrays.items()}


def put_back(arrays: State, state: State) -> None:
    """Fill arrays with those of a state.

    Raises: ValueError: it has other arrays, with what differs; then nothing is changed.
    """
    check_state(state, arrays)
    for name, array in arrays.items():
        array[...] = state[name]


def check_state(state: State, wanted: State) -> None:
    """Refuse a state that has not the names, shapes and types of other arrays.

    Raises: ValueError: what differs.

    >>> check_state({"step": np.zeros(2)}, {"step": np.zeros((), np.int64)})
    Traceback (most recent call last):
    ...
    ValueError: 'step' is float64 (2,), wanted int64 ()
    """
    for name, array in wanted.items():
        if name not in state:
            raise ValueError(f"'{name}' is missing")
        found = state[name]
        if (found.dtype, found.shape) != (array.dtype, array.shape):
            raise ValueError(
                f"'{name}' is {found.dtype} {found.shape}, wanted {array.dtype} {array.shape}"
            )
    if foreign := sorted(state.keys() - wanted.keys()):
        raise ValueError(f"'{foreign[0]}' is none of its arrays")


def named_parts(**parts: State) -> dict[str, NDArray[Any]]:
    """All arrays of several states, each called part/…; `parts_of` takes them apart."""
    return {f"{part}/{name}": array for part, of in parts.items() for name, array in of.items()}


def parts_of(state: State, *names: str) -> list[dict[str, NDArray[Any]]]:
    """The arrays of each part, by what follows part/ in their names.

    Raises: ValueError: there are arrays of another part.

    >>> parts_of({"user/own": np.zeros(1), "item/own": np.ones(1)}, "item", "day")
    Traceback (most recent call last):
    ...
    ValueError: 'user/own' is none of its arrays
    """
    parts: dict[str, dict[str, NDArray[Any]]] = {name: {} for name in names}
    for name, array in state.items():
        part, slash, own = name.partition("/")
        if not slash or part not in parts:
            raise ValueError(f"'{name}' is none of its arrays")
        parts[part][own] = array
    return list(parts.values())


def random_state(rng: np.random.Generator) -> NDArray[np.uint64]:
    """Where a PCG64 generator is; uint64 (6,): state and stream, 128 bits each, and a spare half.

    Source: O'Neill 2014 (PCG); the last two are NumPy's, which hands out 64 bits in two halves.
    """
    found: dict[str, Any] = dict(rng.bit_generator.state)
    of_pcg = found["state"]
    words = [*divmod(of_pcg["state"], _WORD), *divmod(of_pcg["inc"], _WORD)]
    return np.array([*words, found["has_uint32"], found["uinteger"]], np.uint64)


def put_back_random(rng: np.random.Generator, state: NDArray[np.uint64]) -> None:
    """Put a generator where another one of the same seed was, as `random_state` gave it.

    Raises: ValueError: it was of another seed, or nowhere.
    """
    high, low, stream_high, stream_low, has_half, half = (int(word) for word in state)
    found: dict[str, Any] = dict(rng.bit_generator.state)
    stream = stream_high * _WORD + stream_low
    if stream != found["state"]["inc"] or has_half > 1 or half >> 32:
        raise ValueError("its random numbers are not of this seed")
    rng.bit_generator.state = found | {
        "state": {"state": high * _WORD + low, "inc": stream},
        "has_uint32": has_half,
        "uinteger": half,
    }


class Stepped:
    """The state of an engine that takes steps on random batches; `_rng` and `_step` are its own.

    What else its next epoch depends on are the arrays of `_moving_arrays`, which are filled again.
    """

    _rng: np.random.Generator
    _step: int

    def state(self) -> State:
        """Weights and moments, the random numbers of batches and dropout, the steps taken."""
        return copied(self._arrays())

    def restore(self, state: State) -> None:
        """Go on from a state. Raises: ValueError: it is of another engine, or another seed."""
        put_back(self._arrays(), state)
        put_back_random(self._rng, state["random"])
        self._step = int(state["step"])

    def _moving_arrays(self) -> State:
        raise NotImplementedError

    def _arrays(self) -> State:
        step = np.array(self._step, np.int64)
        return {**self._moving_arrays(), "random": random_state(self._rng), "step": step}
