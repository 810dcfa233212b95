"""Figures over many splits: the arithmetic by hand, and a real run of the tool."""

import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import repeat_splits
from processes import environment

from starcast.data.load import divide, load
from starcast.data.split import TEST, SplitPlan
from starcast.errors import ConfigError, UnknownNameError

TOOL = Path(__file__).parents[2] / "tools" / "repeat_splits.py"
NOWHERE, FACTOR = Path("nowhere"), "latent-factor-model"
RUNS = [
    repeat_splits.Run(title, f"random seed={seed}", "abc", rmse, 0.5)
    for title, seed, rmse in (("A", 1, 0.8), ("B", 1, 0.9), ("A", 2, 0.82), ("A", 3, 0.84))
]


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TOOL, *map(str, arguments)],
        cwd=cwd, env=environment(), capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


def test_the_examples_hold() -> None:
    assert doctest.testmod(repeat_splits).failed == 0


def test_the_table_has_means_and_their_standard_errors() -> None:
    """Of 0.80, 0.82 and 0.84 the mean is 0.82, the deviation 0.02, and 0.02 / √3 = 0.0115."""
    assert repeat_splits.table(RUNS).splitlines()[2:] == [
        "| A | 0.8200 ± 0.0115 | 0.5000 ± 0.0000 | 3 |",
        "| B | 0.9000 | 0.5000 | 1 |",
    ]


def test_five_folds_are_all_rows_once_and_again_for_every_seed() -> None:
    ratings = load("ml-latest-small", NOWHERE)
    planned = list(repeat_splits.plans("kfold", "7,8", {"validation": 0.2}))
    assert [plan.seed for plan in planned] == [7] * 5 + [8] * 5
    tested = sum(divide(plan, ratings, NOWHERE).parts == TEST for plan in planned[:5])
    assert np.all(tested == 1)


def test_several_splits_stand_beside_each_other() -> None:
    planned = repeat_splits.plans("official:u1,official:u2", "1", {})
    assert [plan.official for plan in planned] == ["u1", "u2"]


def test_half_a_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="'--chains' stands alone"):
        repeat_splits.parse_settings(["--samples", "3", "--chains"])


def test_an_unknown_setting_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="'--sample': did you mean '--samples'"):
        repeat_splits.parse_settings(["--sample", "3"])


def test_seeds_are_numbers() -> None:
    with pytest.raises(ConfigError, match="'1,x' are no seeds"):
        list(repeat_splits.plans("random", "1,x", {}))


def test_every_split_is_trained_and_judged_and_the_page_says_so(tmp_path: Path) -> None:
    sampled = "bayesian-factorization-model --likelihood gaussian"
    done = run(
        "--model", FACTOR, "--model", sampled, "--seeds", "1,2",
        "--out", "page.md", "--blend", "--dimension", 2, "--epochs", 3, "--burn-in=1", cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "--epochs 3 --burn-in=1\n" in page
    ratings = load("ml-latest-small", tmp_path)
    marks = [SplitPlan(seed=seed).divide(ratings).fingerprint[:12] for seed in (1, 2)]
    found = re.findall(
        r"^\| (.+) \| .+ \| ([0-9a-f]{12}) \| (0\.\d{4}) \| 0\.\d{4} \|$", page, re.M
    )
    titles = ["Latent factor", "Bayesian factor --likelihood gaussian", "Blend"]
    assert [row[:2] for row in found] == [(title, mark) for mark in marks for title in titles]
    for title in titles:
        mean = np.mean([float(rmse) for one, _, rmse in found if one == title])
        told = re.search(rf"^\| {title} \| (0\.\d{{4}}) ± 0\.\d{{4}} \| .* \| 2 \|$", page, re.M)
        assert told
        assert float(told[1]) == pytest.approx(mean, abs=1e-4)
        assert 0.8 < mean < 1.1
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--chains", "0"], "chains must be at least 1, got 0"),
        (["--blend"], "a blend needs at least two models; repeat --model"),
        (
            ["--model", FACTOR] * 2,
            "one model is given twice; give it other settings or leave it out",
        ),
    ],
)
def test_a_wrong_setting_is_one_line_before_anything_is_trained(
    words: list[str], complaint: str, tmp_path: Path
) -> None:
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"repeat_splits: {complaint}\n")


@pytest.mark.long
def test_a_run_that_was_killed_goes_on_with_what_is_finished(tmp_path: Path) -> None:
    """Killed once the first split is finished; its models are not trained again."""
    argv = ["--seeds", "1,2", "--epochs", "2", "--model", FACTOR, "--model", "means", "--out"]
    assert run(*argv, "whole.md", cwd=tmp_path).returncode == 0
    figures = tmp_path / "page.runs" / "figures.json"
    with subprocess.Popen([sys.executable, TOOL, *argv, "page.md"], cwd=tmp_path, env=environment(),
                          stdout=subprocess.DEVNULL) as process:  # fmt: skip
        while not figures.exists() and process.poll() is None:
            pass
        process.kill()
    told = json.loads(figures.read_text("utf-8"))
    told["figures"] = {key: [[*row[:3], 0.5, row[4]] for row in rows]
                       for key, rows in told["figures"].items()}  # fmt: skip
    figures.write_text(json.dumps(told), "utf-8")  # so that it shows where they come from
    done = run(*argv, "page.md", cwd=tmp_path)
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines() if " random " in line]
    assert [row[-2] for row in rows[:2]] == ["0.5000"] * 2
    whole = (tmp_path / "whole.md").read_text("utf-8")
    assert all(f"| {row[-3]} | {row[-2]} | {row[-1]} |" in whole for row in rows[2:])
    assert len(rows) == 4
    assert not figures.parent.exists()


def test_runs_of_another_command_are_refused(tmp_path: Path) -> None:
    (tmp_path / "page.runs").mkdir()
    (tmp_path / "page.runs" / "figures.json").write_text('{"what": {}, "figures": {}}', "utf-8")
    done = run("--out", "page.md", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("repeat_splits: page.runs holds runs of {}; remove it")
