"""The table that closes `starcast compare`, and its verdicts."""

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from starcast import metrics
from starcast.cli.show import console

if TYPE_CHECKING:
    from starcast.compare import Comparison

_EPOCHS, _TIME = "epochs", "time"
_ENDLESS = 10_000  # columns


def show(comparison: "Comparison", *, explain: bool = False) -> None:
    """Print figures, best model first, then what they say; with definitions if asked."""
    columns = _columns(comparison)
    lists = {name: cells for name, cells in columns.items() if "@" in name}
    others = {name: cells for name, cells in columns.items() if "@" not in name}
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
        for name in [name for name in columns if name not in (_EPOCHS, _TIME)]:
            console.print(Text(f"\n{name}", "bold"))
            console.print(metrics.explain(name))


def _columns(comparison: "Comparison") -> dict[str, list[str]]:
    """Cells of every column, best model first; RMSE with its 95 % interval."""
    from starcast.compare.record import seconds

    order = comparison.ranked()
    k = comparison.reports[0].k
    figures = [comparison.reports[n].figures() for n in order]
    artifacts = [comparison.reports[n].artifact for n in order]
    lists = ("Precision", "Recall", "F1", "NDCG", "Coverage")
    columns = {
        name: [_cell(values[name]) for values in figures]
        for name in ("RMSE", "MAE", "Accuracy", *(f"{name}@{k}" for name in lists))
    }
    columns["RMSE"] = [
        "{} ({:.3f}–{:.3f})".format(cell, *comparison.interval(n))
        for n, cell in zip(order, columns["RMSE"], strict=True)
    ]
    columns[_EPOCHS] = [f"{a.best_epoch}/{len(a.history)}" for a in artifacts]
    columns[_TIME] = [f"{seconds(artifact):.1f} s" for artifact in artifacts]
    return columns


def _cell(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else "–"  # no user has a list that long


def _table(comparison: "Comparison", columns: dict[str, list[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    for name in columns:
        table.add_column(name.replace("@", "\n@"), justify="right", no_wrap=True)
    for place, n in enumerate(comparison.ranked()):
        table.add_row(comparison.names[n], *(cells[place] for cells in columns.values()))
    return table
