"""Whatever is wrong: one line on stderr that says so, an exit code, and nothing half-written."""

import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from processes import Starcast, command, environment, tree, write_ratings

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact

MODEL = Path("pretrained_models/planted/latent-factor-model")
SECONDS = 120  # until we give up on a process


def refused(
    done: "subprocess.CompletedProcess[str]", *said: str, status: Iterable[int] = (1, 2)
) -> None:
    """The process failed with one line that says all of this, and no traceback."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert done.returncode in status, (done.returncode, done.stderr)
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("starcast: ")
    assert "Traceback" not in done.stderr + done.stdout
    for words in said:
        assert words.lower() in lines[0].lower()


@pytest.fixture
def planted_csv(planted_files: Path) -> Path:
    return planted_files / "planted.csv"


@pytest.fixture
def artifact(known_by_heart: Artifact, tmp_path: Path) -> Path:
    return storage.save(known_by_heart, tmp_path / "model")


# Names

NAMES = {
    "model": (["--model", "latent-factor-modle"], "did you mean 'latent-factor-model'?"),
    "data set": (["--dataset", "ml-1M"], "did you mean 'ml-1m'?"),
    "optimizer": (["--optimizer", "adam"], "did you mean 'Adam'?"),
    "optimizer of a network": (
        ["--model", "deep-neural-network-model", "--optimizer", "ALS"],
        "unknown optimizer for deep-neural-network-model 'ALS'",
    ),
    "split": (["--split", "randon"], "did you mean 'random'?"),
    "fold": (["--split", "kfold:9/5"], "fold 9 of 5 does not exist"),
    "official split": (["--split", "official:u1"], "ml-latest-small ships no official splits"),
    "flag": (["--epohcs", "3"], "--epochs"),
    "verb": (["nothing"], "unexpected extra argument"),
}


@pytest.mark.parametrize(("flags", "said"), NAMES.values(), ids=NAMES.keys())
def test_unknown_names(at_once: Starcast, tmp_path: Path, flags: list[str], said: str) -> None:
    refused(at_once("train", *flags), said)
    assert tree(tmp_path) == []


def test_unknown_verbs(starcast: Starcast) -> None:
    refused(starcast("trian"), "trian", "train")
    refused(starcast("data", "fetch", "ml-1mm"), "did you mean 'ml-1m'?")


# Settings

SETTINGS = {
    "epochs 0": (["--epochs", "0"], "epochs must be at least 1, got 0"),
    "epochs in words": (["--epochs", "ten"], "--epochs", "integer"),
    "negative rate": (["--learning-rate", "-0.1"], "learning_rate must be", "-0.1"),
    "rate 0": (["--learning-rate", "0"], "learning_rate must be more than 0"),
    "rate nan": (["--learning-rate", "nan"], "learning_rate must be"),
    "negative penalty": (["--regularization-factor", "-1"], "regularization_factor must"),
    "dropout 1": (["--dropout-rate", "1"], "dropout_rate must lie in [0, 1), got 1"),
    "dimension 0": (["--dimension", "0"], "dimension must be at least 1"),
    "batch 0": (["--batch-size", "0"], "batch_size must be at least 1"),
    "patience 0": (["--max-checkout-without-progress", "0"], "must be at least 1"),
    "layers of letters": (["--layers", "[a]"], "'[a]' is no list of layer widths"),
    "layers that run code": (["--layers", "__import__('os')"], "is no list of layer widths"),
    "layers without an end": (["--layers", "[64,2]"], "end in 1, got [64, 2]"),
    "alpha 2": (["--transfer-weight", "2"], "transfer_weight must lie in [0, 1]"),
    "test share 1": (["--test-share", "1"], "test share must lie between 0 and 1"),
    "negative seed": (["--seed", "-1"], "seed must lie in"),
    "parents for none": (["--init-from", "x"], "starts from no parents"),
    "brackets without end": (["--layers", "[" * 100_000], "is no list of layer widths"),
    "an endless number": (["--epochs", "9" * 4000], "epochs must be at most 1,000,000,000"),
    "features unheard of": (["--features", "days,hours"], "unknown feature 'hours': known: his"),
    "a sampler's setting": (
        ["--samples", "7"],
        "latent-factor-model by SGD has no setting samples; it has dimension, ",
    ),
    "several of others": (
        ["--samples", "7", "--likelihood", "gaussian", "--layers", "[9,1]", "--features", "days"],
        "latent-factor-model by SGD has no setting layers, samples, likelihood, features; it has",
    ),
    "another optimizer's setting": (
        ["--batch_size", "3"],
        "has no setting batch_size",
        "with --optimizer Adam it has batch_size",
    ),
    "a warm start's alpha": (["--transfer-weight", "0.5"], "has no setting transfer_weight"),
    "a penalty for a sampler": (
        ["--model", "bayesian-factorization-model", "--regularization-factor", "1"],
        "bayesian-factorization-model by Gibbs has no setting regularization_factor; it has ",
    ),
    "dropout in an autoencoder": (
        ["--model", "autoencoder-model", "--dropout-rate", "0.1"],
        "autoencoder-model by L-BFGS has no setting dropout_rate; it has dimension",
    ),
    "steps in a network": (
        ["--model", "deep-neural-network-model", "--steps-per-epoch", "3"],
        "deep-neural-network-model by Adam has no setting steps_per_epoch; it has dimension",
    ),
    "items alone": (["--items", "x.csv"], "--ratings"),
}


@pytest.mark.parametrize("case", SETTINGS.values(), ids=SETTINGS.keys())
def test_settings_out_of_range(
    at_once: Starcast, tmp_path: Path, case: tuple[list[str], *tuple[str, ...]]
) -> None:
    flags, *said = case
    refused(at_once("train", *flags), *said)
    assert tree(tmp_path) == []


# Artifacts


def test_unknown_ids(at_once: Starcast, artifact: Path) -> None:
    predict = ["predict", artifact, "--user", "anna", "--item", "alien"]
    refused(at_once(*predict), "user 'anna'", "nearest known: ann, bob", "--fallback")
    assert at_once(*predict, "--fallback").stdout.endswith("Alien (1979)\n")
    recommend = ["recommend", artifact, "--user", "anna"]
    refused(at_once(*recommend), "user 'anna'", "--fallback")
    assert "Alien (1979)" in at_once(*recommend, "--fallback").stdout
    unknown_item = ["predict", artifact, "--user", "ann", "--item", "[/x]"]
    refused(at_once(*unknown_item), "item '[/x]'")
    assert at_once(*unknown_item, "--fallback").stdout.endswith("  [/x]\n")


@pytest.mark.parametrize("verb", ["recommend", "evaluate"])
def test_lists_of_nothing(at_once: Starcast, artifact: Path, verb: str) -> None:
    user = ["--user", "ann"] if verb == "recommend" else []
    refused(at_once(verb, artifact, *user, "--k", 0), "--k", "greater than or equal to 1")


@pytest.mark.parametrize("verb", ["evaluate", "recommend", "predict"])
def test_artifacts_that_are_none(at_once: Starcast, tmp_path: Path, verb: str) -> None:
    more = {"evaluate": [], "recommend": ["--user", 1], "predict": ["--user", 1, "--item", 1]}[verb]
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    refused(at_once(verb, "nowhere", *more), "no artifact at nowhere")
    refused(at_once(verb, "folder", *more), "folder is no Starcast artifact")
    refused(at_once(verb, "file", *more), "file is a file")


def test_a_damaged_artifact(starcast: Starcast, artifact: Path) -> None:
    (artifact / "weights.safetensors").write_bytes(b"x")
    refused(starcast("evaluate", artifact), "is damaged: weights.safetensors")


# Ratings

ALL_EQUAL = "".join(f"{n},{n},3\n" for n in range(50))
RATINGS = {
    "empty file": ("", "ratings.csv is empty"),
    "heads alone": ("user_id,item_id,rating\n", "ratings.csv holds a header and no rows"),
    "one row": ("user_id,item_id,rating\n1,1,5\n", "every rating is 5"),
    "all equal": (f"user_id,item_id,rating\n{ALL_EQUAL}", "every rating is 3"),
    "two rows": ("user_id,item_id,rating\n1,1,5\n2,1,4\n", "leaves no"),
    "no number": ("user_id,item_id,rating\n1,1,5\n2,1,good\n", "line 3"),
    "binary": ("\x00\x01\x02", "ratings.csv"),
}


@pytest.mark.parametrize(("content", "said"), RATINGS.values(), ids=RATINGS.keys())
def test_ratings_that_cannot_be_learned_from(
    at_once: Starcast, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "ratings.csv").write_text(content)
    refused(at_once("train", "--ratings", "ratings.csv"), said)
    assert {name.split(".starcast")[0] for name in tree(tmp_path)} == {"ratings.csv"}


def test_ratings_that_are_not_there(at_once: Starcast, tmp_path: Path) -> None:
    refused(at_once("train", "--ratings", "nowhere.csv"), "nowhere.csv")
    assert tree(tmp_path) == []


def test_one_user_is_enough_to_train_or_to_be_refused(at_once: Starcast, tmp_path: Path) -> None:
    items = np.arange(40)
    write_ratings(tmp_path / "one.csv", np.ones(40, int), items, 1 + items % 5)
    done = at_once("train", "--ratings", "one.csv", "--epochs", 1)
    assert (done.returncode, done.stderr) == (0, "")


# Training that breaks off


def test_a_loss_that_is_no_number_after_a_good_epoch(
    starcast: Starcast, planted_csv: Path, tmp_path: Path
) -> None:
    wild = ["--optimizer", "GradientDescent", "--learning-rate", "1e6"]
    done = starcast("train", "--ratings", planted_csv, *wild)
    refused(
        done,
        "no longer a number in epoch 2",
        "smaller learning rate",
        f"are in {MODEL}-interrupted",
    )
    assert storage.load(tmp_path / f"{MODEL}-interrupted").best_epoch == 1


def test_a_loss_that_is_no_number_from_the_start(
    at_once: Starcast, planted_csv: Path, tmp_path: Path
) -> None:
    wild = ["--optimizer", "GradientDescent", "--learning-rate", "1e6", "--batch-size", 10]
    refused(at_once("train", "--ratings", planted_csv, *wild), "nothing was learned")
    assert not (tmp_path / "pretrained_models").exists()


def test_ctrl_c_keeps_the_best_and_says_where(planted_csv: Path, tmp_path: Path) -> None:
    slow = ["--epochs", 1_000_000, "--max-checkout-without-progress", 1_000_000]
    with subprocess.Popen(
        command("train", "--ratings", planted_csv, *slow),
        cwd=tmp_path, env=environment() | {"PYTHONUNBUFFERED": "1"}, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert any(line.split()[:1] == ["1"] for line in process.stdout)  # the first epoch's line
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=SECONDS)
    done = subprocess.CompletedProcess(process.args, process.returncode, said, complained)
    refused(done, "interrupted in epoch", f"are in {MODEL}-interrupted", status=(130,))
    kept = storage.load(tmp_path / f"{MODEL}-interrupted")
    assert kept.broken_off.startswith("interrupted in epoch")
    assert kept.best_epoch >= 1
    assert sorted(path.name for path in (tmp_path / MODEL).parent.iterdir()) == [
        f"{MODEL.name}-interrupted",
        f"{MODEL.name}.checkpoint",  # from which the same command goes on
    ]


# Places that cannot be written


def test_a_file_where_the_models_should_go(
    starcast: Starcast, planted_csv: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("precious")
    done = starcast("train", "--ratings", planted_csv, "--epochs", 1, "--out", "taken")
    refused(done, "cannot write taken/planted/latent-factor-model", "taken is a file")
    assert "epoch" not in done.stdout  # refused before the training, not after it
    assert (tmp_path / "taken").read_text() == "precious"
    assert not [name for name in tree(tmp_path) if "safetensors" in name]


def test_a_file_where_the_logs_should_go(
    at_once: Starcast, planted_csv: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("precious")
    refused(at_once("train", "--ratings", planted_csv, "--logs", "taken"), "taken")
    assert tree(tmp_path) == ["taken"]


@pytest.mark.parametrize("flag", ["--out", "--logs"])
def test_a_read_only_place(at_once: Starcast, planted_csv: Path, tmp_path: Path, flag: str) -> None:
    """Not even root can write there."""
    done = at_once("train", "--ratings", planted_csv, "--epochs", 1, flag, "/proc/here")
    refused(done, "/proc/here")
    assert not (tmp_path / "pretrained_models").exists()


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    """As in `starcast data list | head -1`."""
    with subprocess.Popen(
        command("data", "list"), cwd=tmp_path, env=environment(), encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
