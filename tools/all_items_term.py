"""Whether the latent factor model by ALS gains from a term over all items (Steck 2010).

    python tools/all_items_term.py --dataset ml-100k

Every pair that was not rated counts as a rating of --low stars with a small weight w:

    Σ_rated (r_ui - s_ui)² + w Σ_others (low - s_ui)² + λ Σ_u n_u (|p_u|² + b_u²) + …,
    s_ui = low + b_u + b_i + p_u · q_i, and n_u = ratings of u + w · the other items

and likewise for items. By ten sweeps of plain NumPy, for each w and λ; figures are of validation
rows, beside those of the models that Starcast trains, with their defaults. Nothing opens the test
rows.

Source: Steck 2010, Training and testing of recommender systems on data missing not at random, eq. 4
and 6; biases as in our ALS.
"""

from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray
from one_line import run_tool

from starcast.data.load import load
from starcast.data.ratings import Ratings
from starcast.data.split import Split, SplitPlan
from starcast.engines.rows import SparseRows
from starcast.evaluation import metrics
from starcast.evaluation.list_size import LIST_SIZE
from starcast.training.fit import fit
from starcast.training.quality import ListJudge

SWEEPS = 10
WEIGHTS = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
PENALTIES = (0.02, 0.05, 0.1, 0.2)
BESIDE = ("latent-factor-model", "implicit-factor-model", "item-item-model")
Matrix = NDArray[np.float64]


class Side(NamedTuple):
    """Users or items.

    Attributes:
        rated: their ratings, in stars.
        factors: (n, 2 + d), so that scores above `low` are inner products: of users
            [bias, 1, factors], of items [1, bias, factors].
        own: where the bias stands.
    """

    rated: SparseRows
    factors: Matrix
    own: int

    @classmethod
    def initial(
        cls, rated: SparseRows, own: int, dimension: int, rng: np.random.Generator
    ) -> "Side":
        """Biases of zero and small factors."""
        factors = rng.normal(0, 0.1, (len(rated), 2 + dimension))
        factors[:, :2] = np.eye(2)[1 - own]
        return cls(rated, factors, own)


class Term(NamedTuple):
    """What is tried: stars of what was not rated, the weight of that, and λ."""

    low: float
    weight: float
    penalty: float


def main(
    dataset: Annotated[str, typer.Option(help="A data set by name, or a file.")] = "ml-100k",
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    seed: Annotated[int, typer.Option(help="Of split and factors.")] = 42,
    dimension: Annotated[int, typer.Option(min=1)] = 32,
    low: Annotated[float, typer.Option(help="Stars of what was not rated.")] = 2.0,
) -> None:
    """Print validation figures as a Markdown table."""
    split = SplitPlan(seed=seed).divide(load(dataset, data_dir, mirror=mirror))
    judge = ListJudge(split.train, split.validation)
    print("| model | w | λ | validation NDCG@10 | validation RMSE |\n|---|---|---|---|---|")
    for name in BESIDE:
        artifact = fit(split, name, seed=seed)
        print(f"| {artifact.title} | | | {judge.of(artifact.ranker())['ndcg@10']:.4f} | |")
    for weight in WEIGHTS:
        terms = [Term(low, weight, penalty) for penalty in PENALTIES]
        tried = [(*judged(trained(split.train, term, dimension, seed), split, judge), term.penalty)
                 for term in terms]  # fmt: skip
        ndcg, rmse, penalty = max(tried)
        print(f"| ALS, its best λ | {weight} | {penalty} | {ndcg:.4f} | {rmse:.4f} |", flush=True)


def trained(train: Ratings, term: Term, dimension: int, seed: int) -> Matrix:
    """Scores of every user for every item, in stars; (n_users, n_items)."""
    rng = np.random.default_rng(seed)
    user = Side.initial(SparseRows.by_user(train), 0, dimension, rng)
    item = Side.initial(SparseRows.by_item(train), 1, dimension, rng)
    for _ in range(SWEEPS):
        solve(user, item, term)
        solve(item, user, term)
    return np.asarray(term.low + user.factors @ item.factors.T)


def solve(solved: Side, fixed: Side, term: Term) -> None:
    """The best bias and factors of each row: ridge regression, one after the other, in place."""
    free = [solved.own, *range(2, solved.factors.shape[1])]  # the other coordinate stays 1
    features, constant = fixed.factors[:, free], fixed.factors[:, 1 - solved.own]
    gram, toward = features.T @ features, features.T @ constant
    for n in range(len(solved.rated)):
        columns, stars = solved.rated.row(n)
        if not len(columns):
            solved.factors[n, free] = 0
            continue
        own, others = features[columns], len(features) - len(columns)
        target = stars - term.low - constant[columns]
        # Σ over the rated with weight 1, over all others, where the target is 0, with the weight.
        system = own.T @ own * (1 - term.weight) + term.weight * gram
        right = own.T @ target - term.weight * (toward - own.T @ constant[columns])
        system[np.diag_indices_from(system)] += term.penalty * (len(columns) + term.weight * others)
        solved.factors[n, free] = np.linalg.solve(system, right)


def judged(scores: Matrix, split: Split, judge: ListJudge) -> tuple[float, float]:
    """NDCG@10 of lists in the order of the scores, and RMSE, of the validation rows."""
    rows = split.validation
    stars = rows.scale.clip(scores[rows.user_rows, rows.item_rows])
    rmse = metrics.rmse(rows.stars, stars)
    scores[split.train.user_rows, split.train.item_rows] = -np.inf
    lists = np.argsort(-scores[judge.users], axis=1, kind="stable")[:, :LIST_SIZE]
    return judge.of_lists(lists.astype(np.int32))["ndcg@10"], rmse


if __name__ == "__main__":
    run_tool("all_items_term", main)
