"""Ids and stars make round trips, whatever they are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from starcast.data.id_arrays import concatenate
from starcast.data.ids import Ids, Vocabulary
from starcast.data.scale import RatingScale
from starcast.errors import UnknownIdError

# NumPy text drops trailing zero characters, and no file can hold a lone surrogate.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


def arrays(values: st.SearchStrategy[Any], dtype: Any, min_size: int = 0) -> st.SearchStrategy[Ids]:
    return st.lists(values, min_size=min_size, max_size=30).map(lambda ids: np.array(ids, dtype))


def ids(min_size: int = 0) -> st.SearchStrategy[Ids]:
    """Text, close integers (looked up in a table), far ones (sorted), unsigned and narrow ones."""
    return st.one_of(
        arrays(TEXT, str, min_size),
        arrays(TEXT, object, min_size),
        arrays(st.integers(-20, 20), np.int64, min_size),
        arrays(INTEGERS, np.int64, min_size),
        arrays(st.integers(0, 2**64 - 1), np.uint64, min_size),
        arrays(st.integers(-128, 127), np.int8, min_size),
    )


@st.composite
def scales(draw: st.DrawFn) -> RatingScale:
    """Scales in hundredths of a star, such as -3.07 to 4.13 in steps of 0.18."""
    lowest, step = draw(st.integers(-1000, 1000)), draw(st.integers(1, 200))
    n_steps = draw(st.integers(1, 50))
    return RatingScale(lowest / 100, (lowest + n_steps * step) / 100, step / 100)


def levels_of(scale: RatingScale) -> NDArray[np.float32]:
    """Every rating on a scale in hundredths, by whole numbers."""
    lowest, highest, step = (
        round(100 * part) for part in (scale.lowest, scale.highest, scale.step)
    )
    return np.array([level / 100 for level in range(lowest, highest + 1, step)], np.float32)


predictions = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20).map(np.array)


@given(ids())
def test_ids_make_the_round_trip(values: Ids) -> None:
    vocabulary, rows = Vocabulary.encode(values)
    assert [str(known) for known in vocabulary.ids[rows]] == [str(value) for value in values]
    assert vocabulary.rows(values).tolist() == rows.tolist()
    assert vocabulary.rows(values.astype(str)).tolist() == rows.tolist()


@given(ids())
def test_each_id_has_one_row_in_ascending_order(values: Ids) -> None:
    vocabulary, _ = Vocabulary.encode(values)
    assert len(vocabulary) == len(set(values.tolist()))
    assert vocabulary.ids.tolist() == sorted(vocabulary.ids.tolist())


@given(ids(min_size=1), st.randoms())
def test_rows_do_not_depend_on_the_order_of_the_file(values: Ids, random: Any) -> None:
    order = random.sample(range(len(values)), len(values))
    vocabulary, rows = Vocabulary.encode(values)
    other, shuffled = Vocabulary.encode(values[order])
    assert other.ids.tolist() == vocabulary.ids.tolist()
    assert shuffled.tolist() == rows[order].tolist()


@given(ids(min_size=1), st.one_of(TEXT, INTEGERS), st.integers(1, 5))
def test_unknown_ids_are_refused_by_name(values: Ids, stranger: str | int, n: int) -> None:
    vocabulary, _ = Vocabulary.encode(values)
    assume(stranger not in vocabulary)
    with pytest.raises(UnknownIdError) as caught:
        vocabulary.rows([stranger])
    if str(stranger).isascii() and str(stranger).isprintable():  # others are escaped
        assert f"'{stranger}'" in str(caught.value)
    near = vocabulary.nearest(stranger, n)
    assert len(near) == min(n, len(vocabulary))
    assert all(known in vocabulary for known in near)


@given(st.lists(ids(), min_size=1, max_size=4))
def test_concatenate_keeps_every_id(parts: list[Ids]) -> None:
    whole = concatenate(parts)
    assert [str(value) for value in whole] == [str(value) for part in parts for value in part]
    assert whole.dtype.kind in "iU"


@given(scales(), predictions)
def test_clipping_stays_in_bounds_and_once_is_enough(
    scale: RatingScale, stars: NDArray[np.float64]
) -> None:
    clipped = scale.clip(stars)
    assert np.all((clipped >= np.float32(scale.lowest)) & (clipped <= np.float32(scale.highest)))
    np.testing.assert_array_equal(scale.clip(clipped), clipped)
    inside = (stars >= scale.lowest) & (stars <= scale.highest)
    np.testing.assert_array_equal(clipped[inside], stars[inside].astype(np.float32))


@given(scales(), predictions)
def test_the_nearest_rating_is_on_the_scale_and_once_is_enough(
    scale: RatingScale, stars: NDArray[np.float64]
) -> None:
    nearest = scale.nearest(stars)
    levels = levels_of(scale)
    assert np.isin(nearest, levels).all()
    np.testing.assert_array_equal(scale.nearest(nearest), nearest)


@given(scales(), predictions)
def test_no_other_rating_is_nearer(scale: RatingScale, stars: NDArray[np.float64]) -> None:
    distances = np.abs(scale.clip(stars)[:, np.newaxis] - levels_of(scale))
    chosen = np.abs(scale.clip(stars) - scale.nearest(stars))
    assert np.all(chosen <= distances.min(axis=1) + 1e-5)


@given(scales())
def test_a_scale_is_inferred_from_its_own_ratings(scale: RatingScale) -> None:
    assert RatingScale.infer(levels_of(scale)) == scale


@given(scales())
def test_a_scale_is_parsed_from_its_own_text(scale: RatingScale) -> None:
    assert RatingScale.parse(f"{scale.lowest}:{scale.highest}:{scale.step}") == scale
