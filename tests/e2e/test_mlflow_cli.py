"""Runs in MLflow's own store, beside TensorBoard: settings, epochs, and figures once opened."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, tree
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

QUICK = ["--epochs", 3, "--dimension", 4]
FACTOR = "pretrained_models/planted/latent-factor-model"


def runs(folder: Path) -> list[Any]:
    """What MLflow tells of the runs of the planted ratings, the first first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=f"sqlite:///{folder}/ml.db")
        experiment = client.get_experiment_by_name("planted")
        assert experiment is not None
        order = ["attributes.start_time ASC"]
        return list(client.search_runs([experiment.experiment_id], order_by=order))


def row_in_tensorboard(folder: Path) -> dict[str, float]:
    """The last of each figure beside the settings of the only run of a model."""
    (row,) = folder.glob("tf_logs/planted/latent-factor-model-*/validation")
    found: dict[str, float] = {}
    for path in sorted(row.glob("*tfevents*")):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found |= {value.tag: value.tensor.float_val[0]} if value.tensor.float_val else {}
    return found


@pytest.mark.long
def test_a_run_is_logged_and_its_row_gets_test_figures_once_they_are_opened(
    planted_files: Path, tmp_path: Path, at_once: Starcast
) -> None:
    own = ["--ratings", planted_files / "planted.csv", "--mlflow", "sqlite:///ml.db"]
    done = at_once("train", *own, *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    assert "mlflow" not in done.stderr.lower()
    record = json.loads(done.stdout)
    (run,) = runs(tmp_path)
    assert run.info.status == "FINISHED"
    assert run.info.run_name.startswith("latent-factor-model-")
    settings = {"dimension": "4", "epochs": "3", "optimizer": "SGD", "seed": "42"}
    assert run.data.params.items() >= settings.items()
    best = record["validation"]["rmse"]
    assert run.data.metrics["best/rmse"] == best
    assert run.data.metrics["validation/rmse"] >= best
    assert {"train/loss", "train/rmse", "validation/mae"} <= run.data.metrics.keys()
    assert not [name for name in run.data.metrics if name.startswith("test/")]
    assert "test/RMSE" not in row_in_tensorboard(tmp_path)

    told = json.loads(at_once("evaluate", FACTOR, "--mlflow", "sqlite:///ml.db", "--json").stdout)
    (run,) = runs(tmp_path)
    assert run.data.metrics["test/RMSE"] == told["test"]["RMSE"]
    assert run.data.metrics["test/NDCG_at_10"] == told["test"]["NDCG@10"]
    assert row_in_tensorboard(tmp_path)["test/RMSE"] == pytest.approx(told["test"]["RMSE"])
    assert row_in_tensorboard(tmp_path)["best/RMSE"] == pytest.approx(best)

    both = "latent-factor-model,autoencoder-model"
    done = at_once("compare", *own, "--models", both, *QUICK, "--keep", "kept")
    assert done.returncode == 0, done.stderr
    figures = [one.data.metrics for one in runs(tmp_path)]
    assert ["test/RMSE" in one for one in figures] == [True, True, True]
    assert figures[1]["test/RMSE"] == figures[0]["test/RMSE"]  # the same training again
    assert figures[2]["best/rmse"] != figures[0]["best/rmse"]

    gone = at_once("evaluate", FACTOR, "--mlflow", "sqlite:///ml.db/below/a/file.db")
    assert gone.returncode == 0
    assert gone.stderr.startswith("note: test figures are not in MLflow at sqlite:///ml.db/below/")
    assert gone.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["train", "compare", "tune", "evaluate"])
def test_passwords_do_not_belong_on_the_command_line(
    verb: str, at_once: Starcast, tmp_path: Path
) -> None:
    model = ["model"] if verb == "evaluate" else []
    done = at_once(verb, *model, "--mlflow", "http://ann:s3cret@host:5000")
    assert done.returncode == 1
    assert "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in done.stderr
    assert "s3cret" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert tree(tmp_path) == []


def test_without_mlflow_a_line_names_the_extra_before_anything_is_trained(
    at_once: Starcast, planted_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.training.mlflow_store.find_spec", lambda name: None)
    own = ["--ratings", planted_files / "planted.csv"]
    done = at_once("train", *own, "--mlflow", "sqlite:///ml.db")
    assert done.returncode == 1
    assert done.stderr.endswith(
        "starcast: --mlflow needs MLflow, which is not here: pip install 'starcast[mlflow]'\n"
    )
    assert tree(tmp_path) == []


def test_spark_has_no_logs(at_once: Starcast, planted_files: Path) -> None:
    own = ["--ratings", planted_files / "planted.csv", "--engine", "spark"]
    done = at_once("train", *own, "--mlflow", "sqlite:///ml.db")
    assert done.returncode == 1
    assert "--mlflow has no effect with --engine spark" in done.stderr
