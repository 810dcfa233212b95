"""Tables in terminals of any width: one block each, and what it has no room for is named."""

import io

import pytest
from rich.console import Console

from starcast.cli import results
from starcast.display import NO_FIGURE, Column
from starcast.evaluation.comparison.results_table import REMARK

FEW = ["Log loss", "CRPS", "Coverage of 80 %"]  # which one model alone tells
HELD_OUT = ["Held-out Precision@10", "Held-out Recall@10", "Held-out F1@10"]


def stars() -> list[Column]:
    """As wide as the table of all models: 115 characters, and 26 for remarks."""
    models = ["Bayesian factor", "Ensemble, transfer", "Item-item"]
    return [
        Column("model", models, is_number=False),
        Column("RMSE", ["0.8090 (0.784–0.836)"] * 3),
        *(Column(name, ["0.6169"] * 3) for name in ("MAE", "Accuracy")),
        *(Column(name, ["1.7135", NO_FIGURE, NO_FIGURE]) for name in FEW),
        *(Column(name, ["0.7445"] * 3) for name in HELD_OUT),
        Column(REMARK, ["", "", "as Means, made for lists"], is_number=False),
    ]


def printed(columns: list[Column], width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    monkeypatch.setattr(results, "console", console)
    results.show_table(columns)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (150, []),
        (120, [REMARK]),
        (114, [FEW[2], REMARK]),
        (100, [*FEW[1:], REMARK]),
        (80, [*FEW, HELD_OUT[2], REMARK]),
        (20, ["MAE", "Accuracy", *FEW, *HELD_OUT, REMARK]),
    ],
)
def test_remarks_go_first_then_what_few_models_have_then_the_last(
    width: int, left_out: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "console", Console(file=io.StringIO(), width=width))
    kept = [column.name for column in results.fitting(stars())]
    assert kept == [column.name for column in stars() if column.name not in left_out]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_table_is_one_block_and_no_line_is_cut(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line for line in printed(stars(), width, monkeypatch) if "no room" not in line]
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    assert sum(line.startswith("model ") for line in lines) == 1


def test_figures_without_room_are_named_and_remarks_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert printed(stars(), 120, monkeypatch)[-1].startswith("Item-item ")
    *_, last = printed(stars(), 110, monkeypatch)
    assert last == "no room for Coverage of 80 %: a wider terminal or --json shows all"


def test_columns_of_equal_worth_leave_from_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    # of the live comparison, say, where every figure is of every model
    columns = [Column("model", ["A"], is_number=False)]
    columns += [Column(name, ["0.5"]) for name in ("clicks", "stars", "saves")]
    monkeypatch.setattr(results, "console", Console(file=io.StringIO(), width=22))
    assert [one.name for one in results.fitting(columns)] == ["model", "clicks", "stars"]
