"""The leak, side by side: a transfer ensemble from parents of another split, and of the same split.

    python tools/honest_transfer.py --dataset ml-1m --data-dir datasets

The 2018 system re-shuffled for every run, so the parents of its ensemble had been trained on most
of the ensemble's test ratings. This command repeats that mistake on purpose, beside the right way.
"""

from pathlib import Path
from typing import Annotated

import typer
from one_line import run_tool
from rich.console import Console
from rich.table import Table

from starcast.artifacts.artifact import Artifact
from starcast.data.load import load
from starcast.data.split import SplitPlan
from starcast.evaluation.report import evaluate
from starcast.models import find
from starcast.training.fit import fit
from starcast.training.parents import leak_between, parent_config

ENSEMBLE = "ensemble-transfer-learning"


def main(
    dataset: Annotated[str, typer.Option(help="A data set by name.")] = "ml-latest-small",
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    seed: Annotated[int, typer.Option(help="Of the split that judges.")] = 42,
    other_seed: Annotated[int, typer.Option(help="Of the other split.")] = 2018,
) -> None:
    """Train the transfer ensemble twice, with an honest and with a leaky pair of parents."""
    ratings = load(dataset, data_dir, mirror=mirror)
    judge, other = (SplitPlan(seed=n).divide(ratings) for n in (seed, other_seed))
    model, console = find(ENSEMBLE), Console(width=100)
    config = model.settings()
    console.print(repr(ratings), soft_wrap=True, highlight=False)
    table = Table("parents trained on", "model", "test RMSE", box=None, pad_edge=False)
    for split in (judge, other):
        parents = [fit(split, name, parent_config(model, name, config)) for name in model.parents]
        leak = leak_between(judge, parents)
        ensemble = fit(judge, ENSEMBLE, config, parents=parents, leak=leak)
        label = "another split" if leak else "the same split"
        for artifact in (*parents, ensemble):
            table.add_row(label, artifact.title, _test_rmse(artifact))
        if leak:
            console.print(f"LEAKY: {leak}", soft_wrap=True, highlight=False)
    console.print(table, highlight=False)


def _test_rmse(artifact: Artifact) -> str:
    return f"{evaluate(artifact).rmse:.4f}"


if __name__ == "__main__":
    run_tool("honest_transfer", main)
