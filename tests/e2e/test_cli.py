"""Every verb, as a process: what it prints, and what it leaves behind."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, command, environment, tree

ROOT = Path(__file__).parents[2]
MODEL = "pretrained_models/planted/latent-factor-model"
QUICK = ["--epochs", 2, "--dimension", 4, "--optimizer", "SGD"]


@pytest.fixture(scope="module")
def home(planted_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a latent factor model was trained on the planted ratings."""
    folder = tmp_path_factory.mktemp("home")
    own = ["--ratings", planted_files / "planted.csv", "--items", planted_files / "items.csv"]
    done = subprocess.run(
        command("train", *own, *QUICK, "--refit", "--test"),
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def test_train_tells_of_every_epoch_and_of_the_test(home: Path) -> None:
    said = (home / "said.txt").read_text(encoding="utf-8")
    assert "719 ratings, 40 users, 30 items" in said
    assert re.search(r"517 train, 58 validation, 144 test; fingerprint [0-9a-f]{12}", said)
    first, refit = said.split("Latent factor, refit")
    assert re.findall(r"^ +(\d) ( +\d\.\d{4}){5} +\d+\.\d\d( best)?$", first, re.M)
    assert len(re.findall(r"^ {4}\d ", first, re.M)) == 2
    assert "best epoch" in refit
    assert f"saved to {MODEL}\n" in refit
    assert "144 test ratings, opened once" in refit
    for name in ("RMSE", "MAE", "Held-out Precision@10", "Held-out Recall@10", "Held-out F1@10"):
        assert re.search(rf"^ {name} +(\d\.\d{{4}}|–)", refit, re.M), name


def test_train_leaves_an_artifact_and_logs_and_nothing_else(home: Path) -> None:
    files = [name for name in tree(home) if (home / name).is_file() and "tf_logs" not in name]
    assert files == [
        f"{MODEL}/items.parquet", f"{MODEL}/manifest.json", f"{MODEL}/ratings.parquet",
        f"{MODEL}/run.toml", f"{MODEL}/users.parquet", f"{MODEL}/weights-before-refit.safetensors",
        f"{MODEL}/weights.safetensors", "said.txt",
    ]  # fmt: skip
    runs = [path.name for path in (home / "tf_logs" / "planted").iterdir()]
    assert len(runs) == 2
    assert all(re.fullmatch(r"latent-factor-model-\d{8}-\d{6}(-refit)?", run) for run in runs)


def test_evaluate_repeats_the_figures_of_the_training(home: Path, starcast: Starcast) -> None:
    done = starcast("evaluate", MODEL, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    rmse = re.search(r"RMSE +(\S+)", done.stdout)
    assert rmse
    assert re.search(rf"RMSE +{rmse[1]}", (home / "said.txt").read_text(encoding="utf-8"))
    for name in ("Accuracy", "Held-out Precision@10", "Catalogue Precision@10", "NDCG@10", "MAP@10",
                 "HitRate@10", "Coverage@10", "Gini@10", "LongTail@10", "Novelty@10"):  # fmt: skip
        assert re.search(rf"^ {name} +(\d\.\d{{4}}|–)", done.stdout, re.M), name
    assert not re.search(r"^ (Precision|Recall|F1)@", done.stdout, re.M)  # of which lists?
    assert "least active third" in done.stdout
    assert "most rated" in done.stdout


def test_evaluate_asks_lists_for_what_it_is_told(home: Path, starcast: Starcast) -> None:
    said = {}
    for rule in ("all", "above-mean", "4"):
        done = starcast("evaluate", MODEL, "--relevant", rule, cwd=home)
        assert (done.returncode, done.stderr) == (0, "")
        said[rule] = re.findall(r"^ NDCG@10 +(\S+)|; relevant: (.*)$", done.stdout, re.M)
    assert [found[0][1] for found in said.values()] == [
        "every test item",
        "test items rated at or above the user's own mean test rating",
        "test items rated 4 stars or more",
    ]
    assert len({found[1][0] for found in said.values()}) == 3
    for rule, complaint in (("4 stars", "unknown rule of relevance '4 stars'"),
                            ("5.5", "relevant are 5.5 stars or more, but the scale ends at 5"),
                            ("nan", "must be a finite number")):  # fmt: skip
        refused = starcast("evaluate", MODEL, "--relevant", rule, cwd=home)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert complaint in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_evaluate_explains(home: Path, starcast: Starcast) -> None:
    done = starcast("evaluate", MODEL, "--explain", "-k", 5, cwd=home)
    assert done.returncode == 0, done.stderr
    assert "NDCG@5" in done.stdout
    assert "oot mean squared error" in done.stdout


def test_predict_prints_stars_and_titles(home: Path, starcast: Starcast) -> None:
    done = starcast("predict", MODEL, "--user", 3, "--item", 20, "--item", "110", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\d\.\d\d  Film 2 \[é\]\n\d\.\d\d  Film 11 \[é\]\n", done.stdout)


def test_a_terminal_that_cannot_show_a_title_shows_a_question_mark(
    home: Path, starcast: Starcast
) -> None:
    ascii_only = environment() | {"PYTHONIOENCODING": "ascii"}
    done = starcast("predict", MODEL, "--user", 3, "--item", 20, cwd=home, env=ascii_only)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Film 2 [?]\n")


def test_recommend_lists_what_the_user_has_not_seen(home: Path, starcast: Starcast) -> None:
    done = starcast("recommend", MODEL, "--user", 3, "--k", 4, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^ *(\d\.\d\d)  (\d+) +Film (\d+) \[é\]", done.stdout, re.M)
    assert len(rows) == 4
    assert [stars for stars, _, _ in rows] == sorted((stars for stars, _, _ in rows), reverse=True)
    assert all(int(item) == 10 * int(film) for _, item, film in rows)
    everything = starcast("recommend", MODEL, "--user", 3, "-k", 99, "--include-seen", cwd=home)
    unseen = starcast("recommend", MODEL, "--user", 3, "-k", 99, cwd=home)
    assert everything.stdout.count("Film") == 30 > unseen.stdout.count("Film") > 4


def test_unknown_ids_are_answered_with_the_fallback(home: Path, starcast: Starcast) -> None:
    for verb in (["predict", "--item", 20], ["recommend"]):
        refused = starcast(verb[0], MODEL, "--user", "zoe", *verb[1:], cwd=home)
        assert refused.returncode == 1
        assert "user 'zoe' was not in the training data" in refused.stderr
        answered = starcast(verb[0], MODEL, "--user", "zoe", *verb[1:], "--fallback", cwd=home)
        assert (answered.returncode, answered.stderr) == (0, "")
        assert "Film" in answered.stdout


# Data


def test_data_list_names_every_set(starcast: Starcast) -> None:
    done = starcast("data", "list")
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("ml-latest-small", "ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m"):
        assert re.search(rf"^{name} ", done.stdout, re.M), name
    assert "1,000,209" in done.stdout


def test_data_describe_shows_the_embedded_set(starcast: Starcast, tmp_path: Path) -> None:
    done = starcast("data", "describe")
    assert (done.returncode, done.stderr) == (0, "")
    assert "100,836 ratings, 610 users, 9,724 items" in done.stdout
    assert "mean 3.502 stars" in done.stdout
    assert re.search(r"4 +26,818 +█+", done.stdout)
    assert tree(tmp_path) == []


def test_data_describe_shows_own_files(planted_files: Path, starcast: Starcast) -> None:
    done = starcast("data", "describe", "--ratings", planted_files / "planted.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert "719 ratings" in done.stdout
    assert "59.92% of all pairs are rated" in done.stdout


def test_data_fetch_from_a_folder(starcast: Starcast, tmp_path: Path) -> None:
    """A set of three ratings in ML-1M's layout, with the sum of its archive beside it."""
    lay_out_ml_1m(tmp_path / "mirror")
    done = starcast("data", "fetch", "ml-1m", "--mirror", tmp_path / "mirror")
    assert done.returncode == 0, done.stderr
    assert "ml-1m is in datasets/ml-1m" in done.stdout
    described = starcast("data", "describe", "ml-1m")
    assert "3 ratings, 2 users, 2 items" in described.stdout, described.stderr


def lay_out_ml_1m(mirror: Path) -> None:
    import hashlib

    folder = mirror / "unpacked" / "ml-1m"
    folder.mkdir(parents=True)
    (folder / "ratings.dat").write_text("1::1::5::9\n1::2::3::8\n2::1::4::7\n")
    (folder / "movies.dat").write_bytes("1::Amélie (2001)::x\n2::Duel::y\n".encode("latin-1"))
    (folder / "users.dat").write_text("1::F::1::10::48067\n2::M::56::16::70072\n")
    shutil.make_archive(str(mirror / "ml-1m"), "zip", mirror / "unpacked", "ml-1m")
    digest = hashlib.md5((mirror / "ml-1m.zip").read_bytes(), usedforsecurity=False).hexdigest()
    (mirror / "ml-1m.zip.md5").write_text(f"{digest}  ml-1m.zip\n")


def test_fetching_the_embedded_set_is_no_work(starcast: Starcast, tmp_path: Path) -> None:
    done = starcast("data", "fetch", "ml-latest-small")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to fetch" in done.stdout
    assert tree(tmp_path) == []


# The 2018 command line

COMMAND_OF_2018 = (
    "--dataset ml-latest-small --epoch 1 --batch_size 1000 ---dimension 8 --learning_rate 0.001 "
    "--optimizer Adam --dropout_rate 0.5 --regularization_factor 0.05 "
    "--max_checkout_without_progress 20 --layers [64,32,16,8,1] --model"
)
MODELS_OF_2018 = [
    "latent-factor-model", "deep-neural-network-model", "ensemble-no-transfer-learning",
    "ensemble-transfer-learning",
]  # fmt: skip


def in_2018(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "main.py", *arguments],
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip


def settings_in(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["config"]


def test_the_2018_commands_run_as_written(tmp_path: Path) -> None:
    """In the order of 2018: the last finds its parents."""
    wanted = {"optimizer": "Adam", "dimension": 8, "epochs": 1, "batch_size": 1000,
              "learning_rate": 0.001, "regularization_factor": 0.05, "patience": 20}  # fmt: skip
    of_networks = {"dropout_rate": 0.5, "layers": [64, 32, 16, 8, 1]}
    idle = [
        f"note: --{flag} has no effect on latent-factor-model by Adam"
        for flag in ("dropout_rate", "layers")
    ]
    for model in MODELS_OF_2018:
        done = in_2018(tmp_path, *COMMAND_OF_2018.split(), model)
        is_network = model != "latent-factor-model"
        assert (done.returncode, done.stderr.splitlines()) == (0, [] if is_network else idle)
        config = settings_in(tmp_path / "pretrained_models" / "ml-latest-small" / model)
        for name, value in (wanted | of_networks).items():
            assert config.get(name) == (value if is_network or name in wanted else None), name


def test_a_2018_flag_without_effect_is_told_of_and_refused_elsewhere(
    tmp_path: Path, starcast: Starcast
) -> None:
    """As in the readme: nobody asked for Adam, whose batches these are."""
    flags = ["--epoch", "1", "--dimension", "2", "--batch_size", "1000"]
    done = in_2018(tmp_path, *flags)
    assert done.returncode == 0
    assert "test ratings, opened once" in done.stdout
    assert done.stderr == "note: --batch_size has no effect on latent-factor-model by SGD\n"
    done = starcast("train", *flags)
    assert done.returncode == 1
    assert "latent-factor-model by SGD has no setting batch_size; it has dimension, " in done.stderr
    assert done.stderr.endswith("; with --optimizer Adam it has batch_size\n")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--samples", "7"],
            "latent-factor-model by SGD has no setting samples",
        ),  # of no 2018 model
        (["--layers", "[[9"], "'[[9' is no list of layer widths"),
        (["--batch_size", "0"], "batch_size must be at least 1, got 0"),
        (["--optimizer", "adam", "--layers", "[9,1]"], "did you mean 'Adam'?"),
    ],
)
def test_what_is_wrong_is_refused_in_2018_commands_too(
    tmp_path: Path, flags: list[str], said: str
) -> None:
    done = in_2018(tmp_path, *flags)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert tree(tmp_path) == []


# Help


def test_help_names_every_verb(starcast: Starcast) -> None:
    done = starcast("--help")
    assert done.returncode == 0
    for verb in ("train", "evaluate", "predict", "recommend", "data"):
        assert re.search(rf"\b{verb}\b", done.stdout), verb
    assert starcast().stdout == done.stdout
    assert starcast("-h").stdout == done.stdout


@pytest.mark.parametrize(
    "verb",
    ["train", "evaluate", "predict", "recommend", "data list", "data fetch", "data blocks"],
)
def test_every_verb_has_help(starcast: Starcast, verb: str) -> None:
    done = starcast(*verb.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert f"starcast {verb}" in done.stdout


def test_the_version_is_printed(starcast: Starcast) -> None:
    assert re.fullmatch(r"starcast \d+\.\d+\.\d+\n", starcast("--version").stdout)


def test_the_package_is_a_command_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "starcast", "--version"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("starcast ")


HEAVY = {"numba", "scipy", "polars", "matplotlib"}
OF_TRAINING = {
    "starcast.training.loop",
    "starcast.engines.factorization",
    "starcast.engines.networks",
    "tensorboardX",
}
TOLD = "import sys; from starcast.cli import main\ntry: main({0})\nfinally: print(*sys.modules)"


def imported_by(folder: Path, *arguments: str) -> set[str]:
    """The packages that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD.format(list(arguments))],
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    modules = imported_by(tmp_path, *arguments)
    assert "starcast.cli.train" in modules
    assert not modules & HEAVY


def test_evaluate_imports_nothing_of_training(home: Path) -> None:
    modules = imported_by(home, "evaluate", MODEL, "--logs", "none-are-here")
    assert "starcast.evaluation.report" in modules
    assert not modules & (OF_TRAINING | {"matplotlib"})


@pytest.mark.parametrize(
    "verb",
    [
        ["recommend", "--user", "3"],
        ["predict", "--user", "3", "--item", "20"],
        ["explain", "--user", "3", "--item", "20"],
        ["recommend", "--rated", "20=4"],
        ["similar", "--item", "20"],
    ],
    ids=["list", "pair", "reasons", "new person", "alike"],
)
def test_one_user_is_answered_without_a_compiler(home: Path, verb: list[str]) -> None:
    """Numba takes longer to load than everything else together."""
    modules = imported_by(home, verb[0], MODEL, *verb[1:])
    assert "starcast.recommend" in modules
    assert not modules & ({"numba", "scipy", "matplotlib"} | OF_TRAINING)
