"""What held-out rows say of chances: in a report, a comparison, units, and on a fine scale."""

from dataclasses import replace

import numpy as np
import pytest

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.data.units import Units
from starcast.engines.protocol import DistributedScorer
from starcast.engines.settings import GibbsSettings
from starcast.errors import UnknownNameError
from starcast.evaluation.comparison import compare
from starcast.evaluation.comparison.charts import plot
from starcast.evaluation.comparison.results_file import as_record, here
from starcast.evaluation.predictive import SHARES, judge_distributions
from starcast.evaluation.report import evaluate
from starcast.scoring.in_stars import in_stars
from starcast.training.fit import fit

NAMES = ["Log loss", "CRPS", "Coverage of 80 %"]


@pytest.fixture(scope="module")
def drawn(planted_split: Split) -> Artifact:
    config = GibbsSettings(dimension=2, samples=40, burn_in=5, kept=10, features=())
    return fit(planted_split, "bayesian-factorization-model", config, seed=3)


def test_a_report_tells_how_good_chances_are(drawn: Artifact) -> None:
    report, scorer, test = evaluate(drawn), drawn.scorer, drawn.split.test
    assert isinstance(scorer, DistributedScorer)
    assert list(report.groups()["Chances of every rating"]) == NAMES
    levels = np.unique(drawn.split.ratings.stars)
    marks = (levels[1:] + levels[:-1]).astype(np.float64) / 2
    below = scorer.chances_below(test.user_rows, test.item_rows, marks)
    chances = np.diff(np.hstack([np.zeros((len(test), 1)), below, np.ones((len(test), 1))]))
    given = chances[np.arange(len(test)), np.searchsorted(levels, test.stars)]
    assert report.figures()["Log loss"] == pytest.approx(-np.log(given).mean(), rel=1e-6)
    assert report.figures()["CRPS"] < report.mae
    assert 0.7 < report.figures()["Coverage of 80 %"] < 0.95


def test_a_model_that_gives_no_chances_has_no_such_figures(known_by_heart: Artifact) -> None:
    report = evaluate(known_by_heart)
    assert report.calibration is None
    assert not set(NAMES) & report.figures().keys()


def test_a_comparison_shows_and_draws_them_where_there_are_any(
    drawn: Artifact, planted_split: Split
) -> None:
    means = fit(planted_split, "means", seed=1)
    compared = compare([evaluate(means), evaluate(drawn)])
    stars, _ = compared.tables()
    cells = {column.name: column.cells for column in stars}
    assert [sorted(map(len, cells[name])) for name in NAMES] == [[1, 6]] * 3  # a dash, a figure
    record = as_record(compared, here("compare"))
    assert set(NAMES) < record["definitions"].keys()
    of_means, of_drawn = (one["calibration"] for one in record["models"])
    assert of_means is None
    assert of_drawn["share"] == SHARES.tolist()
    assert len(of_drawn["coverage"]) == 19
    figure = plot(compared, "coverage")
    (labels,) = ([text.get_text() for text in one.get_texts()] for one in figure.legends)
    assert labels[0] == "Means: gives no chances"
    assert labels[1].startswith("Bayesian factor: 0.")
    assert labels[1].endswith(" of 0.8")
    curve, _ = figure.axes[0].lines  # and the line on which intervals are right
    np.testing.assert_allclose(np.asarray(curve.get_ydata()), of_drawn["coverage"])
    alone = compare([evaluate(means), evaluate(replace(means, seed=2))])
    with pytest.raises(UnknownNameError, match="unknown chart 'coverage'"):
        plot(alone, "coverage")


def test_chances_in_stars_are_those_of_units(drawn: Artifact) -> None:
    pairs = np.array([3, 4, 5], np.int32), np.array([7, 8, 9], np.int32)
    moved = in_stars(drawn.scorer, Units(4.0, -1.0))
    assert isinstance(drawn.scorer, DistributedScorer)
    assert isinstance(moved, DistributedScorer)
    marks = np.array([1.25, 2.75, 4.25])
    np.testing.assert_allclose(
        moved.chances_below(*pairs, 4 * marks - 1), drawn.scorer.chances_below(*pairs, marks)
    )


def test_too_many_ratings_have_no_levels(drawn: Artifact) -> None:
    ratings = drawn.split.ratings
    fine = Ratings.from_columns(
        np.arange(300), np.arange(300) % 7, np.linspace(1, 5, 300).astype(np.float32)
    )
    assert judge_distributions(drawn.scorer, drawn.split.test, fine) is None
    assert judge_distributions(drawn.scorer, drawn.split.test, ratings) is not None
