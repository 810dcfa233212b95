"""The page from results made by hand; every figure in it can be worked out in the head."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.report import measured, race_rows, render, verdict
from benchmarks.results import Entry, Race, Result, Target
from benchmarks.units import figures, show

OURS = Entry(
    name="Starcast", threads=2, figures={"time": (0.35, 0.1, 0.2), "test RMSE": (0.85, 0.84, 0.86)}
)
THEIRS = Entry(name="Other|wise", threads=1, figures={"time": (0.4, 0.6)}, note="as it comes")
ABSENT = Entry(name="Absent", threads=1, figures={}, failed="no compiler")


def race(*targets: Target, unit: str = "time") -> Race:
    return Race(title="To weights", unit=unit, entries=(OURS, THEIRS, ABSENT), targets=targets,
                note="all day long")  # fmt: skip


def result(*targets: Target) -> Result:
    return Result(
        work="train",
        title="Training",
        command="make bench ONLY=train",
        data="seven ratings",
        circumstances={"commit": "abc", "date": "2026-01-02"},
        races=(race(*targets),),
    )


def test_rows_hold_medians_ranges_and_ratios() -> None:
    assert list(race_rows(race())) == [
        ["contestant", "threads", "median", "range", "×", "test RMSE"],
        ["Starcast", "2", "200 ms", "100 ms – 350 ms, 3 rounds", "", "0.85"],
        ["Other|wise", "1", "500 ms", "400 ms – 600 ms, 2 rounds", "2.50", ""],
        ["Absent", "", "did not run", "", "", ""],
    ]


def test_without_the_first_there_are_no_ratios() -> None:
    without = Race(title="t", unit="time", entries=(ABSENT, THEIRS))
    assert [row[4] for row in race_rows(without)] == ["×", "", ""]


TARGETS: list[tuple[dict[str, Any], str, str, bool | None]] = [
    ({"at_most": 0.2}, "≤ 200 ms", "200 ms", True),
    ({"at_most": 0.19}, "≤ 190 ms", "200 ms", False),
    ({"at_most": 0.5, "against": "Other|wise"}, "2 × faster than Other|wise", "2.50 × faster",
     True),
    ({"at_most": 0.1, "against": "Other|wise"}, "10 × faster than Other|wise", "2.50 × faster",
     False),
    ({"at_most": 1, "against": "Other|wise"}, "faster than Other|wise", "2.50 × faster", True),
    ({"at_most": 1.3, "against": "Other|wise"}, "time ≤ 1.3 × that of Other|wise", "0.4 ×", True),
    ({"at_most": 0.85, "figure": "test RMSE"}, "test RMSE ≤ 0.85", "0.85", True),
    ({"at_most": 0.8487, "figure": "test RMSE"}, "test RMSE ≤ 0.8487", "0.85", False),
    ({"at_most": 1, "figure": "peak GB"}, "peak GB ≤ 1", "–", None),
    ({"at_most": 1, "against": "Absent"}, "faster than Absent", "–", None),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "words", "got", "met"), TARGETS)
def test_a_target_says_what_is_wanted_got_and_whether_it_is_met(
    settings: dict[str, Any], words: str, got: str, met: bool | None
) -> None:
    target = Target(contestant="Starcast", **settings)
    assert target.text("time") == words
    assert measured(target, race()) == got
    assert verdict(target, race()) is met


def test_being_slower_is_said_as_such() -> None:
    target = Target(contestant="Other|wise", at_most=1, against="Starcast")
    assert measured(target, race()) == "2.50 × slower"
    assert verdict(target, race()) is False


def test_the_page_holds_targets_tables_notes_and_circumstances() -> None:
    page = render([result(Target(contestant="Starcast", at_most=0.2))])
    for line in (
        "1 of 1 are met.",
        "| [train](#train): To weights | ≤ 200 ms | 200 ms | met |",
        "## train",
        "**Training.** Data: seven ratings.",
        "| Other\\|wise | 1 | 500 ms | 400 ms – 600 ms, 2 rounds | 2.50 |  |",
        "- all day long",
        "- Absent did not run: no compiler",
        "`make bench ONLY=train`; commit abc; date 2026-01-02.",
    ):
        assert line in page.splitlines(), line
    assert "images/" not in page


def test_a_page_of_nothing_has_no_targets() -> None:
    assert "0 of 0 are met." in render([])


def test_results_survive_their_file(tmp_path: Path) -> None:
    before = result(Target(contestant="Starcast", at_most=0.2))
    path = before.write(tmp_path / "new")
    assert path.name == "train.json"
    assert Result.read(path) == before
    assert [found.name for found in path.parent.iterdir()] == ["train.json"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (0.001234, "0.00123"), (0.25, "0.250"), (9.996, "10.0"), (12.345, "12.3"),
     (99.4, "99.4"), (123.4, "123"), (1234.5, "1,234"), (2e6, "2,000,000")],
)  # fmt: skip
def test_figures_have_three_digits(number: float, text: str) -> None:
    assert figures(number) == text


@pytest.mark.parametrize(
    ("seconds", "unit", "text"),
    [(59.0, "time", "59.0 s"), (1.0, "time", "1.00 s"), (0.12, "time", "120 ms"),
     (45e-6, "time", "45.0 µs"), (155e-9, "ns per rating", "155 ns"),
     (1 / 30e6, "M pairs/s", "30.0 M/s")],
)  # fmt: skip
def test_durations_are_shown_as_is_usual(seconds: float, unit: str, text: str) -> None:
    assert show(seconds, unit) == text


def test_a_rate_is_wanted_from_below() -> None:
    target = Target(contestant="Starcast", at_most=1 / 30e6)
    assert target.text("M pairs/s") == "≥ 30.0 M/s"
