"""Time and memory per rating, from a hundred thousand ratings to a hundred million."""

from benchmarks.machine import free_memory
from benchmarks.race import Contestant, Plan
from benchmarks.serving import DEEP, ENSEMBLE, FACTOR
from benchmarks.stage import ML_20M, SEED, Shape, Stage
from benchmarks.work import Planned, Work

SHAPES = {
    "100 k": Shape(100_000, 943, 1_682),
    "1 M": Shape(1_000_209, 6_040, 3_706),
    "10 M": Shape(10_000_054, 69_878, 10_677),
    "20 M": ML_20M,
    "100 M": Shape(100_480_507, 480_189, 17_770),
}
"""The shapes of ML-100K, ML-1M, ML-10M, ML-20M and of the Netflix prize."""
NEEDED = {"100 M": 8.0}  # GB of free memory, below which a shape is left out
_SMALL = 2_000_000  # ratings, below which an epoch is too short to be timed alone


def _plan(stage: Stage) -> Planned:
    fitting = [name for name in SHAPES if free_memory() >= NEEDED.get(name, 0)]
    folders = {name: stage.like(SHAPES[name])[0] for name in fitting}

    def race(title: str, model: str, optimizer: str, names: list[str]) -> Plan:
        def starcast(name: str) -> Contestant:
            n_ratings = SHAPES[name].n_ratings
            config = {"optimizer": optimizer, "dimension": 32}
            return Contestant(
                name=f"{name} ratings",
                task="starcast_training:epoch",
                settings={
                    "data": folders[name],
                    "model": model,
                    "config": config,
                    "n_epochs": max(_SMALL // n_ratings, 1),
                },
                rounds=3,
            )

        return Plan(title=title, unit="ns per rating", contestants=tuple(map(starcast, names)))

    up_to_20 = [name for name in fitting if name not in NEEDED]
    left_out = ", ".join(name for name in SHAPES if name not in fitting)
    words = f"synthetic, the shapes of ML-100K to ML-20M and of the Netflix prize, seed {SEED}"
    return words + (f"; too little memory for {left_out}" if left_out else ""), (
        race("Latent factor, SGD, d 32", FACTOR, "SGD", fitting),
        race("Latent factor, Adam, d 32", FACTOR, "Adam", up_to_20),
        race("Deep, d 32", DEEP, "Adam", up_to_20),
        race("Ensemble, d 32", ENSEMBLE, "Adam", up_to_20),
    )


WORK = Work(name="scale", title="Scale", plan=_plan, needs_real=False)
