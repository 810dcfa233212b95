"""Predicting the test pairs of ML-1M."""

from typing import Any

from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import DEEP, ENSEMBLE, FACTOR
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    given = {"data": data, "dimension": 32}

    def starcast(name: str, function: str, model: str) -> Contestant:
        settings = given | {"model": model, "n_epochs": 2}
        return Contestant(name=name, task=f"starcast_serving:{function}", settings=settings)

    def framework(name: str, module: str, network: str) -> Contestant:
        settings = given | {"network": network}
        return Contestant(name=name, task=f"{module}:pairs", settings=settings,
                          threads=ONE_OR_ALL, rounds=3)  # fmt: skip

    def race(
        model: str, title: str, at_least: float | None, others: tuple[Contestant, ...]
    ) -> Plan:
        ours = starcast("Starcast, from rows", "pairs", model)
        by_id = starcast("Starcast, from external ids", "pairs_by_id", model)
        return Plan(
            title=title,
            unit="M pairs/s",
            contestants=(ours, by_id, *others),
            targets=(Target(contestant=ours.name, at_most=1e-6 / at_least),) if at_least else (),
        )

    def by_call(name: str, task: str, settings: dict[str, Any], note: str) -> Contestant:
        return Contestant(name=name, task=task, settings=settings, threads=(1,), rounds=3,
                          note=note)  # fmt: skip

    served = given | {"n_epochs": 2}
    cornac = by_call("Cornac MF", "cornac_mf:pairs", served, "the same factors, a `rate` a pair")
    surprise = by_call("Surprise SVD", "surprise_svd:pairs", given, "a `predict` a pair")
    myfm = Contestant(
        name="myFM",
        task="myfm_gibbs:pairs",
        settings={"data": data, "rank": 32, "n_sweeps": 7},
        threads=ONE_OR_ALL,
        rounds=3,
        note="the mean of 2 posterior samples; a trained model has dozens",
    )

    def frameworks(network: str) -> tuple[Contestant, ...]:
        return (
            framework("Keras Model.predict", "keras_fit", network),
            framework("PyTorch, one batch", "torch_loop", network),
        )

    return words, (
        race(FACTOR, "Latent factor, d 32", 30, (cornac, surprise, myfm)),
        race(DEEP, "Deep, d 32", None, frameworks("deep")),
        race(ENSEMBLE, "Ensemble, d 32", 3, frameworks("ensemble")),
    )


WORK = Work(name="pairs", title="Predicting the test pairs of ML-1M from arrays", plan=_plan)
