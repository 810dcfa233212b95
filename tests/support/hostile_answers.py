"""What comes of an artifact that a stranger made: a line, or answers to every question."""

from contextlib import suppress
from pathlib import Path

import numpy as np

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.errors import ArtifactError, ConfigError
from starcast.evaluation.report import evaluate
from starcast.recommend import Recommender


def refusal(folder: Path) -> str:
    """Why an artifact is refused, in one line; "" if it is not, and then all of it can be used."""
    try:
        artifact = storage.load(folder)
    except ArtifactError as error:
        said = str(error)
        assert said.count(str(folder)) >= 1
        assert "\n" not in said
        assert len(said) < 600
        return said
    use(artifact)
    return ""


def use(artifact: Artifact) -> None:
    """Ask a model everything, of everybody."""
    recommender, ratings = Recommender(artifact), artifact.split.ratings
    users, items = np.divmod(np.arange(ratings.n_users * ratings.n_items), ratings.n_items)
    stars = recommender.predict(ratings.users.ids[users], ratings.items.ids[items])
    assert np.all(stars >= np.float32(ratings.scale.lowest))
    assert np.all(stars <= np.float32(ratings.scale.highest))
    rows = recommender.top_rows(np.arange(ratings.n_users, dtype=np.int32), 3)
    assert np.all(rows < ratings.n_items)
    recommender.recommend(ratings.users.ids[-1], 3)
    with suppress(ConfigError):  # a model that tells nothing of likeness
        recommender.similar(ratings.items.ids[0], 3)
    with suppress(ConfigError):  # of weights that are out of all proportion
        person = recommender.fold_in(ratings.items.ids[:2], [ratings.scale.highest] * 2)
        assert np.all(np.isfinite(person.predict(ratings.items.ids)))
        person.explain(ratings.items.ids[0])
    assert np.isfinite(evaluate(artifact).rmse)
