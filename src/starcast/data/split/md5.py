"""MD5 of very many short texts at a time: about four times as fast as one after the other.

Source: Rivest 1992, RFC 1321. It tells texts apart; it keeps no secret.
"""

import hashlib
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Places = NDArray[np.integer[Any]]
_LONGEST = 55  # bytes of a text that is one block of the algorithm, its padding included
_SHIFTS = [7, 12, 17, 22] * 4 + [5, 9, 14, 20] * 4 + [4, 11, 16, 23] * 4 + [6, 10, 15, 21] * 4
_SINES = [int(abs(np.sin(n + 1)) * 2**32) for n in range(64)]
_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)


@final
class Texts(NamedTuple):
    """Texts (n,) that are parts of others.

    Attributes:
        texts: themselves.
        sizes: int64 (n,), their bytes.
        padded: uint8 (n, width), zeros after the end of each; what is too long anyway is cut.
    """

    texts: list[bytes]
    sizes: NDArray[np.int64]
    padded: NDArray[np.uint8]

    @classmethod
    def of(cls, texts: list[bytes]) -> Self:
        """Of at least one."""
        sizes = np.array([len(one) for one in texts])
        width = min(int(sizes.max()), _LONGEST + 1)
        padded = np.array(texts, f"S{width}").view(np.uint8).reshape(len(texts), width)
        return cls(texts, sizes, padded)


def first_words(heads: Texts, tails: Texts, of_head: Places, of_tail: Places) -> Words:
    """The first 32 bits, big-endian, of the MD5 of texts that are each a head and a tail.

    Args:
        heads, tails: the different ones.
        of_head, of_tail: int (n,), which of them make each text.
    Returns: uint32 (n,).

    >>> heads, tails = Texts.of([b"ann:", b"bob:"]), Texts.of([b"7:42"])
    >>> found = first_words(heads, tails, np.array([1]), np.array([0]))
    >>> hex(found[0]), hashlib.md5(b"bob:7:42").hexdigest()[:8]
    ('0xf7ffe9d9', 'f7ffe9d9')
    """
    sizes = heads.sizes[of_head] + tails.sizes[of_tail]
    found, is_short = np.empty(len(sizes), np.uint32), sizes <= _LONGEST
    if is_short.all():
        return _digested(_padded(heads, tails, of_head, of_tail), sizes)
    short = np.flatnonzero(is_short)
    if len(short):
        found[short] = first_words(heads, tails, of_head[short], of_tail[short])
    for n in np.flatnonzero(~is_short).tolist():
        text = heads.texts[of_head[n]] + tails.texts[of_tail[n]]
        digest = hashlib.md5(text, usedforsecurity=False).digest()
        found[n] = int.from_bytes(digest[:4], "big")
    return found


def _padded(heads: Texts, tails: Texts, of_head: Places, of_tail: Places) -> NDArray[np.uint8]:
    """Texts side by side, zeros behind each; uint8 (n, 128)."""
    texts = np.zeros((len(of_head), 128), np.uint8)
    texts[:, : heads.padded.shape[1]] = heads.padded[of_head]
    sizes, width = heads.sizes[of_head], tails.padded.shape[1]
    for size in np.unique(sizes).tolist():
        rows = np.flatnonzero(sizes == size)
        texts[rows, size : size + width] = tails.padded[of_tail[rows]]
    return texts


def _digested(texts: NDArray[np.uint8], sizes: NDArray[np.int64]) -> Words:
    """The first word of each digest, of texts (n, 64 or more) of so many bytes; changes them."""
    n = len(texts)
    texts[np.arange(n), sizes] = 0x80
    texts[:, 56], texts[:, 57] = (8 * sizes) & 255, (8 * sizes) >> 8
    words = np.ascontiguousarray(texts[:, :64].view("<u4").T.astype(np.uint32, copy=False))
    a, b, c, d = (np.full(n, one, np.uint32) for one in _START)
    f, low = np.empty(n, np.uint32), np.empty(n, np.uint32)
    for turn in range(64):
        at = _mix(turn, b, c, d, f)
        f += a
        f += np.uint32(_SINES[turn])
        f += words[at]
        np.right_shift(f, np.uint32(32 - _SHIFTS[turn]), out=low)
        f <<= np.uint32(_SHIFTS[turn])
        f |= low
        f += b
        a, d, c, b, f = d, c, b, f, a
    a += np.uint32(_START[0])
    return a.byteswap()


def _mix(turn: int, b: Words, c: Words, d: Words, f: Words) -> int:
    """F, G, H or I of a turn, into f; and the word of the text that comes in."""
    if turn < 16:
        np.bitwise_xor(c, d, out=f)
        f &= b
        f ^= d
        return turn
    if turn < 32:
        np.bitwise_xor(b, c, out=f)
        f &= d
        f ^= c
        return (5 * turn + 1) % 16
    if turn < 48:
        np.bitwise_xor(b, c, out=f)
        f ^= d
        return (3 * turn + 5) % 16
    np.invert(d, out=f)
    f |= b
    f ^= c
    return 7 * turn % 16
