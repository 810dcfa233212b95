"""Exported models, run by the programs they were made for, against the scores in NumPy."""

import json
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.engines.expression import (
    ACTIVATIONS,
    Expression,
    concatenate,
    constant,
    dense,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.autodiff import scores as scores_of
from starcast.engines.expression.kinds import DEPLOYED
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.weights import shapes_of
from starcast.engines.protocol import Expressed, ExpressedScorer, Weights
from starcast.errors import ArtifactError, ConfigError, UnknownNameError
from starcast.export import FORMATS, MANIFEST, export
from starcast.models import MODELS
from starcast.scoring import FactorScorer
from starcast.scoring.weighted_sum import join, parts_of
from starcast.training.plan import Recipe, train_all

with warnings.catch_warnings():  # what their imports warn of is not ours to mend
    warnings.simplefilter("ignore")
    import onnxruntime
    import tensorflow as tf

    from starcast.export import onnx as onnx_writer

FACTOR, DEEP, ENSEMBLE, BAYESIAN = (
    "latent-factor-model",
    "deep-neural-network-model",
    "ensemble-transfer-learning",
    "bayesian-factorization-model",
)
N_USERS, N_ITEMS, D, N_DRAWS = 40, 30, 5, 3  # as many as `planted` has
HIDDEN = (7, 3)
LEVELS = np.arange(1, 11, dtype=np.float32) / 2
TINY: dict[str, Any] = {
    "dimension": 4, "layers": (8, 4, 1), "epochs": 3,
    "samples": 6, "burn_in": 2, "chains": 2, "kept": 4,
}  # fmt: skip
BATCHES = (0, 1, 257, 3000)  # the scorers go from NumPy to compiled loops on the way
Predict = Callable[[Any, Any], NDArray[np.float32]]

EVERY_FORMAT = pytest.mark.parametrize("format", list(FORMATS))


def random(shapes: dict[str, tuple[int, ...]], spread: float = 0.7) -> dict[str, Any]:
    rng = np.random.default_rng(sum(map(len, shapes)))
    weights = {
        name: rng.normal(0, spread, shape).astype(np.float32) for name, shape in shapes.items()
    }
    for name, table in weights.items():
        if name.endswith("_variance"):
            weights[name] = np.abs(table)
        if name.startswith(("user_", "item_")):  # the fourth user and item were never trained on
            np.moveaxis(table, -1 if name.endswith("bias") else -2, 0)[3] = 0
    return weights


def shaped(expression: Expression) -> Weights:
    return random(shapes_of(expression, N_USERS, N_ITEMS))


def drawn(**more: Any) -> Weights:
    shapes = {
        name: (N_DRAWS, *shape)
        for name, shape in shapes_of(factor_model(D), N_USERS, N_ITEMS).items()
    }
    return {**random(shapes), "mean": np.array(0.3, np.float32), **more}


CUTS = np.sort(np.random.default_rng(1).normal(0, 1.5, (N_DRAWS, len(LEVELS) - 1)), axis=1)
RANDOM: dict[str, tuple[str, Weights]] = {
    "factor": (FACTOR, {**shaped(factor_model(D)), "mean": np.array(3, np.float32)}),
    "deep": (DEEP, shaped(deep_network(D, HIDDEN))),
    "ensemble": (ENSEMBLE, shaped(ensemble(D, HIDDEN))),
    "gaussian": (BAYESIAN, drawn(noise=np.full(N_DRAWS, 0.8, np.float32))),
    "probit": (BAYESIAN, drawn(levels=LEVELS, cut_points=CUTS.astype(np.float32))),
}
RANDOM["blend"] = (
    "blend",
    join(
        [RANDOM["probit"], RANDOM["factor"], RANDOM["deep"]],
        {"coefficients": np.array([0.2, 0.5, 0.4, -0.1])},
    ),
)


def artifact_of(split: Split, model: str, weights: Weights) -> Artifact:
    """A model, or a blend of such; of settings, none of these scorers makes anything."""
    parts = [name for name, _ in parts_of(weights)] if model == "blend" else []
    return Artifact(
        model=model,
        config=None if parts else MODELS[model].settings(dimension=D),
        parts=tuple(
            {"model": name, "settings": {"optimizer": next(iter(MODELS[name].defaults))}}
            for name in parts
        ),
        seed=1,
        weights=weights,
        weights_before_refit=weights,
        split=split,
        best_epoch=1,
        history=(),
    )


@pytest.fixture
def factor(planted_split: Split) -> Artifact:
    return artifact_of(planted_split, *RANDOM["factor"])


def in_tensorflow(folder: Path) -> Predict:
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    return lambda users, items: signature(user_rows=users, item_rows=items)["stars"].numpy()


def in_onnxruntime(folder: Path) -> Predict:
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
    )

    def predict(users: Any, items: Any) -> Any:
        rows = {"user_rows": users.astype(np.int64), "item_rows": items.astype(np.int64)}
        return session.run(["stars"], rows)[0]

    return predict


RUN = {"savedmodel": in_tensorflow, "onnx": in_onnxruntime}


def assert_same(artifact: Artifact, predict: Predict) -> None:
    """Batches of any length, int32 and int64, give the artifact's stars to 1e-5."""
    rng = np.random.default_rng(2)
    for n in BATCHES:
        users, items = (rng.integers(0, size, n).astype(np.int32) for size in (N_USERS, N_ITEMS))
        scores = artifact.scorer.score_pairs(users, items)
        wanted = artifact.split.ratings.scale.clip(scores)
        for kind in (np.int32, np.int64):
            stars = predict(users.astype(kind), items.astype(kind))
            assert stars.dtype == np.float32
            assert stars.shape == (n,)
            np.testing.assert_allclose(stars, wanted, rtol=0, atol=1e-5)


@EVERY_FORMAT
@pytest.mark.parametrize("kind", list(RANDOM))
def test_random_weights_predict_as_in_numpy(
    format: str, kind: str, planted_split: Split, tmp_path: Path
) -> None:
    artifact = artifact_of(planted_split, *RANDOM[kind])
    difference = export(artifact, tmp_path / "out", format=format)
    assert 0 < difference < 1e-5
    assert_same(artifact, RUN[format](tmp_path / "out"))


def every_operation() -> Expression:
    """All of them in one expression, each where its values tell."""
    p, q = user("factors", D), item("factors", D)
    bends = [dense(word, concatenate(p, q), 3, word) for word in ACTIVATIONS]
    plain = dense("plain", (p * q - 0.5).dropout(0.4).column(), 2, bias=False).total()
    joined = concatenate(*bends, plain, user("bias"), weight("own", 2) + q.total().column())
    joined = joined.normalized("each", 1e-3).normalized("batch", 1e-3, 0.9)
    return output(joined) * constant(0.5) + (p * constant([1, 2, -1, 0.5, 3])).total()


@EVERY_FORMAT
def test_every_operation_is_written(format: str, planted_split: Split, tmp_path: Path) -> None:
    expression = every_operation()
    assert {part.kind for part in expression.parts()} == set(DEPLOYED)
    weights = shaped(expression)
    writer = import_module(f"starcast.export.{format}")
    writer.write(Expressed(expression, weights), planted_split.ratings, tmp_path)
    rng = np.random.default_rng(2)
    users, items = (rng.integers(0, size, 300) for size in (N_USERS, N_ITEMS))
    exact = {name: array.astype(np.float64) for name, array in weights.items()}
    expected = planted_split.ratings.scale.clip(scores_of(expression, exact, users, items))
    assert len(np.unique(expected)) > 10
    found = RUN[format](tmp_path)(users, items)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("model", list(MODELS))
def test_trained_models_predict_as_in_numpy_or_are_refused_in_a_line(
    model: str, planted_split: Split, tmp_path: Path
) -> None:
    wanted = {model: MODELS[model].settings(**MODELS[model].solvers.having(TINY))}
    artifact = train_all(planted_split, wanted, Recipe(refit=True))[model]
    if not isinstance(artifact.scorer, ExpressedScorer):
        with pytest.raises(ConfigError, match=f"{model} cannot be exported"):
            export(artifact, tmp_path / "out", format="onnx")
        return
    for format in FORMATS:
        export(artifact, tmp_path / format, format=format)
        assert_same(artifact, RUN[format](tmp_path / format))


@EVERY_FORMAT
@pytest.mark.parametrize("rows", [(-1, 0), (0, -1), (N_USERS, 0), (0, N_ITEMS)])
def test_rows_outside_the_tables_are_refused(
    format: str, rows: tuple[int, int], factor: Artifact, tmp_path: Path
) -> None:
    export(factor, tmp_path / "out", format=format)
    predict = RUN[format](tmp_path / "out")
    user, item = (np.array([row]) for row in rows)
    with pytest.raises(Exception, match=r"not in \[0|out of data bounds"):
        predict(user, item)


@pytest.mark.parametrize("ids", [int, str])
def test_a_saved_model_takes_external_ids_and_refuses_unknown_ones(
    ids: type, factor: Artifact, known_by_heart: Artifact, tmp_path: Path
) -> None:
    artifact = factor if ids is int else known_by_heart
    export(artifact, tmp_path / "out", format="savedmodel")
    signature = tf.saved_model.load(str(tmp_path / "out")).signatures["ids"]
    known = artifact.split.ratings.users.ids[[2, 0]], artifact.split.ratings.items.ids[[1, 3]]
    users, items = (tf.constant(column.tolist()) for column in known)
    if ids is int:
        users, items = tf.cast(users, tf.int64), tf.cast(items, tf.int64)
    stars = signature(user_ids=users, item_ids=items)["stars"].numpy()
    scores = artifact.scorer.score_pairs(np.array([2, 0]), np.array([1, 3]))
    np.testing.assert_allclose(stars, artifact.split.ratings.scale.clip(scores), atol=1e-5)
    nobody = tf.constant([12345], tf.int64) if ids is int else tf.constant(["nobody"])
    with pytest.raises(tf.errors.InvalidArgumentError, match="a user id was not in the training"):
        signature(user_ids=nobody, item_ids=items[:1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="an item id was not in the training"):
        signature(user_ids=users[:1], item_ids=nobody)


@EVERY_FORMAT
def test_ids_of_every_row_and_what_it_is_lie_beside_the_model(
    format: str, known_by_heart: Artifact, tmp_path: Path
) -> None:
    difference = export(known_by_heart, tmp_path / "out", format=format)
    users, items, manifest = (
        json.loads((tmp_path / "out" / name).read_text("utf-8"))
        for name in ("users.json", "items.json", MANIFEST)
    )
    assert users == {"ids": ["ann", "bob", "eve"]}
    assert items == {
        "ids": ["alien", "brazil", "clue", "duel"],
        "titles": ["Alien (1979)", "", "", "Duel (1971)"],
    }
    assert manifest["model"] == FACTOR
    assert manifest["written_as"] == format
    assert manifest["fingerprint"] == known_by_heart.split.fingerprint
    assert manifest["largest_difference"] == difference


def test_large_weights_get_a_file_of_their_own(
    factor: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_writer, "_MOST_BYTES", 100)
    export(factor, tmp_path / "out", format="onnx")
    assert (tmp_path / "out" / "model.onnx.data").stat().st_size >= N_USERS * D * 4
    assert_same(factor, in_onnxruntime(tmp_path / "out"))


def test_an_older_export_is_replaced_and_nothing_else(factor: Artifact, tmp_path: Path) -> None:
    place = tmp_path / "place"
    export(factor, place, format="savedmodel")
    export(factor, place, format="onnx")
    assert sorted(path.name for path in place.iterdir()) == [
        MANIFEST, "items.json", "model.onnx", "users.json",
    ]  # fmt: skip
    trained, notes = storage.save(factor, tmp_path / "trained"), tmp_path / "notes"
    notes.mkdir()
    (notes / "diary.txt").write_text("dear diary")
    for folder in (trained, notes):
        with pytest.raises(ArtifactError, match=f"holds other files and no {MANIFEST}"):
            export(factor, folder, format="onnx")
    assert storage.load(trained).model == FACTOR


@EVERY_FORMAT
def test_what_tells_other_stars_is_not_kept(
    format: str, factor: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {**factor.weights, "user_bias": factor.weights["user_bias"] + np.float32(0.001)}
    expressed = FactorScorer(wrong).expressed()
    monkeypatch.setattr(FactorScorer, "expressed", lambda scorer: expressed)
    with pytest.raises(ArtifactError, match=r"0\.001\d* stars off"):
        export(factor, tmp_path / "out", format=format)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line(
    factor: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "no space left")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(ArtifactError, match=r"cannot write .*out: no space left"):
        export(factor, tmp_path / "out", format="savedmodel")
    assert list(tmp_path.iterdir()) == []


@EVERY_FORMAT
def test_a_missing_extra_is_named(
    format: str, factor: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"starcast.export.{format}", raising=False)
    monkeypatch.setitem(sys.modules, FORMATS[format].lower(), None)
    with pytest.raises(ConfigError, match=r"pip install 'starcast\[export\]'"):
        export(factor, tmp_path / "out", format=format)


def test_an_unknown_format_is_refused_with_the_nearest(factor: Artifact, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'onnx'"):
        export(factor, tmp_path / "out", format="onx")


def test_a_model_that_is_no_expression_is_refused(factor: Artifact, tmp_path: Path) -> None:
    vars(factor)["scorer"] = object()  # in the place of the cached one
    with pytest.raises(ConfigError, match=f"{FACTOR} cannot be exported"):
        export(factor, tmp_path / "out", format="onnx")
