"""What an artifact says of itself: which rows it knows, what it was before, whom it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from starcast import models
from starcast.artifacts.artifact import Artifact, settings_of_part
from starcast.data.split import TEST, TRAIN, VALIDATION
from starcast.engines.settings import AlsSettings, GibbsSettings, MiniBatchSettings
from starcast.errors import ConfigError, SplitMismatchError


def final(artifact: Artifact) -> Artifact:
    """Trained on all rows, to other weights."""
    doubled = {name: 2 * array for name, array in artifact.weights.items()}
    return replace(artifact, weights=doubled, refit=True, final=True)


def test_a_leak_is_in_the_title(known_by_heart: Artifact) -> None:
    assert known_by_heart.title == "Latent factor"
    assert replace(known_by_heart, leak="peeped").title == "Latent factor (LEAKY)"


def test_how_far_it_went_is_told_in_its_own_words(known_by_heart: Artifact) -> None:
    assert known_by_heart.reached == "best epoch 3"
    assert replace(known_by_heart, config=GibbsSettings()).reached == "3 sweeps"
    parts = ({"model": "means"}, {"model": "most-popular"})
    assert replace(known_by_heart, config=None, parts=parts).reached == "a blend of 2"


def test_what_followed_the_choice_is_told(known_by_heart: Artifact) -> None:
    assert known_by_heart.retrained == ""
    assert replace(known_by_heart, refit=True).retrained == ", refitted"
    assert final(known_by_heart).retrained == ", then trained on all ratings"


def test_rows_up_to_a_part_are_those_before_it_too(known_by_heart: Artifact) -> None:
    parts = known_by_heart.split.parts
    known = {part: np.flatnonzero(known_by_heart.up_to(part)).tolist() for part in range(3)}
    assert known[TRAIN] == [0, 1, 4, 7]
    assert known[VALIDATION] == [0, 1, 3, 4, 7]
    assert known[TEST] == list(range(len(parts)))
    assert np.all(final(known_by_heart).up_to(TRAIN))


def test_a_refit_has_learned_from_validation_rows_too(known_by_heart: Artifact) -> None:
    assert np.flatnonzero(known_by_heart.trained_on).tolist() == [0, 1, 4, 7]
    refitted = replace(known_by_heart, refit=True)
    assert np.flatnonzero(refitted.trained_on).tolist() == [0, 1, 3, 4, 7]


def test_raters_are_those_of_training_rows(known_by_heart: Artifact) -> None:
    assert known_by_heart.n_raters.tolist() == [2, 1, 1, 0]
    assert replace(known_by_heart, refit=True).n_raters.tolist() == [2, 1, 1, 0]
    assert final(known_by_heart).n_raters.tolist() == [2, 2, 2, 2]


def test_a_final_model_was_blind_before(known_by_heart: Artifact) -> None:
    before = final(known_by_heart).before_final()
    assert (before.final, before.refit) == (False, False)
    assert before.weights is known_by_heart.weights
    assert known_by_heart.before_final() is known_by_heart


def test_the_scorer_before_a_refit_has_its_own_weights(known_by_heart: Artifact) -> None:
    """ann and alien: 5.5 raw; twice the weights are 2 · 3 + 2 · 0.5 + 2 · 1 + 4 · 1 = 13."""
    refitted = replace(final(known_by_heart), final=False)
    pair = np.array([0]), np.array([0])
    assert refitted.scorer.score_pairs(*pair) == 13
    assert refitted.scorer_before_refit().score_pairs(*pair) == 5.5
    assert known_by_heart.scorer_before_refit() is known_by_heart.scorer


def test_how_far_ratings_lie_is_the_error_of_blind_weights(known_by_heart: Artifact) -> None:
    """The one validation row: ann gave duel 1 star, and 1.5 were predicted."""
    assert known_by_heart.residual_rmse == 0.5
    assert final(known_by_heart).residual_rmse == 0.5
    exact = dict(known_by_heart.weights) | {"mean": np.array(2.5, np.float32)}
    sure = replace(known_by_heart, weights_before_refit=exact, refit=True)
    assert sure.residual_rmse == pytest.approx(0.005)  # never less than 0.01 of half a star


def test_a_final_model_says_what_it_has_no_figures_of(known_by_heart: Artifact) -> None:
    assert known_by_heart.about_final == ""
    said = final(known_by_heart).about_final
    assert said.startswith("Latent factor is trained on all 8 ratings, the test ratings among them")
    assert said.endswith("of the run that chose its settings, trained on 4")


def test_settings_are_told_with_the_seed(known_by_heart: Artifact) -> None:
    told = known_by_heart.settings()
    assert (told["optimizer"], told["dimension"], told["seed"]) == ("Adam", 2, 1)
    parts = ({"model": "means"}, {"model": "most-popular"})
    blend = replace(known_by_heart, config=None, parts=parts)
    assert blend.settings() == {"parts": "Means + Most popular", "seed": 1}


@pytest.mark.parametrize("settings", [AlsSettings(dimension=3), MiniBatchSettings(batch_size=7)])
def test_a_part_of_a_blend_has_the_settings_it_had(
    known_by_heart: Artifact, settings: AlsSettings | MiniBatchSettings
) -> None:
    """Which are recorded with its seed, and that is no setting."""
    record = replace(known_by_heart, config=settings).settings()
    part = {"model": "latent-factor-model", "settings": record}
    assert settings_of_part(part) == settings
    assert (
        models.find("latent-factor-model").solvers.recorded(
            {name: value for name, value in record.items() if name != "seed"}
        )
        == settings
    )


def test_another_split_is_refused(known_by_heart: Artifact) -> None:
    ours = known_by_heart.split.fingerprint
    known_by_heart.require_split(ours, "blend it")
    with pytest.raises(
        SplitMismatchError, match=r"cannot blend it: .*\(tiny, by hand, .*than beef"
    ):
        known_by_heart.require_split("beef" * 16, "blend it")


def test_a_final_model_is_used_for_final_ones_alone(known_by_heart: Artifact) -> None:
    ours = known_by_heart.split.fingerprint
    final(known_by_heart).require_split(ours, "start from it", final=True)
    known_by_heart.require_split(ours, "start from it", final=True)
    with pytest.raises(ConfigError, match="train it without --final"):
        final(known_by_heart).require_split(ours, "compare it")
