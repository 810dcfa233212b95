"""Measure, and write the page: `make bench`, or `python -m benchmarks` in its environment."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import curve, machine, race, report
from benchmarks.crew import HOUSE, WorkerFailed
from benchmarks.results import Result
from benchmarks.stage import Stage, require_real
from benchmarks.work import Work
from benchmarks.works import WORKS
from starcast.errors import StarcastError, UnknownNameError

SCRATCH = HOUSE / "build"  # not the system's place for such files, which may be in memory


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure what it asks for, and render everything there is.

    Returns: the exit status: 1 where Starcast itself could not run.
    """
    given = _parser().parse_args(arguments)
    results, docs = HOUSE / "benchmarks" / "results", HOUSE / "docs"
    if given.quick:
        results = docs = SCRATCH / "bench-quick"
    works = chosen(given.only)
    if not given.render and not given.quick and any(work.needs_real for work in works):
        require_real(given.data_dir, [name for name, work in WORKS.items() if not work.needs_real])
    fine = True
    for work in () if given.render else works:
        result = _measure(work, given.data_dir, given.quick, alone=bool(given.only))
        print(f"{result.write(results)}\n", flush=True)
        fine &= not any(one.entries[0].failed for one in result.races)
    print(_render(results, docs))
    return 0 if fine else 1


def chosen(only: str) -> list[Work]:
    """The works of a list of names with commas; all where it is empty.

    Raises: UnknownNameError: one of them is none.
    """
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in WORKS:
            raise UnknownNameError("work", name, WORKS)
    return [work for name, work in WORKS.items() if not names or name in names]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--only", default="", help=f"works with commas between them, of: {', '.join(WORKS)}")
    add("--data-dir", type=Path, default=Path("datasets"), help="where ml-1m lies")
    add("--quick", action="store_true", help="everything small, results in build/: does it run?")
    add("--render", action="store_true", help="measure nothing, write the page anew")
    return parser


def _measure(work: Work, data_dir: Path, quick: bool, *, alone: bool) -> Result:
    SCRATCH.mkdir(exist_ok=True)
    started = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", flush=True)

    print(f"{work.name}: {work.title}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=SCRATCH) as folder:
        data, plans = work.plan(Stage(Path(folder), data_dir, quick=quick, alone=alone))
        races = tuple(race.run(plan, tell) for plan in plans)
    for one in races:
        print(f"\n{one.title}\n{_aligned(list(report.race_rows(one)))}")
        print(*report.notes_of(one), sep="\n", flush=True)
    return Result(
        work=work.name,
        title=work.title,
        command=f"make bench ONLY={work.name}" if alone else "make bench",
        data=data,
        circumstances=machine.circumstances(),
        races=races,
    )


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [str.ljust, *[str.rjust] * (len(widths) - 1)]
    lines = (
        "  ".join(side(cell, width) for side, cell, width in zip(sides, row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _render(results: Path, docs: Path) -> Path:
    """Write the page and the picture from whatever has been measured."""
    paths = [results / f"{name}.json" for name in WORKS]
    found = [Result.read(path) for path in paths if path.exists()]
    for result in found:
        if result.work == "scale":
            curve.write(result, docs / "images")
    target, fresh = docs / "benchmarks.md", docs / ".benchmarks.md.new"
    docs.mkdir(parents=True, exist_ok=True)
    fresh.write_text(report.render(found), "utf-8")
    fresh.replace(target)
    return target


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StarcastError, WorkerFailed, OSError) as error:
        sys.exit(f"benchmarks: {error}")
    except KeyboardInterrupt:
        sys.exit("benchmarks: interrupted; works that were finished are kept")
