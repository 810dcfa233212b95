"""The service with a store: ratings that come in, lists after them, and reads beside none."""

from pathlib import Path

from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import FACTOR, some_users, trained
from benchmarks.stage import Stage, read
from benchmarks.work import Planned, Work
from starcast.artifacts import storage
from starcast.data.ratings import Ratings
from starcast.data.store.source import opened

_FEW, _LISTS, _WRITERS = 1000, 500, 500


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    split = read(data)
    folder = storage.save(trained(split, FACTOR, 32, 5), stage.folder / "served")
    store = _store(split.ratings, stage.folder / "r.db")
    everybody = split.ratings.users.ids.tolist()
    few = split.ratings.users.ids[some_users(len(everybody), _FEW)].tolist()
    items = split.ratings.items.ids[:_FEW].tolist()
    rounds = 2 if stage.quick else 5

    def contestant(name: str, task: str, note: str = "", **settings: object) -> Contestant:
        given = {"folder": str(folder), "store": str(store), **settings}
        task = f"starcast_store:{task}"
        return Contestant(name=name, task=task, settings=given, rounds=rounds, note=note)

    writes = contestant(
        "PUT /users/{id}/ratings/{item}", "writes", f"32 at a time, {_WRITERS} people",
        items=items, users=_WRITERS,
    )  # fmt: skip
    after = contestant(
        "the list after a rating", "lists_after", "one at a time", items=items, n=_LISTS
    )
    beside = [
        contestant(f"{kind}, {name}", "reads", users=users, store=where)
        for kind, users in (("kept lists", few), ("lists made anew", everybody))
        for name, where in (("with a store", str(store)), ("without", ""))
    ]
    note = "One process on SQLite; wrk, or the one who asks, takes its share of the processors."
    return words, (
        Plan(
            title="Ratings that are acknowledged, and so on disk", unit="time", note=note,
            contestants=(writes,),
            targets=(Target(contestant=writes.name, at_most=1 / 1000),),
        ),
        Plan(
            title="Top-10 of somebody who has just rated, folded in, d 32", unit="time", note=note,
            contestants=(after,),
            targets=(Target(contestant=after.name, figure="p99 ms", at_most=20),),
        ),
        Plan(
            title="Top-10 of known users with a store and without", unit="time", note=note,
            contestants=tuple(beside),
        ),
    )  # fmt: skip


def _store(ratings: Ratings, path: Path) -> Path:
    """A store with all the ratings, in one file."""
    with opened(f"sqlite:///{path}", ratings.scale, make=True) as store:
        from starcast.data.store.importing import import_ratings

        import_ratings(store, ratings)
    return path


WORK = Work(name="store", title="The service with a store of ratings, ML-1M", plan=_plan)
