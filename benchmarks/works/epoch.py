"""One epoch of the latent factor model."""

from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import FACTOR
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work

_WHERE_ADAM_IS = (
    "Plain gradient descent takes 44 of the 56 ns that Adam took beside it: most of the time goes "
    "to rows of 512 bytes (weights, two moments, gradient) that are read and written in the "
    "second-level cache, the rest to Adam's roots and divisions."
)
_WHERE_ALS_IS = (
    "Where the time goes, measured apart on one core: 11 ns per rating and side are products of "
    "whole squares of 16 × 16, for a symmetric matrix 1.3 times the bound's count, at four fifths "
    "of its speed; 0.8 µs per row are the elimination of 33 unknowns, whose pivots wait for each "
    "other."
)


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()

    def starcast(optimizer: str, dimension: int, n_epochs: int) -> Contestant:
        return Contestant(
            name=f"Starcast, {optimizer}, d {dimension}",
            task="starcast_training:epoch",
            settings={
                "data": data,
                "model": FACTOR,
                "config": {"optimizer": optimizer, "dimension": dimension},
                "n_epochs": n_epochs,
            },
        )

    def race(
        ours: Contestant, others: tuple[Contestant, ...], target: Target, note: str = ""
    ) -> Plan:
        title = ours.name.removeprefix("Starcast, ")
        return Plan(title=title, unit="ns per rating", contestants=(ours, *others),
                    targets=(target,), note=note)  # fmt: skip

    def against_cornac(dimension: int, at_most: float) -> Plan:
        ours = starcast("SGD", dimension, 20)
        cornac = Contestant(
            name=f"Cornac MF, d {dimension}",
            task="cornac_mf:epoch",
            settings={"data": data, "dimension": dimension, "n_epochs": 20},
            threads=ONE_OR_ALL,
        )
        return race(ours, (cornac,), Target(contestant=ours.name, at_most=at_most))

    def alone(dimension: int, note: str = "") -> Plan:
        ours = starcast("Adam", dimension, 3)
        return race(ours, (), Target(contestant=ours.name, at_most=50e-9), note)

    als = starcast("ALS", 32, 10)
    lenskit = Contestant(
        name="LensKit ALS, d 32",
        task="lenskit_als:epoch",
        settings={"data": data, "dimension": 32, "n_epochs": 10},
        threads=ONE_OR_ALL,
    )
    floor = Contestant(
        name="operation count at the speed of a matrix product",
        task="floor:als",
        settings={"data": data, "dimension": 32},
        note="no contestant but a bound: its multiplications at the rate of a 1024 × 1024 product",
    )
    within = Target(contestant=als.name, at_most=2.0, against=floor.name)
    return words, (
        against_cornac(8, 8e-9),
        against_cornac(32, 16e-9),
        alone(8),
        alone(32, _WHERE_ADAM_IS),
        race(als, (lenskit, floor), within, _WHERE_ALS_IS),
    )


WORK = Work(name="epoch", title="Latent factor: one epoch", plan=_plan)
