"""The chart of RMSE against NDCG: every model has a dot and a name that can be read."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from tiny_reports import artifact, deep_network, report, split

from starcast import models
from starcast.engines.settings import MiniBatchSettings
from starcast.evaluation.comparison import Comparison, compare
from starcast.evaluation.comparison.both_chart import draw_both


def crowd() -> Comparison:
    """Six models close together, a baseline among them, and one far off."""
    shared = split()
    near = [
        report(
            artifact(shared, config=MiniBatchSettings(dimension=n)), [1 + n / 500], [0.2 + n / 900]
        )
        for n in range(1, 6)
    ]
    reports = [*near, report(deep_network(shared), [1.004], [0.202]),
               report(artifact(shared, seed=7), [3.0], [0.9])]  # fmt: skip
    return compare(reports, n_draws=6000)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Comparison:
    counting = replace(models.find("deep-neural-network-model"), is_baseline=True)
    monkeypatch.setattr(models, "MODELS", {**models.MODELS, counting.name: counting})
    return crowd()


def test_no_name_covers_another(compared: Comparison) -> None:
    figure, _ = draw_both(compared)
    axes = figure.axes[0]
    figure.draw_without_rendering()
    labels = [text for text in axes.texts if text.get_text() in compared.names]
    assert sorted(text.get_text() for text in labels) == sorted(compared.names)
    boxes = [text.get_window_extent() for text in labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    inside = axes.get_window_extent()
    assert all(inside.x0 <= box.x0 and box.x1 <= inside.x1 for box in boxes)


def test_every_model_has_a_dot_where_its_figures_are(compared: Comparison) -> None:
    axes = draw_both(compared)[0].axes[0]
    dots = [tuple(np.asarray(line.get_xydata())[0].tolist()) for line in axes.lines]
    stars, lists = compared.verdicts
    assert dots == [
        (one.figure, other.figure)
        for one, other in zip(stars.contestants, lists.contestants, strict=True)
    ]
    assert [line.get_marker() for line in axes.lines] == ["o"] * 5 + ["D", "o"]
