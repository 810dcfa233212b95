"""What filters and rules cost a list."""

from typing import Any

from benchmarks.contestants.starcast_rules import SHARE
from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.stage import Stage
from benchmarks.work import Planned, Work

_FILTERS: dict[str, dict[str, Any]] = {
    "a filter": {"where": "genres = 'g1' and year >= 1990"},
    "a filter that most pass": {"where": "genres <> 'g1'", "min_ratings": 5},
}
_RULES: dict[str, dict[str, Any]] = {
    "at most 3 of a genre": {"at_most": "3:genres"},
    "at least 2 of a genre": {"at_least": "2:genres=g1"},
    "diversity 0.3": {"diversity": 0.3},
    "calibration 0.3": {"calibration": 0.3},
}
_MOST = 1.1  # times a list without; of a filter


def _plan(stage: Stage) -> Planned:
    data, words = stage.real()
    n_calls = 50 if stage.quick else 1000

    def race(title: str, task: str, known: dict[str, dict[str, Any]], **more: Any) -> Plan:
        return Plan(
            title=title,
            unit="time",
            contestants=tuple(
                Contestant(
                    name=name,
                    task=f"starcast_rules:{task}",
                    settings={"data": data, "rules": rules, **more},
                    rounds=5 if known is _FILTERS else 3,
                )
                for name, rules in known.items()
            ),
            targets=tuple(Target(contestant=name, at_most=_MOST, figure=SHARE) for name in _FILTERS)
            if known is _FILTERS
            else (),
        )

    return f"{words}; genres drawn at random", (
        race("One list, latent factor, d 32", "one", _FILTERS, n_calls=n_calls),
        race("All lists to a file", "everybody", _FILTERS),
        race("One list chosen item by item", "one", _RULES, n_calls=n_calls),
    )


WORK = Work(name="filters", title="Lists by filters and rules, beside those without", plan=_plan)
