"""The table that closes `starcast compare`, and its verdicts."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from starcast.cli.show import console
from starcast.evaluation import metrics
from starcast.evaluation.comparison.results_table import EPOCHS, TIME

if TYPE_CHECKING:
    from starcast.evaluation.comparison import Comparison

_ENDLESS = 10_000  # columns


def show(comparison: "Comparison", *, explain: bool = False) -> None:
    """Print figures, best model first, then what they say; with definitions if asked."""
    columns = comparison.cells()
    lists = {name: column for name, column in columns.items() if "@" in name}
    others = {name: column for name, column in columns.items() if "@" not in name}
    whole = _table(comparison, columns)
    endless = console.options.update(max_width=_ENDLESS)  # else the answer is cut to the terminal
    fits = console.measure(whole, options=endless).maximum <= console.width
    for table in [whole] if fits else [_table(comparison, others), _table(comparison, lists)]:
        console.print()
        console.print(table)
    console.print(Text(f"\n{comparison.verdict()}", "bold"), soft_wrap=True)
    for pair in comparison.pairs():
        console.print(f"  {pair.verdict}", soft_wrap=True)
    if explain:
        for name in [name for name in columns if name not in (EPOCHS, TIME)]:
            console.print(Text(f"\n{name}", "bold"))
            console.print(metrics.explain(name))


def _table(comparison: "Comparison", columns: dict[str, list[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    for name in columns:
        table.add_column(Text(name.replace("@", "\n@")), justify="right", no_wrap=True)
    for place, n in enumerate(comparison.ranked()):
        table.add_row(comparison.names[n], *(column[place] for column in columns.values()))
    return table
