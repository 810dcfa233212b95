"""The diagrams of docs/models.md: drawn by the tool, and computing what the models compute."""

import importlib
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from starcast import models
from starcast.engines.expression import Expression, concatenate, hidden_layers, item, output, user
from starcast.engines.protocol import Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import NetworkSettings
from starcast.models import network
from starcast.models.plugins import Models

TOOLS = Path(__file__).parents[2] / "tools"
FACTOR, DEEP = "latent-factor-model", "deep-neural-network-model"
COLD, TRANSFER = "ensemble-no-transfer-learning", "ensemble-transfer-learning"
DRAWN = (FACTOR, DEEP, COLD, TRANSFER)
SHAPES = [(4, (6, 3, 1)), (7, (5, 1))]


@pytest.fixture
def trace(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(TOOLS))
    yield importlib.import_module("trace_models")
    sys.modules.pop("trace_models")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOLS / "draw_models.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_tool_draws_every_model_twice(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "images"
    done = run(str(folder), "--dimension", "4", "--layers", "[6,3,1]")
    assert done.returncode == 0, done.stderr
    wanted = {f"{name}.{ending}" for name in DRAWN for ending in ("png", "svg")}
    assert {path.name for path in folder.iterdir()} == wanted
    assert set(done.stdout.split()) == {str(folder / name) for name in wanted}
    for name in DRAWN:
        head = (folder / f"{name}.png").read_bytes()[:26]
        width, height, _, colour_type = struct.unpack(">IIBB", head[16:])
        assert head.startswith(b"\x89PNG")
        assert min(width, height) > 400
        assert colour_type == 6  # with transparency, outside the card
        assert ElementTree.parse(folder / f"{name}.svg").getroot().tag.endswith("svg")


def test_wrong_layers_are_one_line(tmp_path: Path) -> None:
    done = run(str(tmp_path / "images"), "--layers", "64;1")
    assert done.returncode == 1
    assert done.stderr == "draw_models: '64;1' is no list of layer widths; write [64,32,16,8,1]\n"
    assert not (tmp_path / "images").exists()


@pytest.mark.parametrize(("dimension", "layers"), SHAPES)
@pytest.mark.parametrize("name", [DEEP, COLD, TRANSFER])
def test_drawn_widths_follow_the_settings(
    trace: ModuleType, name: str, dimension: int, layers: tuple[int, ...]
) -> None:
    boxes = trace.diagram(name, dimension=dimension, layers=layers)
    dense = [box for box in boxes if box.kind == "dense"]
    assert tuple(box.width for box in dense) == layers
    assert [box.activation for box in dense] == ["relu"] * (len(layers) - 1) + ["linear"]
    assert dense[0].shapes == {
        "hidden_0_kernel": (2 * dimension, layers[0]),
        "hidden_0_bias": (layers[0],),
    }
    into_output = layers[-2] + (0 if name == DEEP else dimension + 2)
    assert dense[-1].shapes["output_kernel"] == (into_output, 1)
    assert {box.width for box in boxes if box.kind == "table"} == {dimension} | (
        set() if name == DEEP else {1}
    )


@pytest.mark.parametrize("name", DRAWN)
def test_diagram_computes_what_the_scorer_computes(trace: ModuleType, name: str) -> None:
    model, rng = models.find(name), np.random.default_rng(7)
    given: dict[str, Any] = {"dimension": 4, "layers": (6, 3, 1)}
    settings = model.settings(**model.solvers.having(given))
    empty = model.engine(settings, trace.TOY, 1).weights()
    weights = {
        weight: rng.normal(0, 1, array.shape).astype(np.float32) for weight, array in empty.items()
    }
    users, items = np.array([0, 1, 1], np.int32), np.array([2, 0, 1], np.int32)
    drawn = evaluate(trace.diagram(name, **given), weights, users, items)
    scorer = model.scorer(weights, SparseRows.by_user(trace.TOY), settings)
    scored = scorer.score_pairs(users, items)
    np.testing.assert_allclose(drawn, scored, rtol=1e-5, atol=1e-5)


def evaluate(boxes: list[Any], weights: Weights, users: Any, items: Any) -> Any:
    """Follow the boxes and arrows of a diagram with real weights."""
    value: dict[str, Any] = {}
    rows = {"user": users, "item": items, "mean": ...}
    for box in boxes:
        read = [value[name] for name in box.inputs]
        match box.kind:
            case "table":
                found = weights[box.name][rows[box.name.partition("_")[0]]]
                value[box.name] = found.reshape(found.shape[0] if found.ndim else 1, -1)
            case "concatenation":
                value[box.name] = np.concatenate(read, axis=1)
            case "element-wise product":
                value[box.name] = read[0] * read[1]
            case "inner product":
                value[box.name] = np.sum(read[0] * read[1], axis=1, keepdims=True)
            case "sum":
                value[box.name] = sum(read[1:], start=read[0])
            case "dense":
                sums = read[0] @ weights[f"{box.name}_kernel"] + weights[f"{box.name}_bias"]
                value[box.name] = np.maximum(sums, 0) if box.activation == "relu" else sums
            case "prediction":
                value[box.name] = read[0]
        assert value[box.name].shape[1] == box.width
    return value["prediction"][:, 0]


def test_colours_say_where_a_warm_start_comes_from(trace: ModuleType) -> None:
    boxes = trace.diagram(TRANSFER, dimension=4, layers=(6, 3, 1))
    assert {box.name: box.origins for box in boxes if box.shapes} == {
        "user_factors": (FACTOR,),
        "item_factors": (FACTOR,),
        "user_bias": (FACTOR,),
        "item_bias": (FACTOR,),
        "user_embedding": (DEEP,),
        "item_embedding": (DEEP,),
        "hidden_0": (DEEP,),
        "hidden_1": (DEEP,),
        "output": (FACTOR, DEEP),
    }


def test_a_cold_ensemble_has_all_from_itself(trace: ModuleType) -> None:
    boxes = trace.diagram(COLD, dimension=4, layers=(6, 3, 1))
    assert {box.origins for box in boxes if box.shapes} == {(COLD,)}
    assert {box.origins for box in boxes if not box.shapes} == {()}


def test_dropout_is_told_of_the_layers_behind_which_it_acts(trace: ModuleType) -> None:
    boxes = trace.diagram(DEEP, dimension=4, layers=(6, 3, 1), dropout_rate=0.25)
    acting = {box.name: box.dropout_rate for box in boxes if box.dropout_rate}
    assert acting == {"hidden_0": 0.25}


def test_a_table_that_two_boxes_read_is_drawn_for_each_and_counted_once(
    trace: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def towers(settings: NetworkSettings) -> Expression:
        p, q = user("p", settings.dimension), item("q", settings.dimension)
        top = hidden_layers(concatenate(p, q, p * q), settings.layers[:-1], "tanh")
        return output(top)

    registry = Models([network("towers", towers)])
    monkeypatch.setattr(models, "MODELS", registry)
    boxes = trace.diagram("towers", dimension=4, layers=(6, 1))
    assert trace.count(boxes) == "weights: 4 per user, 4 per item, 85 shared"  # 12·6 + 6 + 6 + 1
    draw = importlib.import_module("draw_models")
    drawn = {box.name: box.inputs for box in draw.unfolded(boxes)}
    assert drawn["multiply"] == ("user_p", "item_q")
    assert drawn["concatenate"] == ("user_p′", "item_q′", "multiply")
    assert {name for name, inputs in drawn.items() if not inputs} == {
        "user_p", "item_q", "user_p′", "item_q′",
    }  # fmt: skip
    places = draw.layout(draw.unfolded(boxes))
    assert len({(place.x, place.y) for place in places.values()}) == len(drawn)


def test_weights_are_counted_from_the_shapes(trace: ModuleType) -> None:
    # Per user 4 factors, a bias and 4 numbers of the deep branch; dense 8·6+6, 6·3+3, 9·1+1.
    boxes = trace.diagram(COLD, dimension=4, layers=(6, 3, 1))
    assert trace.count(boxes) == "weights: 9 per user, 9 per item, 85 shared"
