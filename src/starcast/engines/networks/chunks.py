"""How batches are cut into chunks, and the random numbers of dropout in each, by a seed alone."""

from typing import Any

import numpy as np

from starcast.engines.compiled import serial

CHUNK = 256  # ratings: the values of a chunk stay in the second-level cache


@serial
def parts(n: Any, size: Any) -> Any:
    """How many parts of a size n makes, the last perhaps smaller."""
    return (n + size - 1) // size


@serial
def cut(part: Any, n_parts: Any, n: Any) -> Any:
    """The bounds of one of n_parts near-equal parts of n."""
    return part * n // n_parts, (part + 1) * n // n_parts


@serial
def mixed(seed: Any, batch: Any, chunk: Any) -> Any:
    """A seed of its own for every chunk of an epoch, far from the others."""
    return np.uint32(seed + np.uint32(batch * 0x85EBCA6B) + np.uint32(chunk * 0xC2B2AE35))


@serial
def hashed(n: Any, seed: Any) -> Any:
    """A random uint32 for each n and seed: two rounds of multiply and shift."""
    mix = np.uint32(np.uint32(n * np.uint32(0x9E3779B9)) + seed)
    mix = np.uint32((mix ^ (mix >> np.uint32(16))) * np.uint32(0x21F0AAAD))
    mix = np.uint32((mix ^ (mix >> np.uint32(15))) * np.uint32(0x735A2D97))
    return np.uint32(mix ^ (mix >> np.uint32(15)))


@serial
def limit(rate: Any) -> Any:
    """What is hashed to less than this is dropped."""
    return np.uint32(rate * 2.0**32)


@serial
def mask(n: Any, width: Any, rate: Any, seed: Any, batch: Any, place: Any) -> Any:
    """What dropout multiplies the values of a batch by, as `backpropagation` drops them.

    Args:
        n: ratings of the batch.
        width: numbers of each.
        rate: float32, the share that is dropped.
        seed: uint32, of the epoch.
        batch: which of the epoch it is.
        place: which dropout of the network.
    Returns: float32 (n, width).
    """
    n_chunks, scale = parts(n, CHUNK), np.float32(1 / (1 - rate))
    found = np.empty((n, width), np.float32)
    for chunk in range(n_chunks):
        begin, end = cut(chunk, n_chunks, n)
        own = np.uint32(mixed(seed, batch, chunk) + np.uint32(place))
        values = found[begin:end].reshape((end - begin) * width)
        for k in range(len(values)):
            is_dropped = hashed(np.uint32(k), own) < limit(rate)
            values[k] = np.float32(0) if is_dropped else scale
    return found
