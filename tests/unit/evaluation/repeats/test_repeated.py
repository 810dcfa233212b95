"""What repeats say, of figures by hand; and a cell of real trainings."""

import json

import numpy as np
import pytest

from starcast.artifacts.artifact import Artifact
from starcast.cli.answers import plain
from starcast.data.split import Split
from starcast.engines.settings import (
    BaselineSettings,
    NetworkSettings,
    SgdSettings,
    WarmStartSettings,
)
from starcast.errors import ConfigError, TrainingError
from starcast.evaluation.repeats import (
    CellFigures,
    Contestant,
    Repeated,
    by_test,
    by_validation,
    run_cell,
)
from starcast.evaluation.repeats import cells as cells_of
from starcast.evaluation.report import evaluate
from starcast.training.fit import fit
from starcast.training.plan import Recipe, train_all
from starcast.training.stacking import blend

FACTOR, DEEP, TRANSFER = (
    "latent-factor-model", "deep-neural-network-model", "ensemble-transfer-learning",
)  # fmt: skip
A = [[0.80, 0.82], [0.84, 0.86], [0.90, 0.92]]  # of three splits, two seeds on each
B = [[0.79, 0.81], [0.86, 0.88], [0.86, 0.90]]


def repeated(n_splits: int = 3, n_seeds: int = 2, fingerprint: str = "") -> Repeated:
    cells = [
        CellFigures(split, f"random seed={split}", fingerprint or f"{split}f" * 9, 10 * split + n,
                    0.25, {"A": {"RMSE": A[split][n], "NDCG@10": 0.2}, "B": {"RMSE": B[split][n]}})
        for split in range(n_splits) for n in range(n_seeds)
    ]  # fmt: skip
    return Repeated("some data", tuple(cells))


def test_means_are_over_splits_of_means_over_seeds() -> None:
    """A: 0.81, 0.85, 0.91, mean 0.8567, variance 0.002533; times 1/3 + 1/4, the root is 0.0384."""
    told = repeated()
    spread = told.spread("A", "RMSE")
    assert (spread.mean, spread.error) == pytest.approx((0.856667, 0.038442), abs=1e-6)
    assert told.of_seeds("A", "RMSE") == pytest.approx(0.02 / np.sqrt(2))
    assert told.of_splits("A", "RMSE") == pytest.approx(0.050332, abs=1e-6)
    rmse = told.table()[1]
    assert (rmse.name, rmse.cells[0]) == ("RMSE", "0.8567 ± 0.0384")
    assert told.table()[2].cells == ["0.2000 ± 0.0000", "–"]


def test_pairs_are_tested_split_by_split() -> None:
    """B less A: -0.01, 0.02, -0.03; B is better by 0.0067, and nobody can tell."""
    (one,) = [pair for pair in repeated().differences() if pair.metric == "RMSE"]
    assert (one.better, one.worse) == ("B", "A")
    assert one.spread.mean == pytest.approx(0.006667, abs=1e-6)
    assert 0.5 < one.p_value < 1
    assert one.of_seeds == pytest.approx(np.sqrt(0.0002 / 3))  # of 1 1, -2 -2 and 4 2 hundredths
    said = repeated().sentences()
    assert said[0].startswith("B and A are not really apart: 0.0067 RMSE (95 % -")
    assert (
        "RMSE of A: 0.8000 to 0.9200; standard deviation 0.0503 over splits and 0.0141 over seeds."
        in said
    )


def test_where_little_varies_little_is_said() -> None:
    alone = repeated(n_splits=1)
    assert "apart on one split, which says nothing of others" in alone.sentences()[0]
    assert alone.table()[1].cells == ["0.8100", "0.8000"]
    assert any("3x3 tells how much" in line for line in repeated(n_seeds=1).sentences())
    same = repeated(fingerprint="f" * 20).sentences()
    assert same[-1] == "Every split has the same rows in the same parts."


def test_the_record_is_plain() -> None:
    record = json.loads(json.dumps(plain(repeated().record())))
    assert len(record["runs"]) == 6
    assert record["runs"][3]["figures"]["B"] == {"RMSE": 0.88}
    assert record["means"]["B"]["NDCG@10"]["mean"] is None
    assert record["means"]["A"]["RMSE"]["over_seeds"] == pytest.approx(0.014142, abs=1e-6)


SMALL = NetworkSettings(dimension=3, layers=(4, 1), epochs=2)


def test_a_cell_trains_each_model_once_as_a_comparison_does(
    planted_split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []

    def watched(split: Split, name: str, *args: object, **more: object) -> Artifact:
        trained.append(name)
        return fit(split, name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(cells_of, "fit", watched)
    factor = SgdSettings(dimension=3, epochs=2)
    warm = WarmStartSettings(dimension=3, factor_dimension=3, layers=(4, 1), epochs=1)
    models = {TRANSFER: warm, FACTOR: factor, DEEP: SMALL}
    found = run_cell(planted_split, [Contestant(*one) for one in models.items()], 5, by_validation)
    assert sorted(trained) == sorted(models)
    whole = train_all(planted_split, models, Recipe(5))
    for name, title in ((FACTOR, "Latent factor"), (TRANSFER, "Ensemble, transfer")):
        assert found[title] == by_validation(whole[name])


def test_twins_are_told_apart_and_a_blend_stands_beside_them(planted_split: Split) -> None:
    twins = [Contestant(FACTOR, SgdSettings(dimension=d, epochs=2)) for d in (2, 3)]
    found = run_cell(planted_split, twins, 5, by_test(), blend=lambda parts, seed: blend(
        parts, seed=seed))  # fmt: skip
    assert list(found) == ["Latent factor (dimension 2)", "Latent factor (dimension 3)", "Blend"]
    alone = fit(planted_split, FACTOR, twins[0].config, seed=5)
    expected = evaluate(alone).figures()
    assert found["Latent factor (dimension 2)"] == pytest.approx(expected, nan_ok=True)


def test_a_model_that_fails_is_no_repeat(planted_split: Split) -> None:
    wild = Contestant(FACTOR, SgdSettings(dimension=2, epochs=3, learning_rate=1e9))
    with pytest.raises(TrainingError, match="the loss is no longer a number"):
        run_cell(planted_split, [wild], 1, by_validation)


def test_a_blend_is_not_trained_anew(planted_split: Split) -> None:
    settings = {"means": None, FACTOR: SgdSettings(dimension=2, epochs=1)}
    parts = [fit(planted_split, *one, seed=1) for one in settings.items()]
    assert Contestant.of(parts[0]) == ("means", BaselineSettings(), False)
    with pytest.raises(ConfigError, match="not trained anew on other splits; name its parts"):
        Contestant.of(blend(parts, seed=1))
