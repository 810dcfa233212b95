"""Judging predictions of held-out rows."""

from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.stage import SEED, Stage
from benchmarks.work import Planned, Work

_N_ROWS, _FEW = 4_000_000, 100


def _plan(stage: Stage) -> Planned:
    n_rows = _N_ROWS // 20 if stage.quick else _N_ROWS
    ours = Contestant(name="Starcast", task="starcast_serving:metrics", settings={"n_rows": n_rows})
    loops = Contestant(
        name="loops over rows in Python",
        task="plain_python:metrics",
        settings={"n_rows": n_rows // _FEW, "of_rows": n_rows},
        threads=(1,),
        rounds=3,
        note=f"the recipe of Surprise's manual; measured on 1/{_FEW} of the users and scaled up",
    )
    race = Plan(
        title="RMSE, MAE, Precision, Recall and F1 @ 1 … 100",
        unit="time",
        contestants=(ours, loops),
        targets=(Target(contestant=ours.name, at_most=1.5),),
    )
    return f"{n_rows:,} synthetic ratings and predictions, seed {SEED}", (race,)


WORK = Work(name="metrics", title="Figures of 4 M held-out rows", plan=_plan, needs_real=False)
