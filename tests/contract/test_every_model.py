"""What every model in the registry promises, whatever it computes.

The data are tiny: 60 users, 40 items, half of the cells rated, out of biases and two factors that
were planted, plus a little noise. The settings are the tests' own, not the tuned defaults.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, final

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import TEST, TRAIN, Split, SplitPlan
from starcast.data.units import FIVE_STARS, Units
from starcast.engines import tuned
from starcast.engines.expression import Expression, concatenate, hidden_layers, item, output, user
from starcast.engines.expression.autodiff import scores as scores_of
from starcast.engines.expression.weights import shapes_of
from starcast.engines.protocol import (
    Engine,
    ExpressedScorer,
    FoldingScorer,
    LikenessScorer,
    ListFolded,
    ListScorer,
    Scorer,
    Weights,
)
from starcast.engines.rows import SparseRows
from starcast.engines.settings import NetworkSettings, Settings
from starcast.errors import ConfigError
from starcast.evaluation.metrics import LISTS, STARS, rmse
from starcast.evaluation.report import evaluate
from starcast.models import BLEND, BLENDS, LIST_BLEND, MODELS, Model, network
from starcast.models.plugins import Models
from starcast.recommend import FoldedInUser, Recommender
from starcast.scoring import FactorScorer
from starcast.training.fit import fit
from starcast.training.list_stacking import blend_lists
from starcast.training.plan import Recipe, train_all
from starcast.training.stacking import blend

N_USERS, N_ITEMS = 60, 40
SMALL: dict[str, Any] = {
    "dimension": 4,
    "layers": (32, 16, 1),
    "optimizer": "Adam",
    "learning_rate": 0.01,
    "batch_size": 100,
    "regularization_factor": 0.05,
    "dropout_rate": 0.0,
    "averaging": 0.0,
    "epochs": 120,
    "patience": 20,
}
SAMPLED: dict[str, Any] = {  # for models that are drawn, not descended
    "optimizer": "Gibbs",
    "likelihood": "gaussian",  # the planted stars are no steps
    "samples": 120,
    "burn_in": 40,
    "kept": 40,
}
CODED: dict[str, Any] = {  # for the autoencoder: few users say little of an item's code
    "optimizer": "L-BFGS",
    "dimension": 16,
}
OWN: dict[str, dict[str, Any]] = {"Gibbs": SAMPLED, "L-BFGS": CODED}  # by optimizer
EVERY_USER = np.arange(N_USERS, dtype=np.int32)


def three_towers(settings: NetworkSettings) -> Expression:
    """MLP([p_u ; q_i ; p_u ⊙ q_i])."""
    p, q = user("vector", settings.dimension), item("vector", settings.dimension)
    return output(hidden_layers(concatenate(p, q, p * q), settings.layers[:-1], "tanh"))


@final
class BareScorer:
    """A scorer that promises no more than scores."""

    def __init__(self, weights: Weights) -> None:
        whole = FactorScorer(weights)
        self.score_pairs, self.score_all = whole.score_pairs, whole.score_all
        self.score_user = whole.score_user


# Models as other packages bring them: a network, and one that claims as little as a model can.
TOWERS = network("three-towers", three_towers)
BARE = Model(
    name="bare",
    title="Bare",
    formula="μ + b_u + b_i + p_u · q_i",
    defaults={"RMSProp": tuned.FACTORS["RMSProp"]},
    engines=MODELS["latent-factor-model"].engines,
    scorer=lambda weights, histories, settings: BareScorer(weights),
)
REGISTRY = Models([*MODELS.values(), TOWERS, BARE], reserved=BLENDS)
LEARNERS = [m for m in REGISTRY.values() if m.objective == STARS and not m.is_baseline]
FOR_LISTS = [model for model in REGISTRY.values() if model.objective == LISTS]
EVERY_LEARNER = pytest.mark.parametrize(  # of stars
    "model", [*LEARNERS, BLEND], ids=lambda model: model.name
)
EVERY_LISTER = pytest.mark.parametrize(
    "model", [*FOR_LISTS, LIST_BLEND], ids=lambda model: model.name
)
EVERY_MODEL = pytest.mark.parametrize("model", REGISTRY.values(), ids=lambda model: model.name)
EVERY_DEPLOYED = pytest.mark.parametrize(
    "model", [*REGISTRY.values(), *BLENDS.values()], ids=lambda model: model.name
)
EVERY_OPTIMIZER = pytest.mark.parametrize(
    ("model", "optimizer"),
    [(model, optimizer) for model in REGISTRY.values() for optimizer in model.defaults],
    ids=lambda part: part if isinstance(part, str) else part.name,
)


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "MODELS", REGISTRY)
        yield


def require_claim(model: Model, claim: type) -> Scorer:
    """Its scorer; skips a model that does not claim a capability."""
    scorer = trained(model.name).scorer
    if not isinstance(scorer, claim):
        pytest.skip(f"no {claim.__name__}, and it claims to be none")
    return scorer


def histories() -> SparseRows:
    """Who rated what among the planted ratings."""
    return SparseRows.by_user(planted())


@cache
def planted() -> Ratings:
    """Half of the cells of μ + b_u + b_i + p_u · q_i + noise; scale and stars need no rounding."""
    rng = np.random.default_rng(1)
    user, item = (rng.normal(0, 1, (n, 2)) for n in (N_USERS, N_ITEMS))
    user_bias, item_bias = (rng.normal(0, 0.4, n) for n in (N_USERS, N_ITEMS))
    users, items = np.nonzero(rng.random((N_USERS, N_ITEMS)) < 0.5)
    stars = 3 + user_bias[users] + item_bias[items] + np.sum(user[users] * item[items], axis=1)
    return Ratings.from_rows(
        Vocabulary(np.arange(N_USERS), "user"),
        Vocabulary(np.arange(N_ITEMS), "item"),
        users.astype(np.int32),
        items.astype(np.int32),
        stars + rng.normal(0, 0.1, len(users)),
        scale=RatingScale(-17, 23, 0.5),
        name="planted",
    )


@cache
def crowd() -> Ratings:
    """Enough ratings, 1 to 5 at random, for several threads."""
    rng = np.random.default_rng(2)
    users, items = np.nonzero(rng.random((300, 1000)) < 0.05)
    return Ratings.from_rows(
        Vocabulary(np.arange(300), "user"),
        Vocabulary(np.arange(1000), "item"),
        users.astype(np.int32),
        items.astype(np.int32),
        rng.integers(1, 6, len(users)).astype(np.float32),
    )


@cache
def split() -> Split:
    return SplitPlan(seed=1).divide(planted())


def small(model: Model, **settings: Any) -> Settings:
    """Of these those it has."""
    given = SMALL | OWN.get(next(iter(model.defaults)), {}) | settings
    return model.settings(**model.solvers.having(given))


@cache
def trained(name: str) -> Artifact:
    """A model fitted to the planted ratings, its parents too; or a blend of all but the bare."""
    if name == BLEND.name:
        return blend([trained(model.name) for model in LEARNERS if model.name != BARE.name])
    if name == LIST_BLEND.name:
        stars = ("bayesian-factorization-model", "means")
        return blend_lists([trained(part) for part in (*(m.name for m in FOR_LISTS), *stars)])
    parents = [trained(parent) for parent in REGISTRY[name].parents]
    return fit(split(), name, small(REGISTRY[name]), seed=1, parents=parents)


def engine_of(
    model: Model,
    seed: int = 1,
    ratings: Ratings | None = None,
    units: Units = FIVE_STARS,
    **settings: Any,
) -> Engine:
    rows = planted() if ratings is None else ratings
    return model.engine(small(model, **settings), rows, seed, units=units)


def weights_after(model: Model, n_epochs: int, seed: int = 1) -> Weights:
    engine = engine_of(model, seed)
    for _ in range(n_epochs):
        engine.run_epoch()
    return engine.weights()


def bias_only(train: Ratings, test: Ratings) -> NDArray[np.float64]:
    """Predictions of μ + b_u + b_i, by least squares with a trace of ridge."""
    n = len(train)
    design = np.zeros((n, N_USERS + N_ITEMS))
    design[np.arange(n), train.user_rows] = design[np.arange(n), N_USERS + train.item_rows] = 1
    mean = float(train.stars.mean())
    gram = design.T @ design + 0.1 * np.eye(N_USERS + N_ITEMS)
    biases = np.linalg.solve(gram, design.T @ (train.stars - mean))
    return np.asarray(mean + biases[test.user_rows] + biases[N_USERS + test.item_rows])


@EVERY_LEARNER
def test_planted_structure_is_learned(model: Model) -> None:
    """Half the error of the biases alone, on cells that neither training nor choosing saw."""
    test = split().test
    known = split().ratings.take(split().parts != TEST)
    baseline = rmse(test.stars, bias_only(known, test))
    predicted = trained(model.name).scorer.score_pairs(test.user_rows, test.item_rows)
    assert baseline > 1
    assert rmse(test.stars, predicted) < 0.5 * baseline


@EVERY_DEPLOYED
def test_one_row_scores_as_it_does_in_a_batch(model: Model) -> None:
    scorer = trained(model.name).scorer
    users, items = planted().user_rows, planted().item_rows
    batch = scorer.score_pairs(users, items)
    alone = [scorer.score_pairs(users[n : n + 1], items[n : n + 1])[0] for n in range(50)]
    np.testing.assert_allclose(alone, batch[:50], rtol=1e-5, atol=1e-5)  # other sums, same score


@EVERY_DEPLOYED
def test_the_whole_catalogue_scores_as_its_pairs_do(model: Model) -> None:
    scorer = trained(model.name).scorer
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
    pairs = scorer.score_pairs(users, items).reshape(N_USERS, N_ITEMS)
    np.testing.assert_allclose(scorer.score_all(EVERY_USER), pairs, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(scorer.score_all(EVERY_USER[7:8])[0], pairs[7], rtol=1e-5, atol=1e-5)


@EVERY_DEPLOYED
def test_what_can_be_told_as_an_expression_scores_as_it_does(model: Model) -> None:
    """By the plain interpreter in float64, over weights that the scorer hands out."""
    scorer = require_claim(model, ExpressedScorer)
    assert isinstance(scorer, ExpressedScorer)
    expression, weights = scorer.expressed()
    shapes = {
        name: array.shape
        for name, array in weights.items()
        if name in shapes_of(expression, N_USERS, N_ITEMS)
    }
    assert shapes == shapes_of(expression, N_USERS, N_ITEMS)
    exact = {name: array.astype(np.float64) for name, array in weights.items()}
    users, items = planted().user_rows, planted().item_rows
    told = scores_of(expression, exact, users, items)
    np.testing.assert_allclose(scorer.score_pairs(users, items), told, rtol=1e-5, atol=1e-5)


@EVERY_MODEL
def test_the_same_seed_gives_the_same_scores(model: Model) -> None:
    """To the bit: compiled loops add in a fixed order."""
    one, other = (
        model.scorer(weights_after(model, 3), histories(), small(model)).score_all(EVERY_USER)
        for _ in range(2)
    )
    assert np.array_equal(one, other)


@pytest.mark.skipif(
    numba.config.NUMBA_NUM_THREADS < 2,  # type: ignore[attr-defined]
    reason="one core: set NUMBA_NUM_THREADS=2",
)
@EVERY_OPTIMIZER
def test_the_number_of_threads_changes_no_bit(model: Model, optimizer: str) -> None:
    runs = []
    for n_threads in (1, 2):
        numba.set_num_threads(n_threads)
        try:
            settings: dict[str, Any]
            settings = {"optimizer": optimizer, "batch_size": 1000, "learning_rate": 1e-4}
            engine = engine_of(model, ratings=crowd(), **settings)
            losses = [engine.run_epoch() for _ in range(3)]
        finally:
            numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
        runs.append((losses, engine.weights()))
    (losses, weights), (other_losses, other_weights) = runs
    assert losses == other_losses
    for name, array in weights.items():
        assert np.array_equal(array, other_weights[name]), name


@EVERY_MODEL
def test_another_seed_gives_other_weights(model: Model) -> None:
    if small(model).epochs == 1:
        pytest.skip("it is solved at once, from no first weights")
    one, other = weights_after(model, 0, seed=1), weights_after(model, 0, seed=2)
    tables = [
        name
        for name, array in one.items()
        if array.ndim > 1 and name.startswith(("user_", "item_")) and not name.endswith("_bias")
    ]
    assert tables
    assert not any(np.allclose(one[name], other[name]) for name in tables)


@cache
def of_everything(name: str) -> Artifact:
    """A model of all planted ratings, test rows included, from final parents."""
    parents = [of_everything(parent) for parent in REGISTRY[name].parents]
    config = small(REGISTRY[name], epochs=3, samples=6, burn_in=2, kept=2)
    return fit(split(), name, config, seed=1, final=True, parents=parents)


@EVERY_MODEL
def test_a_final_model_knows_all_ratings_and_is_judged_by_what_it_was_before(model: Model) -> None:
    """It is what its engine makes of every row; what chose its epochs has not seen the test."""
    artifact = of_everything(model.name)
    assert artifact.final
    assert artifact.trained_on.all()
    parents = [of_everything(parent) for parent in model.parents]
    before = fit(split(), model.name, artifact.config, seed=1, parents=blind(parents))
    for name, array in before.weights.items():
        np.testing.assert_array_equal(artifact.weights_before_refit[name], array)
    assert artifact.best_epoch == before.best_epoch
    if not parents:
        assert artifact.config is not None
        engine = model.engine(artifact.config, planted(), 1, units=artifact.units)
        for _ in range(artifact.best_epoch):
            engine.run_epoch()
        for name, array in engine.weights().items():
            np.testing.assert_array_equal(artifact.weights[name], array)
    report, honest = evaluate(artifact), evaluate(before)
    assert (report.rmse, report.mae) == (honest.rmse, honest.mae)
    assert report.about_final.startswith(f"{model.title} is trained on all ")


def blind(parents: Sequence[Artifact]) -> list[Artifact]:
    return [parent.before_final() for parent in parents]


@EVERY_MODEL
def test_a_final_model_lists_nothing_that_was_rated(model: Model, tmp_path: Path) -> None:
    artifact = storage.load(storage.save(of_everything(model.name), tmp_path / model.name))
    assert artifact.final
    lists = Recommender(artifact).top_rows(EVERY_USER, N_ITEMS)
    rated = set(zip(planted().user_rows.tolist(), planted().item_rows.tolist(), strict=True))
    for row, listed in enumerate(lists.tolist()):
        own = {item for one, item in rated if one == row}
        assert set(listed) - {-1} == set(range(N_ITEMS)) - own
        alone = Recommender(artifact).recommend(row, N_ITEMS)
        assert {one.item_id for one in alone} == set(listed) - {-1}


@EVERY_DEPLOYED
def test_saved_and_loaded_it_scores_the_same_to_the_bit(model: Model, tmp_path: Path) -> None:
    artifact = trained(model.name)
    loaded = storage.load(storage.save(artifact, tmp_path / model.name))
    assert loaded.config == artifact.config
    assert loaded.weights.keys() == artifact.weights.keys()
    for name, array in artifact.weights.items():
        assert loaded.weights[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.weights[name], array, name, strict=True)
    assert np.array_equal(
        loaded.scorer.score_all(EVERY_USER), artifact.scorer.score_all(EVERY_USER)
    )


@EVERY_MODEL
def test_weights_go_out_and_back_in_unchanged(model: Model) -> None:
    weights, units = trained(model.name).weights, trained(model.name).units
    engine = engine_of(model, seed=2, ratings=split().train, units=units)  # whose mean they hold
    engine.load(weights)
    taken_back = engine.weights()
    assert taken_back.keys() == weights.keys()
    for name, array in weights.items():
        np.testing.assert_array_equal(taken_back[name], array, name, strict=True)


@EVERY_MODEL
def test_a_taken_back_run_goes_on_as_a_fresh_one_would(model: Model) -> None:
    """Nothing of the optimizer's past survives `load`: first steps from one place are alike."""
    start = trained(model.name).weights
    fresh, used = (engine_of(model, seed=3, batch_size=10**6) for _ in range(2))
    used.run_epoch()
    for engine in (fresh, used):
        engine.load(start)
        engine.run_epoch()
    one, other = (
        model.scorer(engine.weights(), histories(), small(model)).score_all(EVERY_USER)
        for engine in (fresh, used)
    )
    np.testing.assert_allclose(one, other, atol=1e-3)


@EVERY_MODEL
def test_weights_of_another_shape_are_refused_with_what_differs(model: Model) -> None:
    engine = engine_of(model)
    kept = engine.weights()
    for name, array in kept.items():
        wrong = dict(kept) | {name: np.zeros((*array.shape, 9), np.float32)}
        with pytest.raises(ValueError, match=rf"'{name}' is \(.*9,?\), wanted \("):
            engine.load(wrong)
        missing = {other: kept[other] for other in kept if other != name}
        with pytest.raises(ValueError, match=rf"'{name}' is missing, wanted \("):
            engine.load(missing)
    with pytest.raises(ValueError, match="'extra' is not part of this model"):
        engine.load(dict(kept) | {"extra": np.zeros(1, np.float32)})
    for name, array in engine.weights().items():
        assert np.array_equal(array, kept[name]), "a refused load must leave all as it was"


@EVERY_MODEL
def test_users_and_items_without_training_rows_score_finite(model: Model) -> None:
    whole = planted()
    few = whole.take((whole.user_rows > 9) & (whole.item_rows > 9))
    engine = engine_of(model, ratings=few)
    for _ in range(3):
        engine.run_epoch()
    known = SparseRows.by_user(few)
    scores = model.scorer(engine.weights(), known, small(model)).score_all(EVERY_USER)
    assert np.all(np.isfinite(scores))
    assert np.ptp(scores[:10], axis=0) == pytest.approx(0, abs=1e-5), "unseen users are all alike"
    assert np.ptp(scores[:, :10], axis=1) == pytest.approx(0, abs=1e-5), "and so are items"


@EVERY_OPTIMIZER
def test_every_optimizer_lowers_the_loss(model: Model, optimizer: str) -> None:
    """With its tuned settings in a small shape: two epochs suffice, or a default is broken."""
    given = {"optimizer": optimizer, "dimension": 4, "layers": (8, 4, 1), "likelihood": "gaussian"}
    config = model.settings(**model.solvers.having(given))
    engine = model.engine(config, planted(), 1)
    losses = [engine.run_epoch().loss for _ in range(3)]
    assert np.all(np.isfinite(losses))
    assert losses[-1] < losses[0] or (config.epochs == 1 and losses[-1] == losses[0])
    assert all(np.all(np.isfinite(array)) for array in engine.weights().values())


@pytest.mark.parametrize(
    "model", [model for model in REGISTRY.values() if "GradientDescent" in model.defaults],
    ids=lambda model: model.name,
)  # fmt: skip
def test_what_is_trained_and_what_is_deployed_predict_alike(model: Model) -> None:
    """At a rate that moves nothing, the error of an epoch is the error of the scorer."""
    train, weights = split().train, trained(model.name).weights
    standing: dict[str, Any] = {"optimizer": "GradientDescent", "learning_rate": 1e-12}
    units = trained(model.name).units
    engine = engine_of(model, ratings=train, units=units, **standing)
    engine.load(weights)
    seen = engine.run_epoch().training_error * units.factor
    deployed = model.deployed(weights, histories(), small(model), units)
    scored = deployed.score_pairs(train.user_rows, train.item_rows)
    assert seen == pytest.approx(rmse(train.stars, scored), rel=1e-3)  # rows are seen on a grid
    after = model.deployed(engine.weights(), histories(), small(model), units).score_pairs(
        train.user_rows, train.item_rows
    )
    np.testing.assert_allclose(after, scored, atol=1e-6)


# People who were not trained for


def own_ratings(user: int) -> Ratings:
    """What a user rated in the training rows."""
    train = split().train
    return train.take(train.user_rows == user)


def guest_like(model: Model, user: int, rank_by: str = "list") -> FoldedInUser:
    """Somebody unknown who rated what a known user did."""
    own = own_ratings(user)
    return Recommender(trained(model.name), rank_by=rank_by).fold_in(own.item_rows, own.stars)


@EVERY_DEPLOYED
def test_who_is_folded_in_is_predicted_as_if_trained_for(model: Model) -> None:
    """Nearly the stored predictions, and as near to the stars of cells that nobody saw."""
    require_claim(model, FoldingScorer)
    items, test = np.arange(N_ITEMS), split().test
    stored = trained(model.name).scorer.score_all(EVERY_USER)
    folded = np.stack([guest_like(model, user).predict(items) for user in range(N_USERS)])
    assert np.sqrt(np.mean((folded - stored) ** 2)) < 0.3 * stored.std()
    errors = [rmse(test.stars, of[test.user_rows, test.item_rows]) for of in (stored, folded)]
    assert errors[1] < 1.15 * errors[0]


@EVERY_DEPLOYED
def test_no_question_changes_a_weight(model: Model) -> None:
    require_claim(model, FoldingScorer)
    artifact = trained(model.name)
    before = {name: array.tobytes() for name, array in artifact.weights.items()}
    scores = artifact.scorer.score_all(EVERY_USER)
    recommender, person = Recommender(artifact), guest_like(model, 3)
    assert person.recommend(5)
    assert person.explain(7).reasons
    assert recommender.explain(3, 7).reasons
    if isinstance(artifact.scorer, LikenessScorer):
        assert recommender.similar(7)
    assert recommender.recommend(3)
    assert {name: array.tobytes() for name, array in artifact.weights.items()} == before
    assert np.array_equal(artifact.scorer.score_all(EVERY_USER), scores)


@EVERY_DEPLOYED
def test_a_guest_is_answered_as_a_user_is(model: Model) -> None:
    require_claim(model, FoldingScorer)
    person, own = guest_like(model, 3), set(own_ratings(3).item_rows.tolist())
    listed = person.recommend(N_ITEMS)
    assert {row.item_id for row in listed} == set(range(N_ITEMS)) - own
    stars = [row.prediction for row in listed]
    alone = person.predict([row.item_id for row in listed])
    np.testing.assert_allclose(alone, stars, rtol=1e-5, atol=1e-5)
    by_stars = [row.prediction for row in guest_like(model, 3, "stars").recommend(N_ITEMS)]
    assert by_stars == sorted(stars, reverse=True)
    everything = person.recommend(N_ITEMS, exclude_seen=False)
    assert len(everything) == N_ITEMS


@EVERY_DEPLOYED
def test_reasons_are_the_users_own_ratings_by_what_they_move(model: Model) -> None:
    require_claim(model, FoldingScorer)
    person, own = guest_like(model, 3), own_ratings(3)
    told = person.explain(7, k=len(own))
    rated = dict(zip(own.item_rows.tolist(), own.stars.tolist(), strict=True))
    assert {reason.item_id: reason.stars for reason in told.reasons} == rated
    sizes = [abs(reason.effect) for reason in told.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert person.explain(7, k=2).reasons == told.reasons[:2]
    assert told.prediction == person.predict([7])[0]
    stranger = Recommender(trained(model.name)).fold_in([], [])
    assert told.base == stranger.predict([7])[0]
    known = Recommender(trained(model.name)).explain(3, 7, k=len(own))
    assert (known.base, known.reasons) == (told.base, told.reasons)
    assert known.prediction == Recommender(trained(model.name)).predict([3], [7])[0]


@EVERY_DEPLOYED
def test_an_effect_is_about_what_is_lost_without_the_rating(model: Model) -> None:
    """For most ratings; beside a network's kinks a search may end elsewhere without one."""
    require_claim(model, FoldingScorer)
    own, items = own_ratings(5), np.arange(N_ITEMS)
    recommender = Recommender(trained(model.name), rank_by="stars")
    whole = recommender.fold_in(own.item_rows, own.stars)
    off = []
    for at in range(len(own)):
        left = recommender.fold_in(np.delete(own.item_rows, at), np.delete(own.stars, at))
        lost = whole.predict(items) - left.predict(items)
        told = [{r.item_id: r.effect for r in whole.explain(i, len(own)).reasons} for i in items]
        effects = np.array([one[own.item_rows[at]] for one in told])
        off.append(np.abs(effects - lost).mean() / np.abs(lost).mean())
    assert np.median(off) < 0.5


@EVERY_DEPLOYED
def test_what_a_model_does_not_claim_is_refused_in_a_line(model: Model) -> None:
    recommender = Recommender(trained(model.name))
    scorer = trained(model.name).scorer
    if not isinstance(scorer, FoldingScorer):
        with pytest.raises(ConfigError, match=f"{model.title} cannot fold in people"):
            recommender.fold_in([7], [3.5])
        with pytest.raises(ConfigError, match=f"{model.title} cannot fold in people"):
            recommender.explain(3, 7)
    if not isinstance(scorer, LikenessScorer):
        with pytest.raises(ConfigError, match=f"{model.title} does not tell which items are alike"):
            recommender.similar(7)
    assert recommender.recommend(3)
    assert len(recommender.predict([3, 4], [7, 8])) == 2


@EVERY_DEPLOYED
def test_many_threads_are_told_the_same(model: Model) -> None:
    require_claim(model, FoldingScorer)
    recommender = Recommender(trained(model.name))

    def ask(user: int) -> Any:
        own = own_ratings(user)
        person = recommender.fold_in(own.item_rows, own.stars)
        return person.recommend(5), person.explain(7), recommender.explain(user, 7)

    one_by_one = [ask(user) for user in range(16)]
    recommender = Recommender(trained(model.name))
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(16))) == one_by_one


@EVERY_DEPLOYED
def test_similar_items_come_in_order_and_never_the_item_itself(model: Model) -> None:
    require_claim(model, LikenessScorer)
    listed = Recommender(trained(model.name)).similar(7, N_ITEMS)
    assert len(listed) == N_ITEMS - 1
    assert 7 not in {row.item_id for row in listed}
    likeness = [row.similarity for row in listed]
    assert likeness == sorted(likeness, reverse=True)
    assert -1 <= likeness[-1] < likeness[0] <= 1


@EVERY_MODEL
def test_an_item_that_nobody_rated_is_like_none(model: Model) -> None:
    require_claim(model, LikenessScorer)
    whole = planted()
    rare = np.flatnonzero(whole.item_rows == 7)
    parts = np.where(np.arange(len(whole)) % 9 == 0, 1, TRAIN).astype(np.uint8)
    parts[rare] = TEST
    wanted = {model.name: small(model, epochs=3)}
    artifact = train_all(Split(whole, parts, "by hand"), wanted, Recipe(seed=1))[model.name]
    recommender = Recommender(artifact)
    assert recommender.similar(7) == []
    assert 7 not in {row.item_id for row in recommender.similar(8, N_ITEMS)}


# Lists


@EVERY_LISTER
def test_lists_are_those_of_each_user_alone(model: Model) -> None:
    scorer = trained(model.name).scorer
    assert isinstance(scorer, ListScorer)
    every = scorer.list_all(EVERY_USER)
    for row in EVERY_USER:
        alone = scorer.list_user(int(row))
        np.testing.assert_allclose(every[row], alone, rtol=1e-4, atol=1e-5)
    recommender = Recommender(trained(model.name))
    top = recommender.top_rows(EVERY_USER, 5)
    for row in EVERY_USER:
        assert [one.item_id for one in recommender.recommend(row, 5)] == top[row].tolist()


@EVERY_LISTER
def test_a_person_is_listed_what_a_user_of_the_same_ratings_is(model: Model) -> None:
    """To a few places: rows of factors are solved for in turn, and validation rows are unknown."""
    artifact, own = trained(model.name), own_ratings(3)
    scorer = artifact.scorer
    assert isinstance(scorer, ListScorer)
    assert isinstance(scorer, FoldingScorer)
    person = scorer.fold_in(own.item_rows, own.stars, 0.5)
    assert isinstance(person, ListFolded)
    alike = np.corrcoef(person.list_all(), scorer.list_user(3))[0, 1]
    assert alike > 0.98
    effects = person.list_effects(np.arange(N_ITEMS, dtype=np.int32))
    assert effects.shape == (N_ITEMS, len(own))
    if effects.any() and model != LIST_BLEND:  # whose reasons are one part's
        np.testing.assert_allclose(effects.sum(axis=1), person.list_all(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", FOR_LISTS, ids=lambda model: model.name)
def test_who_has_rated_nothing_is_listed_what_everybody_picks(model: Model) -> None:
    whole = crowd()
    known = whole.take((whole.user_rows > 9) & (whole.user_rows % 7 + whole.item_rows > 12))
    engine = engine_of(model, ratings=known)
    engine.run_epoch()
    scorer = model.scorer(engine.weights(), SparseRows.by_user(known), small(model))
    assert isinstance(scorer, ListScorer)
    assert isinstance(scorer, FoldingScorer)
    alone, nobody = scorer.list_user(0), np.empty(0, np.int32)
    stranger = scorer.fold_in(nobody, nobody.astype(np.float32), 0.5)
    assert isinstance(stranger, ListFolded)
    np.testing.assert_array_equal(scorer.list_all(EVERY_USER[:12])[0], alone)
    np.testing.assert_array_equal(stranger.list_all(), alone)
    raters = np.bincount(known.item_rows, minlength=known.n_items)
    assert np.corrcoef(alone, raters)[0, 1] > 0.8


@EVERY_LISTER
def test_reasons_of_a_list_are_shares(model: Model) -> None:
    told = guest_like(model, 3).explain(7, k=N_ITEMS)
    assert told.unit == "share"
    total = sum(abs(reason.effect) for reason in told.reasons)
    assert total == pytest.approx(0 if model.is_baseline else 1, abs=1e-5)
