"""Runs as a real TensorBoard shows them, read back through its HTTP API."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from processes import command, environment

SECONDS = 60  # until we give up on a process


@pytest.fixture(scope="module")
def logs(planted_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of a latent factor model and of a deep network, a few epochs each."""
    folder = tmp_path_factory.mktemp("logs")
    own = ["--ratings", planted_files / "planted.csv", "--items", planted_files / "items.csv"]
    small = ["--epochs", 2, "--dimension", 4, "--learning-rate", 0.01]
    layers = {"latent-factor-model": [], "deep-neural-network-model": ["--layers", "[8,4,1]"]}
    for model, shape in layers.items():
        done = subprocess.run(
            command("train", "--model", model, *own, *small, *shape, "--seed", 5),
            cwd=folder, env=environment(), capture_output=True, text=True, timeout=2 * SECONDS,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return folder / "tf_logs"


class TensorBoard:
    """A running TensorBoard, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/data"

    def text(self, path: str, **query: object) -> str:
        with urlopen(f"{self._address}/{path}?{urlencode(query)}", timeout=SECONDS) as answer:
            return str(answer.read().decode())

    def json(self, path: str, **query: object) -> Any:
        return json.loads(self.text(path, **query))

    def post(self, path: str, body: dict[str, object]) -> Any:
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self._address}/{path}", json.dumps(body).encode(), headers)
        with urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)

    def runs(self) -> list[str]:
        try:
            return list(self.json("runs"))
        except (URLError, OSError):
            return []


@pytest.fixture(scope="module")
def board(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoard]:
    """TensorBoard over the logs, once it has found all four runs."""
    said = tmp_path_factory.mktemp("tensorboard") / "said.txt"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["--logdir", str(logs), "--host", "127.0.0.1", "--port", str(port),
                 "--load_fast=false", "--reload_interval", "1"]  # fmt: skip
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", *arguments], stdout=output, stderr=output
        )
    try:
        running = TensorBoard(port)
        deadline = time.monotonic() + SECONDS
        while len(running.runs()) < 4:
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.1)  # between two polls
        yield running
    finally:
        process.terminate()
        process.wait(SECONDS)


@pytest.fixture(scope="module")
def factor(board: TensorBoard) -> str:
    """The latent factor model's run, without /train or /validation."""
    return next(run for run in board.runs() if "latent" in run).rpartition("/")[0]


@pytest.fixture(scope="module")
def deep(board: TensorBoard) -> str:
    """The deep network's run, without /train or /validation."""
    return next(run for run in board.runs() if "deep" in run).rpartition("/")[0]


def test_a_run_has_a_training_and_a_validation_curve(
    board: TensorBoard, factor: str, deep: str
) -> None:
    parts = ("train", "validation")
    assert sorted(board.runs()) == sorted(
        f"{run}/{part}" for run in (factor, deep) for part in parts
    )
    assert factor.startswith("planted/latent-factor-model-")
    assert deep.startswith("planted/deep-neural-network-model-")


def test_the_measures_share_their_charts(board: TensorBoard, factor: str, deep: str) -> None:
    tags = board.json("plugin/scalars/tags")
    for run in (factor, deep):
        assert {"loss", "training_error", "RMSE", "MAE", "accuracy"} <= set(tags[f"{run}/train"])
        assert {"RMSE", "MAE", "accuracy"} <= set(tags[f"{run}/validation"])


def test_the_curves_are_those_of_the_artifact(board: TensorBoard, factor: str, logs: Path) -> None:
    model = logs.parent / "pretrained_models" / "planted" / "latent-factor-model"
    history = json.loads((model / "manifest.json").read_text(encoding="utf-8"))["history"]
    for part in ("train", "validation"):
        for tag, name in (("RMSE", "rmse"), ("MAE", "mae"), ("accuracy", "accuracy")):
            shown = board.json("plugin/scalars/scalars", tag=tag, run=f"{factor}/{part}")
            assert [step for _, step, _ in shown] == [1, 2]
            expected = [record[part][name] for record in history]
            assert [value for _, _, value in shown] == pytest.approx(expected, rel=1e-6)
    for tag in ("loss", "training_error"):
        shown = board.json("plugin/scalars/scalars", tag=tag, run=f"{factor}/train")
        assert [value for _, _, value in shown] == pytest.approx(
            [record[tag] for record in history], rel=1e-6
        )


def test_hyper_parameters_stand_beside_the_best_figures(
    board: TensorBoard, factor: str, deep: str
) -> None:
    experiment = board.post("plugin/hparams/experiment", {"experimentName": ""})
    names = {info["name"] for info in experiment["hparamInfos"]}
    assert {"optimizer", "dimension", "layers", "learning_rate", "seed"} <= names
    metrics = [{"name": info["name"]} for info in experiment["metricInfos"]]
    assert {metric["name"]["tag"] for metric in metrics} >= {"best/RMSE", "best/MAE"}
    query = {"startIndex": 0, "sliceSize": 9, "colParams": [{"metric": m["name"]} for m in metrics],
             "allowedStatuses": ["STATUS_SUCCESS", "STATUS_UNKNOWN", "STATUS_RUNNING"]}  # fmt: skip
    groups = board.post("plugin/hparams/session_groups", query)["sessionGroups"]
    assert {group["sessions"][0]["name"] for group in groups} == {
        f"{factor}/validation", f"{deep}/validation",
    }  # fmt: skip
    for group in groups:
        assert group["hparams"]["dimension"] == 4
        is_deep = group["sessions"][0]["name"].startswith(deep)
        assert group["hparams"].get("layers") == ("[8, 4, 1]" if is_deep else None)
        assert "samples" not in group["hparams"]
        assert group["hparams"]["seed"] == 5
        values = {value["name"]["tag"]: value["value"] for value in group["metricValues"]}
        shown = board.json("plugin/scalars/scalars", tag="RMSE", run=group["sessions"][0]["name"])
        assert values["best/RMSE"] == pytest.approx(min(value for _, _, value in shown))


@pytest.mark.parametrize(
    ("kind", "table"), [("factor", "item_factors"), ("deep", "item_embedding")]
)
def test_the_projector_shows_items_by_their_titles(
    board: TensorBoard, request: pytest.FixtureRequest, kind: str, table: str
) -> None:
    run = f"{request.getfixturevalue(kind)}/train"
    assert run in board.json("plugin/projector/runs")
    (embedding,) = board.json("plugin/projector/info", run=run)["embeddings"]
    name = embedding["tensorName"]
    assert table in name
    titles = board.text("plugin/projector/metadata", run=run, name=name).splitlines()
    assert titles == [f"Film {item} [é]" for item in range(30)]
    address = f"{board._address}/plugin/projector/tensor?{urlencode({'run': run, 'name': name})}"
    with urlopen(address, timeout=SECONDS) as answer:
        assert len(answer.read()) == 30 * 4 * 4  # items, dimensions, bytes of a float


def test_the_network_shows_its_graph(board: TensorBoard, deep: str) -> None:
    tags = board.json("plugin/graphs/info")
    assert tags[f"{deep}/train"]["run_graph"]
    graph = board.text("plugin/graphs/graph", run=f"{deep}/train")
    assert graph.count('op: "MatMul"') == 3
    assert "Relu" in graph
