"""What tools are told of models and splits, in words."""

import doctest
from pathlib import Path

import numpy as np
import pytest
import recipes

from starcast.data.load import divide, load
from starcast.data.split import TEST
from starcast.errors import ConfigError, UnknownNameError

NOWHERE = Path("nowhere")


def test_the_examples_hold() -> None:
    assert doctest.testmod(recipes).failed == 0


def test_five_folds_are_all_rows_once_and_again_for_every_seed() -> None:
    ratings = load("ml-latest-small", NOWHERE)
    planned = list(recipes.plans("kfold", "7,8", {"validation": 0.2}))
    assert [plan.seed for plan in planned] == [7] * 5 + [8] * 5
    tested = sum(divide(plan, ratings, NOWHERE).parts == TEST for plan in planned[:5])
    assert np.all(tested == 1)


def test_several_splits_stand_beside_each_other() -> None:
    planned = recipes.plans("official:u1,official:u2", "1", {})
    assert [plan.official for plan in planned] == ["u1", "u2"]


def test_half_a_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="'--chains' stands alone"):
        recipes.parse_settings(["--samples", "3", "--chains"])


def test_an_unknown_setting_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="'--sample': did you mean '--samples'"):
        recipes.parse_settings(["--sample", "3"])


def test_seeds_are_numbers() -> None:
    with pytest.raises(ConfigError, match="'1,x' are no seeds"):
        list(recipes.plans("random", "1,x", {}))
