"""How good folding in is: people the model never saw, beside the same people trained for.

    python tools/fold_in_quality.py --dataset ml-1m --data-dir datasets

A tenth of the users are guests. One model is trained without them; half of each person's ratings
are folded in, and the other half judges. Another model is trained with the first half as well, and
predicts the same ratings as usual. Nothing is chosen on the judged halves: `--guests 2` picks
another tenth, on which the settings in starcast/scoring were chosen.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple, Self

import numpy as np
import typer
from numpy.typing import NDArray
from one_line import run_tool
from rich.console import Console
from rich.table import Table

from starcast.artifacts.artifact import Artifact
from starcast.data.load import load
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.evaluation.metrics import rmse
from starcast.models import MODELS, find
from starcast.recommend import Recommender
from starcast.training.fit import fit

N_GROUPS = 10
_VALIDATION = 0.1  # of the ratings of all others, in both trainings
Mask = NDArray[np.bool_]


class Trial(NamedTuple):
    """Who the guests are, and the two splits.

    Attributes:
        given, judged: bool (n,), the halves of the guests' ratings.
        without: the split in which no person's rating trains or validates.
        within: the split in which the given half trains.
    """

    given: Mask
    judged: Mask
    without: Split
    within: Split

    @classmethod
    def of(cls, ratings: Ratings, group: int, seed: int) -> Self:
        """The trial whose guests are one of ten groups of users, counted from 1."""
        rng = np.random.default_rng([seed, 0])
        group_of = rng.permutation(ratings.n_users) % N_GROUPS + 1
        is_guest = (group_of == group)[ratings.user_rows]
        order = rng.permutation(len(ratings))
        order = order[np.argsort(ratings.user_rows[order], kind="stable")]
        starts = np.searchsorted(ratings.user_rows, ratings.user_rows)
        is_even = np.empty(len(ratings), bool)
        is_even[order] = (np.arange(len(ratings)) - starts) % 2 == 0  # by turns, in random order
        given, judged = is_guest & is_even, is_guest & ~is_even
        is_validation = ~is_guest & (rng.random(len(ratings)) < _VALIDATION)
        scheme = f"guests {group}/{N_GROUPS} seed={seed}"
        without = Split.of(ratings, is_guest, is_validation, scheme)
        within = Split.of(ratings, judged, is_validation, f"{scheme}, half given")
        return cls(given, judged, without, within)


def folded_in(artifact: Artifact, trial: Trial) -> NDArray[np.float32]:
    """Predictions of the judged ratings, each person known by the given half."""
    recommender, ratings = Recommender(artifact), trial.without.ratings
    item_ids = ratings.items.ids[ratings.item_rows]
    predictions = np.zeros(len(ratings), np.float32)
    for user in np.unique(ratings.user_rows[trial.judged]):
        own = ratings.user_rows == user
        given, judged = own & trial.given, own & trial.judged
        person = recommender.fold_in(item_ids[given], ratings.stars[given])
        predictions[judged] = person.predict(item_ids[judged])
    return predictions[trial.judged]


def stored(artifact: Artifact, trial: Trial) -> NDArray[np.float32]:
    """Predictions of the judged ratings by the weights of a model."""
    rows = trial.within.ratings.take(trial.judged)
    return rows.scale.clip(artifact.scorer.score_pairs(rows.user_rows, rows.item_rows))


@cache
def trained(name: str, split: Split, seed: int) -> Artifact:
    """A model with its defaults; its parents, too, which have the same dimension and layers."""
    parents = [trained(parent, split, seed) for parent in find(name).parents]
    return fit(split, name, find(name).settings(), seed=seed, parents=parents)


def main(
    dataset: Annotated[str, typer.Option(help="A data set by name.")] = "ml-latest-small",
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Models by name; all if none.")] = None,
    guests: Annotated[int, typer.Option(min=1, max=N_GROUPS, help="Which tenth of users.")] = 1,
    seed: Annotated[int, typer.Option(help="Of groups, halves and training.")] = 42,
) -> None:
    """RMSE on the judged halves: of people folded in, and of the same people trained for."""
    ratings, console = load(dataset, data_dir, mirror=mirror), Console(width=110, highlight=False)
    trial = Trial.of(ratings, guests, seed)
    stars = ratings.stars[trial.judged]
    n_guests = len(np.unique(ratings.user_rows[trial.given]))
    console.print(repr(ratings), soft_wrap=True)
    console.print(
        f"guests: tenth {guests}, {n_guests:,} users, {np.count_nonzero(trial.given):,} ratings "
        f"given, {len(stars):,} judged; seed {seed}",
        soft_wrap=True,
    )
    table = Table("RMSE", "unknown", "folded in", "trained for", box=None, pad_edge=False)
    for name in model or MODELS:
        without, within = trained(name, trial.without, seed), trained(name, trial.within, seed)
        nobody = trial._replace(given=np.zeros(len(ratings), bool))
        told = folded_in(without, nobody), folded_in(without, trial), stored(within, trial)
        table.add_row(find(name).title, *(f"{rmse(stars, one):.4f}" for one in told))
    console.print(table)


if __name__ == "__main__":
    run_tool("fold_in_quality", main)
