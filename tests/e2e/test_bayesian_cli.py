"""The Bayesian model on the command line: trained, judged, asked and compared."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from processes import Starcast, command, environment

NAME = "bayesian-factorization-model"
MODEL = f"pretrained_models/planted/{NAME}"
QUICK = ["--samples", 40, "--burn-in", 5, "--chains", 2, "--kept", 10, "--dimension", 2]


@pytest.fixture(scope="module")
def home(planted_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the model was trained and refitted on the planted ratings."""
    folder = tmp_path_factory.mktemp("sampled")
    own = ["--ratings", planted_files / "planted.csv", "--items", planted_files / "items.csv"]
    done = subprocess.run(
        command("train", "--model", NAME, *own, *QUICK, "--likelihood", "probit", "--refit",
                "--test"),
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0
    told = (
        r"note: 2 chains have not settled: R̂ \d\.\d\d of \w+ \(1\.01 is settled\), \d+ effective "
    )
    told += r"draws, \d+% of cuts accepted\. Validation judges what is predicted as it is; "
    told += r"longer chains \(--until-converged\) need not predict better: docs/models\.md\n"
    assert re.fullmatch(told, done.stderr)
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def test_training_tells_now_and_then_how_far_it_is(home: Path) -> None:
    said = (home / "said.txt").read_text(encoding="utf-8")
    first, refit = said.split("Bayesian factor, refit")
    sweeps = re.findall(r"^ +(\d+) (?: +\d\.\d{4}){5} +\d+\.\d\d$", first, re.M)
    assert sweeps == [str(sweep) for sweep in (3, 6, 9, 12, 15, 18, 21, 24, 25)]
    assert re.search(r"^25 sweeps; saved to ", refit, re.M)
    assert "best" not in first + refit
    assert "144 test ratings, opened once" in refit
    manifest = json.loads((home / MODEL / "manifest.json").read_text(encoding="utf-8"))
    used = {name: manifest["config"][name] for name in ("samples", "burn_in", "chains", "kept")}
    assert used == {"samples": 40, "burn_in": 5, "chains": 2, "kept": 10}
    assert manifest["convergence"]["n_sweeps"] == 20
    assert {"cut_spacing", "training_error"} < manifest["convergence"]["figures"].keys()
    assert (manifest["config"]["optimizer"], manifest["config"]["epochs"]) == ("Gibbs", None)


def test_evaluate_repeats_the_figures_of_the_training(home: Path, starcast: Starcast) -> None:
    done = starcast("evaluate", MODEL, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    rmse = re.search(r"RMSE +(\S+)", done.stdout)
    assert rmse
    assert re.search(rf"RMSE +{rmse[1]}", (home / "said.txt").read_text(encoding="utf-8"))
    assert "NDCG@10" in done.stdout


def test_predictions_come_with_their_deviation(home: Path, starcast: Starcast) -> None:
    done = starcast("predict", MODEL, "--user", 3, "--item", 20, "--item", 110, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    told = re.findall(r"^(\d\.\d\d) ± (\d\.\d\d)  Film \d+ \[é\]$", done.stdout, re.M)
    assert len(told) == 2
    assert all(0.1 < float(deviation) < 2 for _, deviation in told)
    unknown = starcast("predict", MODEL, "--user", "zoe", "--item", 20, "--fallback", cwd=home)
    assert "±" not in unknown.stdout


def test_recommend_lists_the_best(home: Path, starcast: Starcast) -> None:
    done = starcast("recommend", MODEL, "--user", 3, "--k", 4, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    stars = re.findall(r"^ *(\d\.\d\d)  \d+ +Film \d+ \[é\]", done.stdout, re.M)
    assert len(stars) == 4
    assert stars == sorted(stars, reverse=True)


def test_it_is_compared_like_any_other(home: Path, planted_files: Path, starcast: Starcast) -> None:
    own = ["--ratings", planted_files / "planted.csv", "--epochs", 12, "--dimension", 2]
    done = starcast("compare", "--models", f"latent-factor-model,{NAME}", *own, cwd=home)
    assert done.returncode == 0
    replaced, short = done.stderr.splitlines()
    assert "is replaced; the old one is at" in replaced
    assert short.startswith("note: 2 chains of 2 sweeps after burn-in: too short for R̂. ")
    assert re.search(r"^Bayesian factor +12 sweeps of 12, validation RMSE", done.stdout, re.M)
    assert re.search(r"^Bayesian factor +\d\.\d{4} \(", done.stdout, re.M)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (["--optimizer", "Adam"], f"unknown optimizer for {NAME} 'Adam'"),
        (["--likelihood", "probyt"], "unknown likelihood 'probyt': did you mean 'probit'?"),
        (["--features", "histories,dais"], "unknown feature 'dais': did you mean 'days'?"),
        (["--day-length", 0], "day_length must be at least 1, got 0"),
        (["--chains", 0], "chains must be at least 1, got 0"),
        (["--chains", 1, "--until-converged"], "--until-converged needs chains that can agree, 2"),
        (["--burn-in", -1], "burn_in must lie in [0, 1,000,000], got -1"),
    ],
)
def test_wrong_settings_are_one_line(
    at_once: Starcast, wrong: list[object], complaint: str
) -> None:
    done = at_once("train", "--model", NAME, *wrong)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_model_of_everything_that_is_known(starcast: Starcast) -> None:
    """On the set that comes with Starcast, which has times and genres."""
    features = ["--features", "histories,attributes,days", "--refit", "--test"]
    trained = starcast("train", "--model", NAME, *QUICK, *features)
    assert trained.returncode == 0
    assert re.fullmatch(r"note: 2 chains have not settled: R̂ .+\n", trained.stderr)
    assert "known of each user: nothing\nknown of each item: genre, year\n" in trained.stdout
    model = f"pretrained_models/ml-latest-small/{NAME}"
    judged = starcast("evaluate", model)
    rmse = re.search(r"RMSE +(\S+)", judged.stdout)
    assert rmse
    assert re.search(rf"RMSE +{rmse[1]}", trained.stdout)
    asked = starcast("predict", model, "--user", 1, "--item", 1, "--item", 3)
    assert len(re.findall(r"^\d\.\d\d ± \d\.\d\d  ", asked.stdout, re.M)) == 2
    listed = starcast("recommend", model, "--user", 1, "--k", 4)
    assert len(re.findall(r"^ *\d\.\d\d ", listed.stdout, re.M)) == 4


@pytest.mark.parametrize(
    ("feature", "complaint"),
    [
        ("days", "planted has no timestamps; leave 'days' out of --features"),
        (
            "attributes",
            "nothing is known of the users and items of planted (no genres",
        ),
    ],
)
def test_features_that_are_not_there_are_one_line(
    planted_files: Path, at_once: Starcast, feature: str, complaint: str
) -> None:
    own = ["--ratings", planted_files / "planted.csv", "--items", planted_files / "items.csv"]
    done = at_once("train", "--model", NAME, *own, *QUICK, "--features", feature)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.long
def test_a_run_that_compiles_gives_the_bytes_of_later_ones(tmp_path: Path) -> None:
    again = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        done = subprocess.run(
            command("train", "--model", NAME, "--samples", 6, "--burn-in", 2, "--kept", 2),
            cwd=tmp_path / run,
            env=environment() | {"NUMBA_CACHE_DIR": str(tmp_path / "compiled")},
            capture_output=True, encoding="utf-8", timeout=300, check=False,
        )  # fmt: skip
        (weights,) = (tmp_path / run).rglob("*.safetensors")
        again.append(("the first run compiles" in done.stdout, weights.read_bytes()))
    assert [compiles for compiles, _ in again] == [True, False]
    assert again[0][1] == again[1][1]
