"""A search as one HTML file that needs nothing else, and as plain values for programs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from markupsafe import Markup

from starcast import models
from starcast.data.split import Split
from starcast.disk.replacement import replace_file
from starcast.evaluation.comparison.page import template_of
from starcast.evaluation.comparison.results_file import Provenance
from starcast.evaluation.metrics import TITLES
from starcast.evaluation.tuning.charts import draw
from starcast.training.tuning.records import COMPLETE, ENDED, FAILED, PRUNED, Searched, Trial
from starcast.training.tuning.sampling import How
from starcast.training.tuning.search import best_of

PAGE, RESULTS = "index.html", "results.json"
_TEMPLATE = Path(__file__).with_name("page.html")
_COUNTED = (COMPLETE, PRUNED, FAILED)

Record = dict[str, Any]


@final
class Told(NamedTuple):
    """A search that is told of.

    Attributes:
        split: whose validation rows judged.
        found: what was found of each model.
        how: it proposed and pruned.
    """

    split: Split
    found: Sequence[Searched]
    how: How


def as_record(told: Told) -> Record:
    """A search as JSON can hold it."""
    split, best = told.split, best_of(told.found)
    return {
        "dataset": split.ratings.name,
        "split": split.scheme,
        "fingerprint": split.fingerprint,
        "metric": TITLES[best.objective.metric],
        "lower_is_better": best.objective.lower_is_better,
        "best": best.model,
        **told.how._asdict(),
        "models": [_model(one) for one in told.found],
    }


def write(told: Told, folder: Path, provenance: Provenance) -> Path:
    """Write `index.html` and `results.json` into a folder; each is replaced whole.

    Returns: the page.
    Raises: OSError: they cannot be written.
    """
    record = as_record(told)
    for name, text in (
        (RESULTS, json.dumps(record, indent=1, ensure_ascii=False)),
        (PAGE, _page(told, record, provenance)),
    ):
        with replace_file(folder / name) as fresh:
            fresh.write_text(text, encoding="utf-8")
    return folder / PAGE


def verdict(told: Told) -> str:
    """What was found, in a sentence."""
    searched = best_of(told.found)
    best, start = searched.best, searched.start
    assert best is not None
    assert best.value is not None
    said = (
        f"{models.find(searched.model).title}: validation {TITLES[searched.objective.metric]} "
        f"{best.value:.4f}"
    )
    if start is None or start.value is None:
        return f"{said}, of trial {best.number}."
    if best.number == start.number:
        return f"{said}, with the settings that it started from: nothing better was found."
    return f"{said}, of trial {best.number}; {start.value:.4f} with the settings it started from."


def _model(searched: Searched) -> Record:
    best, start = searched.best, searched.start
    return {
        "model": searched.model,
        "start": start and start.value,
        "best": best and best.value,
        "settings": best and dict(best.settings),
        "space": {name: str(one) for name, one in searched.space.items()},
        "left_out": dict(searched.left_out),
        "importances": dict(searched.importances),
        "trials": [_trial(one) for one in searched.trials if one.state != ENDED],
    }


def _trial(one: Trial) -> Record:
    named = one._asdict()
    return named | {"settings": dict(one.settings), "curve": list(one.curve)}


def _page(told: Told, record: Record, provenance: Provenance) -> str:
    template = template_of(_TEMPLATE, figure=_figure)
    train, validation, test = told.split.counts
    return template.render(
        record,
        models=[_on_page(one) for one in told.found],
        n_trials=sum(one.count(*_COUNTED) for one in told.found),
        n_validation=validation,
        split=f"{told.split.scheme}: {train:,} training, {validation:,} validation, {test:,} test "
        "ratings",
        verdict=verdict(told),
        notes=[],
        provenance=provenance,
    )


def _on_page(searched: Searched) -> Record:
    record, best, start = _model(searched), searched.best, searched.start
    seconds = sum(one.seconds for one in searched.trials)
    return record | {
        "title": models.find(searched.model).title,
        "n_trials": searched.count(*_COUNTED),
        "n_complete": searched.count(COMPLETE),
        "n_pruned": searched.count(PRUNED),
        "n_failed": searched.count(FAILED),
        "minutes": seconds / 60,
        "charts": {name: (Markup(one.svg), one.note) for name, one in draw(searched).items()},
        "names": list(searched.space),
        "rows": [
            {
                "name": name,
                "searched": str(where),
                "start": start.settings[name] if start else "–",
                "best": best.settings[name] if best else "–",
            }
            for name, where in searched.space.items()
        ],
        "trials": [
            one | {"epochs": len(one["curve"]), "state": _in_words(one["state"])}
            for one in record["trials"]
        ],
    }


def _in_words(state: str) -> str:
    return "given up" if state == PRUNED else state


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
