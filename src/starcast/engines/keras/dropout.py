"""Dropout by the very random numbers of the compiled engine: a hash of seed, step and place.

The compiled loops cut a batch into chunks, each with a seed of its own (`networks.epoch`), and hash
the places of a chunk's values (`networks.backpropagation`); so it is here.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any
_CHUNK = 256  # ratings, as there
_OF_BATCH, _OF_CHUNK = 0x85EBCA6B, 0xC2B2AE35
_WHOLE = 2**32


class Places(NamedTuple):
    """Where the ratings of a batch stand.

    Attributes:
        within: uint32 (batch_size,), place in its chunk.
        mixed: uint32 (batch_size,), what the chunk adds to the seed.
    """

    within: NDArray[np.uint32]
    mixed: NDArray[np.uint32]

    @classmethod
    def of(cls, n: int, batch_size: int) -> Self:
        """Of a batch of n ratings, filled up to a size."""
        n_chunks, places = -(-n // _CHUNK), np.arange(batch_size)
        chunk = ((places + 1) * n_chunks - 1) // n
        within = places - chunk * n // n_chunks
        return cls(_uint32(within), _uint32(chunk * _OF_CHUNK))


class Dropout(NamedTuple):
    """The dropout of one step.

    Attributes:
        places: of its batch, of Keras's backend.
        seed: uint32, of the epoch.
        batch: int32, which it is.
    """

    places: Places
    seed: Tensor
    batch: Tensor

    def of(self, values: Tensor, rate: float, place: int) -> Tensor:
        """Values (batch_size, …) with a share `rate` 0 and the others scaled up."""
        width = int(np.prod(values.shape[1:]))
        rate = float(np.float32(rate))
        step = ops.cast(self.batch, "uint32") * np.uint32(_OF_BATCH)
        seed = self.seed + step + self.places.mixed + np.uint32(place)
        each = self.places.within[:, None] * np.uint32(width) + np.arange(width, dtype=np.uint32)
        kept = _hash(each, seed[:, None]) >= np.uint32(rate * _WHOLE)
        scale = ops.cast(ops.reshape(kept, tuple(values.shape)), values.dtype) / (1 - rate)
        return values * scale


def _hash(n: Tensor, seed: Tensor) -> Tensor:
    mixed = n * np.uint32(0x9E3779B9) + seed
    mixed = (mixed ^ ops.right_shift(mixed, np.uint32(16))) * np.uint32(0x21F0AAAD)
    mixed = (mixed ^ ops.right_shift(mixed, np.uint32(15))) * np.uint32(0x735A2D97)
    return mixed ^ ops.right_shift(mixed, np.uint32(15))


def _uint32(whole: NDArray[np.int64]) -> NDArray[np.uint32]:
    return (whole % _WHOLE).astype(np.uint32)
