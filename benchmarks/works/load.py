"""Loading a rating file of ML-20M's size."""

from pathlib import Path

import polars as pl

from benchmarks.crew import Worker, cores
from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.stage import ML_20M, Stage, read
from benchmarks.work import Planned, Work

_ROUNDS = 5
_JOINED = 789_652_009  # seconds since 1970, when the first ratings of MovieLens were given


def _plan(stage: Stage) -> Planned:
    data, words = stage.like(ML_20M)
    folder = _written(data, stage.folder)
    path = folder / "ml-20m" / "ratings.csv"
    first = {"data_dir": str(folder), "is_first": True}
    cached = first | {"is_first": False}
    task = "starcast_loading:read"
    with Worker(task, first, cores()) as worker:
        worker.run()  # the cache is there before anybody is asked to read it

    def starcast(name: str, settings: dict[str, object]) -> Contestant:
        return Contestant(name=name, task=task, settings=settings, fresh=True, rounds=_ROUNDS)

    def frame(name: str, function: str) -> Contestant:
        settings = {"path": str(path)}
        return Contestant(name=name, task=f"frames:{function}", settings=settings, fresh=True,
                          rounds=_ROUNDS, note="columns only")  # fmt: skip

    fresh, again = starcast("Starcast, first time", first), starcast("Starcast, cached", cached)
    size = f"ratings.csv of {path.stat().st_size / 1e6:,.0f} MB, in memory before it is read"
    race = Plan(
        title="ratings.csv to Ratings",
        unit="time",
        contestants=(
            fresh,
            again,
            frame("Polars read_csv", "polars"),
            frame("pandas read_csv", "pandas"),
        ),
        targets=(
            Target(contestant=fresh.name, at_most=3.0),
            Target(contestant=fresh.name, figure="peak GB", at_most=1.2),
            Target(contestant=again.name, at_most=0.4),
            Target(contestant=again.name, figure="peak GB", at_most=1.2),
        ),
        note="Starcast's times hold vocabularies, checks, sorting, titles and writing the cache. "
        "Every round is a fresh process; imports are not on the clock.",
    )
    return f"{words}; {size}", (race,)


def _written(data: str, folder: Path) -> Path:
    """The ratings as MovieLens lays them out, below a folder of data sets."""
    ratings = read(data).ratings
    place = folder / "files" / "ml-20m"
    place.mkdir(parents=True, exist_ok=True)
    ids = {"userId": ratings.users.ids[ratings.user_rows],
           "movieId": ratings.items.ids[ratings.item_rows]}  # fmt: skip
    frame = pl.DataFrame(ids | {"rating": ratings.stars}).with_row_index("timestamp", _JOINED)
    frame.select("userId", "movieId", "rating", "timestamp").write_csv(
        place / "ratings.csv", float_precision=1
    )
    films = pl.DataFrame({"movieId": ratings.items.ids}).with_columns(
        title=pl.format("Film {} (1995)", "movieId"), genres=pl.lit("Drama")
    )
    films.write_csv(place / "movies.csv")
    return folder / "files"


WORK = Work(name="load", title="Loading 20 M ratings", plan=_plan, needs_real=False)
