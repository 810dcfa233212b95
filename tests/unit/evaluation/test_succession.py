"""Who takes the place of whom: by ratings that neither knows, and only who is not really worse."""

from dataclasses import replace

import numpy as np
import pytest

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.evaluation.succession import Newcomer, succeed
from starcast.training.fit import fit

MEANS = Newcomer("means", models.find("means").settings(), least=20)


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """Stars are 3 and what the user always adds or takes off; the order of time is random."""
    rng = np.random.default_rng(5)
    users, items = np.nonzero(rng.random((60, 40)) < 0.5)
    stars = 3 + (users % 5 - 2) * 0.75 + rng.normal(0, 0.1, len(users))
    return Ratings.from_columns(
        users, items, np.clip(np.round(stars * 4) / 4, 1, 5), rng.permutation(len(users))
    )


def oldest(ratings: Ratings, share: float) -> Ratings:
    assert ratings.timestamps is not None
    return ratings.take(ratings.timestamps < share * len(ratings))


@pytest.fixture(scope="module")
def in_service(ratings: Ratings) -> Artifact:
    known = oldest(ratings, 0.6)
    split = SplitPlan().divide(known)
    return fit(split, "means", final=True)


def test_without_one_in_service_the_first_is_deployed(ratings: Ratings) -> None:
    verdict = succeed(ratings, None, MEANS)
    assert verdict.deploy
    assert verdict.newcomer is not None
    assert verdict.newcomer.final
    assert verdict.newcomer.trained_on.all()
    assert verdict.n_rows == round(0.1 * len(ratings))
    assert verdict.figures[1] is None


def test_what_judges_is_newer_than_both_and_known_to_neither(
    ratings: Ratings, in_service: Artifact
) -> None:
    verdict = succeed(ratings, in_service, MEANS)
    assert verdict.newcomer is not None
    split = verdict.newcomer.split
    assert split.test.timestamps is not None
    assert split.train.timestamps is not None
    assert split.test.timestamps.min() >= 0.79 * len(ratings)  # of the later 40 % half
    assert split.train.timestamps.max() < split.test.timestamps.min()
    assert verdict.n_rows == len(split.test) == pytest.approx(0.2 * len(ratings), abs=2)
    assert verdict.deploy
    record = verdict.record()
    assert record["in_service"]["rmse"] == pytest.approx(record["newcomer"]["rmse"], abs=0.05)


def test_one_that_is_really_worse_stays_out(ratings: Ratings, in_service: Artifact) -> None:
    """What came before the ratings that judge was overwritten by chance; they were not."""
    assert ratings.timestamps is not None
    is_old = ratings.timestamps < 0.79 * len(ratings)
    chance = np.random.default_rng(6).integers(4, 21, len(ratings)) / 4
    spoilt = replace(ratings, stars=np.where(is_old, chance, ratings.stars).astype(np.float32))
    verdict = succeed(spoilt, in_service, MEANS)
    new, old = verdict.figures
    assert new is not None
    assert old is not None
    assert new.rmse > old.rmse
    assert (verdict.deploy, verdict.why) == (False, "really worse")
    assert verdict.p_value is not None
    assert verdict.p_value < 0.05


def test_too_few_newer_ratings_judge_nothing(ratings: Ratings, in_service: Artifact) -> None:
    same = succeed(oldest(ratings, 0.6), in_service, MEANS)
    assert not same.deploy
    assert same.newcomer is None
    assert "no rating that it does not know" in same.why
    few = succeed(oldest(ratings, 0.62), in_service, MEANS)
    assert not few.deploy
    assert "at least 20 of 6 users are needed" in few.why


def test_without_times_any_half_of_what_is_new_judges(
    ratings: Ratings, in_service: Artifact
) -> None:
    verdict = succeed(replace(ratings, timestamps=None), in_service, MEANS)
    assert verdict.deploy
    assert 0.1 * len(ratings) < verdict.n_rows < 0.3 * len(ratings)
