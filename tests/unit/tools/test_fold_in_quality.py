"""Who is a person of the trial in docs/fold-in.md, and what each model may learn from."""

import numpy as np
from fold_in_quality import N_GROUPS, Trial, folded_in, stored

from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN
from starcast.models import find
from starcast.training.fit import fit


def test_guests_train_no_model_without_them_and_half_of_the_other(planted: Ratings) -> None:
    trial = Trial.of(planted, 1, seed=42)
    guests = set(planted.user_rows[trial.given].tolist())
    assert guests == set(planted.user_rows[trial.judged].tolist())
    assert len(guests) == planted.n_users / N_GROUPS
    is_guest = np.isin(planted.user_rows, list(guests))
    assert np.array_equal(trial.given | trial.judged, is_guest)
    assert not np.any(trial.given & trial.judged)
    assert np.array_equal(trial.without.parts == TEST, is_guest)
    assert np.array_equal(trial.within.parts == TEST, trial.judged)
    assert np.all(trial.within.parts[trial.given] == TRAIN)
    others = ~is_guest
    assert np.array_equal(trial.without.parts[others], trial.within.parts[others])


def test_each_guest_is_halved(planted: Ratings) -> None:
    trial = Trial.of(planted, 1, seed=42)
    given, judged = (
        np.bincount(planted.user_rows[half], minlength=planted.n_users)
        for half in (trial.given, trial.judged)
    )
    assert np.abs(given - judged).max() <= 1


def test_every_user_is_a_guest_of_one_trial(planted: Ratings) -> None:
    times = sum(
        Trial.of(planted, group, seed=3).given.astype(int) + Trial.of(planted, group, seed=3).judged
        for group in range(1, N_GROUPS + 1)
    )
    assert np.all(times == 1)


def test_both_models_are_judged_on_the_same_rows(planted: Ratings) -> None:
    trial = Trial.of(planted, 1, seed=42)
    config = find("latent-factor-model").settings(epochs=2, dimension=4)
    model = fit(trial.without, "latent-factor-model", config)
    n = np.count_nonzero(trial.judged)
    assert len(folded_in(model, trial)) == len(stored(model, trial)) == n > 0
