"""What `import starcast as sc` offers: the library's own work, under a few names."""

import builtins
import pkgutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mirror_site import archive_of, md5_of
from processes import write_ratings

import starcast
import starcast as sc
from starcast import api, models
from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.errors import (
    ConfigError,
    DataError,
    FetchError,
    SplitMismatchError,
    UnknownNameError,
)
from starcast.recommend import Recommender

FACTOR, DEEP = "latent-factor-model", "deep-neural-network-model"
TRANSFER = "ensemble-transfer-learning"
ALS: dict[str, Any] = {"optimizer": "ALS", "dimension": 2, "epochs": 3}


@pytest.fixture
def model(planted_split: Split) -> Recommender:
    return sc.train(planted_split, FACTOR, **ALS)


VERBS = ("load", "split", "train", "evaluate", "compare", "open")


def test_no_module_takes_the_name_of_a_verb() -> None:
    modules = {module.name for module in pkgutil.iter_modules(starcast.__path__)}
    assert not modules & set(VERBS)
    for name in VERBS:
        assert getattr(sc, name) is getattr(api, name)
        assert name in dir(sc)
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        sc.opne  # noqa: B018


def test_a_star_hides_nothing_of_python() -> None:
    got: dict[str, Any] = {}
    exec("from starcast import *", got)
    assert not set(got) & set(dir(builtins)) - {"__builtins__", "__doc__"}
    assert got["split"] is sc.split


def test_importing_loads_nothing_and_leaves_the_environment_alone() -> None:
    program = (
        "import os, sys; before = dict(os.environ); import starcast; "
        "print(dict(os.environ) == before, {'numpy', 'polars', 'numba'} & set(sys.modules), "
        "'starcast.api' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True set() False\n", "")


def test_importing_the_verbs_and_every_module_leaves_the_environment_alone() -> None:
    program = (
        "import os, polars; before = dict(os.environ); import starcast.api, starcast.training.fit, "
        "starcast.engines.networks.engine, starcast.scoring; print(dict(os.environ) == before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_ratings_come_by_name_or_from_a_file(tmp_path: Path) -> None:
    assert sc.load("ml-latest-small").name == "ml-latest-small"
    table = write_ratings(tmp_path / "mine.csv", [1, 1, 2], ["a", "b", "a"], [1.0, 2.0, 3.0])
    (tmp_path / "films.csv").write_text("item_id,title\na,Alien\nb,Brazil\n")
    mine = sc.load(str(table), tmp_path / "films.csv", scale="1:5")
    assert (mine.name, len(mine), mine.scale.highest) == ("mine", 3, 5)
    assert mine.titles.tolist() == ["Alien", "Brazil"]
    with pytest.raises(UnknownNameError, match="did you mean 'ml-1m'"):
        sc.load("ml-1n")


def test_repeated_pairs_are_warned_of(tmp_path: Path) -> None:
    table = write_ratings(tmp_path / "mine.csv", [1, 1, 2], ["a", "a", "a"], [1.0, 2.0, 3.0])
    with pytest.warns(UserWarning, match="1 repeated pairs"):
        assert len(sc.load(table)) == 2


def test_a_split_is_that_of_the_command_line(planted: Ratings) -> None:
    wanted = SplitPlan.parse("kfold:2/3", validation=0.3, seed=5).divide(planted)
    split = sc.split(planted, "kfold:2/3", validation=0.3, seed=5)
    assert split.fingerprint == wanted.fingerprint
    shown = repr(sc.split(planted))
    assert shown.startswith("Split('planted', random test=0.2 validation=0.1 seed=42: ")
    assert f"{len(sc.split(planted).validation)} validation" in shown
    with pytest.raises(ConfigError, match="ships no official splits"):
        sc.split(sc.load("ml-latest-small"), "official:u1")


def test_the_environment_says_where_data_lie_as_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of("ml-100k", b"1\t2\t3\t4\n1\t3\t5\t4\n")
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "ml-100k.zip").write_bytes(archive)
    (mirror / "ml-100k.zip.md5").write_text(f"{md5_of(archive)}  ml-100k.zip\n")
    monkeypatch.setenv("STARCAST_MIRROR", str(mirror))
    monkeypatch.setenv("STARCAST_DATA_DIR", str(tmp_path / "data"))
    with suppress(DataError):  # of which this archive has not enough
        sc.load("ml-100k")
    assert (tmp_path / "data" / "ml-100k" / "u.data").is_file()
    with pytest.raises(FetchError, match="nowhere"):  # what is said goes before
        sc.load("ml-1m", mirror=str(tmp_path / "nowhere"), data_dir=tmp_path / "other")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with suppress(DataError):
        sc.load("ml-100k", data_dir="~/sets")
    assert (tmp_path / "home" / "sets" / "ml-100k").is_dir()


def test_a_trained_model_answers_in_tables(model: Recommender) -> None:
    assert repr(model) == f"Latent factor of planted: best epoch {model.artifact.best_epoch}"
    listed = model.recommend(1, 3)
    assert repr(listed).split("\n")[0].split() == ["item", "id", "title", "prediction"]
    assert len(repr(listed).split("\n")) == 4
    explained = model.explain(1, 10, 2)
    assert repr(explained).split("\n")[0] == (
        f"{explained.prediction:.2f} stars; {explained.base:.2f} if none of the ratings were known"
    )
    person = model.fold_in([10, 20], [5, 1])
    answers: tuple[Any, ...] = (
        listed,
        model.similar(10, 3),
        explained,
        person.recommend(3),
        person.explain(30),
    )
    for answer in answers:
        assert "<table>" in answer._repr_html_()


def test_settings_go_to_the_model_and_unknown_ones_are_refused(
    planted_split: Split, model: Recommender
) -> None:
    assert model.artifact.config == models.find(FACTOR).settings(**ALS)
    with pytest.raises(UnknownNameError, match="unknown setting 'epoch': did you mean 'epochs'"):
        sc.train(planted_split, FACTOR, epoch=3)
    for layers in ([4, 1], "[4,1]"):
        deep = sc.train(planted_split, DEEP, layers=layers, epochs=1, dimension=2)
        assert deep.artifact.settings()["layers"] == (4, 1)


def test_epochs_are_told_of_and_an_interrupted_run_is_warned_of(planted_split: Split) -> None:
    told: list[int] = []

    def on_epoch(record: Any) -> None:
        told.append(record.epoch)
        if record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="not trained to its end: interrupted in epoch"):
        sc.train(planted_split, FACTOR, on_epoch=on_epoch, **ALS)
    assert told == [1, 2]


def test_parents_are_taken_as_they_are(planted_split: Split) -> None:
    small: dict[str, Any] = {"dimension": 2, "epochs": 1}
    deep: dict[str, Any] = small | {"layers": [4, 1]}
    parents = [sc.train(planted_split, FACTOR, **small), sc.train(planted_split, DEEP, **deep)]
    child = sc.train(planted_split, TRANSFER, parents=parents, **deep)
    assert child.artifact.model == TRANSFER
    turned = sc.train(planted_split, TRANSFER, parents=parents[::-1], **deep)
    for name, array in child.artifact.weights.items():
        np.testing.assert_array_equal(turned.artifact.weights[name], array, name)
    with pytest.raises(ConfigError, match="starts from"):
        sc.train(planted_split, TRANSFER, parents=parents[:1] * 2, **deep)
    with pytest.raises(ConfigError, match="starts from no parents"):
        sc.train(planted_split, FACTOR, parents=parents[:1], dimension=2)


def test_a_saved_model_opens_as_it_was(model: Recommender, tmp_path: Path) -> None:
    opened = sc.open(model.save(tmp_path / "kept"))
    assert opened.recommend(1) == model.recommend(1)


def test_a_report_shows_every_figure(model: Recommender) -> None:
    report = sc.evaluate(model, k=5)
    shown = repr(report).split("\n")
    assert shown[0] == f"Latent factor: {len(model.artifact.split.test)} test ratings"
    assert f"RMSE      {report.rmse:.4f}" in shown
    assert "NDCG@5" in report._repr_html_()


def test_what_is_relevant_can_be_chosen(model: Recommender) -> None:
    reports = [sc.evaluate(model, k=5, relevant=rule) for rule in ("all", "above-mean", "4")]
    assert len({report.catalogue.ranking.ndcg for report in reports}) == 3
    assert "relevant: test items rated 4 stars or more" in repr(reports[2])
    with pytest.raises(UnknownNameError, match="did you mean 'above-mean'"):
        sc.evaluate(model, relevant="above_mean")


def test_names_are_trained_and_trained_models_are_taken(model: Recommender) -> None:
    split = model.artifact.split
    comparison = sc.compare(split, [model, FACTOR])
    assert comparison.reports[0].artifact is model.artifact
    assert comparison.reports[1].artifact.config == models.find(FACTOR).settings()
    lines = repr(comparison).split("\n")
    assert lines[0] == "Predicted stars"
    assert lines[1].split()[:3] == ["model", "RMSE", "MAE"]
    assert [line.split("  ")[0] for line in lines[2:4]] == [
        comparison.names[n] for n in comparison.stars.ranked()
    ]
    assert lines[5].startswith(
        "Lists of 10 from the whole catalogue; relevant: test items rated at"
    )
    for verdict in comparison.verdicts:
        assert verdict.sentence() in lines
    assert "<table>" in comparison._repr_html_()


def test_models_of_another_split_are_refused(model: Recommender, planted: Ratings) -> None:
    with pytest.raises(SplitMismatchError, match="cannot compare it here"):
        sc.compare(sc.split(planted, seed=1), [model, model])


def test_a_purpose_picks_the_model(model: Recommender) -> None:
    chosen = sc.train(model.artifact.split, purpose="lists")
    assert chosen.artifact.model == "item-item-model"
    explained = repr(chosen.fold_in([10], [5.0]).explain(20))
    assert explained.splitlines()[0].endswith("effects are shares of what moves it in the list")
    with pytest.raises(ConfigError, match="not both"):
        sc.train(model.artifact.split, "item-item-model", purpose="lists")
    with pytest.raises(UnknownNameError, match="unknown purpose 'list': did you mean 'lists'"):
        sc.train(model.artifact.split, purpose="list")


def test_lists_of_no_length_are_refused_before_anything_is_trained(model: Recommender) -> None:
    for k in (0, 150):
        with pytest.raises(ConfigError, match="k must be at"):
            sc.evaluate(model, k=k)
        with pytest.raises(ConfigError, match="k must be at"):
            sc.compare(model.artifact.split, ["no such model", model], k=k)


def test_arrays_stay_arrays(model: Recommender) -> None:
    predictions = model.predict([1, 2], [10, 20])
    assert isinstance(predictions, np.ndarray)
    assert predictions.shape == (2,)


def test_official_splits_are_repeated_from_where_data_sets_lie(
    ratings: Ratings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Path] = []

    def divide(plan: Any, ratings: Ratings, data_dir: Path) -> Any:
        asked.append(data_dir)
        raise ConfigError("seen enough")

    monkeypatch.setattr("starcast.api.repeating.divide", divide)
    monkeypatch.setenv("STARCAST_DATA_DIR", str(tmp_path))
    for told in ({}, {"data_dir": "elsewhere"}):
        with pytest.raises(ConfigError, match="seen enough"):
            sc.repeat(ratings, ["means"], 2, **told)  # type: ignore[arg-type]
    monkeypatch.delenv("STARCAST_DATA_DIR")
    with pytest.raises(ConfigError, match="seen enough"):
        sc.repeat(ratings, ["means"], 2)
    assert asked == [tmp_path, Path("elsewhere"), Path("datasets")]
