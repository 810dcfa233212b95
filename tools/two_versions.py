"""Whether a version is as fast as another, and how both are laid out: in turn, as a page.

    git worktree add ../before 0d7bf37
    python tools/two_versions.py ../before --out docs/before-and-after.md

Every round is a process of each version; what is compared are medians over the rounds of the best
of a few. Run nothing else beside it.
"""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

HERE = Path(__file__).parents[1]
PROBE = Path(__file__).with_name("speed_probe.py")
Figures = Sequence[Mapping[str, float]]


def main(
    before: Annotated[Path, typer.Argument(help="A checkout of the other version.")],
    rounds: Annotated[int, typer.Option(min=1, help="Processes of each.")] = 5,
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("before-and-after.md"),
) -> None:
    """Time two checkouts in turn and write medians and ratios."""
    old: list[Mapping[str, float]] = []
    new: list[Mapping[str, float]] = []
    for checkout in (before, HERE):  # compiles, fetches and parses once
        probe(checkout, data_dir, mirror)
    for _ in range(rounds):
        old.append(probe(before, data_dir, mirror))
        new.append(probe(HERE, data_dir, mirror))
    told = page(compared([shape(before)], [shape(HERE)]), compared(old, new), before, rounds)
    print(told)
    out.write_text(told, "utf-8")


def shape(checkout: Path) -> Mapping[str, float]:
    """How the package is laid out: what stands at its top, and its longest file and call."""
    package = checkout / "src" / "starcast"
    texts = [path.read_text("utf-8") for path in package.rglob("*.py")]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    functions = [node.args for node in nodes if isinstance(node, ast.FunctionDef)]
    own = {path.stem for path in package.iterdir() if path.suffix in ("", ".py")}
    return {
        "entries of the package": len(own - {"__pycache__"}),
        "longest file, lines": max(text.count("\n") for text in texts),
        "most arguments by position": max(len(a.posonlyargs + a.args) for a in functions),
    }


def probe(checkout: Path, data_dir: Path, mirror: str | None) -> Mapping[str, float]:
    """What one process of a checkout measures; each has parsed data of its own."""
    own = data_dir / f"of-{commit(checkout)}"
    own.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str((checkout / "src").resolve())}
    command = [sys.executable, str(PROBE), str(own), *([mirror] if mirror else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"two_versions: {checkout}: {done.stderr.strip().splitlines()[-1]}")
    return dict(json.loads(done.stdout))


def compared(old: Figures, new: Figures) -> str:
    """Markdown: a row for each figure, and the ratio of medians.

    >>> print(compared([{"a, ms": 2.0}], [{"a, ms": 3.0}]).splitlines()[-1])
    | a, ms | 2 | 3 | 1.50 |
    """
    lines = ["| | before | after | after / before |", "|---|---|---|---|"]
    for name in old[0]:
        was, now = median(one[name] for one in old), median(one[name] for one in new)
        lines.append(f"| {name} | {was:.3g} | {now:.3g} | {now / was:.2f} |")
    return "\n".join(lines)


def page(layout: str, times: str, before: Path, rounds: int) -> str:
    """The whole page."""
    return (
        f"# Before and after\n\n`python tools/two_versions.py BEFORE --rounds {rounds}`: commit "
        f"{commit(before)} before, commit {commit(HERE)} after.\n\n{layout}\n\nTimes on ML-1M, "
        f"{rounds} processes of each in turn, {os.cpu_count()} cores; medians over processes of "
        f"the best of a few.\n\n{times}\n"
    )


def commit(checkout: Path) -> str:
    """Seven digits."""
    asked = ["git", "-C", str(checkout), "rev-parse", "--short=7", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    typer.run(main)
