"""One user's list from a catalogue too large for the caches: exact, and by the index."""

from benchmarks.race import Contestant, Plan
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work

_N_ITEMS, _DIMENSION = 1_000_000, 64


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    n_items = 210_000 if stage.quick else _N_ITEMS
    settings = {
        "data": data,
        "dimension": _DIMENSION,
        "n_epochs": 10,
        "n_items": n_items,
        "n_calls": 20 if stage.quick else 100,
    }

    def race(alike: bool, title: str, note: str) -> Plan:
        exact, index = (
            Contestant(
                name=name,
                task="starcast_index:one",
                settings=settings | {"alike": alike, "approximate": approximate},
                rounds=3,
                note=said,
            )
            for name, approximate, said in (
                ("Starcast", False, "every item is scored"),
                ("Starcast, approximate", True, "an inverted file of exact vectors, by faiss"),
            )
        )
        return Plan(title=title, unit="time", contestants=(exact, index), note=note)

    size = f"{n_items:,} items, d {_DIMENSION}"
    like = race(
        True, f"{size}, like real ones", "Items are mixtures of two trained ones, and noise."
    )
    anywhere = race(
        False,
        f"{size}, at random",
        "Users and items point anywhere: no item has near ones, which is as bad as it gets.",
    )
    return f"{words}, its items multiplied", (like, anywhere)


WORK = Work(name="index", title="One user's top-10 of a very large catalogue", plan=_plan)
