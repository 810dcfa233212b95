"""Beside the means: what is added up, tested, kept and told."""

from pathlib import Path

import numpy as np
import pytest
from against_means import MEANS, Found, holm, keep, lines, page, taken_back

FACTOR = "latent-factor-model"


def found(factor: float) -> Found:
    """40 users with a known pair each, whose squared error is 1, and 40 rows of new items, 0.25."""
    errors = np.zeros((2, 4, 40))
    errors[0, 0], errors[0, 2] = 1, 0.25
    errors[1] = factor * errors[0]
    errors[1, 2] = errors[0, 2]
    n_rows = np.zeros((4, 40), np.int64)
    n_rows[[0, 2]] = 1
    return Found((MEANS, FACTOR), errors, n_rows)


def test_kinds_are_told_apart_and_seeds_go_together() -> None:
    told = {line.pairs: line for line in lines([found(1.21), found(1.21)])}
    assert list(told) == ["all", "known", "new items"]
    assert told["known"].n_rows == 80
    assert told["known"].means == pytest.approx(1)
    assert told["known"].rmse == pytest.approx(1.1)
    assert told["all"].means == pytest.approx((1.25 / 2) ** 0.5)
    assert told["known"].verdict == "**worse**"
    assert told["new items"].verdict == "no real difference"
    assert next(lines([found(0.81)])).verdict == "better"


def test_of_few_rows_nothing_is_said() -> None:
    few = found(2)
    n_rows = few.n_rows.copy()
    n_rows[2, 20:] = 0
    assert [line.pairs for line in lines([few._replace(n_rows=n_rows)])] == ["all", "known"]


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == [0.06, 0.03, 0.06]


def test_runs_are_kept_and_told_by_set_and_split(tmp_path: Path) -> None:
    for seed in (1, 2):
        keep(found(1.21), tmp_path / f"some-set-random-{seed}.npz")
    again = taken_back(tmp_path / "some-set-random-1.npz")
    assert again.names == (MEANS, FACTOR)
    np.testing.assert_array_equal(again.errors, found(1.21).errors)
    told = page(tmp_path)
    assert "## some-set-random, 2 seeds" in told
    assert "| known | 80 | Latent factor | 1.0000 | 1.1000 | +0.1000 | " in told
