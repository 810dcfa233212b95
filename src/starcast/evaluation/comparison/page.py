"""The page: a record and its charts as one HTML file that needs nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from starcast.display import printable
from starcast.evaluation.comparison.charts import SERIES, Chart
from starcast.evaluation.comparison.comparison import p_text
from starcast.evaluation.comparison.results_file import Record

_OWN = ("Precision@", "Recall@", "F1@")  # over a user's own test items
_TEMPLATE = Path(__file__).with_name("page.html")


def render(record: Record, charts: Mapping[str, Chart]) -> str:
    """The HTML text; names from data files are escaped.

    Args:
        record: from `as_record`.
        charts: from `draw`.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True, finalize=_shown)  # fmt: skip
    environment.filters["p_text"] = p_text
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        record,
        series=[n % len(SERIES) for n in range(len(record["models"]))],
        rows=_ranked(record),
        own_figures=[name for name in record["definitions"] if name.startswith(_OWN)],
        catalogue_figures=[
            name for name in record["definitions"] if "@" in name and not name.startswith(_OWN)
        ],
        settings=_settings(record),
        library_versions=_versions(record),
        charts={name: (Markup(chart.svg), chart.note) for name, chart in charts.items()},
    )


def _shown(value: Any) -> Any:
    """Text that is no HTML of ours as it may be shown."""
    return printable(value) if type(value) is str else value


def _ranked(record: Record) -> list[Record]:
    """Models as the table shows them, with their place on a common axis in percent."""
    models = {model["name"]: model for model in record["models"]}
    lows, highs = zip(*(model["rmse_interval"] for model in record["models"]), strict=True)
    start, width = min(lows), (max(highs) - min(lows)) or 1.0
    position = {model["name"]: n for n, model in enumerate(record["models"])}
    return [
        models[name]
        | {
            "series": position[name] % len(SERIES),
            "left": 100 * (models[name]["rmse_interval"][0] - start) / width,
            "right": 100 * (models[name]["rmse_interval"][1] - start) / width,
            "middle": 100 * (models[name]["figures"]["RMSE"] - start) / width,
        }
        for name in record["ranking"]
    ]


def _settings(record: Record) -> dict[str, list[Any]]:
    """One row per setting, one value per model."""
    models = record["models"]
    names = dict.fromkeys(name for model in models for name in model["settings"])
    values = {name: [model["settings"].get(name) for model in models] for name in names}
    rows = {name: ["–" if v is None else v for v in row] for name, row in values.items()}
    return rows | {"refit": ["yes" if model["refit"] else "no" for model in models]}


def _versions(record: Record) -> dict[str, str]:
    """Versions of the libraries; where models were made by different ones, all of them."""
    names = dict.fromkeys(name for model in record["models"] for name in model["versions"])
    return {
        name: ", ".join(
            dict.fromkeys(m["versions"][name] for m in record["models"] if name in m["versions"])
        )
        for name in names
    }
