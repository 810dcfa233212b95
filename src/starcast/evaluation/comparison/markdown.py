"""A comparison as Markdown, as GitHub shows it: small enough for a pull request."""

from collections.abc import Collection, Iterator

from starcast.display import as_markdown, markdown_text, printable
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.results_file import Provenance
from starcast.evaluation.comparison.verdict import Verdict

_CHARTS = ("rmse-and-ndcg", "ndcg", "rmse", "validation-ndcg")  # of these, what there is


def to_markdown(comparison: Comparison, provenance: Provenance, charts: Collection[str]) -> str:
    """Verdicts, both tables and the charts that lie beside it.

    Args:
        comparison: what to report.
        provenance: where and how the comparison was made.
        charts: names of those that lie beside it, as PNG.
    """
    return "\n\n".join(_parts(comparison, provenance, charts)) + "\n"


def _parts(
    comparison: Comparison, provenance: Provenance, charts: Collection[str]
) -> Iterator[str]:
    split = comparison.reports[0].artifact.split
    ratings = split.ratings
    yield f"# {len(comparison.names)} recommenders on {_code(ratings.name)}"
    yield (
        f"{len(ratings):,} ratings by {ratings.n_users:,} users of {ratings.n_items:,} items; "
        f"split {_code(split.scheme)}, fingerprint {_code(split.fingerprint[:12])}, "
        f"{len(split.test):,} test ratings."
    )
    for name, artifact in zip(*comparison.shown, strict=True):
        if artifact.leak:
            yield f"**LEAKY** {markdown_text(name)}: {markdown_text(artifact.leak)}."
    for verdict in comparison.verdicts:
        yield _verdict(comparison, verdict)
    for heading, table in zip(comparison.headings(), comparison.tables(), strict=True):
        yield f"## {markdown_text(heading)}"
        yield as_markdown(table)
    yield from map(markdown_text, comparison.notes())
    beside = [name for name in _CHARTS if name in charts]
    yield "\n".join(f"![{name.replace('-', ' ')}]({name}.png)" for name in beside)
    yield f"{provenance.created}, on {provenance.cores} cores; to repeat it:"
    yield f"    {printable(provenance.command)}"


def _verdict(comparison: Comparison, verdict: Verdict) -> str:
    """The verdict, and what is to be said of some models, as a list."""
    remarks = [remark.sentence for remark in verdict.against_baselines().values()]
    lines = [*remarks, *filter(None, [comparison.served(verdict)])]
    said = "".join(f"\n- {markdown_text(line)}" for line in lines)
    return f"**{markdown_text(verdict.sentence())}**" + (f"\n{said}" if said else "")


def _code(text: str) -> str:
    """Text from data that stands as it is, and mentions nobody."""
    return f"`{printable(text).replace('`', chr(39))}`"
