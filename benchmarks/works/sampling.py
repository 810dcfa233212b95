"""The Bayesian factor model: sweeps of Gibbs sampling against myFM's, on one design."""

from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work

LEVELS = (0.84, 0.8375, 0.835, 0.8325, 0.83)
"""Validation RMSEs; how soon each is reached is told. The first, the easiest, is the target's."""
_DIMENSION, _BURN_IN = 32, 10
_NOTE = (
    "The design of both: user, item, the user's rated items and the item's raters; rank 32. Both "
    "draw as many samples after as many sweeps of burn-in, and both keep all of them. Starcast's "
    "come from two chains side by side, myFM's from its one. The clock runs while they prepare "
    "and sample. It stands still while the mean over the samples so far predicts the validation "
    "rows. myFM's factors of one user's, or item's, own features also interact with each other."
)


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    samples = 8 if stage.quick else 100
    given = {"data": data, "levels": LEVELS, "samples": samples, "burn_in": _BURN_IN}

    def race(likelihood: str) -> Plan:
        settings = given | {"dimension": _DIMENSION, "likelihood": likelihood}
        ours = Contestant(
            name=f"Starcast, {likelihood}",
            task="starcast_sampling:to_levels",
            settings=settings,
            rounds=3,
            note=f"{samples} samples of 2 chains",
        )
        myfm = Contestant(
            name=f"myFM, {likelihood}",
            task="myfm_gibbs:to_levels",
            settings=settings,
            threads=(1,),
            rounds=1,
            note=f"{samples} samples; it samples in one thread",
        )
        soon = f"s to {LEVELS[0]:g}"
        return Plan(
            title=f"To a validation RMSE, {likelihood}",
            unit="time",
            contestants=(ours, myfm),
            targets=(
                Target(contestant=ours.name, figure=soon, at_most=1 / 3, against=myfm.name),
                Target(contestant=ours.name, at_most=1 / 3, against=myfm.name),
                Target(contestant=ours.name, figure="peak GB", at_most=1.0, against=myfm.name),
            ),
            note=_NOTE,
        )

    def sweep(likelihood: str) -> Contestant:
        return Contestant(
            name=f"Starcast, {likelihood}",
            task="starcast_sampling:sweep",
            settings={"data": data, "dimension": _DIMENSION, "likelihood": likelihood},
            note="two chains side by side; the time of both is shared out between them",
        )

    def bound(name: str, function: str, note: str) -> Contestant:
        settings = {"data": data, "dimension": _DIMENSION}
        return Contestant(name=name, task=f"floor:{function}", settings=settings, note=note)

    floors = (
        bound(
            "its look-ups alone", "look_ups",
            "no contestant but a bound: 6 visits to a rating per factor, each a value looked up "
            "and added",
        ),
        bound(
            "operation count at the speed of a matrix product", "gibbs",
            "no contestant but a bound: 12 multiplications per rating and factor at the rate of a "
            "1024 × 1024 product, which looks up nothing",
        ),
    )  # fmt: skip
    cost = Plan(
        title="One sweep of one chain",
        unit="ns per rating",
        contestants=(sweep("gaussian"), sweep("probit"), *floors),
    )
    return words, (race("probit"), race("gaussian"), cost)


WORK = Work(name="sampling", title="Bayesian factor: Gibbs sampling", plan=_plan)
