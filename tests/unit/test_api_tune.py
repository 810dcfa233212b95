"""`sc.tune`: the search of the library, in a line of Python."""

from pathlib import Path
from typing import Any

import pytest

import starcast as sc
from starcast.data.split import Split
from starcast.errors import ConfigError, StarcastError, UnknownNameError
from starcast.training.tuning.records import Trial

ALS: dict[str, Any] = {"optimizer": "ALS", "epochs": 3}


def test_the_best_of_a_search_is_trained_and_a_study_goes_on(
    planted_split: Split, tmp_path: Path
) -> None:
    told: list[tuple[str, int]] = []

    def note(model: str, trial: Trial) -> None:
        told.append((model, trial.number))

    how: dict[str, Any] = {
        "space": {"dimension": "2:6"},
        "study": tmp_path / "study",
        "on_trial": note,
        **ALS,
    }
    tuned = sc.tune(planted_split, "latent-factor-model", trials=4, seed=3, **how)
    assert told == [("latent-factor-model", n) for n in range(4)]
    artifact = tuned.model.artifact
    assert artifact.history[artifact.best_epoch - 1]["validation"]["rmse"] == tuned.value
    assert {name: getattr(artifact.config, name) for name in tuned.settings} == tuned.settings
    assert 2 <= tuned.settings["dimension"] <= 6
    assert repr(tuned).startswith(f"Tuned(latent-factor-model, {tuned.value:.4f}: dimension=")
    again = sc.tune(planted_split, "latent-factor-model", trials=4, seed=3, **how)
    assert again.searched == tuned.searched
    assert len(told) == 4
    page = tuned.write(tmp_path / "page")
    assert page.read_text(encoding="utf-8").count("<svg") == 2


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"models": "latent-factor"}, UnknownNameError, "did you mean 'latent-factor-model'"),
        ({"models": []}, ConfigError, "no model"),
        ({"trials": 0}, ConfigError, "at least one trial"),
        ({"jobs": 0}, ConfigError, "at least one job"),
        ({"minutes": -1}, ConfigError, "more than 0 minutes"),
        ({"sampler": "grid"}, UnknownNameError, "unknown sampler"),
        ({"samples": 3}, ConfigError, "has a setting samples"),
        ({"space": {"dimension": "x"}}, ConfigError, "no whole number"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    planted_split: Split, given: dict[str, object], error: type[StarcastError], said: str
) -> None:
    with pytest.raises(error) as caught:
        sc.tune(planted_split, **given)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_ratings_are_divided_first(planted_split: Split) -> None:
    with pytest.raises(ConfigError, match="divide ratings before"):
        sc.tune(planted_split.ratings)  # type: ignore[arg-type]
