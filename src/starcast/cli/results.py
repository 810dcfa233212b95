"""The tables that close `starcast compare`, and its verdicts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from starcast.cli.show import console
from starcast.display import Column
from starcast.evaluation import metrics

if TYPE_CHECKING:
    from starcast.evaluation.comparison import Comparison

_ENDLESS = 10_000  # columns


def show(comparison: "Comparison", *, all_pairs: bool = False, explain: bool = False) -> None:
    """Print figures, best model first, then what they say; with definitions if asked."""
    for heading, columns in zip(comparison.headings(), comparison.tables(), strict=True):
        console.print(Text(f"\n{heading}", "bold"), soft_wrap=True)
        for part in fitting(columns):
            console.print(part)
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


def fitting(columns: Sequence[Column]) -> list[Table]:
    """One table, or as many as a narrow terminal needs, each with the models' names in front."""
    models, *figures = columns
    endless = console.options.update(max_width=_ENDLESS)  # else the answer is cut to the terminal
    tables: list[list[Column]] = []
    for column in figures:
        wider = [*(tables[-1] if tables else [models]), column]
        fits = console.measure(table(wider), options=endless).maximum <= console.width
        if tables and fits:
            tables[-1] = wider
        else:
            tables.append([models, column])
    return [table(one) for one in tables]


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
