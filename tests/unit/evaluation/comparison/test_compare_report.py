"""The report on disk: JSON, CSV, charts and a page that needs nothing else."""

import csv
import io
import json
import re
import struct
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_reports import artifact, deep_network, history, pair_of_reports, report, split

from starcast import models
from starcast.data.split import TEST, Split
from starcast.engines.settings import GibbsSettings
from starcast.errors import ConfigError
from starcast.evaluation.charts.epochs import loss_limits
from starcast.evaluation.charts.style import lines
from starcast.evaluation.charts.training_run import drawn, summary, validation_curve
from starcast.evaluation.comparison import (
    Comparison,
    Provenance,
    compare,
    here,
    report_folder,
    write,
)
from starcast.evaluation.comparison.page import _settings
from starcast.evaluation.comparison.results_file import as_record, to_csv, to_json
from starcast.evaluation.metrics import LISTS
from starcast.scoring.shrinkage import Shares

CHARTS = ("rmse-and-ndcg", "ndcg", "catalogue-recall", "rmse", "held-out-precision",
          "held-out-recall", "held-out-f1")  # fmt: skip
FILES = {"index.html", "report.md", "results.json", "results.csv"} | {
    f"{name}.{ending}" for name in CHARTS for ending in ("png", "svg", "pdf")
}
MADE = Provenance("starcast compare --seed 7", "2026-01-02T03:04:05+00:00", 2, "Linux x86", "3.11")


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare(pair_of_reports())


@pytest.fixture(scope="module")
def written(compared: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(compared, tmp_path_factory.mktemp("reports") / "tiny", MADE).parent


def test_all_files_and_no_others(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == FILES


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def test_json_holds_everything(written: Path, compared: Comparison) -> None:
    text = (written / "results.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    assert found["split"]["fingerprint"] == compared.reports[0].artifact.split.fingerprint
    assert found["split"]["n_test_users"] == 40
    assert found["provenance"]["command"] == MADE.command
    first, second = found["models"]
    assert first["figures"]["RMSE"] == pytest.approx(0.5)
    assert first["intervals"]["RMSE"] == pytest.approx([0.5, 0.5])
    assert set(first["intervals"]) == {"RMSE", "NDCG@10"}
    assert (first["made_for"], first["is_baseline"]) == ("stars", False)
    assert first["settings"]["dimension"] == 32
    assert second["settings"]["layers"] == [1, 1]
    assert first["history"][1]["validation"]["rmse"] == 1.25
    assert first["held_out_curves"]["n_users"][:3] == [40, 40, 0]  # two test ratings each
    assert first["held_out_curves"]["precision"][2] is None
    lists = compared.reports[0].catalogue
    assert first["list_curves"]["ndcg"] == pytest.approx(lists.curves.ndcg.tolist())
    assert first["user_tiers"][0]["n_users"] == 40
    assert [tier["n_items"] for tier in first["item_tiers"]] == [3, 3]  # trained, and not
    assert found["relevant"]["rule"] == "above-mean"
    assert found["n_users_with_relevant"] == lists.ranking.n_users
    assert (found["n_strangers"], found["genres_by"]) == (0, "")
    assert first["figures"]["Miscalibration@10"] is None
    assert list(found["verdicts"]) == ["stars", "lists"]
    stars = found["verdicts"]["stars"]
    assert stars["pairs"][0]["better"] == "Latent factor"
    assert stars["pairs"][0]["p_value"] == stars["p_floor"] < 0.05
    assert stars["ranking"] == ["Latent factor", "Deep network"]
    assert stars["sentence"].startswith("Best stars: Latent factor")
    assert found["verdicts"]["lists"]["metric"] == "NDCG@10"
    assert found["format_version"] == 2
    assert set(found["definitions"]) == set(first["figures"])


def test_csv_has_a_row_per_model(written: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((written / "results.csv").read_text(encoding="utf-8"))))
    assert [row["model"] for row in rows] == ["latent-factor-model", "deep-neural-network-model"]
    assert float(rows[1]["RMSE"]) == pytest.approx(1.0)
    assert float(rows[1]["RMSE low"]) == pytest.approx(1.0)
    ndcg = [float(rows[0][name]) for name in ("NDCG@10 low", "NDCG@10", "NDCG@10 high")]
    assert ndcg == sorted(ndcg)
    assert rows[0]["relevant"] == "above-mean"
    assert rows[0]["best_epoch"] == "2"
    assert rows[0]["n_epochs"] == "3"
    assert rows[0]["seconds"] == "1.5"
    assert rows[0]["dimension"] == "32"
    assert len(rows[0]["fingerprint"]) == 64


def test_the_page_needs_nothing_else(written: Path) -> None:
    page = (written / "index.html").read_text(encoding="utf-8")
    links = re.findall(r"""(?:src|href|srcset|action|data)\s*=\s*["']([^"']*)""", page)
    outside = [link for link in links if not link.startswith(("#", "data:"))]
    assert sorted(outside) == ["results.csv", "results.json"]
    assert not re.search(r"url\((?!#|['\"]#)", page)
    assert "@import" not in page
    assert re.findall("<script[^>]*>", page) == ["<script>"]  # which sorts tables
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_page_says_how_it_was_made(written: Path, compared: Comparison) -> None:
    page = (written / "index.html").read_text(encoding="utf-8")
    for verdict in compared.verdicts:
        assert verdict.sentence() in page
    assert "relevant: test items rated at or above the user&#39;s own mean test rating" in page
    assert compared.reports[0].artifact.split.fingerprint in page
    assert MADE.command in page
    assert "2 cores" in page
    assert "starcast 0.1.0" in page
    assert "2 of 3" in page  # best epoch
    assert "Root mean squared error" in page
    assert "prefers-color-scheme: dark" in page
    assert "LEAKY" not in page
    assert page.count("<svg") == len(CHARTS)


def test_a_leak_has_a_banner(tmp_path: Path) -> None:
    leaky = compare(pair_of_reports(leak="its parent has seen 80% of the test ratings"))
    page = write(leaky, tmp_path, MADE).read_text(encoding="utf-8")
    assert '<div class="leaky" role="alert"><strong>LEAKY</strong>' in page
    assert "its parent has seen 80% of the test ratings" in page


def test_names_from_files_are_escaped(tmp_path: Path) -> None:
    evil = split(name="<b>$\\frac$ & co")
    reports = [report(artifact(evil)), report(deep_network(evil))]
    page = write(compare(reports), tmp_path, MADE).read_text(encoding="utf-8")
    assert "<b>$" not in page
    assert "&lt;b&gt;$\\frac$ &amp; co" in page


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_pngs_of_one_size(written: Path, name: str) -> None:
    content = (written / f"{name}.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1392, 1248)


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_vectors_too_on_white_and_without_a_date(written: Path, name: str) -> None:
    svg = (written / f"{name}.svg").read_text(encoding="utf-8")
    assert "fill: #ffffff" in svg
    assert "var(--" not in svg
    assert "<dc:date>" not in svg
    pdf = (written / f"{name}.pdf").read_bytes()
    assert pdf[:5] == b"%PDF-"
    assert b"/CreationDate" not in pdf


def test_the_page_draws_in_its_own_colours(written: Path) -> None:
    page = (written / "index.html").read_text(encoding="utf-8")
    drawn = page[page.index("<svg") : page.rindex("</svg>")]
    assert "var(--series-0)" in drawn
    assert "var(--series-1)" in drawn
    assert "#0072b2" not in drawn.lower()


def as_if(monkeypatch: pytest.MonkeyPatch, name: str, **other: Any) -> None:
    """A model is another in some way."""
    changed = replace(models.find(name), **other)
    monkeypatch.setattr(models, "MODELS", {**models.MODELS, name: changed})


def test_losing_to_a_baseline_is_said_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if(monkeypatch, "latent-factor-model", is_baseline=True)
    lost = compare(pair_of_reports())
    page = write(lost, tmp_path, MADE).read_text(encoding="utf-8")
    assert "<li>Deep network loses to Latent factor by 0.5000 RMSE</li>" in page
    assert '<td class="text warn">loses to Latent factor</td>' in page
    assert "var(--baseline-0)" in page
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    said = found["verdicts"]["stars"]["beside_baselines"]
    assert said["Deep network"]["in_short"] == "loses to Latent factor"
    assert found["models"][0]["is_baseline"]


def test_a_list_model_has_its_own_figure_over_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if(monkeypatch, "deep-neural-network-model", objective=LISTS)
    shared = split()
    ranked = tuple(
        epoch | {"validation": {"ndcg@10": value, "recall@10": 0.5}}
        for epoch, value in zip(history(0, 0, 0), (0.25, 0.375, 0.3125), strict=True)
    )
    lists = replace(deep_network(shared), history=ranked, best_epoch=2)
    assert summary(lists) == "best epoch 2 of 3, validation NDCG@10 0.3750, 1.5 s"
    write(compare([report(artifact(shared)), report(lists)]), tmp_path, MADE)
    assert (tmp_path / "validation-ndcg.png").is_file()
    assert (tmp_path / "rmse.png").is_file()


def test_models_without_epochs_have_no_chart_of_them(tmp_path: Path) -> None:
    shared = split()
    short = [replace(model, history=history(1.5), best_epoch=1)
             for model in (artifact(shared), deep_network(shared))]  # fmt: skip
    write(compare([report(model) for model in short]), tmp_path, MADE)
    assert not (tmp_path / "rmse.png").exists()


def test_many_models_are_drawn_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    as_if(monkeypatch, "deep-neural-network-model", is_baseline=True)
    shared = split()
    several = [artifact(shared, seed=seed) for seed in range(12)]
    reports = [report(model) for model in [*several, deep_network(shared), deep_network(shared)]]
    drawn = lines(compare(reports, n_draws=20_000).shown)
    looks = [(line.colour, line.style) for line in drawn]
    assert len(set(looks)) == len(looks) == 14
    assert all(one[0] != other[0] and one[1] != other[1] for one, other in pairwise(looks[:12]))
    assert len({line.colour for line in drawn[:9]}) == 9
    assert drawn[0].style != drawn[4].style  # two blues
    assert [line.variable for line in drawn[11:]] == ["series-2", "baseline-0", "baseline-1"]


def test_users_who_are_strangers_are_told_of(tmp_path: Path) -> None:
    shared = split()
    parts = shared.parts.copy()
    parts[:6] = TEST  # the first user
    few = Split(shared.ratings, parts, "by hand")
    page = write(compare([report(artifact(few)), report(deep_network(few))]), tmp_path, MADE)
    text = " ".join(page.read_text(encoding="utf-8").split())
    assert "1 of 40 test users have no training ratings" in text
    assert "users without ratings<br>1 with 0" in text


def test_early_epochs_do_not_flatten_the_rest() -> None:
    # sorted 1 1 1 1 2 9: four fifths of the way lies 2, and 0.06 of the height is the margin
    assert loss_limits([np.array([9.0, 1, 1, 1, 1, 2])]) == pytest.approx((0.94, 2.06))
    assert loss_limits([np.array([1.0]), np.array([])]) == pytest.approx((0.99, 1.01))
    assert loss_limits([]) == (0, 1)


def test_a_warm_start_that_was_best_is_epoch_0() -> None:
    # predicts 3 for validation ratings 4 5 1 2 3, each eight times: squared errors 1 4 4 1 0
    started_best = artifact(mean=3.0, best_epoch=0, history=history(1.6))
    epochs, rmse = validation_curve(started_best)
    assert epochs.tolist() == [0, 1]
    assert rmse.tolist() == pytest.approx([2**0.5, 1.6])
    assert summary(started_best) == "best epoch 0 of 1, validation RMSE 1.4142, 0.5 s"


def test_of_a_sampler_sweeps_are_told_and_none_is_best() -> None:
    sampled = artifact(config=GibbsSettings(epochs=None), best_epoch=3)
    assert summary(sampled) == "3 sweeps of 3, validation RMSE 1.3000, 1.5 s"


def test_a_setting_that_is_not_set_is_a_dash_on_the_page() -> None:
    models = [
        {"settings": {"epochs": epochs, "dimension": 2}, "refit": False} for epochs in (40, None)
    ]
    assert _settings({"models": models})["epochs"] == [40, "–"]


def test_a_run_is_summed_up() -> None:
    assert summary(artifact(refit=True)) == (
        "best epoch 2 of 3, validation RMSE 1.2500, 1.5 s, refitted"
    )


def test_a_failed_run_leaves_no_half_report(
    compared: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("before", encoding="utf-8")

    def fail(*_: object) -> str:
        raise RuntimeError("no page")

    monkeypatch.setattr(report_folder, "render", fail)
    with pytest.raises(RuntimeError, match="no page"):
        write(compared, tmp_path, MADE)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "before"


def test_what_cannot_be_replaced_is_refused_before_anything_is(
    compared: Comparison, tmp_path: Path
) -> None:
    (tmp_path / "results.csv").mkdir()
    with pytest.raises(ConfigError, match=r"results\.csv is a folder there; choose another --out"):
        write(compared, tmp_path, MADE)
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_a_report_is_replaced_and_other_files_stay(compared: Comparison, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "results.csv").write_text("old", encoding="utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "results.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "latest").symlink_to("mine")
    write(compared, tmp_path, MADE)
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"notes.txt", "mine", "latest"}
    assert (tmp_path / "results.csv").read_text(encoding="utf-8") != "old"
    assert (tmp_path / "latest").is_symlink()
    assert (tmp_path / "latest" / "results.csv").read_text(encoding="utf-8") == "mine"


def test_other_files_stay_where_there_are_no_hard_links(
    compared: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise PermissionError("Operation not permitted")

    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    monkeypatch.setattr("os.link", unknown)
    write(compared, tmp_path, MADE)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_the_same_comparison_is_the_same_text(compared: Comparison) -> None:
    record = as_record(compared, MADE)
    assert to_json(record) == to_json(as_record(compare(pair_of_reports()), MADE))
    assert to_csv(record).count("\n") == 3


def test_this_machine_is_described() -> None:
    found = here("starcast compare")
    assert found.cores >= 1
    assert re.fullmatch(r"3\.\d+\.\d+\S*", found.python)
    assert found.created.endswith("+00:00")


def test_a_run_tells_how_much_of_it_are_the_means() -> None:
    one = artifact()
    assert drawn(one) == ""
    assert drawn(replace(one, shares=Shares(0.75, 0.75, 0, 0))) == "25 % (new items 100 %)"
    assert drawn(replace(one, shares=Shares(0.5, 0.5, 0.5, 0))) == "50 %"
    reports = [
        report(replace(each.artifact, shares=Shares(known=0.5))) for each in pair_of_reports()
    ]
    assert compare(reports).notes()[-1].startswith("Drawn to the means: Latent factor 50 % (new")
