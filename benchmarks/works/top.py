"""Top-10 lists for all users of ML-1M."""

from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import FACTOR
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work

_ALL, _SOME = 10**9, 20


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    settings = {"data": data, "dimension": 32}
    served = settings | {"n_epochs": 10}
    ours = Contestant(
        name="Starcast",
        task="starcast_serving:top",
        settings=served | {"model": FACTOR, "n_users": _ALL},
    )
    implicit = Contestant(
        name="implicit",
        task="implicit_topk:top",
        settings=served | {"n_users": _ALL},
        threads=ONE_OR_ALL,
        note="the same factors, biases as two more of them",
    )
    cornac = Contestant(
        name="Cornac MF",
        task="cornac_mf:top",
        settings=served,
        threads=(1,),
        note="the same factors, one `recommend` per user",
    )
    surprise = Contestant(
        name="Surprise SVD",
        task="surprise_svd:top",
        settings=settings | {"n_users": _SOME},
        threads=(1,),
        rounds=2,
        note=f"every item predicted; measured on {_SOME} users and scaled up",
    )
    race = Plan(
        title="Latent factor, d 32",
        unit="time",
        contestants=(ours, implicit, cornac, surprise),
        targets=(
            Target(contestant=ours.name, at_most=0.12),
            Target(contestant=ours.name, at_most=1.0, against=implicit.name),
        ),
    )
    return words, (race,)


WORK = Work(name="top", title="Top-10 for all users of ML-1M, seen items left out", plan=_plan)
