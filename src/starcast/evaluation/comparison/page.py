"""The page: a record and its charts as one HTML file that needs nothing else."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from starcast.display import printable
from starcast.evaluation.charts.style import Chart
from starcast.evaluation.comparison.results_file import Record
from starcast.evaluation.comparison.verdict import p_text

if TYPE_CHECKING:
    from jinja2 import Template

_HELD_OUT = "Held-out "  # figures of a user's own test items
_RANKING = ("Catalogue ", "MAP@", "HitRate@")  # beside NDCG
_EXPOSURE = ("HitStars@", "Coverage@", "Gini@", "LongTail@", "Novelty@", "Miscalibration@")
_TEMPLATE, _STYLE, _SCRIPT = (
    Path(__file__).with_name(f"page.{ending}") for ending in ("html", "css", "js")
)


def render(record: Record, charts: Mapping[str, Chart], colours: Sequence[str]) -> str:
    """The HTML text; names from data files are escaped.

    Args:
        record: from `as_record`.
        charts: from `draw`.
        colours: of each model, the CSS variable.
    """
    template = template_of(_TEMPLATE, p_text=p_text)
    names = list(record["definitions"])
    return template.render(
        record,
        colours={
            model["name"]: colour for model, colour in zip(record["models"], colours, strict=True)
        },
        rows={objective: _ranked(record, objective) for objective in record["verdicts"]},
        held_out_figures=[name for name in names if name.startswith(_HELD_OUT)],
        ranking_figures=[name for name in names if name.startswith(_RANKING)],
        exposure_figures=[name for name in names if name.startswith(_EXPOSURE)],
        settings=_settings(record),
        library_versions=_versions(record),
        charts={name: (Markup(chart.svg), chart.note) for name, chart in charts.items()},
    )


def template_of(file: Path, **filters: Callable[..., Any]) -> "Template":
    """A page's template, which finds `style` and `script` of the house; names are escaped.

    Args:
        file: of the template.
        filters: of it, by name.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True, finalize=_shown)  # fmt: skip
    environment.filters.update(filters)
    for name, part in (("style", _STYLE), ("script", _SCRIPT)):
        environment.globals[name] = Markup(part.read_text(encoding="utf-8"))
    return environment.from_string(file.read_text(encoding="utf-8"))


def _shown(value: Any) -> Any:
    """Text that is no HTML of ours as it may be shown."""
    return printable(value) if type(value) is str else value


def _ranked(record: Record, objective: str) -> list[Record]:
    """Models as the table of an objective shows them, with places on a common axis in percent."""
    models = {model["name"]: model for model in record["models"]}
    verdict = record["verdicts"][objective]
    metric = verdict["metric"]
    lows, highs = zip(*(model["intervals"][metric] for model in models.values()), strict=True)
    start, width = min(lows), (max(highs) - min(lows)) or 1.0

    def place(figure: float) -> float:
        return float(100 * (figure - start) / width)

    return [
        models[name]
        | {
            "interval": models[name]["intervals"][metric],
            "left": place(models[name]["intervals"][metric][0]),
            "right": place(models[name]["intervals"][metric][1]),
            "middle": place(models[name]["figures"][metric]),
            "remark": verdict["beside_baselines"].get(name, {}).get("in_short", ""),
        }
        for name in verdict["ranking"]
    ]


def _settings(record: Record) -> dict[str, list[Any]]:
    """One row per setting, one value per model."""
    models = record["models"]
    names = dict.fromkeys(name for model in models for name in model["settings"])
    values = {name: [model["settings"].get(name) for model in models] for name in names}
    rows = {name: [_setting(value) for value in row] for name, row in values.items()}
    return rows | {"refit": ["yes" if model["refit"] else "no" for model in models]}


def _setting(value: Any) -> Any:
    """A value as a table shows it; a dash where there is none."""
    if value is None or value == "" or value == []:
        return "–"
    is_names = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return ", ".join(value) if is_names else value


def _versions(record: Record) -> dict[str, str]:
    """Versions of the libraries; where models were made by different ones, all of them."""
    names = dict.fromkeys(name for model in record["models"] for name in model["versions"])
    return {
        name: ", ".join(
            dict.fromkeys(m["versions"][name] for m in record["models"] if name in m["versions"])
        )
        for name in names
    }
