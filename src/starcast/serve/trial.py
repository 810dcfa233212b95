"""Whether a loaded model answers, before anybody asks it: what is damaged is found here."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from starcast.engines.protocol import FoldingScorer, LikenessScorer, Scores, UncertainScorer
from starcast.errors import ArtifactError, ConfigError, StarcastError
from starcast.serve.served_model import ServedModel


def try_lists(model: ServedModel) -> None:
    """Make lists of some users, and learn what they cost.

    Raises: ArtifactError: it cannot, or makes them of scores that are no finite numbers.
    """
    n_users, n_items = model.ratings.n_users, model.ratings.n_items
    with _refusing(model, "lists"):
        for row in sorted({0, n_users // 2, n_users - 1}):
            _require_finite(model.recommender.ranker.rank_user(row), (n_items,))
        model.measure_lists()


def try_everything_else(model: ServedModel) -> None:
    """Ask for every kind of answer that the model claims to know, which is also made ready so.

    Raises: ArtifactError: one cannot be made, or is no finite number.
    """
    scorer, recommender, ratings = model.artifact.scorer, model.recommender, model.ratings
    user, item = ratings.users.ids[:1], ratings.items.ids[:1]
    with _refusing(model, "search"):
        model.measure_search()
    with _refusing(model, "predictions"):
        _require_finite(recommender.predict(user, item), (1,))
        if isinstance(scorer, UncertainScorer):
            _require_finite(recommender.predictive_std(user, item), (1,))
    if isinstance(scorer, FoldingScorer):
        with _refusing(model, "lists of people unknown to it"):
            person = recommender.fold_in(item, [ratings.scale.highest])
            stars = np.array([one.prediction for one in person.recommend(1)])
            _require_finite(stars, (min(1, ratings.n_items - 1),))
            _require_finite(np.append(person.predictive_std(item), person.usual), (2,))
            _require_finite(person.particular_effects(item), (1, 1))
            recommender.explain(user[0], item[0], 1)
        with _refusing(model, "suggestions"):
            _require_finite(model.elicitation.spread, (len(model.elicitation.spread),))
    if isinstance(scorer, LikenessScorer):
        with _refusing(model, "likeness"):
            recommender.similar(item[0], 1)


def _require_finite(values: Scores, shape: tuple[int, ...]) -> None:
    if np.shape(values) != shape:
        raise ArtifactError(f"{np.shape(values)} numbers where {shape} belong")
    if not np.all(np.isfinite(values)):
        raise ArtifactError("some are no finite numbers")


@contextmanager
def _refusing(model: ServedModel, what: str) -> Iterator[None]:
    """Say of whatever goes wrong, and nobody could foresee how, that the model is of no use."""
    try:
        yield
    except ConfigError:
        return  # not every model can; who asks for it is told
    except Exception as error:
        why = str(error) if isinstance(error, StarcastError) else f"{type(error).__name__}: {error}"
        raise ArtifactError(
            f"{model.folder} loads but makes no {what} ({why}); train it anew"
        ) from error
