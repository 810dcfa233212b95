"""What the terminal shows: tables, notes and bars."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, final

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from starcast import models
from starcast.display import as_text, figure, printable
from starcast.evaluation import metrics
from starcast.evaluation.tiers import item_columns, user_columns

if TYPE_CHECKING:
    from starcast.evaluation.report import Report

Bar = AbstractContextManager[Callable[[int, int | None], None]]
"""Shown while it is entered; gives what to call with the work done and all there is, if known."""

Compiling = Callable[[int, int | None, bool], None]
"""Called with the models done, all there are if known, and whether loops are compiled now."""

_PIPED_WIDTH = 120  # columns where there is no terminal to ask


@final
class _PlainConsole(Console):
    """A console that prints text as it is: no markup, no emoji codes, no control characters.

    A film called "[rec]" or ":thumbs_up:" stays so, and one called "\\x1b[2J" clears no screen. A
    string is one line; where lines are broken on purpose, that is said by `end` or by a `Text`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **settings)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Every string that is printed or stands in a table comes by here."""
        return super().render_str(printable(text), **settings)

    def on_broken_pipe(self) -> None:
        """The reader, such as `head`, has left: what would be told is dropped, work goes on."""
        self.quiet = True


console = _PlainConsole(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
errors = _PlainConsole(stderr=True)


@contextmanager
def talking(*, to_stderr: bool, quiet: bool) -> Iterator[None]:
    """While it is entered, what a verb tells on its way goes to stderr, or nowhere."""
    before = console.stderr, console.quiet
    console.stderr, console.quiet = to_stderr, quiet
    try:
        yield
    finally:
        console.stderr, console.quiet = before


def note(message: str) -> None:
    """One line the user should know of, on stderr, if there is one to write to."""
    with suppress(OSError):
        errors.print(f"note: {message}", style="yellow", soft_wrap=True)


def figures(title: str, values: Mapping[str, float], *, explain: bool = False) -> None:
    """A table of figures by name; with their definitions if asked."""
    console.print(title)
    table = Table(box=None, show_header=False)
    for name, value in values.items():
        table.add_row(name, figure(value), metrics.explain(name) if explain else "")
    console.print(table)


def closing_figures(report: "Report", *, explain: bool = False) -> None:
    """The figures that close a training run: of its stars, and of its lists if it is for lists."""
    values = report.own_items(report.k)
    del values["Accuracy"]
    if report.about_final:
        note(report.about_final)
    figures(f"{report.heading}, opened once", values, explain=explain)
    if models.find(report.artifact.model).objective == metrics.LISTS:
        *_, (heading, lists) = report.groups().items()
        console.print()
        figures(heading, lists, explain=explain)


def judged(report: "Report", *, explain: bool = False) -> None:
    """All that the test rows say of a model, each group below what it is a figure of."""
    if report.about_final:
        note(report.about_final)
    console.print(report.heading)
    for heading, group in report.groups().items():
        console.print()
        figures(heading, group, explain=explain)
    lists = report.catalogue
    tables = user_columns(report.user_tiers, lists.k), item_columns(lists.item_tiers, lists.k)
    for table in tables:
        console.print()
        console.print(Text(as_text(table)), soft_wrap=True)
    for said in filter(None, (report.about_accuracy, lists.about_sample, lists.about_strangers)):
        console.print()
        console.print(said, soft_wrap=True)


def items(name: str, rows: Iterable[tuple[str, object, str]], users: Sequence[str] = ()) -> None:
    """A table of a figure, an item and its title, and perhaps of the user it is for."""
    table = Table(box=None, pad_edge=False)
    if users:
        table.add_column("user")
    table.add_column(name, justify="right")
    table.add_column("item")
    table.add_column("title")
    for at, (value, item_id, title) in enumerate(rows):
        table.add_row(*users[at : at + 1], value, str(item_id), title)
    console.print(table)


def fetching(name: str) -> Bar:
    """A progress bar that appears when the first bytes arrive."""
    return _bar(f"fetching {name}", DownloadColumn())


def judging(title: str) -> Bar:
    """A progress bar that appears when the first users are done."""
    return _bar(f"judging {title}", MofNCompleteColumn())


def listing(title: str) -> Bar:
    """A progress bar that appears when the first users have their lists."""
    return _bar(f"lists by {title}", MofNCompleteColumn())


@contextmanager
def compiling() -> Iterator[Compiling]:
    """A bar that is there while loops are compiled, above that of the model that is trained."""
    what = "compiling loops for this machine, once"
    models_done = TextColumn("{task.fields[models]}")
    with _progress(
        TextColumn("{task.description}"), BarColumn(), models_done, TimeElapsedColumn(), on=console
    ) as progress:
        task = progress.add_task(what, visible=False, total=None, models="")

        def show(done: int, total: int | None, now: bool) -> None:
            models = f"for {done} of {total} models" if total else ""
            progress.update(task, completed=done, total=total, models=models, visible=now)

        yield show


@contextmanager
def _bar(text: str, amount: ProgressColumn) -> Iterator[Callable[[int, int | None], None]]:
    remaining = TimeRemainingColumn(compact=True)
    with _progress(TextColumn(text), BarColumn(), amount, remaining, on=errors) as progress:
        task = progress.add_task(text, visible=False, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)


def _progress(*columns: ProgressColumn, on: Console) -> Progress:
    """Bars of which nothing stays, for somebody who looks on."""
    is_unseen = console.quiet or not on.is_interactive
    return Progress(*columns, console=on, transient=True, disable=is_unseen)
