"""Top-10 lists for everybody from a whole large catalogue."""

from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import DEEP, ENSEMBLE, FACTOR
from benchmarks.stage import ML_20M, Stage
from benchmarks.work import Planned, Work

_TITLES = {FACTOR: "Latent factor, d 32", DEEP: "Deep, d 32", ENSEMBLE: "Ensemble, d 32"}


def _plan(stage: Stage) -> Planned:
    data, words = stage.like(ML_20M)
    tenth = ML_20M.n_users // (1000 if stage.quick else 10)

    def settings(n_users: int) -> dict[str, object]:
        return {"data": data, "dimension": 32, "n_epochs": 1, "n_users": n_users}

    def race(model: str, at_most: float) -> Plan:
        is_whole = model == FACTOR or stage.alone
        ours = Contestant(
            name="Starcast",
            task="starcast_serving:top",
            settings=settings(ML_20M.n_users if is_whole else tenth) | {"model": model},
            rounds=3 if model == FACTOR else 1,
            note="" if is_whole else f"measured on {tenth:,} users and scaled up",
        )
        implicit = Contestant(
            name="implicit",
            task="implicit_topk:top",
            settings=settings(tenth),
            threads=ONE_OR_ALL,
            rounds=3,
            note=f"the same factors; measured on {tenth:,} users and scaled up",
        )
        return Plan(
            title=_TITLES[model],
            unit="time",
            contestants=(ours, implicit) if model == FACTOR else (ours,),
            targets=(
                Target(contestant=ours.name, at_most=at_most),
                Target(contestant=ours.name, figure="memory for it, GB", at_most=0.1),
            ),
        )

    return words, (race(FACTOR, 15), race(DEEP, 150), race(ENSEMBLE, 150))


WORK = Work(
    name="catalogue",
    title="Top-10 of 27 k items for 138 k users, seen items left out",
    plan=_plan,
    needs_real=False,
)
