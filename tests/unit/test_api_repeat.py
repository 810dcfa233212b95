"""`sc.repeat`: many splits and seeds from Python."""

import pytest

import starcast as sc
from starcast.data.ratings import Ratings
from starcast.errors import ConfigError


def test_models_are_repeated_by_name_and_as_they_were_trained(planted: Ratings) -> None:
    split = sc.split(planted, seed=7)
    model = sc.train(split, "latent-factor-model", epochs=2, dimension=2, seed=9)
    told = sc.repeat(planted, ["means", model], "2x2", split_seed=7, seed=9)
    assert told.models == ["Means", "Latent factor"]
    assert [(one.number, one.seed) for one in told.cells] == [(0, 9), (0, 10), (1, 11), (1, 12)]
    assert told.cells[0].fingerprint == split.fingerprint
    assert told.cells[0].figures["Latent factor"]["RMSE"] == sc.evaluate(model).rmse
    assert told.of_seeds("Means", "RMSE") == 0 < told.of_splits("Means", "RMSE")
    assert "Means" in repr(told)
    assert "<table>" in told._repr_html_()


@pytest.mark.parametrize("times", ["x", 1, 0, 2.5, "5x"])
def test_what_is_no_number_of_repeats_is_refused(planted: Ratings, times: str) -> None:
    with pytest.raises(ConfigError, match="is no number of repeats"):
        sc.repeat(planted, ["means"], times)


def test_nothing_to_repeat_is_refused(planted: Ratings) -> None:
    with pytest.raises(ConfigError, match="name a model to repeat"):
        sc.repeat(planted, [])
