"""Every work plans races that can be run, on data that is what it says."""

import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import curve
from benchmarks.crew import Worker, WorkerFailed
from benchmarks.held_out import held_out
from benchmarks.results import Entry, Race, Result
from benchmarks.serving import Factors, seen, some_users
from benchmarks.stage import Shape, Stage, known, read, require_real, some_rows, write
from benchmarks.synthetic import synthetic
from benchmarks.works import WORKS, load
from benchmarks.works.scale import SHAPES
from starcast.data.split import Split
from starcast.errors import DataError, UnknownNameError
from starcast.scoring import FactorScorer


class NoWorker:
    """Stands in where a plan has something prepared."""

    def __init__(self, *arguments: object) -> None:
        pass

    def run(self) -> None:
        pass

    def __enter__(self) -> "NoWorker":
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.mark.parametrize("name", WORKS)
def test_contestants_exist_and_take_their_settings(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "Worker", NoWorker)
    stage = Stage(tmp_path, tmp_path / "nothing", quick=True, alone=False)
    data, plans = WORKS[name].plan(stage)
    assert data
    assert plans
    for plan in plans:
        names = [contestant.name for contestant in plan.contestants]
        assert len(set(names)) == len(names)
        for contestant in plan.contestants:
            module, _, function = contestant.task.partition(":")
            prepare = getattr(importlib.import_module(f"benchmarks.contestants.{module}"), function)
            inspect.signature(prepare).bind(threads=1, **contestant.settings)
        for target in plan.targets:
            assert {target.contestant, target.against} - {""} <= set(names)


def test_works_are_chosen_by_name_in_the_order_of_the_page() -> None:
    assert [work.name for work in command.chosen("top, train")] == ["train", "top"]
    assert [work.name for work in command.chosen("")] == list(WORKS)
    with pytest.raises(UnknownNameError, match="unknown work 'tops': did you mean 'top'"):
        command.chosen("tops")


def test_missing_data_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"starcast data fetch ml-1m .* or ONLY=load,scale,"):
        require_real(tmp_path, ["load", "scale"])
    (tmp_path / "ml-1m").mkdir()
    require_real(tmp_path, [])


def test_a_split_survives_its_folder(planted_split: Split, tmp_path: Path) -> None:
    again = read(write(planted_split, tmp_path))
    assert again.fingerprint == planted_split.fingerprint
    assert again.ratings.titles.tolist() == planted_split.ratings.titles.tolist()
    assert len(known(again)) == len(planted_split.train) + len(planted_split.validation)


def test_some_rows_are_of_the_same_vocabularies(planted_split: Split) -> None:
    few = some_rows(planted_split.train, 7)
    assert (len(few), few.n_users) == (7, planted_split.train.n_users)
    assert some_rows(planted_split.train, None) is planted_split.train


def test_synthetic_ratings_have_their_shape_and_are_crowded() -> None:
    shape = Shape(5_000, 500, 300)
    first, again = (synthetic(shape.n_ratings, shape.n_users, shape.n_items, 3) for _ in range(2))
    assert (len(first), first.n_users, first.n_items) == (5_000, 500, 300)
    assert first.content_hash() == again.content_hash()
    assert set(np.unique(first.stars)) == set(np.arange(1, 11) / 2)
    for rows, n in ((first.user_rows, 500), (first.item_rows, 300)):
        counts = np.sort(np.bincount(rows, minlength=n))
        assert counts[-n // 10 :].sum() > 0.25 * len(first)  # the busiest tenth
    pairs = first.user_rows.astype(np.int64) * 300 + first.item_rows
    assert len(np.unique(pairs)) == 5_000


def test_held_out_rows_are_as_far_off_as_they_say() -> None:
    users, stars, scores = held_out(40_000)
    assert np.all(np.diff(users) >= 0)
    assert abs(np.sqrt(np.mean((stars - scores) ** 2)) - 0.85) < 0.02


def test_inner_products_of_factors_are_scores_less_the_mean(planted_split: Split) -> None:
    rng, n_users, n_items = np.random.default_rng(1), 40, 30
    shapes = {"mean": (), "user_factors": (n_users, 3), "item_factors": (n_items, 3),
              "user_bias": (n_users,), "item_bias": (n_items,)}  # fmt: skip
    weights = {
        name: np.asarray(rng.normal(size=shape), np.float32) for name, shape in shapes.items()
    }
    user, item = Factors.of(weights)
    users = np.arange(n_users, dtype=np.int32)
    wanted = FactorScorer(weights).score_all(users) - weights["mean"]
    np.testing.assert_allclose(user @ item.T, wanted, rtol=1e-4, atol=1e-5)


def test_seen_items_are_those_of_training_and_validation(planted_split: Split) -> None:
    items, starts = seen(planted_split)
    rows = known(planted_split)
    for user in (0, 17, 39):
        own = items[starts[user] : starts[user + 1]]
        assert own.tolist() == rows.item_rows[rows.user_rows == user].tolist()


def test_some_users_are_the_same_for_everybody() -> None:
    assert some_users(5, 9).tolist() == [0, 1, 2, 3, 4]
    few = some_users(1000, 9)
    assert few.tolist() == some_users(1000, 9).tolist()
    assert len(set(few.tolist())) == 9


def test_a_worker_prepares_runs_and_says_why_it_failed() -> None:
    settings = {"n_rows": 300, "of_rows": 600}
    with Worker("plain_python:metrics", settings, 1) as worker:
        assert set(worker.run()) == {"time"}
    with pytest.raises(WorkerFailed, match=r"TypeError.*n_rows"):
        Worker("plain_python:metrics", {}, 1)


def test_the_curve_follows_the_sizes(tmp_path: Path) -> None:
    entries = [
        Entry(name=f"{name} ratings", threads=2,
              figures={"time": (n * 1e-9,), "bytes per rating": (10.0 * n,)})
        for n, name in enumerate(reversed(SHAPES), start=1)
    ]  # fmt: skip
    race = Race(title="Deep, d 32", unit="ns per rating", entries=tuple(entries))
    sizes, values = curve.points(race, "bytes per rating")
    assert sizes == sorted(shape.n_ratings for shape in SHAPES.values())
    assert values == [50, 40, 30, 20, 10]
    result = Result(work="scale", title="", command="", data="",
                    circumstances={"processor": "2 cores of X"}, races=(race,))  # fmt: skip
    assert [path.name for path in curve.write(result, tmp_path)] == [
        "benchmarks-scale.png",
        "benchmarks-scale.svg",
    ]
    assert curve.around(3, 40) == [2, 5, 10, 20, 50]
    assert curve.apart([0, 2, 10], 5) == [-1, 4, 9]
