"""Runs that are ended early and go on: by real signals and kills, to the last bit."""

import json
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from ended_runs import ended_at_checkpoint, killed_when
from processes import Starcast, tree

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact

HOME = Path("pretrained_models/planted")
GOES_ON = "note: going on with {} after epoch {}, kept in {}.checkpoint\n"
RUNS = {
    "latent-factor-model": ["--optimizer", "SGD", "--averaging", 0.5],
    "deep-neural-network-model": ["--optimizer", "Adam", "--dropout-rate", 0.1],
    "bayesian-factorization-model": ["--samples", 24, "--burn-in", 2],
}


def train(ratings: Path, model: str, *more: object) -> list[object]:
    few = [] if model.startswith("bayes") else ["--epochs", 6]
    return ["train", "--ratings", ratings, "--model", model, *few, *RUNS.get(model, []),
            "--checkpoint-every", 0, *more]  # fmt: skip


@pytest.fixture
def ratings(planted_files: Path) -> Path:
    return planted_files / "planted.csv"


WHOLE: dict[tuple[str, ...], Artifact] = {}  # by command


@pytest.fixture
def whole(starcast: Starcast, tmp_path: Path) -> Callable[..., Artifact]:
    """Runs a training to its end, elsewhere."""

    def run(*arguments: object) -> Artifact:
        argv = tuple(str(one) for one in arguments)
        if argv not in WHOLE:
            assert starcast(*argv, "--out", "whole").returncode == 0
            place = tmp_path / "whole" / "planted" / argv[argv.index("--model") + 1]
            WHOLE[argv] = storage.load(place)
        return WHOLE[argv]

    return run


def assert_same(one: Artifact, other: Artifact) -> None:
    assert one.best_epoch == other.best_epoch
    assert [{**r, "seconds": 0} for r in one.history] == [
        {**r, "seconds": 0} for r in other.history
    ]
    for ours, theirs in (
        (one.weights, other.weights),
        (one.weights_before_refit, other.weights_before_refit),
    ):
        assert ours.keys() == theirs.keys()
        assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
    assert one.support == other.support


@pytest.mark.parametrize("model", [  # the contract tests end and resume every one
    "latent-factor-model", "bayesian-factorization-model",
    *(pytest.param(name, marks=pytest.mark.long)
      for name in ("deep-neural-network-model", "autoencoder-model", "implicit-factor-model")),
])  # fmt: skip
def test_killed_and_run_again_is_the_same_model(
    starcast: Starcast, whole: Callable[..., Artifact], ratings: Path, tmp_path: Path, model: str
) -> None:
    argv = train(ratings, model, "--refit")
    expected = whole(*argv)
    killed = ended_at_checkpoint(3, signal.SIGKILL, tmp_path, *argv)
    assert killed.status == -signal.SIGKILL
    assert not (tmp_path / HOME / model).exists()
    done = starcast(*argv)
    assert done.returncode == 0
    assert GOES_ON.format("training", 2, HOME / model) in done.stderr
    assert_same(storage.load(tmp_path / HOME / model), expected)
    assert tree(tmp_path / HOME) == [model, *(f"{model}/{name}" for name in sorted(
        path.name for path in (tmp_path / HOME / model).iterdir()))]  # fmt: skip


@pytest.mark.parametrize("model", ["latent-factor-model", "bayesian-factorization-model"])
def test_killed_in_the_refit_it_goes_on_in_the_refit(
    starcast: Starcast, whole: Callable[..., Artifact], ratings: Path, tmp_path: Path, model: str
) -> None:
    argv = train(ratings, model, "--refit")
    expected = whole(*argv)
    n_before = len(expected.history)  # all but the last of the choice, and one as the refit begins
    killed = ended_at_checkpoint(n_before + 3, signal.SIGKILL, tmp_path, *argv)
    assert killed.status == -signal.SIGKILL
    done = starcast(*argv)
    assert GOES_ON.format("the refit", 2, HOME / model) in done.stderr
    assert_same(storage.load(tmp_path / HOME / model), expected)


def _which(file: Path) -> int:
    """A number that changes as soon as a file is replaced."""
    return file.stat().st_mtime_ns if file.exists() else 0


def _changed(file: Path, before: int) -> bool:
    return _which(file) != before


@pytest.mark.long
def test_killed_in_the_middle_of_an_epoch(
    starcast: Starcast, whole: Callable[..., Artifact], ratings: Path, tmp_path: Path
) -> None:
    model = "deep-neural-network-model"
    argv = train(ratings, model)
    expected = whole(*argv)
    kept = tmp_path / HOME / f"{model}.checkpoint"
    for _ in range(3):
        killed_when(partial(_changed, kept, _which(kept)), tmp_path, *argv)
    assert starcast(*argv).returncode == 0
    assert_same(storage.load(tmp_path / HOME / model), expected)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_keeps_the_best_weights_and_the_run_goes_on(
    starcast: Starcast,
    whole: Callable[..., Artifact],
    ratings: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    model = "latent-factor-model"
    argv = train(ratings, model)
    expected = whole(*argv)
    ended = ended_at_checkpoint(2, number, tmp_path, *argv)
    assert ended.status == 128 + number
    assert ended.said.count("\n") == 1
    what = "interrupted" if number == signal.SIGINT else f"interrupted by {number.name}"
    assert ended.said.startswith(f"starcast: {what} in epoch 3; the weights so far (best epoch 2)")
    assert ended.said.endswith(f"are in {HOME / model}-interrupted; the same command goes on\n")
    assert storage.load(tmp_path / HOME / f"{model}-interrupted").best_epoch == 2
    done = starcast(*argv)
    assert GOES_ON.format("training", 2, HOME / model) in done.stderr
    assert_same(storage.load(tmp_path / HOME / model), expected)


@pytest.mark.long
def test_an_ensemble_goes_on_with_its_parents(
    starcast: Starcast, whole: Callable[..., Artifact], ratings: Path, tmp_path: Path
) -> None:
    """Killed while the second parent is trained, and once more in the ensemble itself."""
    model, second = "ensemble-transfer-learning", "deep-neural-network-model"
    argv = train(ratings, model, "--refit")
    expected = whole(*argv, "--fresh-parents")
    seen: set[str] = set()
    for name in (second, model):
        kept = tmp_path / HOME / f"{name}.checkpoint"
        killed = killed_when(kept.exists, tmp_path, *argv)
        assert killed.status == -signal.SIGKILL
        seen |= {name}
    done = starcast(*argv)
    assert done.returncode == 0
    assert f"starting from {HOME / second}" in done.stdout
    assert_same(storage.load(tmp_path / HOME / model), expected)
    assert not [name for name in tree(tmp_path / HOME) if "checkpoint" in name]


def test_another_run_is_refused_and_fresh_starts_over(
    starcast: Starcast, ratings: Path, tmp_path: Path
) -> None:
    model = "latent-factor-model"
    ended_at_checkpoint(3, signal.SIGKILL, tmp_path, *train(ratings, model))
    for more, what in (
        (["--dimension", 5], "dimension 64, now 5"),
        (["--seed", 7], "seed 42, now 7"),
        (["--refit"], "refit False, now True"),
        (["--validation-share", 0.3], "split "),
    ):
        refused = starcast(*train(ratings, model, *more))
        assert refused.returncode == 1
        assert refused.stderr.startswith(
            f"starcast: {HOME / model}.checkpoint is of a run with {what}"
        )
        assert refused.stderr.endswith("; --fresh starts over\n")
        assert refused.stderr.count("\n") == 1
    done = starcast(*train(ratings, model, "--seed", 7, "--fresh"))
    assert (done.returncode, done.stderr) == (0, "")
    assert storage.load(tmp_path / HOME / model).seed == 7
    assert not (tmp_path / HOME / f"{model}.checkpoint").exists()


def test_a_damaged_checkpoint_is_one_line(
    starcast: Starcast, ratings: Path, tmp_path: Path
) -> None:
    model = "latent-factor-model"
    ended_at_checkpoint(3, signal.SIGKILL, tmp_path, *train(ratings, model))
    kept = tmp_path / HOME / f"{model}.checkpoint"
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    refused = starcast(*train(ratings, model))
    assert refused.returncode == 1
    assert f"starcast: {HOME / model}.checkpoint is damaged: its " in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert starcast(*train(ratings, model, "--fresh")).returncode == 0


def test_a_comparison_trains_what_is_missing(
    starcast: Starcast, ratings: Path, tmp_path: Path
) -> None:
    argv = ["compare", "--ratings", ratings, "--epochs", 3, "--checkpoint-every", 0,
            "--models", "latent-factor-model,deep-neural-network-model,means"]  # fmt: skip
    kept = tmp_path / HOME / "deep-neural-network-model.checkpoint"
    assert killed_when(kept.exists, tmp_path, *argv).status == -signal.SIGKILL
    first = (tmp_path / HOME / "latent-factor-model" / "weights.safetensors").stat().st_ino
    done = starcast(*argv)
    assert done.returncode == 0
    assert f"{HOME}/latent-factor-model is trained already" in done.stderr
    assert GOES_ON.format("training", 1, HOME / "deep-neural-network-model") in done.stderr
    assert (tmp_path / HOME / "latent-factor-model" / "weights.safetensors").stat().st_ino == first
    assert not [name for name in tree(tmp_path) if name.endswith(".checkpoint")]
    results = json.loads((tmp_path / "reports" / "planted" / "results.json").read_text("utf-8"))
    assert len(results["models"]) == 3
    again = starcast(*argv)  # it was completed: all is trained anew
    assert "trained already" not in again.stderr
