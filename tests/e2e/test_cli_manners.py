"""Manners of the command line: JSON, quiet, titles for ids, options from files, runs repeated."""

import json
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, environment, tree

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact

QUICK = ["--epochs", 2, "--dimension", 4, "--optimizer", "SGD"]


def told(done: Any) -> Any:
    """What was printed for programs."""
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout, parse_constant=pytest.fail)


def test_a_run_is_repeated_from_its_file_to_the_same_bytes(
    planted_files: Path, tmp_path: Path, at_once: Starcast
) -> None:
    own = ["--ratings", planted_files / "planted.csv", "--items", planted_files / "items.csv"]
    first = at_once("train", *own, *QUICK, "--refit", "--seed", 7, "--out", "a", "--json")
    record = told(first)
    assert "517 train" in first.stderr
    folder = tmp_path / "a" / "planted" / "latent-factor-model"
    assert (record["model"], record["seed"], record["epochs"]) == ("latent-factor-model", 7, 2)
    assert Path(record["folder"]) == folder.relative_to(tmp_path)
    assert 0 < record["validation"]["rmse"] < 3
    again = at_once("train", "--config", folder / "run.toml", "--out", "b", "--quiet")
    assert (again.returncode, again.stderr) == (0, "")
    assert "train, " not in again.stdout
    assert "saved to" not in again.stdout
    there = tmp_path / "b" / "planted" / "latent-factor-model"
    assert tree(there) == tree(folder)
    for name in set(tree(folder)) - {"manifest.json"}:  # which tells how long epochs took
        assert (folder / name).read_bytes() == (there / name).read_bytes(), name
    other = at_once(
        "train", "--config", folder / "run.toml", "--out", "c", "--seed", 8, "--json"
    )  # the command line beats it
    assert told(other)["fingerprint"] != record["fingerprint"]


def test_test_ratings_stay_shut_until_they_are_asked_for(
    planted_files: Path, tmp_path: Path, at_once: Starcast
) -> None:
    own = ["--ratings", planted_files / "planted.csv", *QUICK]
    done = at_once("train", *own)
    assert "Latent factor: 58 validation ratings" in done.stdout
    assert "test ratings were not opened; --test, or 'starcast evaluate pretr" in done.stdout
    assert "144 test ratings" not in done.stdout
    folder = tmp_path / "pretrained_models" / "planted" / "latent-factor-model"
    manifest = storage.read_manifest(folder)
    assert (manifest["metrics"]["test"], manifest["opened"]) == (None, [])
    figures = [told(at_once("evaluate", folder, "--json"))["test"] for _ in range(2)]
    assert figures[0] == figures[1]
    manifest = storage.read_manifest(folder)
    assert manifest["metrics"]["test"]["RMSE"] == figures[0]["RMSE"]
    assert len(manifest["opened"]) == 2
    assert storage.load(folder).opened == tuple(manifest["opened"])
    opened = at_once("train", *own, "--test", "--seed", 42, "--out", "b", "--json")
    assert told(opened)["test"]["RMSE"] == figures[0]["RMSE"]
    compared = at_once("compare", folder, tmp_path / "b" / "planted" / "latent-factor-model")
    assert compared.returncode == 0, compared.stderr
    assert "test ratings opened 2 times before this, last at 20" in compared.stdout
    assert "test ratings opened once before this" in compared.stdout


def test_a_compared_model_is_repeated_alone(
    planted_files: Path, tmp_path: Path, at_once: Starcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARCAST_SEED", "5")
    names = "latent-factor-model,autoencoder-model"
    compared = told(at_once(
        "compare", "--ratings", planted_files / "planted.csv", "--models", names, "--epochs", 2,
        "--dimension", 3, "--keep", "kept", "--json",
    ))  # fmt: skip
    assert Path(compared["report"]).is_file()
    assert "--seed 5" in compared["provenance"]["command"]
    monkeypatch.delenv("STARCAST_SEED")
    for name in names.split(","):
        folder = tmp_path / "kept" / "planted" / name
        record = told(at_once("train", "--config", folder / "run.toml", "--out", "b", "--json"))
        there = tmp_path / record["folder"]
        for file in ("weights.safetensors", "ratings.parquet", "run.toml"):
            assert (folder / file).read_bytes() == (there / file).read_bytes(), (name, file)


def test_titles_stand_for_ids(folder: Path, at_once: Starcast, tmp_path: Path) -> None:
    found = told(at_once("find", folder, "aliens", "--json"))
    assert [one["item_id"] for one in found] == ["alien"]
    for verb in (["predict", folder, "--user", "ann"], ["explain", folder, "--user", "ann"],
                 ["similar", folder]):  # fmt: skip
        by_id = at_once(*verb, "--item", "alien")
        by_title = at_once(*verb, "--item", "Alien")
        assert by_id.returncode == by_title.returncode == 0, by_title.stderr
        assert by_id.stdout == by_title.stdout
    pairs = tmp_path / "pairs.csv"
    for first, other in (("alien", "duel"), ("Alien", "duel (1971)")):
        pairs.write_text(f"user,item\nann,{first}\nbob,{other}\nann,nothing\n", encoding="utf-8")
        done = at_once("predict", folder, "--pairs", pairs, "--out", f"{first}.csv")
        assert "1 of 3 pairs are of ids that were not in the training data (item nothing)" in (
            done.stderr
        )
    assert (tmp_path / "Alien.csv").read_text() == (tmp_path / "alien.csv").read_text()
    assert "ann,alien," in (tmp_path / "Alien.csv").read_text()
    for nothing in ("qqq", " ", "?!"):
        refused = at_once("find", folder, nothing)
        assert refused.returncode == 1
        assert refused.stderr == f"starcast: no title here is like '{nothing}'\n"


def test_every_verb_of_a_model_answers_programs(folder: Path, at_once: Starcast) -> None:
    (predicted,) = told(at_once("predict", folder, "--user", "bob", "--item", "duel", "--json"))
    assert (predicted["user_id"], predicted["item_id"]) == ("bob", "duel")
    assert predicted["stars"] == pytest.approx(3)  # by hand; see `known_by_heart`
    listed = told(at_once("recommend", folder, "--user", "ann", "--json"))
    assert listed[0].keys() == {"item_id", "title", "prediction"}
    users = told(at_once("recommend", folder, "--user", "ann", "--user", "bob", "--json"))
    assert {one["user_id"] for one in users} == {"ann", "bob"}
    judged = told(at_once("evaluate", folder, "--json"))
    assert judged["test_ratings"] == 3
    assert judged["test"]["RMSE"] > 0
    assert told(at_once("explain", folder, "--user", "ann", "--item", "clue", "--json"))["base"]
    assert told(at_once("similar", folder, "--item", "clue", "--json"))[0]["similarity"] <= 1
    sets = told(at_once("data", "list", "--json"))
    assert "ml-1m" in [one["name"] for one in sets]


def test_train_and_compare_take_each_others_spelling(at_once: Starcast) -> None:
    done = at_once("train", "--models", "latent-factor-modle")
    assert "did you mean 'latent-factor-model'" in done.stderr
    done = at_once("train", "--model", "latent-factor-model,autoencoder-model")
    assert "'starcast compare --models latent-factor-model,autoencoder-model'" in done.stderr
    done = at_once("compare", "--model", "latent-factor-model", "--models", "deep")
    assert "unknown model 'deep'" in done.stderr
    done = at_once("compare", "--model", "latent-factor-model", "--model", "latent-factor-model")
    assert "at least two models" in done.stderr


def test_what_is_wrong_is_no_json_and_one_line(folder: Path, at_once: Starcast) -> None:
    done = at_once("predict", folder, "--user", "zoe", "--item", "duel", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    done = at_once("serve", "--model", folder, "--json")
    assert done.returncode == 2


def test_a_shell_is_told_what_completes(
    known_by_heart: Artifact, starcast: Starcast, tmp_path: Path
) -> None:
    storage.save(known_by_heart, tmp_path / "models" / "heart")
    words = {"COMP_WORDS": "starcast evaluate mo", "COMP_CWORD": "2"}
    asked = environment() | words | {"_STARCAST_COMPLETE": "complete_bash"}
    done = starcast(env=asked)
    assert done.stdout.split() == ["models/heart"]
    named = environment() | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    assert "complete -o default -F" in starcast("--show-completion", "bash", env=named).stdout
