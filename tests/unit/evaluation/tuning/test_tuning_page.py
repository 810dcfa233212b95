"""The page of a search, of trials made by hand."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from starcast.data.split import Split
from starcast.evaluation.comparison.results_file import Provenance
from starcast.evaluation.metrics import LISTS, STARS, Objective
from starcast.evaluation.tuning.charts import draw
from starcast.evaluation.tuning.page import Told, as_record, verdict, write
from starcast.training.tuning.records import COMPLETE, ENDED, FAILED, PRUNED, Searched, Trial
from starcast.training.tuning.sampling import How
from starcast.training.tuning.search import best_of
from starcast.training.tuning.space import Options, Parameter, Range

SPACE: dict[str, Parameter] = {
    "dimension": Range(4, 64, True, True),
    "loss": Options(("mse", "huber")),
}
HERE = Provenance("starcast tune --name '<b>'", "2026-11-28T12:00:00", 2, "Linux", "3.11")


def trial(number: int, state: str, value: float | None = None, why: str = "") -> Trial:
    settings = {"dimension": 4 + 10 * number, "loss": "huber" if number % 2 else "mse"}
    curve = (0.0,) if value is None else (1.0, value)
    return Trial(number, state, settings, value, curve, 30.0, why, is_start=number == 0)


def searched(*values: float, model: str = "latent-factor-model", by: Objective = STARS) -> Searched:
    trials = [trial(n, COMPLETE, value) for n, value in enumerate(values)]
    n = len(trials)
    trials += [trial(n, PRUNED), trial(n + 1, FAILED, why="no <number>"), trial(n + 2, ENDED)]
    left_out = {"epochs": "validation says when"}
    shares = {"loss": 0.75, "dimension": 0.25} if n > 2 else {}
    return Searched(model, by, SPACE, left_out, tuple(trials), shares)


def told(split: Split, *found: Searched) -> Told:
    return Told(split, found, How(seed=9))


def test_a_page_stands_alone_and_shows_all_trials(planted_split: Split, tmp_path: Path) -> None:
    named = replace(planted_split.ratings, name="<script>alert(1)</script>")
    split = replace(planted_split, ratings=named)
    page = write(told(split, searched(0.9, 0.95, 0.8)), tmp_path, HERE)
    text = page.read_text(encoding="utf-8")
    assert page == tmp_path / "index.html"
    assert text.count("<script>") == 1  # which sorts tables
    assert "<script>alert" not in text
    assert "&lt;b&gt;" in text
    assert "no &lt;number&gt;" in text
    assert not re.search(
        r'(?:src|href)="(?!#|data:,|results\.json)', text.replace('xlink:href="#', "")
    )
    assert text.count("<svg") == 3
    assert "Latent factor: validation RMSE 0.8000, of trial 2; 0.9000 with the settings" in text
    assert "5 trials, each judged by RMSE on the same 115 validation" in text
    rows = re.findall(r'<th scope="row">(\d)</th><td>(.*?)</td><td class="text">(.*?)</td>', text)
    assert rows == [("0", "0.9000", "complete"), ("1", "0.9500", "complete"),
                    ("2", "0.8000", "complete"), ("3", "–", "given up"),
                    ("4", "–", "failed: no &lt;number&gt;")]  # fmt: skip
    assert "<td>4:64:log</td><td>4</td><td>24</td>" in text
    assert "validation says when" in text
    assert json.loads((tmp_path / "results.json").read_bytes()) == as_record(
        told(split, searched(0.9, 0.95, 0.8))
    )


def test_several_models_stand_side_by_side(planted_split: Split, tmp_path: Path) -> None:
    deep = searched(0.7, 0.75, model="deep-neural-network-model")
    both = told(planted_split, searched(0.9, 0.8, 0.85), deep)
    text = write(both, tmp_path, HERE).read_text(encoding="utf-8")
    assert text.count("<svg") == 5  # of two trials there are no importances
    row = r"Deep network</th><td>0.7000</td><td>0.7000</td>\s*<td>4</td><td>2</td>(<td>1</td>){2}"
    assert re.search(row + r"\s*<td>2.5</td>", text)
    assert verdict(both).endswith("0.7000, with the settings that it started from: nothing better "
                                  "was found.")  # fmt: skip
    assert as_record(both)["best"] == "deep-neural-network-model"


def test_of_lists_the_highest_is_the_best(planted_split: Split) -> None:
    found = [searched(0.1, 0.2, 0.3, by=LISTS), searched(0.25, by=LISTS)]
    assert best_of(found) is found[0]
    assert "validation NDCG@10 0.3000, of trial 2" in verdict(told(planted_split, *found))


@pytest.mark.parametrize("values", [(), (0.9,), (0.9, 0.9)])
def test_charts_of_hardly_any_trials(values: tuple[float, ...]) -> None:
    charts = draw(searched(*values))
    assert list(charts) == (["history", "settings"] if values else ["history"])
