"""What every model promises once it is trained on all ratings."""

from functools import cache

import numpy as np

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.evaluation.report import evaluate
from starcast.recommend import Recommender
from starcast.testing.planted import EVERY_USER, N_ITEMS, planted, split
from starcast.testing.trial import Trial, check, folder, require, small, trained_alone
from starcast.training.fit import fit


@cache
def of_everything(name: str) -> Artifact:
    """A model of all planted ratings, test rows included, from final parents."""
    model = models.find(name)
    parents = [of_everything(parent) for parent in model.parents]
    config = small(model, epochs=3, samples=6, burn_in=2, kept=2)
    return fit(split(), name, config, seed=1, final=True, parents=parents)


@check(trained_alone)
def a_final_model_knows_all_ratings_and_is_judged_by_what_it_was_before(trial: Trial) -> None:
    """It is what its engine makes of every row; what chose its epochs has not seen the test."""
    model = trial.model
    artifact = of_everything(model.name)
    require(artifact.final)
    require(artifact.trained_on.all())
    parents = [of_everything(parent) for parent in model.parents]
    before = fit(
        split(),
        model.name,
        artifact.config,
        seed=1,
        parents=[parent.before_final() for parent in parents],
    )
    for name, array in before.weights.items():
        np.testing.assert_array_equal(artifact.weights_before_refit[name], array)
    require(artifact.best_epoch == before.best_epoch)
    if not parents:
        assert artifact.config is not None
        engine = model.engine(artifact.config, planted(), 1, units=artifact.units)
        for _ in range(artifact.best_epoch):
            engine.run_epoch()
        for name, array in engine.weights().items():
            np.testing.assert_array_equal(artifact.weights[name], array)
    report, honest = evaluate(artifact), evaluate(before)
    require((report.rmse, report.mae) == (honest.rmse, honest.mae))
    require(report.about_final.startswith(f"{model.title} is trained on all "))


@check(trained_alone)
def a_final_model_lists_nothing_that_was_rated(trial: Trial) -> None:
    """A final model lists nothing that was rated."""
    model = trial.model
    with folder() as place:
        artifact = storage.load(storage.save(of_everything(model.name), place / model.name))
    require(artifact.final)
    lists = Recommender(artifact).top_rows(EVERY_USER, N_ITEMS)
    rated = set(zip(planted().user_rows.tolist(), planted().item_rows.tolist(), strict=True))
    for row, listed in enumerate(lists.tolist()):
        own = {item for one, item in rated if one == row}
        require(set(listed) - {-1} == set(range(N_ITEMS)) - own)
        alone = Recommender(artifact).recommend(row, N_ITEMS)
        require({one.item_id for one in alone} == set(listed) - {-1})
