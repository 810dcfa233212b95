"""What `starcast blend --for lists` tells: what each part reaches, and what the mix looks at."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from starcast.artifacts.artifact import Artifact

_NOTHING = 5e-4  # what a coefficient is rounded to


def show_list_blend(blended: "Artifact", folders: Sequence[Path]) -> None:
    """A line for each part and one for the whole; the coefficients; whether trees were grown."""
    from rich.table import Table
    from rich.text import Text

    from starcast import models
    from starcast.cli.show import console, note
    from starcast.evaluation.metrics import LIST_METRICS, TITLES

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    table.add_column("from", overflow="fold")
    for title in ("RMSE", *(TITLES[name] for name in LIST_METRICS)):
        table.add_column(Text(f"validation\n{title}"), justify="right", no_wrap=True)
    for part, folder in zip(blended.parts, folders, strict=True):
        figures = (part["validation_rmse"], *(part["validation"][name] for name in LIST_METRICS))
        table.add_row(
            models.find(part["model"]).title, str(folder), *(f"{value:.4f}" for value in figures)
        )
    record = blended.history[0]
    rmse = min(part["validation_rmse"] for part in blended.parts)
    reached = (record["validation"][name] for name in LIST_METRICS)
    table.add_row(
        blended.title, "each user unseen", *(f"{value:.4f}" for value in (rmse, *reached))
    )
    console.print(table)
    console.print(_coefficients(record["coefficients"]))
    trees = record["trees"]
    note(f"{trees} trees beside the coefficients" if trees else "no trees; --trees grows them")


def _coefficients(found: dict[str, float]) -> "Table":
    """Those that order anything, by name."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("feature", no_wrap=True)
    table.add_column("coefficient", justify="right", no_wrap=True)
    for name, value in found.items():
        if abs(value) > _NOTHING:
            table.add_row(name, f"{value:+.3f}")
    return table
