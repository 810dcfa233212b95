"""Training on ratings that lie on disk: the same weights, the same figures, no copies in memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from plain_factor import random_ratings

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.updating import update
from starcast.data.blocks.opening import open_blocks
from starcast.data.blocks.writing import write_ratings
from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.disk import mapped
from starcast.disk.mapped import is_mapped
from starcast.engines import batches
from starcast.engines.batches import ShuffledRatings
from starcast.engines.factorization.sgd import SgdEngine
from starcast.engines.interest import Interest
from starcast.engines.linear.gram import Told, pairs
from starcast.engines.means import means_of
from starcast.engines.protocol import ListScorer
from starcast.engines.rows import SparseRows
from starcast.errors import ArtifactError, ConfigError
from starcast.evaluation.report import evaluate
from starcast.models import MODELS, find
from starcast.recommend import Recommender
from starcast.training.fit import fit

MODEL = "latent-factor-model"
PLAN = SplitPlan("hash", seed=3)


@pytest.fixture(scope="module", autouse=True)
def nothing_is_small() -> Iterator[None]:
    """What is made of arrays on disk lies there, too, however few they are."""
    before, mapped._SMALL = mapped._SMALL, 0
    yield
    mapped._SMALL = before


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return random_ratings(120, 90, 0.3, seed=1)


@pytest.fixture(scope="module")
def split(ratings: Ratings, tmp_path_factory: pytest.TempPathFactory) -> Split:
    folder = tmp_path_factory.mktemp("data") / "r.blocks"
    write_ratings(folder, ratings)
    return PLAN.divide(open_blocks(folder, ratings.name))


def train(split: Split, optimizer: str = "SGD", *, refit: bool = True) -> Artifact:
    config = find(MODEL).settings(optimizer=optimizer, epochs=3, dimension=8)
    return fit(split, MODEL, config, seed=5, refit=refit)


@pytest.fixture(scope="module")
def both(ratings: Ratings, split: Split) -> tuple[Artifact, Artifact]:
    """From blocks, and from memory."""
    return train(split), train(PLAN.divide(ratings))


def test_the_weights_are_the_same_to_the_bit(both: tuple[Artifact, Artifact]) -> None:
    from_blocks, from_memory = both
    for name, weights in from_memory.weights.items():
        np.testing.assert_array_equal(from_blocks.weights[name], weights)
    for name, weights in from_memory.weights_before_refit.items():
        np.testing.assert_array_equal(from_blocks.weights_before_refit[name], weights)
    assert from_blocks.split.fingerprint == from_memory.split.fingerprint
    assert (from_blocks.shares, from_blocks.support) == (from_memory.shares, from_memory.support)
    losses = [[one["loss"] for one in artifact.history] for artifact in both]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("optimizer", ["ALS", "Adam", "GradientDescent"])
def test_so_are_those_of_other_solvers(ratings: Ratings, split: Split, optimizer: str) -> None:
    memory = PLAN.divide(ratings)
    ours, theirs = (train(one, optimizer, refit=False).weights for one in (split, memory))
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_so_are_those_of_an_item_item_model_and_its_lists(ratings: Ratings, split: Split) -> None:
    config = find("item-item-model").settings(core_items=50)
    ours, theirs = (fit(one, "item-item-model", config) for one in (split, PLAN.divide(ratings)))
    for name, weights in theirs.weights.items():
        np.testing.assert_array_equal(ours.weights[name], weights)
    users = np.arange(120, dtype=np.int32)
    assert isinstance(ours.scorer, ListScorer)
    assert isinstance(theirs.scorer, ListScorer)
    np.testing.assert_array_equal(ours.scorer.list_all(users), theirs.scorer.list_all(users))


def test_what_is_visited_lies_on_disk(split: Split) -> None:
    config = find(MODEL).settings(dimension=8)
    engine = SgdEngine(config, split.train, 1)  # type: ignore[arg-type]  # its solver's settings
    assert is_mapped(engine._grid.visits)


def test_so_is_what_batches_and_pairs_of_items_are_made_of(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 500)
    rated = ShuffledRatings(split.train, 64, np.random.default_rng(1)).rated
    told = Told.of(split.train, Interest.of(split.train, 0.5), 0.3)
    summed = pairs(told, np.arange(40, dtype=np.int32), 5.0)
    made = [*rated, told.interest.values, told.weighted.values, told.places.values]
    made += [summed.items, summed.interest, summed.places, summed.raters, summed.weighted]
    assert all(map(is_mapped, [*made, summed.item_places]))


def test_figures_and_lists_are_the_same(both: tuple[Artifact, Artifact]) -> None:
    from_blocks, from_memory = (evaluate(one).figures() for one in both)
    assert from_blocks == from_memory
    ours, theirs = (Recommender(one).recommend(7, 5) for one in both)
    assert ours == theirs != []


def test_pieces_are_judged_as_the_whole(
    both: tuple[Artifact, Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate(both[0])
    histories = SparseRows.by_user(both[0].split.train)
    means = means_of(histories)
    monkeypatch.setattr(SparseRows.pieces, "__defaults__", (50,))
    assert len(list(histories.pieces())) > 20
    pieces = evaluate(both[0])
    for name in ("rmse", "mae", "accuracy"):
        assert getattr(pieces, name) == pytest.approx(getattr(whole, name), rel=1e-6)
    np.testing.assert_array_equal(pieces.curves.n_users, whole.curves.n_users)
    np.testing.assert_allclose(pieces.curves.precision, whole.curves.precision)
    np.testing.assert_allclose(pieces.squared_errors, whole.squared_errors, rtol=1e-5)
    np.testing.assert_allclose(means_of(histories).item_bias, means.item_bias, rtol=1e-6)


def test_an_artifact_refers_to_its_blocks(
    both: tuple[Artifact, Artifact], ratings: Ratings, tmp_path: Path
) -> None:
    blocks, folder = tmp_path / "r.blocks", tmp_path / "model"
    write_ratings(blocks, ratings)
    trained = train(PLAN.divide(open_blocks(blocks, ratings.name)), refit=False)
    storage.save(trained, folder)
    assert (folder / "ratings.parquet").stat().st_size < len(ratings)
    loaded = storage.load(folder)
    assert loaded.split.fingerprint == both[1].split.fingerprint
    np.testing.assert_array_equal(loaded.split.parts, both[1].split.parts)
    assert Recommender(loaded).recommend(7, 5) == Recommender(trained).recommend(7, 5)

    moved = blocks.rename(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match=r"trained from blocks at .*r\.blocks, and others or"):
        storage.load(folder)
    moved.rename(blocks)
    write_ratings(blocks, ratings.take(slice(0, -1)))
    with pytest.raises(ArtifactError, match="others or none are there"):
        storage.load(folder)


def test_blocks_that_were_replaced_meanwhile_are_not_referred_to(
    ratings: Ratings, tmp_path: Path
) -> None:
    blocks, folder = tmp_path / "r.blocks", tmp_path / "model"
    write_ratings(blocks, ratings)
    trained = train(PLAN.divide(open_blocks(blocks, ratings.name)), refit=False)
    write_ratings(blocks, ratings.take(slice(0, -1)))
    storage.save(trained, folder)
    assert len(storage.load(folder).split.ratings) == len(ratings)


def test_what_trains_in_memory_is_refused_where_ratings_outgrow_it(
    split: Split, ratings: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.data.columns.MOST_IN_MEMORY", 1000)
    wanted = r"Adam trains in memory.*train latent-factor-model, item-item-model, "
    with pytest.raises(ConfigError, match=wanted):
        fit(split, "deep-neural-network-model")
    for name, model in MODELS.items():
        if not model.on_disk:
            with pytest.raises(ConfigError, match=f"{name} by .* trains in memory"):
                fit(split, name)
    with pytest.raises(ConfigError, match="only --split hash divides"):
        SplitPlan("random").divide(split.ratings)
    SplitPlan("random").divide(ratings)  # in memory


def test_an_update_that_would_bring_ratings_into_memory_is_refused(
    split: Split, ratings: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = train(split, refit=False)
    assert update(trained, ratings.take(slice(0, 5))).artifact is trained  # it knows them
    monkeypatch.setattr("starcast.data.columns.MOST_IN_MEMORY", 1000)
    with pytest.raises(ConfigError, match="write the blocks anew with the later ratings"):
        update(trained, ratings.take(slice(0, 5)))
