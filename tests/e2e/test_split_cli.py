"""The options that divide ratings, as commands; what they do is tested where it is done."""

import re
from pathlib import Path

import pytest
from processes import Starcast, write_ratings

from starcast.data.split import SCHEMES, examples

MEANS = ["--model", "means"]


@pytest.fixture
def own(tmp_path: Path) -> list[object]:
    users = [user for user in range(1, 13) for _ in range(12)]
    items = [item for _ in range(12) for item in range(1, 13)]
    stars = [1 + (3 * user + item) % 5 for user, item in zip(users, items, strict=True)]
    return ["--ratings", write_ratings(tmp_path / "own.csv", users, items, stars), *MEANS]


def prints(said: str) -> str:
    (found,) = re.findall(r"fingerprint ([0-9a-f]{12})", said)
    return str(found)


def test_the_seed_of_the_split_is_apart_from_that_of_the_training(
    own: list[object], at_once: Starcast
) -> None:
    said = {
        seeds: at_once("train", *own, *seeds.split()).stdout
        for seeds in ("", "--seed 42", "--seed 7", "--seed 7 --split-seed 42", "--split-seed 7")
    }
    print_of = {seeds: prints(text) for seeds, text in said.items()}
    assert print_of[""] == print_of["--seed 42"] == print_of["--seed 7 --split-seed 42"]
    assert print_of["--seed 7"] == print_of["--split-seed 7"] != print_of[""]
    assert "seed=42: " in said["--seed 7 --split-seed 42"]


@pytest.mark.parametrize("scheme", ["hash", "user-random", "leave-one-out"])
def test_schemes_are_known_to_train(own: list[object], at_once: Starcast, scheme: str) -> None:
    done = at_once("train", *own, "--split", scheme, "--split-seed", 3)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(
        rf"^split {scheme} .*seed=3: \d+ train, \d+ validation, \d+ test", done.stdout, re.M
    )


def test_test_ratings_are_the_test(own: list[object], at_once: Starcast, tmp_path: Path) -> None:
    test = write_ratings(tmp_path / "test.csv", [1, 99], [1, 1], [5.0, 4.0])
    done = at_once("train", *own, "--test-ratings", test, "--test")
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "note: left out: 1 training rows of pairs that are test rows, too\n"
        "note: 2 of these ratings are test rows\n"
    )
    assert "split given validation=0.1 seed=42: 129 train, 14 validation, 2 test" in done.stdout
    assert "2 test ratings, opened once" in done.stdout


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--split", "randm"], "unknown split 'randm': did you mean 'random'?"),
        (["--split", "before:2016-01-01"], "has no timestamps; a split by time needs them"),
        (["--split", "before:soon"], "'soon' is no time; write 2016-01-31"),
        (["--split", "time", "--split-seed", 1], "the seed has no effect on the split 'time'"),
        (["--split", "kfold:1/5", "--test-share", 0.2], "the test share has no effect"),
        (["--split-seed", -1], "the seed must lie in [0, 2**32), got -1"),
        (["--split", "given"], "no test rows were given with own; name them: --test-ratings"),
        (["--test-ratings", "none.csv"], "none.csv"),
        (["--test-ratings", "x.csv", "--split", "hash"], "so --split hash cannot choose them"),
    ],
)
def test_what_cannot_be_divided_is_refused_in_one_line(
    own: list[object], at_once: Starcast, options: list[object], complaint: str
) -> None:
    done = at_once("train", *own, *options)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_test_ratings_go_with_ratings(at_once: Starcast) -> None:
    done = at_once("train", *MEANS, "--test-ratings", "x.csv")
    assert done.stderr == (
        "starcast: --test-ratings describes your own --ratings; give these, too\n"
    )


def test_help_names_every_scheme(at_once: Starcast) -> None:
    for verb in ("train", "compare"):
        said = " ".join(at_once(verb, "--help").stdout.replace("│", " ").split())
        assert examples() in said
    assert set(SCHEMES) == {re.split(r"[: ]", one)[0] for one in examples().split(", ")}
