"""`starcast train --final`: a model of everything, and every verb that meets it."""

import json
import re
from pathlib import Path

import pytest
from processes import Starcast

FACTOR, MEANS = "latent-factor-model", "means"
QUICK = ["--epochs", 2, "--dimension", 4, "--optimizer", "SGD"]


@pytest.fixture
def own(planted_files: Path) -> list[object]:
    return ["--ratings", planted_files / "planted.csv"]


def test_it_is_trained_told_of_and_refused_where_it_cannot_stand(
    own: list[object], at_once: Starcast, tmp_path: Path
) -> None:
    final = Path("pretrained_models/planted") / FACTOR
    honest = at_once("train", *own, "--model", FACTOR, *QUICK, "--out", "honest", "--test").stdout
    done = at_once("train", *own, "--model", FACTOR, *QUICK, "--final", "--test")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line == (
        "note: Latent factor is trained on all 719 ratings, the test ratings among them, so it has "
        "no test figures of its own; these are of the run that chose its settings, trained on 517"
    )
    assert "Latent factor, the run that chose its settings: 144 test ratings, opened" in done.stdout
    rmse = re.findall(r"^ RMSE +(\S+)", honest, re.M)
    assert re.findall(r"^ RMSE +(\S+)", done.stdout, re.M) == rmse
    metrics = json.loads((tmp_path / final / "manifest.json").read_text("utf-8"))["metrics"]
    assert metrics["test"] is None
    assert f"{metrics['test_before_final']['RMSE']:.4f}" == rmse[0]

    judged = at_once("evaluate", final)
    assert (judged.returncode, judged.stderr.splitlines()) == (0, [line])
    assert re.findall(r"^ RMSE +(\S+)", judged.stdout, re.M) == rmse

    at_once("train", *own, "--model", MEANS)
    for verb in ("compare", "blend"):
        for parts in ([final, f"honest/planted/{FACTOR}"], [final.parent / MEANS, final]):
            refused = at_once(verb, *parts)
            assert refused.returncode == 1
            assert re.fullmatch(
                f"starcast: {FACTOR} is trained on all ratings, .*; train it without --final for "
                "that\n",
                refused.stderr,
            )

    listed = at_once("recommend", final, "--user", 3, "-k", 100).stdout
    items = {int(item) for item in re.findall(r"^ *\d\.\d\d  (\d+)", listed, re.M)}
    rated = {
        int(row.split(",")[1])
        for row in Path(str(own[1])).read_text("utf-8").splitlines()[1:]
        if row.startswith("3,")
    }
    assert items == set(range(0, 300, 10)) - rated


def test_both_refit_and_final_are_refused(own: list[object], at_once: Starcast) -> None:
    done = at_once("train", *own, "--model", MEANS, "--final", "--refit")
    assert done.returncode == 1
    assert done.stderr == (
        "starcast: --final trains on all ratings, the validation ratings among them; leave --refit "
        "out\n"
    )
    assert at_once("compare", *own, "--final").returncode == 2  # which trains nothing for use


def test_an_ensemble_has_final_parents_and_an_honest_one_refuses_them(
    own: list[object], at_once: Starcast
) -> None:
    ensemble = ["--model", "ensemble-transfer-learning", "--epochs", 1]
    done = at_once("train", *own, *ensemble, "--final")
    assert done.returncode == 0
    assert done.stdout.count("saved to pretrained_models/planted/") == 3
    again = at_once("train", *own, *ensemble, "--final")
    assert "starting from pretrained_models/planted/latent-factor-model" in again.stdout
    assert "without --final" not in again.stderr
    refused = at_once("train", *own, *ensemble)
    assert refused.returncode == 1
    assert "train it without --final for that; --fresh-parents trains new ones" in refused.stderr
