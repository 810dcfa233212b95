"""Time from arrays in memory to weights of a given quality."""

from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.settings import ACCURATE, QUICK_8, QUICK_32, Settings
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work

_NOTE = (
    "The clock runs from columns of rows and stars to weights, the building of a library's own "
    "data set included; imports and compiling are not on it. Every epoch is run, and the test rows "
    "are looked at afterwards."
)


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    epochs, sweeps = (3, 8) if stage.quick else (20, 100)

    def starcast(settings: Settings) -> Contestant:
        config = settings.config | ({"epochs": 3} if stage.quick else {})
        return Contestant(
            name=settings.label,
            task="starcast_training:to_weights",
            settings={"data": data, "model": settings.model, "config": config},
            note=", ".join(f"{name} {value}" for name, value in config.items()),
        )

    def other(name: str, module: str, dimension: int, n_epochs: int, note: str = "",
              threads: tuple[int, ...] = ONE_OR_ALL) -> Contestant:  # fmt: skip
        return Contestant(
            name=f"{name}, d {dimension}",
            task=f"{module}:to_weights",
            settings={"data": data, "dimension": dimension, "n_epochs": n_epochs},
            threads=threads,
            note=f"{n_epochs} epochs, {note}",
        )

    def cornac(dimension: int) -> Contestant:
        note = "rate 0.01, λ 0.02; its rows come shuffled, which is not on the clock"
        return other("Cornac MF", "cornac_mf", dimension, epochs, note)

    few, many, best = starcast(QUICK_8), starcast(QUICK_32), starcast(ACCURATE)
    myfm = Contestant(
        name="myFM, d 32",
        task="myfm_gibbs:to_weights",
        settings={"data": data, "rank": 32, "n_sweeps": sweeps},
        threads=(1,),
        rounds=1,
        note=f"{sweeps} sweeps of Gibbs sampling",
    )
    lenskit = other("LensKit ALS", "lenskit_als", 32, epochs // 2, "its default λ")
    surprise = other("Surprise SVD", "surprise_svd", 32, epochs, "its defaults", (1,))
    return words, (
        Plan(
            title="To weights, against 32 factors of Cornac's",
            unit="time",
            contestants=(many, cornac(32), lenskit, surprise),
            targets=(
                Target(contestant=many.name, figure="test RMSE", at_most=0.8487),
                Target(contestant=many.name, at_most=1.0, against=cornac(32).name),
            ),
            note=_NOTE,
        ),
        Plan(
            title="To weights, against 8 factors of Cornac's",
            unit="time",
            contestants=(few, cornac(8)),
            targets=(
                Target(
                    contestant=few.name, figure="test RMSE", at_most=1.0, against=cornac(8).name
                ),
                Target(contestant=few.name, at_most=1.0, against=cornac(8).name),
            ),
        ),
        Plan(
            title="To weights, as accurate as a factor model gets",
            unit="time",
            contestants=(best, myfm),
            targets=(
                Target(contestant=best.name, figure="test RMSE", at_most=0.8385),
                Target(contestant=best.name, at_most=10.0),
            ),
        ),
    )


WORK = Work(name="train", title="From arrays in memory to a given test RMSE", plan=_plan)
