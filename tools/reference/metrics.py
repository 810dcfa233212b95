"""The page of metrics, from their definitions."""

from starcast.evaluation.metrics import DEFINITIONS


def page() -> str:
    """The whole page."""
    return (
        "# Metrics\n\nWhat each printed figure means, as `--explain` says it; written by "
        "`tools/write_reference.py`. Which of them decide what: "
        "[how models are judged](../judging.md). What the service counts: "
        "[metrics of the service](../serving.md#metrics).\n"
        + "".join(f"\n## {name}\n\n{text}\n" for name, text in DEFINITIONS.items())
    )
