"""The messages that users see."""

import inspect

import pytest

from starcast import errors
from starcast.errors import StarcastError, UnknownNameError

MODELS = ("latent-factor-model", "deep-neural-network-model")


@pytest.mark.parametrize("typed", ["latent-factor", "LATENT-FACTOR-MODEL", "latent_factor_modle"])
def test_a_near_miss_is_answered_with_the_nearest_name(typed: str) -> None:
    error = UnknownNameError("model", typed, MODELS)
    assert str(error) == f"unknown model '{typed}': did you mean 'latent-factor-model'?"


def test_a_far_miss_is_answered_with_all_names() -> None:
    error = UnknownNameError("model", "xyz", iter(MODELS))
    assert str(error) == (
        "unknown model 'xyz': known: latent-factor-model, deep-neural-network-model"
    )


def test_every_error_is_a_starcast_error_that_says_what_it_is_for() -> None:
    members = inspect.getmembers(errors, inspect.isclass)
    classes = [one for _, one in members if one.__module__ == errors.__name__]
    assert StarcastError in classes
    assert all(
        issubclass(one, StarcastError | UserWarning | KeyboardInterrupt) and one.__doc__
        for one in classes
    )
