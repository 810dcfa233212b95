"""What closes `starcast compare`: models judged on their test ratings, and the report on disk."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from starcast.cli.answers import Answer
from starcast.cli.closing import note_opening
from starcast.cli.judging import Judging
from starcast.cli.logging_options import Logging
from starcast.cli.saving import replacing, tell_replaced
from starcast.disk.replacement import resolved

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.evaluation.report import Report


def report_on(
    judged: "Sequence[tuple[Path, Artifact]]",
    judging: Judging,
    place: Path,
    command: str,
    failed: Mapping[str, str],
    *,
    all_pairs: bool,
    log: Logging,
) -> Answer:
    """Judge, compare, and write the report.

    Args:
        judged: models, and the folders that they are in, where it is noted that their test ratings
            were opened.
        judging: how they are judged.
        place: of the report; one that is there is kept.
        command: that repeats this.
        failed: by title, why others are not among them.
        all_pairs: whether every pair is told of.
        log: that has their runs.
    """
    from rich.status import Status

    from starcast.cli import results
    from starcast.cli.show import console, note
    from starcast.evaluation.comparison import comparison as comparing
    from starcast.evaluation.comparison import here, write
    from starcast.evaluation.report import evaluate

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its first run tells of a font cache
    trained = [artifact for _, artifact in judged]
    for one in trained:  # before the minute that judging may take
        one.require_test_of(trained[0].split, f"compare it with {trained[0].model}")
    with Status("judging", console=console) if console.is_interactive else nullcontext():
        reports = [evaluate(one, k=judging.k, relevance=judging.relevance) for one in trained]
        draws = comparing.draws_for(len(reports))
        compared = comparing.compare(reports, n_draws=draws, failed=failed)
        _note_openings(judged, reports, log)
        with replacing(place, "results.json") as before:
            page = write(compared, place, here(command))
    tell_replaced(place, before)
    for artifact in trained:
        if artifact.leak:
            note(f"LEAKY: {artifact.model}: {artifact.leak}")

    def shown() -> None:
        results.show(compared, all_pairs=all_pairs, explain=judging.explain)
        console.print()
        console.print(f"report: {page}", soft_wrap=True)

    record = json.loads(page.with_name("results.json").read_bytes())
    return Answer(record | {"report": page, "replaced": before}, shown)


def opened_before(times: Sequence[str]) -> str:
    """How often test ratings were opened before; each time invites a choice by them."""
    how_often = "once" if len(times) == 1 else f"{len(times)} times"
    return f"test ratings opened {how_often} before this, last at {times[-1]}"


def _note_openings(
    judged: "Sequence[tuple[Path, Artifact]]", reports: "Sequence[Report]", log: Logging
) -> None:
    """Note in every model's folder that its test ratings were opened; once in one given twice."""
    found = zip(judged, reports, strict=True)
    by_place = {resolved(folder): (folder, report, one) for (folder, one), report in found}
    for each in by_place.values():
        note_opening(*each, log)
