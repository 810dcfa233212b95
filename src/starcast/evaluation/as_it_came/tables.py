"""Tables of a replay: all of it by policy, and each figure over time."""

from datetime import UTC, datetime

import numpy as np

from starcast.display import Column, figure
from starcast.evaluation.as_it_came.replay import Course, Replay

_A_DAY = 86_400


def overall(replayed: Replay) -> list[Column]:
    """A line for each policy."""
    courses = replayed.courses
    return [
        Column("", [_named(replayed, course) for course in courses], is_number=False),
        Column("RMSE", [f"{np.sqrt(course.errors.mean()):.4f}" for course in courses]),
        Column(f"NDCG@{replayed.plan.k}", [f"{course.ndcg.mean():.4f}" for course in courses]),
        Column("by fallback", [f"{course.by_fallback.mean():.1%}" for course in courses]),
        Column("learned", [f"{course.n_learned:,} ×" for course in courses]),
        Column("time", [f"{course.seconds:.1f} s" for course in courses]),
    ]


def over_time(replayed: Replay, place: int) -> list[Column]:
    """RMSE (place 0) or NDCG (1): a line for each window, a column for each policy."""
    starts = [datetime.fromtimestamp(one, UTC) for one in replayed.edges[:-1].tolist()]
    columns = [Column("from", [f"{one:%Y-%m-%d}" for one in starts], is_number=False)]
    for course in replayed.courses:
        values = replayed.over_time(course)[place]
        columns.append(Column(course.name, [figure(value) for value in values.tolist()]))
    return columns


def _named(replayed: Replay, course: Course) -> str:
    """The policy, and how often it learns."""
    every = {
        "updated": replayed.plan.update_every,
        "trained anew": replayed.plan.retrain_every,
    }.get(course.name)
    return course.name if every is None else f"{course.name} every {in_words(every)}"


def in_words(seconds: int) -> str:
    """A duration in its largest whole unit.

    >>> in_words(86_400), in_words(604_800), in_words(5400), in_words(0)
    ('1 d', '1 w', '90 m', '0 s')
    """
    for unit, size in (("w", 7 * _A_DAY), ("d", _A_DAY), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
