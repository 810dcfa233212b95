"""The table that closes `starcast compare`, and its verdicts."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from starcast import metrics
from starcast.cli.show import console

if TYPE_CHECKING:
    from starcast.compare import Comparison

_WIDE = 112  # columns that the whole table needs; narrower terminals get it in two


def show(comparison: "Comparison", *, explain: bool = False) -> None:
    """Print figures, best model first, then what they say; with definitions if asked."""
    columns = _columns(comparison)
    stars = [name for name in columns if "@" not in name]
    lists = [name for name in columns if "@" in name]
    console.print()
    for names in [[*stars[:3], *lists, *stars[3:]]] if console.width >= _WIDE else [stars, lists]:
        console.print(_table(comparison, {name: columns[name] for name in names}))
    console.print(Text(f"\n{comparison.verdict()}", "bold"), soft_wrap=True)
    for pair in comparison.pairs():
        console.print(f"  {pair.verdict}", soft_wrap=True)
    if explain:
        for name in (*stars[:3], *lists):
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
        name: [f"{values[name]:.4f}" for values in figures]
        for name in ("RMSE", "MAE", "Accuracy", *(f"{name}@{k}" for name in lists))
    }
    columns["RMSE"] = [
        "{} ({:.4f} to {:.4f})".format(cell, *comparison.interval(n))
        for n, cell in zip(order, columns["RMSE"], strict=True)
    ]
    columns["epochs"] = [f"{a.best_epoch}/{len(a.history)}" for a in artifacts]
    columns["seconds"] = [f"{seconds(artifact):.1f}" for artifact in artifacts]
    return columns


def _table(comparison: "Comparison", columns: dict[str, list[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    for name in columns:
        table.add_column(name.replace("@", "\n@"), justify="right", no_wrap=True)
    for place, n in enumerate(comparison.ranked()):
        table.add_row(comparison.names[n], *(cells[place] for cells in columns.values()))
    return table
