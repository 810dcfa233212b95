"""A model of everything in Python: what it knows and says of itself, and where it is refused."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import starcast as sc
from starcast.artifacts import manifest as manifests
from starcast.artifacts import storage
from starcast.data.split import TEST, Split
from starcast.errors import ArtifactError, ConfigError
from starcast.recommend import Recommender
from starcast.training.list_stacking import blend_lists
from starcast.training.stacking import blend

FACTOR = "latent-factor-model"
ALS: dict[str, Any] = {"optimizer": "ALS", "dimension": 2, "epochs": 3}
EVERYTHING = 10**6


@pytest.fixture
def honest(planted_split: Split) -> Recommender:
    return sc.train(planted_split, FACTOR, **ALS)


@pytest.fixture
def final(planted_split: Split) -> Recommender:
    return sc.train(planted_split, FACTOR, final=True, **ALS)


def test_it_is_not_the_model_that_was_judged(honest: Recommender, final: Recommender) -> None:
    pairs = np.array([1, 2, 3]), np.array([10, 20, 30])
    assert not np.allclose(honest.predict(*pairs), final.predict(*pairs), atol=1e-3)
    assert repr(final).endswith("then trained on all ratings")


def test_everything_a_user_rated_is_left_out_and_tells_why(
    honest: Recommender, final: Recommender, planted_split: Split
) -> None:
    user = planted_split.ratings.users.ids[int(planted_split.test.user_rows[0])]
    tested = planted_split.ratings.items.ids[
        planted_split.test.item_rows[
            planted_split.test.user_rows == planted_split.test.user_rows[0]
        ]
    ].tolist()
    assert set(tested) <= {row.item_id for row in honest.recommend(user, EVERYTHING)}
    assert not set(tested) & {row.item_id for row in final.recommend(user, EVERYTHING)}
    why = {reason.item_id for reason in final.explain(user, tested[0], EVERYTHING).reasons}
    assert set(tested) <= why


def test_popularity_and_means_count_all_ratings(final: Recommender, planted_split: Split) -> None:
    ratings = planted_split.ratings
    counts = np.bincount(ratings.item_rows, minlength=ratings.n_items)
    assert final.artifact.n_raters.tolist() == counts.tolist()
    standing_in = Recommender(final.artifact, fallback=True)
    assert standing_in.predict(["nobody"], ["nothing"])[0] == pytest.approx(ratings.stars.mean())


def test_its_report_is_that_of_the_run_that_chose(honest: Recommender, final: Recommender) -> None:
    ours, theirs = sc.evaluate(final), sc.evaluate(honest)
    assert ours.figures() == pytest.approx(theirs.figures(), nan_ok=True)
    said = repr(ours).split("\n\n")
    n_train = len(honest.artifact.split.train)
    assert said[0] == (
        "Latent factor is trained on all 719 ratings, the test ratings among them, so it has no "
        "test figures of its own; these are of the run that chose its settings, trained on "
        f"{n_train}"
    )
    assert said[1] == "Latent factor, the run that chose its settings: 144 test ratings"
    assert repr(theirs).startswith("Latent factor: 144 test ratings")
    assert said[0] in ours._repr_html_()


def test_it_carries_these_figures_and_claims_none(
    honest: Recommender, final: Recommender, tmp_path: Path
) -> None:
    figures = sc.evaluate(honest).figures()
    assert final.artifact.test_before_final == pytest.approx(figures, nan_ok=True)
    folder = final.save(tmp_path / "final")
    metrics = storage.read_manifest(folder)["metrics"]
    assert metrics["test"] is None
    assert metrics["test_before_final"]["RMSE"] == pytest.approx(figures["RMSE"])
    again = sc.open(folder)
    assert again.artifact.final
    assert again.artifact.test_before_final is not None
    assert sc.evaluate(again).rmse == sc.evaluate(final).rmse
    kept = storage.read_manifest(again.save(tmp_path / "again"))["metrics"]
    assert kept["test_before_final"] == metrics["test_before_final"]
    storage.add_test_figures(folder, {"RMSE": 0.5}, of=final.artifact)
    metrics = storage.read_manifest(folder)["metrics"]
    assert (metrics["test"], metrics["test_before_final"]) == (None, {"RMSE": 0.5})


def test_one_that_was_not_trained_again_is_none(final: Recommender, tmp_path: Path) -> None:
    folder = final.save(tmp_path / "final")
    manifest = storage.read_manifest(folder)
    manifests.write(manifest | {"refit": False}, folder)
    with pytest.raises(ArtifactError, match="it is final, and yet was not trained again"):
        storage.load(folder)


def test_it_is_neither_compared_nor_blended_nor_started_from(
    honest: Recommender, final: Recommender, planted_split: Split
) -> None:
    said = re.escape(f"{FACTOR} is trained on all ratings") + ".*train it without --final"
    pairs: list[list[str | Recommender]] = [[honest, final], [final, honest], [final, "means"]]
    for models in pairs:
        with pytest.raises(ConfigError, match=said):
            sc.compare(planted_split, models)
    for put_together in (blend, blend_lists):
        for parts in ([honest, final], [final, honest]):
            with pytest.raises(ConfigError, match=said):
                put_together([part.artifact for part in parts])
    deep = sc.train(planted_split, "deep-neural-network-model", epochs=1, dimension=2)
    with pytest.raises(ConfigError, match=said):
        sc.train(planted_split, "ensemble-transfer-learning", parents=[final, deep])


def test_test_rows_given_by_hand_are_learned_from_in_the_end(planted_split: Split) -> None:
    """Whatever the scheme: the mean of all stars is in the means model."""
    ratings = planted_split.ratings
    parts = np.zeros(len(ratings), np.uint8)
    parts[-1], parts[:5] = 1, TEST
    model = sc.train(Split(ratings, parts, "by hand"), "means", final=True)
    assert model.artifact.weights["mean"] == pytest.approx(ratings.stars.mean(dtype=np.float64))
