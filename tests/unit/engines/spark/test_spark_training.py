"""Spark itself, on this machine: what it reads, refuses, trains, and goes on with."""

import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import on_spark
import polars as pl
import pytest

import starcast as sc
from starcast.artifacts import storage
from starcast.cli import main
from starcast.data.files.options import ReadingOptions
from starcast.data.scale import RatingScale
from starcast.data.split import RowSum, Split, SplitPlan
from starcast.data.split.fingerprint import fingerprint
from starcast.data.units import Units
from starcast.engines.settings import MiniBatchSettings
from starcast.engines.spark import kept
from starcast.engines.spark.fingerprints import row_sum
from starcast.engines.spark.fit import Fitted, Request, finish, fit
from starcast.engines.spark.listing import Wish, lists_of
from starcast.engines.spark.preparing import Asked, looked_at, prepare
from starcast.engines.spark.session import Session, opened
from starcast.engines.spark.source import first_lines, source_of
from starcast.engines.spark.stages import Stages, place_of
from starcast.errors import CheckpointError, ConfigError, DataError, UnknownNameError
from starcast.evaluation.report import evaluate
from starcast.recommend import Recommender
from starcast.scoring.shrinkage import Shares
from starcast.training.loop import EpochRecord

pytestmark = pytest.mark.long  # Spark itself, which takes a minute


@pytest.fixture(scope="module")
def spark() -> Iterator[Session]:
    on_spark.require_spark()
    with on_spark.session() as session:
        yield session


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded ratings as Parquet, out of order; the first thousand were other stars before."""
    ratings = sc.load("ml-latest-small")
    rows = pl.DataFrame(
        {
            "userId": ratings.users.ids[ratings.user_rows],
            "movieId": ratings.items.ids[ratings.item_rows],
            "rating": ratings.stars,
            "timestamp": ratings.timestamps,
        }
    )
    older = rows.head(1000).with_columns(
        rating=5.5 - pl.col("rating"), timestamp=pl.col("timestamp") - 1
    )
    path = tmp_path_factory.mktemp("rated") / "small.parquet"
    pl.concat([rows, older]).sample(fraction=1.0, shuffle=True, seed=1).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def local(table: Path) -> Split:
    with pytest.warns(UserWarning, match="1,000 repeated pairs"):
        return sc.split(sc.load(table), "hash")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def fitted(spark: Session, table: Path, work: Path) -> Fitted:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "_PER_TASK", 1 << 13)  # several tasks of a side bring ratings home
        return trained(spark, table, work)


def trained(spark: Session, ratings: object, place: Path, **how: Any) -> Fitted:
    return fit(spark, str(place), on_spark.request(ratings, **how))


def test_the_split_is_that_of_the_local_engine(fitted: Fitted, local: Split) -> None:
    there = fitted.artifact.split
    assert there.fingerprint == local.fingerprint
    assert there.times_fingerprint == local.times_fingerprint
    assert there.scheme == local.scheme
    np.testing.assert_array_equal(there.parts, local.parts)
    np.testing.assert_array_equal(there.ratings.stars, local.ratings.stars)


def test_the_model_is_one_like_any_other(fitted: Fitted, local: Split, tmp_path: Path) -> None:
    storage.save(fitted.artifact, tmp_path / "model")
    model = sc.open(tmp_path / "model")
    beside = sc.train(local, "latent-factor-model", epochs=3, dimension=4, patience=9)
    told = sc.compare(local, [model, beside])
    assert "Latent factor" in repr(told)
    alone = replace(fitted.artifact, shares=Shares(1.0, 1.0, 1.0, 1.0))
    figures = sc.evaluate(Recommender(alone)).stars()
    assert figures["RMSE"] == pytest.approx(fitted.test["rmse"], abs=2e-3)
    assert len(model.recommend(414, 5)) == 5


def test_two_sides_and_what_they_say_of_validation_rows(fitted: Fitted, local: Split) -> None:
    """The figures of the loop are those of the weights on the rows of the split."""
    artifact = fitted.artifact
    last = artifact.history[-1]["validation"]
    assert artifact.best_epoch == 3
    raw = artifact.split.validation
    model = replace(artifact, shares=Shares(1.0, 1.0, 1.0, 1.0))
    shown = raw.scale.clip(model.scorer.score_pairs(raw.user_rows, raw.item_rows))
    assert math.sqrt(np.mean((shown - raw.stars) ** 2.0)) == pytest.approx(last["rmse"], abs=2e-3)


@dataclass
class Ending:
    """An observer that ends a run as if its driver were lost."""

    after: int
    seen: list[int] = field(default_factory=list)

    def started(self, n_epochs: int) -> None:
        pass

    def epoch(self, record: EpochRecord, weights: object, is_best: bool) -> None:
        self.seen.append(record.epoch)
        if record.epoch == self.after:
            raise MemoryError

    def ended(self) -> None:
        pass


def program(*arguments: object) -> "subprocess.Popen[str]":
    """`on_spark` as a program, with all that it starts in a group of its own."""
    path = os.pathsep.join(sys.path)
    return subprocess.Popen(
        [sys.executable, on_spark.__file__, *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )  # fmt: skip


def test_a_run_goes_on_to_the_same_end(
    spark: Session, table: Path, work: Path, fitted: Fitted, tmp_path: Path
) -> None:
    """Its ratings are prepared; its driver is killed after an epoch, and the one that goes on is
    lost after the next."""
    said: list[str] = []
    shutil.copytree(work, tmp_path, ignore=shutil.ignore_patterns("tables-*"), dirs_exist_ok=True)
    with program("driver", table, tmp_path, tmp_path) as driver:
        assert driver.stdout
        assert driver.stdout.readline() == "epoch 1\n"
        os.killpg(driver.pid, signal.SIGKILL)
    ending = Ending(2)
    with pytest.raises(MemoryError):
        trained(spark, table, tmp_path, observe=lambda run: [ending], tell=said.append)
    assert ending.seen == [2]
    assert "going on after epoch 1" in said
    last = Ending(0)
    other = on_spark.request(table, seed=6)
    with pytest.raises(CheckpointError, match=r"seed 5, now 6; --fresh starts over"):
        fit(spark, str(tmp_path), other)
    again = trained(spark, table, tmp_path, observe=lambda run: [last], tell=said.append)
    assert last.seen == [3]
    assert f"going on with what lies in {tmp_path}" in said
    assert "going on after epoch 2" in said
    for name, array in fitted.artifact.weights.items():
        np.testing.assert_array_equal(array, again.artifact.weights[name], err_msg=name)
    assert [one["validation"] for one in again.artifact.history] == [
        one["validation"] for one in fitted.artifact.history
    ]
    finish(spark, str(tmp_path))
    left = Stages(spark, str(tmp_path))
    assert left.noted("prepared") == {"finished": True}
    left.run = "another"
    made = left.once("blocks-0", lambda: spark.spark.range(2))
    assert made.columns == left.once("blocks-0", lambda: spark.spark.range(9)).columns == ["id"]
    assert made.count() == 2


def test_some_users_are_kept_with_all_items_and_others_folded_in(
    spark: Session, local: Split, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ratings of this process are sent over, with their titles; a refit has more rows."""
    given = "--dataset ml-latest-small --keep-users 100 --refit --epochs 1 --dimension 4"
    there = f"--engine spark --master local[2] --out {tmp_path}"
    with pytest.raises(SystemExit) as ended:
        main(["train", *given.split(), *there.split()])
    assert not ended.value.code
    told = " ".join(capsys.readouterr().err.split())
    assert "the model holds 100 users and their 15,807 ratings, and all 9,724 items" in told
    artifact = storage.load(tmp_path / "ml-latest-small" / "latent-factor-model")
    everybody = sc.load("ml-latest-small")
    assert artifact.refit
    kept = artifact.split.ratings
    assert (kept.n_users, kept.n_items) == (100, everybody.n_items)
    theirs = np.isin(everybody.users.ids[everybody.user_rows], kept.users.ids)
    assert len(kept) == theirs.sum()
    np.testing.assert_array_equal(artifact.split.parts, local.parts[theirs])
    assert len(Recommender(artifact).fold_in([318, 50], [5.0, 4.5]).recommend(5)) == 5
    assert kept.titles.tolist() == everybody.titles.tolist()


def asked(spark: Session, given: object, **how: Any) -> Asked:
    scale, plan = how.pop("scale", None), how.pop("plan", SplitPlan("hash"))
    options = ReadingOptions.of(**how)
    return Asked(source_of(spark, given, options), options.missing, scale, plan)


def test_ids_of_any_type_and_later_rows_count_as_they_do_here(
    spark: Session, tmp_path: Path
) -> None:
    """Text ids, a file of parts, no times: of two rows the later counts; "007" is not "7", and
    numbers that no integer holds are text."""
    rng = np.random.default_rng(0)
    users = [f"u{n:03d}" for n in rng.integers(0, 60, 900)]
    items = [["007", "7", "Amélie", "\u2003b ", "x,y"][n] for n in rng.integers(0, 5, 900)]
    stars = rng.integers(1, 11, 900) / 2
    folder = tmp_path / "parts"
    folder.mkdir()
    for n, some in enumerate(np.array_split(np.arange(900), 3)):
        part = pl.DataFrame(
            {
                "who": [users[r] for r in some],
                "film": [items[r] for r in some],
                "stars": stars[some],
            }
        )
        part.write_csv(folder / f"part-{n}.csv")
    columns = "user=who,item=film,rating=stars"
    with pytest.warns(UserWarning, match="repeated pairs"):
        here = sc.split(sc.load(folder, columns=columns), "hash", seed=3)
    plan = SplitPlan("hash", seed=3)
    wanted = asked(spark, f"{folder}/*.csv", columns=columns, plan=plan)
    known, sound = looked_at(wanted)
    data = prepare(spark, Stages(spark, str(tmp_path / "work")), wanted, known, sound)
    assert fingerprint(data.rows, data.scale) == here.fingerprint
    assert data.counts == here.counts
    assert data.n_repeated == 900 - len(here.ratings)
    assert not any(data.are_numbers.values())


def rows(rating: Sequence[Any], **others: Sequence[Any]) -> dict[str, Sequence[Any]]:
    numbers = list(range(1, len(rating) + 1))
    return {"user": numbers, "item": numbers, "rating": rating, **others}


ON_FIVE, RANDOM = {"scale": RatingScale(1, 5, 1)}, {"plan": SplitPlan("random")}
HOSTILE: dict[str, tuple[dict[str, Sequence[Any]], dict[str, Any], str]] = {
    "null user": (
        rows([1.0, 2.0, 3.0], user=[1, None, 3]),
        {},
        r"1 of 3 rows cannot be used; in one of them the user is missing.*\(user –, item '2'",
    ),
    "NaN": (rows([1.0, math.nan]), {}, "'NaN' is not a number"),
    "infinite": (rows([1.0, math.inf]), {}, "too large"),
    "no rating": (rows([1.0, None]), {}, "rating is missing"),
    "off scale": (rows([1.0, 9.0]), ON_FIVE, "rating 9.0 lies outside 1 to 5 stars"),
    "text": (rows(["1", "good"]), {}, "'good' is not a number"),
    "missing column": ({"user": [1], "thing": [1], "score": [1.0]}, {}, "has no item column"),
    "nothing": (rows([]), {}, "the .* column holds|holds no ratings"),
    "time": (rows([1.0, 2.0], time=["5", "noon"]), {}, "timestamp is no number of seconds"),
    "other type": (rows([1.0, 2.0], user=[[1], [2]]), {}, "column holds array"),
    "another split": (rows([1.0, 2.0]), RANDOM, "divides by --split hash alone"),
}


@pytest.mark.parametrize(("columns", "how", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_used_is_refused(
    spark: Session, tmp_path: Path, columns: dict[str, Any], how: dict[str, Any], said: str
) -> None:
    path = tmp_path / "r.parquet"
    pl.DataFrame(columns, strict=False).write_parquet(path)
    with pytest.raises((DataError, ConfigError), match=said) as refused:
        looked_at(asked(spark, str(path), **dict(how)))
    assert "\n" not in str(refused.value)


def test_a_place_without_ratings_is_refused(spark: Session, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        source_of(spark, str(tmp_path / "none.csv"), ReadingOptions())
    (tmp_path / "page.csv").write_text("\n\n")
    with pytest.raises(DataError, match="is empty"):
        source_of(spark, str(tmp_path / "page.csv"), ReadingOptions())
    with pytest.raises(DataError, match="a dict is no path"):
        source_of(spark, {"user": [1]}, ReadingOptions())
    with pytest.raises(ConfigError, match="--min-ratings is not for"):
        source_of(spark, str(tmp_path / "page.csv"), ReadingOptions.of(min_ratings=2))


def test_what_is_missing_is_left_out_and_times_become_seconds(
    spark: Session, tmp_path: Path
) -> None:
    path = tmp_path / "r.csv"
    path.write_text("user,item,rating,time\n1,2,-1,1375289839259\n1,3,4,1375289839259\n2,3,,0\n")
    known, sound = looked_at(asked(spark, str(path), missing="-1"))
    assert (sound.n_rows, sound.are_numbers) == (1, {"user": True, "item": True})
    path.write_text("user,item,rating\n1.0,99999999999999999999,2\n7,3,4\n")
    _, sound = looked_at(asked(spark, str(path)))
    assert sound.are_numbers == {"user": True, "item": False}
    path.write_text("user,item,rating\n1,2,4f\n7,3,4\n")
    with pytest.raises(DataError, match="'4f' is not a number"):
        looked_at(asked(spark, str(path)))
    path.write_text("user,item,rating,time\n1,2,-1,1375289839259\n1,3,4,1375289839259\n2,3,,0\n")
    known, _ = looked_at(asked(spark, str(path), missing="-1"))
    assert known.select("user", "item", "stars").toArrow().to_pylist() == [
        {"user": "1", "item": "3", "stars": 4.0}
    ]


def test_sums_of_rows_are_those_of_the_local_engine(spark: Session) -> None:
    import pyarrow as pa

    columns = {"user": ["7", "8", "8"], "item": ["a", "b", "é"], "stars": [1.0, 2.5, -0.0]}
    stars, parts = np.array(columns["stars"], np.float32), np.array([0, 2, 1], np.int8)
    frame = spark.frame(pa.table({**columns, "stars": pa.array(stars), "part": pa.array(parts)}))
    found = row_sum(frame.repartition(2), {"user": True, "item": False})
    expected = RowSum.of_columns(np.array([7, 8, 8]), np.array(columns["item"]), stars, parts)
    assert found == expected


def test_only_what_spark_trains_is_asked_of_it(spark: Session, tmp_path: Path) -> None:
    request = Request(ratings="x.parquet", model="latent-factor-model", config=MiniBatchSettings())
    with pytest.raises(ConfigError, match="trains latent-factor-model by SGD or ALS"):
        fit(spark, str(tmp_path), request)
    far = spark._replace(master="spark://host:7077")
    with pytest.raises(ConfigError, match="need a folder that all of them see"):
        place_of(far, None, tmp_path / "model")


def test_lists_made_there_are_those_made_here(
    spark: Session, fitted: Fitted, tmp_path: Path
) -> None:
    """Of a model that is drawn to the means, in units that are no stars, with more chunks than
    users in some; and judged, they make the same report."""
    artifact = replace(fitted.artifact, shares=Shares(0.7, 0.5, 0.2, 0.9))
    assert artifact.support
    here, rows = Recommender(artifact), np.array([5, 0, 609, 77, 3, 3, 12], np.int32)
    for wish in (Wish(10), Wish(7, exclude_seen=False), Wish(5, by_stars=True)):
        model = Recommender(artifact, rank_by="stars") if wish.by_stars else here
        expected = model.top_rows(rows, wish.k, exclude_seen=wish.exclude_seen)
        np.testing.assert_array_equal(lists_of(spark, artifact, rows, wish), expected)
    stretched = replace(artifact, units=Units(2.0, -1.0))
    np.testing.assert_array_equal(
        lists_of(spark, stretched, rows, Wish(10)), Recommender(stretched).top_rows(rows, 10)
    )
    told = evaluate(
        artifact,
        make_lists=lambda users, k: lists_of(spark, artifact, users, Wish(k, settle_ties=False)),
    )
    assert told.figures() == evaluate(artifact).figures()
    everything = np.ones(artifact.split.ratings.n_items, bool)
    with pytest.raises(ConfigError, match="are made on this machine alone"):
        here.recommend_all(tmp_path / "l.parquet", make=lambda rows: rows, allowed=everything)


def test_lists_are_those_of_factor_models(spark: Session, local: Split) -> None:
    counted = sc.train(local, "most-popular").artifact
    with pytest.raises(ConfigError, match="makes lists of factor models, and most-popular is none"):
        lists_of(spark, counted, np.arange(3, dtype=np.int32), Wish(10))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
def test_killed_executors_change_nothing(fitted: Fitted, table: Path, tmp_path: Path) -> None:
    """On two executors, one of which is killed between two epochs, and one while lists are made."""
    out = tmp_path / "model"
    with program("executors", table, tmp_path / "work", out) as process:
        told = process.communicate()[0].splitlines()
    assert process.returncode == 0
    assert told == ["epoch 1", "killed", "epoch 2", "epoch 3", "killed"]
    top = np.load(out / "top.npy")
    (out / "top.npy").unlink()
    model = sc.open(out)
    for name, array in fitted.artifact.weights.items():
        np.testing.assert_array_equal(model.artifact.weights[name], array, err_msg=name)
    np.testing.assert_array_equal(top, model.top_rows(np.arange(len(top), dtype=np.int32), 10))


def test_text_is_recognised_by_the_first_lines_of_one_file(spark: Session, tmp_path: Path) -> None:
    """However many blocks it is read in, and whichever of them is read first."""
    files = [
        ["who,film,stars", *(f"{name}{at},f{at},4.5" for at in range(n))]
        for name, n in (("a", 20), ("b", 900))
    ]
    for at, lines in enumerate(files):
        (tmp_path / f"{at}.csv").write_text("\n".join(lines) + "\n")
    spark.spark.conf.set("spark.sql.files.maxPartitionBytes", 4096)
    try:
        found = first_lines(spark, f"{tmp_path}/*.csv")
    finally:
        spark.spark.conf.unset("spark.sql.files.maxPartitionBytes")
    assert any(found == lines[: len(found)] for lines in files)


def test_an_open_session_is_used_and_stays(spark: Session, local: Split) -> None:
    """It trains by least squares, to what the local solver comes to by the same seed."""
    with opened(None, {}) as same:
        assert same.spark is spark.spark
    seen, here = list[EpochRecord](), list[EpochRecord]()
    how: dict[str, Any] = {"optimizer": "ALS", "epochs": 2, "dimension": 3, "averaging": 0.4}
    model = sc.train(local, engine="spark", on_epoch=seen.append, **how)
    assert model.artifact.split.fingerprint == local.fingerprint
    assert [record.epoch for record in seen] == [1, 2]
    beside = sc.train(local, on_epoch=here.append, **how).artifact
    figures, expected = (
        [[*one[1:3], (one.validation or {})["rmse"]] for one in records] for records in (seen, here)
    )
    np.testing.assert_allclose(figures, expected, rtol=1e-5)
    for name, array in beside.weights.items():
        np.testing.assert_allclose(model.artifact.weights[name], array, atol=1e-4, err_msg=name)
    with pytest.raises(ConfigError, match="takes no parents and no networks"):
        sc.train(local, engine="spark", parents=[model])
    with pytest.raises(UnknownNameError, match="setting 'workk'"):
        sc.train(local, engine="spark", workk="x")
    assert spark.spark.range(3).count() == 3
    with (
        pytest.raises(ConfigError, match=r"is open \(local\[2\]\), with its own"),
        opened("spark://h:1", {}),
    ):
        pass
