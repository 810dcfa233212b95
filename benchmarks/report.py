"""The page: results as Markdown, pure functions from what was measured to text."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.results import TIME, Entry, Race, Result, Target
from benchmarks.units import figures, show

_HEAD = """\
# Benchmarks

Starcast beside its alternatives: the same work, in the same run, on the same machine. This page is
written by

    make bench                  # every work; about an hour on two cores
    make bench ONLY=train,top   # some of it; the others keep what was measured before

from [`benchmarks/`](../benchmarks/); what was measured lies in
[`benchmarks/results/`](../benchmarks/results/), sample by sample. Versions are pinned in
[`benchmarks/requirements.txt`](../benchmarks/requirements.txt) and installed into an environment
of their own. Spark beside MLlib, ratings beyond memory, and updates have commands and figures on
pages of their own: [scale.md](scale.md), [updates.md](updates.md).

**How.** Every contestant is a process of its own, prepared and warmed up beforehand. They take
turns: one round each, the next round begun by another, and only one works at a time. A contestant
for whom threads may help or hurt tries one and all of them before the race and runs with the
quicker; Starcast runs as it comes. Figures are medians over rounds; the range is from the quickest
to the slowest. **×** is how many times as long as the first contestant it took: above 1 is in
Starcast's favour. Ratios hold from machine to machine; times do not.
"""
_MET = {True: "met", False: "**not met**", None: "not measured"}


def render(results: Sequence[Result]) -> str:
    """The whole page.

    Args:
        results: in the order of the page.
    """
    parts = [_HEAD, "## Targets\n", _targets(results)]
    parts += [_work(result) for result in results]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def verdict(target: Target, race: Race) -> bool | None:
    """Whether a target was met; None where it could not be measured."""
    got = target.got(race.entries)
    return None if got is None else got <= target.at_most


def measured(target: Target, race: Race) -> str:
    """What was reached, in the words of the target."""
    got = target.got(race.entries)
    if got is None:
        return "–"
    if target.asks_for_speed:
        return f"{figures(1 / got)} × faster" if got < 1 else f"{figures(got)} × slower"
    if target.against:
        return f"{got:.4g} ×"
    return show(got, race.unit) if target.figure == TIME else f"{got:.4g}"


def race_rows(race: Race) -> Iterator[list[str]]:
    """A race as rows of cells, the headings first.

    Times are in the race's unit; other figures are as they are.
    """
    extras = list(dict.fromkeys(name for entry in race.entries for name in entry.figures))
    extras = [name for name in extras if name != TIME]
    yield ["contestant", "threads", "median", "range", "×", *extras]
    for entry in race.entries:
        if entry.failed:
            yield [entry.name, "", "did not run", "", "", *[""] * len(extras)]
            continue
        cells = [show(entry.median(), race.unit), _range(entry, race.unit), _ratio(entry, race)]
        more = [f"{entry.median(n):.4g}" if n in entry.figures else "" for n in extras]
        yield [entry.name, str(entry.threads), *cells, *more]


def _targets(results: Sequence[Result]) -> str:
    """One table of every target, that says at a glance how things stand."""
    rows = [["work", "target", "measured", ""]]
    for result in results:
        for race in result.races:
            for target in race.targets:
                words = target.text(race.unit)
                shared = sum(1 for one in race.targets if one.contestant != target.contestant)
                who = f"{target.contestant}: " if shared else ""
                rows.append(
                    [
                        f"[{result.work}](#{result.work}): {race.title}",
                        who + words,
                        measured(target, race),
                        _MET[verdict(target, race)],
                    ]
                )
    met = sum(row[-1] == _MET[True] for row in rows)
    return f"{met} of {len(rows) - 1} are met.\n\n{_table(rows)}"


def _work(result: Result) -> str:
    lines = [f"## {result.work}", "", f"**{result.title}.** Data: {result.data}.", ""]
    for race in result.races:
        lines += [f"### {race.title}", "", _table(race_rows(race)), ""]
        notes = notes_of(race)
        lines += [*(f"- {note}" for note in notes), *([""] if notes else [])]
    if result.work == "scale":
        lines += [
            '<img src="images/benchmarks-scale.png" width="720" '
            'alt="Time and memory per rating over the number of ratings, on logarithmic axes.">',
            "",
        ]
    said = "; ".join(f"{name} {value}" for name, value in result.circumstances.items())
    return "\n".join([*lines, f"`{result.command}`; {said}."])


def notes_of(race: Race) -> list[str]:
    """What to know about a race and its contestants, and why somebody did not run."""
    notes = [race.note] if race.note else []
    for entry in race.entries:
        if entry.failed:
            notes.append(f"{entry.name} did not run: {entry.failed}")
        elif entry.note:
            notes.append(f"{entry.name}: {entry.note}")
    return notes


def _range(entry: Entry, unit: str) -> str:
    samples = entry.figures[TIME]
    if len(samples) == 1:
        return "1 round"
    return f"{show(min(samples), unit)} – {show(max(samples), unit)}, {len(samples)} rounds"


def _ratio(entry: Entry, race: Race) -> str:
    first = race.entries[0]
    if entry is first or first.failed:
        return ""
    return figures(entry.median() / first.median())


def _table(rows: Iterable[Sequence[str]]) -> str:
    """Markdown; the headings are the first row."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
                     for line in lines)  # fmt: skip
