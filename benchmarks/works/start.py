"""Cold starts: what a user waits for before anything happens."""

from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import FACTOR, trained
from benchmarks.stage import Stage, read
from benchmarks.work import Planned, Work
from starcast.artifacts import storage

_OTHERS = ("tensorflow", "torch", "lenskit.als", "cornac", "implicit", "surprise")


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    split = read(data)
    folder = storage.save(trained(split, FACTOR, 32, 1), stage.folder / "artifact")
    rounds = 3 if stage.quick else 10

    def starcast(*arguments: str) -> Contestant:
        name = f"starcast {arguments[0]}"
        settings = {"arguments": arguments}
        return Contestant(name=name, task="commands:starcast", settings=settings, rounds=rounds)

    user = str(split.ratings.users.ids[0])
    asks, lists = starcast("--help"), starcast("recommend", str(folder), "--user", user)
    imports = tuple(
        Contestant(name=f"import {package}", task="commands:importing",
                   settings={"package": package}, rounds=rounds)
        for package in _OTHERS
    )  # fmt: skip
    race = Plan(
        title="From the command to its end",
        unit="time",
        contestants=(lists, asks, *imports),
        targets=(
            Target(contestant=asks.name, at_most=0.3),
            Target(contestant=lists.name, at_most=0.8),
        ),
        note="`starcast recommend` loads an artifact of ML-1M and prints a list; the others only "
        "import a package in a fresh Python.",
    )
    return words, (race,)


WORK = Work(name="start", title="Cold start", plan=_plan)
