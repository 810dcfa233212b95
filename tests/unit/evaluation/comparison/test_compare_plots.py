"""Charts in notebooks, and how runs of different lengths are drawn."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_reports import artifact, deep_network, history, report, split

from starcast.artifacts.artifact import Artifact
from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.charts.epochs import draw_epochs
from starcast.evaluation.charts.style import Shown
from starcast.evaluation.comparison import Comparison, compare
from starcast.evaluation.metrics import STARS
from starcast.recommend import Recommender

PNG = b"\x89PNG\r\n\x1a\n"


def of_epochs(n: int, best: int, **given: Any) -> Artifact:
    """A model whose run has so many epochs."""
    falling = history(*(1 + 1 / epoch for epoch in range(1, n + 1)))
    return artifact(history=falling, best_epoch=best, **given)


def widths(*models: Artifact) -> tuple[list[float], str, list[str]]:
    """Share of the axis that each run's line takes; the axis's label; the legend."""
    names = tuple(f"model {n}" for n, _ in enumerate(models))
    figure, _ = draw_epochs(Shown(names, models), STARS)
    axes = figure.axes[0]
    low, high = axes.get_xlim()
    runs = [np.asarray(line.get_xdata(), np.float64) for line in axes.lines]
    shares = [float(np.ptp(xs)) / (high - low) for xs in runs if len(xs) > 1]
    return shares, axes.get_xlabel(), [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_sampler_of_hundreds_of_sweeps_squeezes_nobody() -> None:
    shares, label, legend = widths(of_epochs(400, 400), of_epochs(5, 4), of_epochs(31, 20))
    assert min(shares) > 0.7  # a run of 5 epochs begins at a fifth of its width
    assert label == "epochs, of all that each model's run has"
    assert "model 0: 1.0025 at 400 of 400" in legend
    assert "model 1: 1.2500 at 4 of 5" in legend


def test_runs_of_like_length_are_drawn_over_epochs() -> None:
    shares, label, legend = widths(of_epochs(9, 8), of_epochs(5, 4))
    assert label == "epoch"
    assert shares == pytest.approx([8 / 9, 4 / 9])
    assert "model 1: 1.2500 in epoch 4" in legend


def test_long_names_stay_inside_the_chart() -> None:
    models = (of_epochs(2, 1), of_epochs(2, 1))
    names = ("Latent factor (dimension 64, regularization_factor 0.04, seed 7)", "Short")
    figure, _ = draw_epochs(Shown(names, models), STARS)
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1


@pytest.fixture(scope="module")
def compared() -> Comparison:
    shared = split()
    return compare([report(artifact(shared), [0.5]), report(deep_network(shared), [2.0])])


def test_a_notebook_shows_any_chart_of_a_comparison(compared: Comparison) -> None:
    assert compared.plot().axes[0].get_ylabel().startswith("NDCG@10 of lists")
    for chart, label in (("ndcg", "NDCG@k"), ("rmse", "RMSE on validation ratings"),
                         ("held-out-f1", "F1@k")):  # fmt: skip
        assert compared.plot(chart).axes[0].get_ylabel() == label
    assert compared.plot()._repr_png_().startswith(PNG)  # type: ignore[attr-defined]
    with pytest.raises(UnknownNameError, match="did you mean 'ndcg'"):
        compared.plot("ndgc")
    with pytest.raises(UnknownNameError, match="unknown chart 'validation-ndcg'"):
        compared.plot("validation-ndcg")  # neither is a list model


def test_a_notebook_shows_how_a_model_was_trained() -> None:
    model = Recommender(of_epochs(5, 4))
    axes = model.plot_history().axes[0]
    epochs, figures = (np.asarray(one) for one in axes.lines[0].get_data())
    assert epochs.tolist() == [1, 2, 3, 4, 5]
    assert figures.tolist() == pytest.approx([2, 1.5, 4 / 3, 1.25, 1.2])
    untrained = Recommender(replace(of_epochs(5, 4), history=(), best_epoch=1))
    with pytest.raises(ConfigError, match="has no epochs that validation rows have judged"):
        untrained.plot_history()
