"""Studies of a function whose lowest point is known: what is proposed, pruned and kept."""

import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from starcast.engines.settings import SgdSettings
from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.metrics import LISTS, STARS, Objective
from starcast.training.tuning.records import COMPLETE, ENDED, FAILED, PRUNED, Searched
from starcast.training.tuning.sampling import How, pruner_of
from starcast.training.tuning.space import Options, Range, Space
from starcast.training.tuning.study import Reporter, Study, open_storage

MODEL = "latent-factor-model"
SPACE = Space(
    SgdSettings(learning_rate=0.1, dimension=8, regularization_factor=0.05),
    {
        "learning_rate": Range(0.001, 1.0, is_log=True),
        "dimension": Range(2, 40, is_whole=True),
        "averaging": Options((0.0, 0.5)),
    },
    {},
)


def value(settings: dict[str, Any]) -> float:
    """Lowest, 0, at a learning rate of 0.02, and a dimension of 30, which matters little."""
    rate = math.log10(settings["learning_rate"] / 0.02)
    return float(rate**2 + ((settings["dimension"] - 30) / 100) ** 2)


HOW = How(seed=1)


def begun(file: Path, how: How = HOW, objective: Objective = STARS, **terms: Any) -> Study:
    return Study(open_storage(file), MODEL, objective, SPACE, how, {"split": "a", **terms})


def run(study: Study, n: int) -> Searched:
    for _ in range(n):
        number, settings = study.propose()
        study.finish(number, COMPLETE, value=value(settings), seconds=1.0)
    return study.searched()


def test_the_first_trial_has_the_defaults_and_the_best_is_near_the_lowest_point(
    tmp_path: Path,
) -> None:
    found = run(begun(tmp_path / "a.db"), 30)
    first = found.trials[0]
    assert first.settings == {"learning_rate": 0.1, "dimension": 8, "averaging": 0.0}
    assert [one.number for one in found.trials if one.is_start] == [0]
    assert found.start == first
    assert first.value == pytest.approx(math.log10(5) ** 2 + 0.0484)
    assert found.best is not None
    assert found.best.settings["learning_rate"] == pytest.approx(0.02, rel=0.5)
    assert found.best.value == min(one.value for one in found.trials if one.value is not None)
    assert sum(found.importances.values()) == pytest.approx(1)
    assert next(iter(found.importances)) == "learning_rate"
    for one in found.trials:
        rate = one.settings["learning_rate"]
        assert float(f"{rate:.4g}") == rate
        assert 0.001 <= rate <= 1
        assert isinstance(one.settings["dimension"], int)


@pytest.mark.long
def test_random_settings_are_spread_over_the_space_and_by_its_scale(tmp_path: Path) -> None:
    found = run(begun(tmp_path / "a.db", How("random", "none", seed=3)), 61)
    rates = sorted(one.settings["learning_rate"] for one in found.trials[1:])
    assert 0.015 < rates[30] < 0.07  # the middle of the scale is 0.032, of the range 0.5
    assert len(set(rates)) == 60
    assert {one.settings["averaging"] for one in found.trials} == {0.0, 0.5}


def test_of_list_models_the_highest_is_the_best(tmp_path: Path) -> None:
    study = begun(tmp_path / "a.db", objective=LISTS)
    for figure in (0.2, 0.4, 0.4, 0.3):
        study.finish(study.propose()[0], COMPLETE, value=figure)
    best = study.searched().best
    assert best is not None
    assert (best.number, best.value) == (1, 0.4)


@pytest.mark.parametrize("sampler", ["tpe", pytest.param("random", marks=pytest.mark.long)])
def test_a_search_that_was_ended_goes_on_as_it_would_have_gone_on(
    tmp_path: Path, sampler: str
) -> None:
    how = How(sampler, "median", seed=5)
    whole = run(begun(tmp_path / "whole.db", how), 12)
    run(begun(tmp_path / "parts.db", how), 6)
    begun(tmp_path / "parts.db", how).propose()  # and the process is killed
    again = begun(tmp_path / "parts.db", how)
    again.forget_unfinished()
    found = run(again, 6)
    kept = [one for one in found.trials if one.state != ENDED]
    assert [one.settings for one in kept] == [one.settings for one in whole.trials]
    assert [one.value for one in kept] == [one.value for one in whole.trials]
    ended = [one for one in found.trials if one.state == ENDED]
    assert [(one.number, one.why) for one in ended] == [(6, "its process was ended")]
    assert ended[0].settings == whole.trials[6].settings
    other = run(begun(tmp_path / "other.db", How(sampler, "median", seed=6)), 12)
    assert [one.settings for one in other.trials] != [one.settings for one in whole.trials]


def test_defaults_that_were_ended_are_tried_again(tmp_path: Path) -> None:
    begun(tmp_path / "a.db").propose()
    study = begun(tmp_path / "a.db")
    study.forget_unfinished()
    found = run(study, 2)
    assert [one.state for one in found.trials] == [ENDED, COMPLETE, COMPLETE]
    assert found.start == found.trials[1]
    assert found.trials[1].settings == found.trials[0].settings
    assert found.trials[2].settings != found.trials[0].settings


def told(
    study: Study, file: Path, pruner: str, curve: list[float], most: int | None = None
) -> tuple[int, int | None]:
    """The number of a trial with that curve, and the epoch in which it is given up."""
    number, _ = study.propose()
    report = Reporter(open_storage(file), MODEL, pruner_of(pruner, most), number)
    for epoch, figure in enumerate(curve, start=1):
        if report(epoch, figure):
            study.finish(number, PRUNED)
            return number, epoch
    study.finish(number, COMPLETE, value=min(curve))
    return number, None


CURVES = [[2 - 0.1 * n - 0.01 * epoch for epoch in range(9)] for n in range(5)]


def test_the_median_pruner_gives_up_what_lags_behind(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    study = begun(file)
    assert [told(study, file, "median", curve)[1] for curve in CURVES] == [None] * 5
    assert told(study, file, "median", [3.0 - 0.01 * n for n in range(9)])[1] == 8
    assert told(study, file, "median", [1.0 - 0.01 * n for n in range(9)])[1] is None
    late = [3.0] * 7 + [1.0] * 2  # better in time
    assert told(study, file, "median", late)[1] is None
    slow = [3.0] * 8 + [1.0]  # of 36 epochs the first nine are spared
    assert told(study, file, "median", slow, most=36)[1] is None
    assert told(study, file, "median", slow, most=32)[1] == 8
    pruned = study.searched().trials[5]
    assert (pruned.state, pruned.value, len(pruned.curve)) == (PRUNED, None, 8)


@pytest.mark.long
def test_successive_halving_keeps_a_fourth_and_no_pruner_all(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    study = begun(file, How(pruner="halving"))
    curves = [[float(n)] * 40 for n in (3, 1, 2, 4, 5)]
    ends = [told(study, file, "halving", curve)[1] for curve in curves]
    assert ends[1] is None  # the best goes to its end
    assert ends[3] is not None
    assert ends[4] is not None
    all_kept = begun(tmp_path / "b.db", How(pruner="none"))
    curves = [*CURVES, [9.0] * 30]
    assert [told(all_kept, tmp_path / "b.db", "none", one)[1] for one in curves] == [None] * 6


def test_of_list_models_what_is_lower_lags_behind(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    study = begun(file, objective=LISTS)
    for curve in CURVES:
        assert told(study, file, "median", curve)[1] is None
    assert told(study, file, "median", [3.0] * 9)[1] is None
    assert told(study, file, "median", [0.1] * 9)[1] == 8


def test_failures_are_told_of_and_are_never_the_best(tmp_path: Path) -> None:
    study = begun(tmp_path / "a.db")
    study.finish(study.propose()[0], FAILED, why="the loss is no longer a number")
    assert study.searched().best is None
    assert study.searched().start is None
    study.finish(study.propose()[0], COMPLETE, value=3.0)
    found = study.searched()
    assert [one.why for one in found.trials] == ["the loss is no longer a number", ""]
    assert found.best == found.trials[1]
    assert found.count(FAILED, COMPLETE) == 2


def test_a_search_on_other_terms_is_refused(tmp_path: Path) -> None:
    begun(tmp_path / "a.db", space="x")
    begun(tmp_path / "a.db", space="x")
    with pytest.raises(ConfigError, match="begun with other split, space; --name keeps both"):
        Study(
            open_storage(tmp_path / "a.db"),
            MODEL,
            STARS,
            SPACE,
            How(),
            {"split": "b"} | {"space": 1},
        )


def test_what_is_no_database_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database at all, but a text of some length\n" * 9)
    with pytest.raises(ConfigError, match=r"a\.db cannot be used for a search: .*--fresh") as error:
        open_storage(tmp_path / "a.db")
    assert "\n" not in str(error.value)
    with pytest.raises(ConfigError, match=r"b\.db cannot be used"):
        open_storage(tmp_path / "none" / "b.db")


def test_a_database_that_can_no_longer_be_written_is_told_of_in_a_line(tmp_path: Path) -> None:
    study = begun(tmp_path / "a.db")
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("DROP TABLE trials")
    database.close()
    with pytest.raises(ConfigError, match=r"cannot write .*a\.db: .*no such table") as error:
        study.propose()
    assert "\n" not in str(error.value)


def test_there_are_no_other_ways() -> None:
    with pytest.raises(UnknownNameError, match="unknown sampler 'grid'"):
        How(sampler="grid").check()
    with pytest.raises(UnknownNameError, match="did you mean 'median'"):
        How(pruner="medium").check()
