"""Models made for lists: training, lists for everybody, for one, and for a stranger."""

import math
from collections.abc import Mapping
from dataclasses import replace

from benchmarks.list_judge import RULES
from benchmarks.race import ONE_OR_ALL, Contestant, Plan
from benchmarks.results import Target
from benchmarks.stage import ML_20M, Stage, read
from benchmarks.work import Planned, Work

OURS = "Starcast, item-item"
PENALTY = 1000.0  # λ of EASE: best on validation rows of 250, 500, 1,000 and 2,000
_SOME = 500  # users, of whom a slow contestant's lists are measured
_PLAIN = {  # what is left is EASE as published
    "interest_weight": 0.0,
    "nearness": 1e9,
    "activity_exponent": 0.0,
    "popularity_exponent": 0.0,
    "dropped_share": 0.0,
}
_IMPLICIT = {"factors": 64, "iterations": 15, "alpha": 5.0, "regularization": 50.0}
_LENSKIT = {"dimension": 64, "n_epochs": 10, "weight": 2.0, "penalty": 50.0}
_EPOCHS = 12  # of Starcast's implicit factor model
_ACCURACY = next(iter(RULES))
_TRAINING = (
    "The clock runs from columns, or a library's own data set or sparse matrix, in memory to "
    "weights. The lists of all users are then made and judged by Starcast, test rows for the only "
    "time. Settings were chosen on validation rows."
)


def _plan(stage: Stage) -> Planned:
    # The quick stand-in for ML-1M has three times the items, whose inverse takes 27 times as long.
    data, words = stage.like(ML_20M) if stage.quick else stage.real()
    n_calls = 50 if stage.quick else 1000
    return words, (
        _item_item(data),
        _implicit_factors(data),
        Plan(
            title="Lists of ten for all users",
            unit="time",
            contestants=(
                _starcast("top", data),
                _implicit("top", data),
                _cornac("top", data, n_users=_SOME // 10 if stage.quick else _SOME),
            ),
            targets=(Target(contestant=OURS, at_most=0.5),),
            note="implicit multiplies 64 factors; the others a user's whole history.",
        ),
        Plan(
            title="One list, from a loaded artifact",
            unit="time",
            contestants=(
                _starcast("one", data, n_calls=n_calls),
                _implicit("one", data, n_calls=n_calls),
                _cornac("one", data, n_calls=min(n_calls, _SOME)),
            ),
            targets=(Target(contestant=OURS, at_most=1e-3),),
            note="Starcast's answers are ids, titles and stars, Cornac's are ids; implicit's are "
            "rows and scores, with the user's row of a sparse matrix made beforehand.",
        ),
        Plan(
            title="A list for somebody known by 20 ratings",
            unit="time",
            contestants=(
                _starcast("fold_in", data, n_calls=n_calls),
                _implicit("fold_in", data, n_calls=n_calls),
            ),
            targets=(Target(contestant=OURS, at_most=1e-3),),
        ),
    )


def _starcast(task: str, data: str, **more: int) -> Contestant:
    """The item-item model with its default settings."""
    settings = {"data": data, "model": "item-item-model", "config": {}, "n_epochs": 1, **more}
    return Contestant(name=OURS, task=f"starcast_lists:{task}", settings=settings)


def _implicit(task: str, data: str, **more: int) -> Contestant:
    settings = {"data": data, "settings": _IMPLICIT, **more}
    return Contestant(name="implicit, ALS, d 64", task=f"implicit_als:{task}", settings=settings,
                      threads=ONE_OR_ALL)  # fmt: skip


def _cornac(task: str, data: str, **more: int) -> Contestant:
    return Contestant(
        name="Cornac, EASE",
        task=f"cornac_ease:{task}",
        settings={"data": data, "penalty": PENALTY, **more},
        threads=ONE_OR_ALL,
        rounds=3,
        note=f"one `recommend` per user; measured on {more['n_users']} users and scaled up"
        if "n_users" in more
        else "",
    )


def _item_item(data: str) -> Plan:
    full = _starcast("train", data)
    strength = PENALTY / math.sqrt(read(data).ratings.n_users)  # which Starcast multiplies it by
    plain = Contestant(
        name="Starcast, plain EASE",
        task=full.task,
        settings={**full.settings, "config": _PLAIN | {"regularization_factor": strength}},
    )
    given = {"data": data, "penalty": PENALTY}
    theirs = tuple(
        Contestant(name=name, task=task, settings=given, threads=ONE_OR_ALL, rounds=3)
        for name, task in (
            ("Cornac, EASE", "cornac_ease:train"),
            ("RecBole, EASE", "recbole_ease:train"),
            ("LensKit, EASE", "lenskit_lists:ease"),
        )
    )
    return Plan(
        title="Item-item, to weights",
        unit="time",
        contestants=(full, plain, *theirs),
        targets=tuple(Target(contestant=plain.name, at_most=1.0, against=one.name)
                      for one in theirs) + _less_accurate(theirs, full),
        note=f"{_TRAINING} EASE has λ {PENALTY:,.0f} everywhere.",
    )  # fmt: skip


def _implicit_factors(data: str) -> Plan:
    settings = {"data": data, "model": "implicit-factor-model", "config": {}, "n_epochs": _EPOCHS}
    ours = Contestant(
        name="Starcast, iALS, d 64",
        task="starcast_lists:train",
        settings=settings,
        note=f"{_EPOCHS} epochs; stars weigh, and users by their activity",
    )
    lenskit = Contestant(
        name="LensKit, ALS, d 64",
        task="lenskit_lists:als",
        settings={"data": data, **_LENSKIT},
        threads=ONE_OR_ALL,
        note=_told(_LENSKIT),
    )
    implicit = replace(_implicit("train", data), note=_told(_IMPLICIT))
    return Plan(
        title="Implicit factors, to weights",
        unit="time",
        contestants=(ours, implicit, lenskit),
        targets=_less_accurate((implicit, lenskit), ours),
    )


def _less_accurate(theirs: tuple[Contestant, ...], ours: Contestant) -> tuple[Target, ...]:
    return tuple(
        Target(contestant=one.name, at_most=1.0, figure=_ACCURACY, against=ours.name)
        for one in theirs
    )


def _told(settings: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in settings.items())


WORK = Work(name="lists", title="Models made for lists", plan=_plan)
