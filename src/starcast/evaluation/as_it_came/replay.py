"""Replay: every policy asked for each rating before it is known, and for a list before each visit.

Sources: Gama, Sebastião, Rodrigues 2013 (prequential: test, then train); Grzenda, Gomes, Bifet 2020
(delayed feedback). Deviation: ratings of one moment are one batch.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.settings import Settings
from starcast.errors import ConfigError
from starcast.evaluation import metrics
from starcast.evaluation.as_it_came.plan import ReplayPlan, about_times
from starcast.evaluation.as_it_came.policies import (
    Fixed,
    FoldedIn,
    Policy,
    Retrained,
    Trainer,
    Updated,
    folds,
)
from starcast.evaluation.as_it_came.stream import Places, Stream

Doubles = NDArray[np.float64]
Tell = Callable[[str, int, int], object]
"""Told of a policy's name, the ratings it has been asked for, and all of them."""


@final
class Course(NamedTuple):
    """What became of one policy.

    Attributes:
        name: of the policy.
        errors: float64 (n,), squared errors of predicted stars.
        by_fallback: bool (n,), where damped means stood in.
        ndcg: float64 (n_sessions,), of the list at the beginning of each.
        n_learned: how often it learned during the replay.
        seconds: it took.
    """

    name: str
    errors: Doubles
    by_fallback: NDArray[np.bool_]
    ndcg: Doubles
    n_learned: int
    seconds: float


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Replay:
    """What a replay has shown.

    Attributes:
        model: its name.
        dataset: of the ratings.
        plan: how they were replayed.
        times: int64 (n,), of the replayed ratings.
        session_times: int64 (n_sessions,), when each begins.
        n_first: ratings that models were trained on before.
        courses: of every policy.
        remarks: what to know, a line each.
    """

    model: str
    dataset: str
    plan: ReplayPlan
    times: NDArray[np.int64]
    session_times: NDArray[np.int64]
    n_first: int
    courses: tuple[Course, ...]
    remarks: tuple[str, ...] = ()

    @property
    def edges(self) -> NDArray[np.int64]:
        """int64 (windows + 1,), the times that part the windows; the last is beyond all."""
        first, last = int(self.times[0]), int(self.times[-1]) + 1
        return np.linspace(first, last, self.plan.windows + 1).astype(np.int64)

    def over_time(self, course: Course) -> tuple[Doubles, Doubles]:
        """RMSE and NDCG in each window; NaN where there is nothing."""
        return (
            np.sqrt(_means(self.edges, self.times, course.errors)),
            _means(self.edges, self.session_times, course.ndcg),
        )

    def record(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {
            "model": self.model,
            "dataset": self.dataset,
            "plan": asdict(self.plan),
            "ratings": len(self.times),
            "ratings_before": self.n_first,
            "sessions": len(self.session_times),
            "edges": self.edges.tolist(),
            "policies": [self._course(course) for course in self.courses],
            "notes": list(self.remarks),
        }

    def _course(self, course: Course) -> dict[str, Any]:
        by_window = {
            name: [round(value, 6) if np.isfinite(value) else None for value in values.tolist()]
            for name, values in zip(("rmse", "ndcg"), self.over_time(course), strict=True)
        }
        return {
            "name": course.name,
            "rmse": float(np.sqrt(course.errors.mean())),
            f"ndcg@{self.plan.k}": float(course.ndcg.mean()),
            "by_fallback": float(course.by_fallback.mean()),
            "times_learned": course.n_learned,
            "seconds": round(course.seconds, 2),
            "over_time": by_window,
        }


def replay(
    ratings: Ratings,
    model: str,
    settings: Settings | None = None,
    plan: ReplayPlan | None = None,
    tell: Tell = lambda name, done, total: None,
) -> Replay:
    """Replay ratings in order of their time.

    Args:
        ratings: with times.
        model: its name in the registry.
        settings: of the model; its defaults if not given.
        plan: how.
        tell: told how far it is.
    Raises: ConfigError: no times, or nothing before or in the replay.
    """
    plan = plan or ReplayPlan()
    remarks = [line for line in [about_times(ratings, plan)] if line]
    stream = Stream(ratings, plan.first, plan.delay)
    if not len(stream.sessions.first):
        raise ConfigError(f"the replay of {ratings.name} holds no rating that was liked")
    wanted = models.find(model)
    trainer = Trainer(stream, model, settings or wanted.settings(), plan.seed)
    n_known = stream.n_known(int(stream.times[stream.start]))
    if not n_known:
        why = f" ({remarks[0]})" if remarks else ""
        raise ConfigError(f"nothing is known before the replay{why}; choose a shorter --delay")
    policies, more = _policies(trainer, plan, n_known)
    courses = [_course(stream, policy, plan, tell) for policy in policies]
    return Replay(
        model=model,
        dataset=ratings.name,
        plan=plan,
        times=stream.times[stream.start :],
        session_times=stream.times[stream.sessions.first],
        n_first=stream.start,
        courses=tuple(courses),
        remarks=(*remarks, *more),
    )


def _policies(trainer: Trainer, plan: ReplayPlan, n_known: int) -> tuple[list[Policy], list[str]]:
    """All that a model can, from one and the same training; and which it cannot."""
    stream, title = trainer.stream, models.find(trainer.model).title
    artifact = trainer.train(n_known)
    policies: list[Policy] = [Fixed(stream, artifact)]
    remarks = []
    if folds(artifact):
        policies.append(FoldedIn(stream, artifact))
    else:
        remarks.append(f"{title} folds nobody in")
    if models.find(trainer.model).grow:
        policies.append(Updated(stream, artifact, n_known, plan.update_every))
    else:
        remarks.append(f"{title} takes in no later ratings")
    policies.append(Retrained(trainer, artifact, n_known, plan.retrain_every))
    return policies, remarks


def _course(stream: Stream, policy: Policy, plan: ReplayPlan, tell: Tell) -> Course:
    started, sessions, n = time.perf_counter(), stream.sessions, len(stream)
    errors, by_fallback = np.empty(n - stream.start), np.empty(n - stream.start, bool)
    lists = np.empty((len(sessions.first), plan.k), np.int32)
    n_learned = 0
    for low, high in _segments(stream, policy.every):
        n_learned += policy.learn(stream.n_known(int(stream.times[low]))) if policy.every else False
        places: Places = np.arange(low, high)
        at = slice(low - stream.start, high - stream.start)
        stars, by_fallback[at] = policy.answers(places)
        errors[at] = np.square(stars - stream.stars[low:high], dtype=np.float64)
        asked = slice(*np.searchsorted(sessions.first, [low, high]))
        if asked.start < asked.stop:
            lists[asked] = policy.lists(sessions.first[asked], plan.k)
        tell(policy.name, high - stream.start, n - stream.start)
    hits = metrics.find_rows(lists, sessions.offsets, sessions.liked) >= 0
    ndcg = metrics.ranking_by_user(hits, np.diff(sessions.offsets)).ndcg
    seconds = time.perf_counter() - started
    return Course(policy.name, errors, by_fallback, ndcg, n_learned, seconds)


def _segments(stream: Stream, every: int) -> Iterator[tuple[int, int]]:
    """Places between two moments of learning; all of them where there are none.

    A policy learns at the first rating of each period of the data's time.
    """
    times = stream.times[stream.start :]
    if not every:
        yield stream.start, len(stream)
        return
    periods = (times - times[0]) // every
    begins = np.flatnonzero(np.concatenate([[True], periods[1:] != periods[:-1]])) + stream.start
    yield from zip(begins.tolist(), [*begins[1:].tolist(), len(stream)], strict=True)


def _means(edges: NDArray[np.int64], when: NDArray[np.int64], values: Doubles) -> Doubles:
    """Mean of values between edges; NaN without any."""
    window = np.searchsorted(edges, when, side="right") - 1
    n = len(edges) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            np.bincount(window, values, n) / np.bincount(window, minlength=n), np.float64
        )
