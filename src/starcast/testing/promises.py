"""What every model promises of its training and its scores."""

from dataclasses import replace

import numpy as np

from starcast.artifacts import storage
from starcast.data.ratings import Attribute
from starcast.data.split import TEST
from starcast.engines.expression.autodiff import scores as scores_of
from starcast.engines.expression.weights import shapes_of
from starcast.engines.protocol import ExpressedScorer
from starcast.engines.rows import SparseRows
from starcast.evaluation.metrics import rmse
from starcast.testing.planted import (
    EVERY_USER,
    N_ITEMS,
    N_USERS,
    bias_only,
    histories,
    planted,
    split,
)
from starcast.testing.trial import (
    NotClaimedError,
    Trial,
    check,
    claimed,
    deployed,
    engine_of,
    folder,
    of_stars,
    refused,
    require,
    require_stillness,
    small,
    standing,
    trained_alone,
    weights_after,
)


@check(of_stars)
def planted_structure_is_learned(trial: Trial) -> None:
    """Half the error of the biases alone, on cells that neither training nor choosing saw."""
    test = split().test
    known = split().ratings.take(split().parts != TEST)
    baseline = rmse(test.stars, bias_only(known, test))
    predicted = trial.artifact.scorer.score_pairs(test.user_rows, test.item_rows)
    require(baseline > 1)
    require(rmse(test.stars, predicted) < 0.5 * baseline)


@check(deployed)
def one_row_scores_as_it_does_in_a_batch(trial: Trial) -> None:
    """One row scores as it does in a batch."""
    scorer = trial.scorer
    users, items = planted().user_rows, planted().item_rows
    batch = scorer.score_pairs(users, items)
    alone = [scorer.score_pairs(users[n : n + 1], items[n : n + 1])[0] for n in range(50)]
    np.testing.assert_allclose(alone, batch[:50], rtol=1e-5, atol=1e-5)  # other sums, same score


@check(deployed)
def the_whole_catalogue_scores_as_its_pairs_do(trial: Trial) -> None:
    """The whole catalogue scores as its pairs do."""
    scorer = trial.scorer
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
    pairs = scorer.score_pairs(users, items).reshape(N_USERS, N_ITEMS)
    np.testing.assert_allclose(scorer.score_all(EVERY_USER), pairs, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(scorer.score_all(EVERY_USER[7:8])[0], pairs[7], rtol=1e-5, atol=1e-5)


@check(deployed)
def what_can_be_told_as_an_expression_scores_as_it_does(trial: Trial) -> None:
    """By the plain interpreter in float64, over weights that the scorer hands out."""
    scorer = claimed(trial, ExpressedScorer)
    expression, weights = scorer.expressed()
    shapes = {
        name: array.shape
        for name, array in weights.items()
        if name in shapes_of(expression, N_USERS, N_ITEMS)
    }
    require(shapes == shapes_of(expression, N_USERS, N_ITEMS))
    exact = {name: array.astype(np.float64) for name, array in weights.items()}
    users, items = planted().user_rows, planted().item_rows
    told = scores_of(expression, exact, users, items)
    np.testing.assert_allclose(scorer.score_pairs(users, items), told, rtol=1e-5, atol=1e-5)


@check(trained_alone)
def the_same_seed_gives_the_same_scores(trial: Trial) -> None:
    """To the bit: compiled loops add in a fixed order."""
    model = trial.model
    one, other = (
        model.scorer(weights_after(model, 3), histories(), small(model)).score_all(EVERY_USER)
        for _ in range(2)
    )
    require(np.array_equal(one, other))


@check(trained_alone)
def another_seed_gives_other_weights(trial: Trial) -> None:
    """Another seed gives other weights."""
    model = trial.model
    if small(model).epochs == 1:
        raise NotClaimedError("it is solved at once, from no first weights")
    one, other = weights_after(model, 0, seed=1), weights_after(model, 0, seed=2)
    tables = [
        name
        for name, array in one.items()
        if array.ndim > 1 and name.startswith(("user_", "item_")) and not name.endswith("_bias")
        if "_known_" not in name  # which is what the data tell
    ]
    require(tables)
    require(not any(np.allclose(one[name], other[name]) for name in tables))


@check(deployed)
def saved_and_loaded_it_scores_the_same_to_the_bit(trial: Trial) -> None:
    """Saved and loaded it scores the same to the bit."""
    model = trial.model
    artifact = trial.artifact
    with folder() as place:
        loaded = storage.load(storage.save(artifact, place / model.name))
    require(loaded.config == artifact.config)
    require(loaded.weights.keys() == artifact.weights.keys())
    for name, array in artifact.weights.items():
        require(loaded.weights[name].dtype == np.float32)
        np.testing.assert_array_equal(loaded.weights[name], array, name, strict=True)
    scores = loaded.scorer.score_all(EVERY_USER)
    require(np.array_equal(scores, artifact.scorer.score_all(EVERY_USER)))


@check(trained_alone)
def weights_go_out_and_back_in_unchanged(trial: Trial) -> None:
    """Weights go out and back in unchanged."""
    model = trial.model
    weights, units = trial.artifact.weights, trial.artifact.units
    engine = engine_of(model, seed=2, ratings=split().train, units=units)  # whose mean they hold
    engine.load(weights)
    taken_back = engine.weights()
    require(taken_back.keys() == weights.keys())
    for name, array in weights.items():
        np.testing.assert_array_equal(taken_back[name], array, name, strict=True)


@check(trained_alone)
def a_taken_back_run_goes_on_as_a_fresh_one_would(trial: Trial) -> None:
    """Nothing of the optimizer's past survives `load`: first steps from one place are alike."""
    model = trial.model
    require_stillness(trial)
    start = trial.artifact.weights
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


@check(trained_alone)
def weights_of_another_shape_are_refused_with_what_differs(trial: Trial) -> None:
    """Weights of another shape are refused with what differs."""
    model = trial.model
    engine = engine_of(model)
    kept = engine.weights()
    for name, array in kept.items():
        wrong = dict(kept) | {name: np.zeros((*array.shape, 9), np.float32)}
        with refused(ValueError, rf"'{name}' is \(.*9,?\), wanted \("):
            engine.load(wrong)
        missing = {other: kept[other] for other in kept if other != name}
        with refused(ValueError, rf"'{name}' is missing, wanted \("):
            engine.load(missing)
    with refused(ValueError, "'extra' is not part of this model"):
        engine.load(dict(kept) | {"extra": np.zeros(1, np.float32)})
    for name, array in engine.weights().items():
        require(np.array_equal(array, kept[name]), "a refused load must leave all as it was")


@check(trained_alone)
def users_and_items_without_training_rows_score_finite(trial: Trial) -> None:
    """Users and items without training rows score finite."""
    model = trial.model
    whole = planted()
    few = whole.take((whole.user_rows > 9) & (whole.item_rows > 9))
    few = replace(few, attributes=tuple(_alike(one, 10) for one in few.attributes))
    engine = engine_of(model, ratings=few)
    for _ in range(3):
        engine.run_epoch()
    known = SparseRows.by_user(few)
    scores = model.scorer(engine.weights(), known, small(model)).score_all(EVERY_USER)
    require(np.all(np.isfinite(scores)))
    require(np.ptp(scores[:10], axis=0).max() < 1e-5, "unseen users are not all alike")
    require(np.ptp(scores[:, :10], axis=1).max() < 1e-5, "unseen items are not all alike")


@check(trained_alone)
def every_optimizer_lowers_the_loss(trial: Trial) -> None:
    """With its tuned settings in a small shape: two epochs suffice, or a default is broken."""
    model = trial.model
    for optimizer in model.defaults:
        given = {"dimension": 4, "layers": (8, 4, 1), "likelihood": "gaussian"}
        config = model.settings(**model.solvers.having(given | {"optimizer": optimizer}))
        config = model.suit(config, planted)[0] if model.suit else config
        engine = model.engine(config, planted(), 1)
        losses = [engine.run_epoch().loss for _ in range(3)]
        require(np.all(np.isfinite(losses)), f"the loss by {optimizer} is no number")
        is_lower = losses[-1] < losses[0] or (config.epochs == 1 and losses[-1] == losses[0])
        require(is_lower, f"{optimizer} does not lower it: {losses}")
        require(all(np.all(np.isfinite(array)) for array in engine.weights().values()))


@check(trained_alone)
def what_is_trained_and_what_is_deployed_predict_alike(trial: Trial) -> None:
    """At a rate that moves nothing, the error of an epoch is the error of the scorer."""
    model = trial.model
    if "GradientDescent" not in model.defaults:
        raise NotClaimedError("it has no GradientDescent, whose steps can be as small as one likes")
    require_stillness(trial)
    train, weights = split().train, trial.artifact.weights
    engine, seen = standing(trial, seed=1)
    units = trial.artifact.units
    known = SparseRows.by_user(train)
    before = model.deployed(weights, known, small(model), units)
    scored = before.score_pairs(train.user_rows, train.item_rows)
    np.testing.assert_allclose(seen, rmse(train.stars, scored), rtol=1e-3)  # seen on a grid
    after = model.deployed(engine.weights(), known, small(model), units).score_pairs(
        train.user_rows, train.item_rows
    )
    np.testing.assert_allclose(after, scored, atol=1e-6)


def _alike(attribute: Attribute, n: int) -> Attribute:
    """The same, but that of the first n users or items the same is known as of the first."""
    rows = attribute.value_rows.copy()
    rows[attribute.member_rows < n] = rows[0]
    return replace(attribute, value_rows=rows)
