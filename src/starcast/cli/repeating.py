"""`--repeat`: models trained and judged on many splits; figures are kept, no model is."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, final

import typer

from starcast.cli import inputs
from starcast.cli.answers import Answer, plain
from starcast.cli.command_line import CHANGES_NOTHING
from starcast.cli.command_line import repeated as command_of
from starcast.cli.finished_cells import FinishedCells
from starcast.disk.lock import alone
from starcast.disk.replacement import replace_file, resolved
from starcast.errors import InterruptedTrainingError, TrainingError

if TYPE_CHECKING:
    from starcast.data.ratings import Ratings
    from starcast.data.split import SplitPlan
    from starcast.evaluation.repeats import Cell, Contestant, Judge, Repeated
    from starcast.evaluation.repeats.cells import Blend

Repeat = Annotated[
    str | None,
    typer.Option(
        "--repeat",
        metavar="SPLITS[xSEEDS]",
        help="Train and judge on as many splits, by as many training seeds on each, as 5 or 5x3: "
        "means, standard errors, and what is really apart. No model is kept.",
        rich_help_panel="Repeats",
    ),
]


@final
class Again(NamedTuple):
    """How often, as `Times.parse` takes it, where the report goes, and whether to start over."""

    times: str
    out: Path
    fresh: bool


@final
class Rows(NamedTuple):
    """Ratings, how they are divided first, the first seed of training, and where sets lie."""

    ratings: "Ratings"
    plan: "SplitPlan"
    seed: int
    data_dir: Path


@final
class Judged(NamedTuple):
    """What is repeated: the models, a blend of them all if any, and how they are judged."""

    contestants: "Sequence[Contestant]"
    judge: "Judge"
    said_of_judge: str
    blend: "Blend | None" = None


def repeat(context: typer.Context, again: Again, rows: Rows, judged: Judged) -> Answer:
    """Run every repeat that is not done yet, and write what all of them say.

    Raises: ConfigError, BusyError, TrainingError, InterruptedTrainingError.
    """
    from starcast.artifacts.replacement import as_artifact_error
    from starcast.cli.show import console
    from starcast.evaluation.repeats import Repeated, Times

    cells = list(Times.parse(again.times).cells(rows.plan, rows.seed))
    page = again.out / inputs.checked_folder_name(rows.ratings.name) / "repeat.md"
    console.print(repr(rows.ratings), highlight=False, soft_wrap=True)
    with as_artifact_error(page):
        page.parent.mkdir(parents=True, exist_ok=True)
    context.with_resource(alone(resolved(page)))
    kept = FinishedCells(page.with_suffix(".runs"), _identity(rows, judged), fresh=again.fresh)
    told = Repeated(repr(rows.ratings), tuple(_run(cells, rows, judged, kept)))
    command = command_of(context, CHANGES_NOTHING)
    record = told.record() | {"command": command, "judged": judged.said_of_judge}
    text = json.dumps(plain(record), indent=1, ensure_ascii=False)
    for path, content in ((page.with_suffix(".json"), text), (page, _page(told, command))):
        with replace_file(path) as new:
            new.write_text(content, encoding="utf-8")
    kept.discard()

    def shown() -> None:
        _show(told)
        console.print()
        console.print(f"written to {page} and {page.with_suffix('.json')}", soft_wrap=True)

    return Answer(record | {"page": page}, shown)


_ABOUT = (
    "Mean ± standard error over splits, corrected for the rows that splits share (Nadeau, Bengio "
    "2003)."
)


def _page(told: "Repeated", command: str) -> str:
    from starcast.display import as_markdown, markdown_text, printable

    parts = [
        "# Repeated",
        markdown_text(told.data),
        f"    {printable(command)}",
        _ABOUT,
        as_markdown(told.table()),
        "\n".join(f"- {markdown_text(line)}" for line in told.sentences()),
        as_markdown(told.runs()),
    ]
    return "\n\n".join(parts) + "\n"


def _run(
    cells: "Sequence[Cell]", rows: Rows, judged: Judged, kept: FinishedCells
) -> "Iterable[Any]":
    from starcast.evaluation.repeats import CellFigures

    for n, cell in enumerate(cells):
        key = f"{cell.plan} seed {cell.seed}"
        try:
            if key not in kept.figures:
                kept.add(key, _told(cell, rows, judged, f"repeat {n + 1} of {len(cells)}"))
        except (TrainingError, KeyboardInterrupt) as error:
            raise _ended(error, n, len(cells)) from None
        yield CellFigures(number=cell.number, seed=cell.seed, **kept.figures[key])


def _told(cell: "Cell", rows: Rows, judged: Judged, which: str) -> dict[str, Any]:
    """What is kept of a repeat."""
    from rich.status import Status

    from starcast.cli.show import console
    from starcast.data.load import divide
    from starcast.evaluation.repeats import run_cell

    split = divide(cell.plan, rows.ratings, rows.data_dir)
    where = f"{which}: {split.scheme}, training seed {cell.seed}"
    with Status(where, console=console):
        figures = run_cell(split, judged.contestants, cell.seed, judged.judge, blend=judged.blend)
    console.print(where, soft_wrap=True)
    n_train, _, n_test = split.counts
    return {"split": split.scheme, "fingerprint": split.fingerprint,
            "test_per_train": n_test / n_train, "figures": figures}  # fmt: skip


def _ended(error: BaseException, n_done: int, n: int) -> TrainingError:
    is_stopped = isinstance(error, KeyboardInterrupt | InterruptedTrainingError)
    what = f"{str(error) or 'interrupted'} in repeat {n_done + 1} of {n}"
    goes_on = "; those before it are kept, and the same command goes on" if n_done else ""
    return (InterruptedTrainingError if is_stopped else TrainingError)(f"{what}{goes_on}")


def _identity(rows: Rows, judged: Judged) -> dict[str, Any]:
    """What the figures of a repeat depend on, beside its seeds; more repeats go on with fewer."""
    from starcast.training.identity import library_versions

    models = [
        {"model": one.model, "refit": one.refit, **one.config.written()}
        for one in judged.contestants
    ]
    told = {
        "models": models,
        "split": str(replace(rows.plan, seed=0, fold=1)),
        "judged": judged.said_of_judge,
        "ratings": rows.ratings.content_hash(),
        "versions": library_versions(),
    }
    found: dict[str, Any] = json.loads(json.dumps(told))  # as it is read back
    return found


def _show(told: "Repeated") -> None:
    from starcast.cli.results import show_table
    from starcast.cli.show import console

    show_table(told.table())
    console.print(_ABOUT, soft_wrap=True)
    for line in told.sentences():
        console.print(line, soft_wrap=True)
