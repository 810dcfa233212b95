"""MD5 of many texts is that of each, by Python's own library."""

import hashlib

import numpy as np
import pytest

from starcast.data.split.md5 import Texts, first_words


@pytest.mark.parametrize("longest", [3, 54, 55, 56, 57, 130])
def test_it_is_that_of_each(longest: int) -> None:
    rng = np.random.default_rng(longest)
    heads = [rng.bytes(size).replace(b"\0", b"0") for size in range(longest + 1)]
    tails = [rng.bytes(size).replace(b"\0", b"0") for size in (9, 1, 0, 33, longest)]
    of_head = rng.integers(0, len(heads), 400)
    of_tail = rng.integers(0, len(tails), 400)
    found = first_words(Texts.of(heads), Texts.of(tails), of_head, of_tail)
    texts = [heads[head] + tails[tail] for head, tail in zip(of_head, of_tail, strict=True)]
    wanted = [int(hashlib.md5(text).hexdigest()[:8], 16) for text in texts]
    assert found.dtype == np.uint32
    assert found.tolist() == wanted
