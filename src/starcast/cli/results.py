"""The tables that close `starcast compare`, and its verdicts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from starcast.cli.show import console
from starcast.display import NO_FIGURE, Column
from starcast.evaluation import metrics
from starcast.evaluation.comparison.results_table import REMARK

if TYPE_CHECKING:
    from starcast.evaluation.comparison import Comparison

_ENDLESS = 10_000  # columns
_FEWEST = 2  # of a table: of what, and its first figure


def show(comparison: "Comparison", *, all_pairs: bool = False, explain: bool = False) -> None:
    """Print figures, best model first, then what they say; with definitions if asked."""
    for heading, columns in zip(comparison.headings(), comparison.tables(), strict=True):
        console.print(Text(f"\n{heading}", "bold"), soft_wrap=True)
        show_table(columns)
    for note in comparison.notes():
        console.print()
        console.print(note, soft_wrap=True)
    for line in comparison.sentences(all_pairs=all_pairs):
        is_verdict = not line.startswith(" ")
        console.print(Text(f"\n{line}" if is_verdict else line, "bold" if is_verdict else ""),
                      soft_wrap=True)  # fmt: skip
    if explain:
        every = [name for report in comparison.reports for name in report.figures()]
        for name in dict.fromkeys(every):
            console.print(Text(f"\n{name}", "bold"))
            console.print(metrics.explain(name))


def show_table(columns: Sequence[Column]) -> None:
    """A table of what the terminal has room for, and the names of the other columns."""
    shown = fitting(columns)
    console.print(table(shown))
    others = [one.name for one in columns if one not in shown and one.name != REMARK]
    if others:
        line = f"no room for {', '.join(others)}: a wider terminal or --json shows all"
        console.print(line, soft_wrap=True)


def fitting(columns: Sequence[Column]) -> list[Column]:
    """The columns that the terminal has room for, the first two at least.

    Remarks go first, as they are also said in words; then figures that the fewest models have, of
    such the last.
    """
    kept = list(columns)
    while len(kept) > _FEWEST and _width(kept) > console.width:
        kept.remove(min(reversed(kept[_FEWEST:]), key=_worth))
    return kept


def _width(columns: Sequence[Column]) -> int:
    endless = console.options.update(max_width=_ENDLESS)  # else the answer is cut to the terminal
    return console.measure(table(columns), options=endless).maximum


def _worth(column: Column) -> int:
    """How many models have a figure; -1 of remarks."""
    return -1 if column.name == REMARK else sum(cell != NO_FIGURE for cell in column.cells)


def table(columns: Sequence[Column]) -> Table:
    """Columns as a terminal shows them."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        header = _over_lines(column.name) if column.is_number else Text(column.name)
        made.add_column(header, justify="right" if column.is_number else "left", no_wrap=True)
    for cells in zip(*(column.cells for column in columns), strict=True):
        made.add_row(*cells)
    return made


def _over_lines(name: str) -> Text:
    return Text(name.replace("@", "\n@").replace(" ", "\n"))
