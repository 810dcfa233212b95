"""The HTTP service under load on loopback, driven by wrk on the same processors."""

import json

import numpy as np

from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import ENSEMBLE, some_users, trained
from benchmarks.stage import SEED, Stage, read
from benchmarks.work import Planned, Work
from starcast.artifacts import storage
from starcast.data.split import Split

_FEW, _N_GUESTS, _N_RATINGS = 1000, 200, 20


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    split = read(data)
    folder = storage.save(trained(split, ENSEMBLE, 32, 5), stage.folder / "served")
    everybody = split.ratings.users.ids.tolist()
    few = split.ratings.users.ids[some_users(len(everybody), _FEW)].tolist()
    rounds = 2 if stage.quick else 5

    def contestant(name: str, task: str, note: str = "", **settings: object) -> Contestant:
        given = {"folder": str(folder), **settings}
        task = f"starcast_service:{task}"
        return Contestant(name=name, task=task, settings=given, rounds=rounds, note=note)

    more = "all users in turn: more than the service keeps lists of, but in a quick run"
    fresh = contestant("every list made anew", "known", more, users=everybody)
    kept = contestant("lists that were kept", "known", f"{_FEW:,} users in turn", users=few)
    guests = contestant("fold-in of 20 ratings", "guests", bodies=_guests(split))
    started = contestant("starcast serve", "start")
    note = "wrk with 8 connections and one thread takes its share of the processors."
    return words, (
        Plan(
            title="Top-10 of known users, ensemble, d 32", unit="time", note=note,
            contestants=(fresh, kept),
            targets=tuple(
                target
                for one in (fresh, kept)
                for target in (
                    Target(contestant=one.name, at_most=1 / 1500),
                    Target(contestant=one.name, figure="p99 ms", at_most=15),
                )
            ),
        ),
        Plan(
            title="Top-10 of people unknown to the model", unit="time", note=note,
            contestants=(guests,),
            targets=(
                Target(contestant=guests.name, at_most=1 / 300),
                Target(contestant=guests.name, figure="p99 ms", at_most=30),
            ),
        ),
        Plan(
            title="From the command to the first answer", unit="time",
            contestants=(started,),
            targets=(
                Target(contestant=started.name, at_most=1.0),
                Target(contestant=started.name, figure="resident MB", at_most=250),
            ),
        ),
    )  # fmt: skip


def _guests(split: Split) -> list[str]:
    """Bodies of requests: people with 20 ratings of rated items each."""
    rng = np.random.default_rng(SEED)
    scale, items = split.ratings.scale, np.unique(split.train.item_rows)
    levels = np.arange(scale.lowest, scale.highest + scale.step / 2, scale.step)
    ids = split.ratings.items.ids[items].tolist()
    return [
        json.dumps(
            {
                "ratings": [
                    {"item": ids[n], "stars": float(rng.choice(levels))}
                    for n in rng.choice(len(ids), min(_N_RATINGS, len(ids)), replace=False)
                ]
            }
        )
        for _ in range(_N_GUESTS)
    ]


WORK = Work(name="serve", title="The HTTP service under load, ML-1M", plan=_plan)
