"""A pair is scored with itself in both histories: by sums written out, and by planted raters."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from plain_factor import random_ratings, ratings_of

from starcast.data.ratings import Ratings
from starcast.engines.bayesian.chain import Chain
from starcast.engines.bayesian.design import feature_group, histories, joined
from starcast.engines.bayesian.engine import BayesianEngine
from starcast.engines.settings import GibbsSettings
from starcast.scoring import PosteriorScorer

N_USERS, N_ITEMS, D = 12, 9, 3


def some_ratings() -> Ratings:
    """The last user and the last item have no rating, all others have some."""
    train = random_ratings(N_USERS, N_ITEMS, 0.5, seed=2)
    train = train.take((train.user_rows < N_USERS - 1) & (train.item_rows < N_ITEMS - 1))
    assert len(np.unique(train.user_rows)) == N_USERS - 1
    assert len(np.unique(train.item_rows)) == N_ITEMS - 1
    return train


def chain_of(train: Ratings) -> Chain:
    """After some sweeps; items also have genres, which stay as they are."""
    by_user, by_item = histories(train)
    genres = feature_group(np.arange(N_ITEMS) % 2, np.arange(N_ITEMS), 2, N_ITEMS)
    items = joined([by_item, genres], N_ITEMS)
    chain = Chain(train, D, joined([by_user], N_USERS), items, "gaussian", [1, 0])
    for _ in range(5):
        chain.step()
    return chain


def written_out(chain: Chain, train: Ratings, u: int, i: int) -> float:
    """The score of a pair, history by history; products of both own shares left out."""
    rated = train.item_rows[train.user_rows == u].tolist()
    raters = train.user_rows[train.item_rows == i].tolist()
    of_items, of_users = chain.now.user.features[:, :N_ITEMS], chain.now.item.features[:, :N_USERS]

    def summed(features: np.ndarray, rows: list[int], unknown: int) -> np.ndarray:
        mean = np.delete(features, unknown, axis=1).mean(axis=1)
        each = [mean if row == unknown else features[:, row] for row in rows]
        return np.asarray(sum(each) / np.sqrt(len(each)))

    genre = chain.now.item.features[:, N_USERS + i % 2]
    p = chain.now.user.own[:, u] + summed(of_items, [*rated, i], N_ITEMS - 1)
    q = chain.now.item.own[:, i] + genre + summed(of_users, [*raters, u], N_USERS - 1)
    own_of_item = summed(of_items, [i], N_ITEMS - 1) / np.sqrt(len(rated) + 1)
    own_of_user = summed(of_users, [u], N_USERS - 1) / np.sqrt(len(raters) + 1)
    return float(p[0] + q[0] + p[1:] @ q[1:] - own_of_item[1:] @ own_of_user[1:])


def test_every_pair_scores_as_one_with_a_rating() -> None:
    train = some_ratings()
    chain = chain_of(train)
    sample = chain.sample()
    scores = sample["user_factors"] @ sample["item_factors"].T
    scores += sample["user_bias"][:, np.newaxis] + sample["item_bias"]
    known = N_USERS - 1, N_ITEMS - 1
    expected = [[written_out(chain, train, u, i) for i in range(known[1])] for u in range(known[0])]
    assert_allclose(scores[: known[0], : known[1]], expected, atol=1e-4)


def test_who_has_no_rating_is_taken_for_all_and_rates_as_the_fewest_do() -> None:
    """Their rows are means, and 1/√(m+1) has the m of the middle of the tenth with the fewest."""
    train = some_ratings()
    sample = chain_of(train).sample()
    for name, rows, n, place in (
        ("user", train.user_rows, N_USERS, D + 1), ("item", train.item_rows, N_ITEMS, D),
    ):  # fmt: skip
        factors, bias = sample[f"{name}_factors"], sample[f"{name}_bias"]
        assert_allclose(factors[-1, :D], factors[:-1, :D].mean(axis=0), rtol=1e-4)
        assert bias[-1] == pytest.approx(bias[:-1].mean(), rel=1e-4)
        weights = np.sort(1 / np.sqrt(np.bincount(rows, minlength=n)[:-1]))
        at = 0.95 * (len(weights) - 1)
        low, high = weights[int(at)], weights[int(at) + 1]
        weight = low + (at - int(at)) * (high - low)
        assert factors[-1, place] == pytest.approx(weight / np.sqrt(1 + weight**2), rel=1e-5)
        assert factors[-1, place] < 0.7  # 1 would be as of somebody whose only rating this is


def test_the_chain_starts_from_what_it_had_but_for_two_factors() -> None:
    chain = chain_of(some_ratings())
    sample = chain.sample()
    chain.start_from(sample)
    assert_allclose(chain.now.user.total[1:], sample["user_factors"][:, :D].T)
    assert_allclose(chain.now.item.total[0], sample["item_bias"])


@pytest.mark.parametrize("is_turned", [False, True])
def test_who_rates_what_nobody_rated_tells_of_it(is_turned: bool) -> None:
    """Films with one rater each: half of the users pick good ones, half bad ones; or turned round,
    people with one rating each."""
    rng = np.random.default_rng(4)
    n_raters, n_each = 40, 20
    raters = np.repeat(np.arange(n_raters), n_each)
    rated = rng.permutation(len(raters))
    stars = np.where(raters % 2, 4.0, 2.0) + rng.choice([-0.5, 0, 0.5], len(raters))
    common = [(r, len(raters) + c, float(s)) for r in range(n_raters)
              for c, s in enumerate(rng.choice([2.5, 3.0, 3.5], 20))]  # fmt: skip
    rows = list(zip(raters.tolist(), rated.tolist(), stars.tolist(), strict=True)) + common
    if is_turned:
        rows = [(other, rater, star) for rater, other, star in rows]
    sizes = (n_raters, len(raters) + 20)
    ratings = ratings_of(rows, *(sizes[::-1] if is_turned else sizes))
    front, back = ratings.user_rows, ratings.item_rows
    if is_turned:
        front, back = back, front
    is_single = back < len(raters)
    held_out = is_single & (rng.random(len(ratings)) < 0.25)
    config = GibbsSettings(dimension=2, samples=60, burn_in=20, kept=20, likelihood="gaussian")
    engine, rest = BayesianEngine(config, ratings.take(~held_out), 1), ratings.take(held_out)
    for _ in range(engine.sweeps):
        engine.run_epoch()

    def error(n_factors: int) -> float:
        weights = engine.weights()
        for side in ("user_factors", "item_factors"):
            weights[side][..., n_factors:] = 0
        scores = PosteriorScorer(weights).score_pairs(rest.user_rows, rest.item_rows)
        return float(np.sqrt(np.mean((scores - rest.stars) ** 2)))

    assert error(2) > 2 * error(4)
    assert error(4) < 0.6  # the noise alone leaves 0.41
