"""One user's list, as a service is asked for it."""

from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import DEEP, ENSEMBLE, FACTOR
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    n_calls = 50 if stage.quick else 1000

    def race(model: str, title: str, at_most: float | None, others: tuple[Contestant, ...]) -> Plan:
        ours = Contestant(
            name="Starcast",
            task="starcast_serving:one",
            settings={"data": data, "model": model, "dimension": 32, "n_epochs": 5,
                      "n_calls": n_calls},
            note="ids, titles and stars",
        )  # fmt: skip
        return Plan(
            title=title,
            unit="time",
            contestants=(ours, *others),
            targets=(
                *((Target(contestant=ours.name, at_most=at_most),) if at_most else ()),
                *(Target(contestant=ours.name, at_most=1.0, against=one.name) for one in others),
            ),
        )

    implicit = Contestant(
        name="implicit",
        task="implicit_topk:one",
        settings={"data": data, "dimension": 32, "n_epochs": 5, "n_calls": n_calls},
        threads=ONE_OR_ALL,
        note="the same factors; rows and scores; the user's matrix row was made beforehand",
    )
    return words, (
        race(FACTOR, "Latent factor, d 32", 45e-6, (implicit,)),
        race(DEEP, "Deep, d 32", None, ()),
        race(ENSEMBLE, "Ensemble, d 32", 1e-3, ()),
    )


WORK = Work(name="one", title="One user's top-10 of ML-1M, seen items left out", plan=_plan)
