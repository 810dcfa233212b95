"""Breaks the code on purpose, one small place at a time, and says whether a test notices.

    python -m venv build/mutate && build/mutate/bin/pip install cosmic-ray==8.7.0
    build/mutate/bin/python tools/mutate.py training artifacts recommend evaluation/metrics
    build/mutate/bin/python tools/mutate.py training/loop.py --each 0    # all of a module

cosmic-ray makes the mutants: another operator, another number, a condition turned round, a loop
that never runs, a decorator left out. A seeded sample of the places of each module is tried, in
copies of the tree. A mutant has its module's own tests against it, those of the mirrored folder
that bear its name or import it, and its doctests: if they stay green, it survived. Somebody then
has to look: it means the same as before, or a test is missing. It is not part of the tests.
"""

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[1]
PACKAGE = Path("src/starcast")
_COPIED = ("src", "tests", "tools", "benchmarks", "pyproject.toml", "README.md", "docs")
_MOST_SECONDS = 60  # that tests may take, and six times what they take by themselves
# What takes minutes is no module's own test, but where nothing else is.
_SLOW = (
    "test_hostile_artifacts.py",
    "test_list_stacking.py",
    "test_listwise.py",
    "test_checkpoints.py",
)


class Mutant(NamedTuple):
    """One place of a module, changed.

    Attributes:
        module: relative to the package.
        line: counted from 1.
        change: the line, before and after.
        code: the whole module.
    """

    module: Path
    line: int
    change: str
    code: str


Verdict = tuple[Mutant, bool]
"""A mutant, and whether it survived."""


def main() -> int:
    """Try, and tell; 1 if any survived."""
    asked = _arguments()
    python = Path(asked.python).absolute()  # a link that is followed leaves its environment
    found = [module for name in asked.modules for module in modules(name)]
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(asked.jobs):
            copies.put(copied(Path(folder) / str(number)))

        def tried(module: Path) -> list[Verdict]:
            copy = copies.get()
            try:
                return list(judged(copy, module, python, asked.each, asked.seed))
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(asked.jobs) as pool:
            verdicts = [verdict for some in pool.map(tried, found) for verdict in some]
    print(table(verdicts))
    return int(any(survived for _, survived in verdicts))


def modules(name: str) -> list[Path]:
    """The modules of a folder, or one, relative to the package."""
    at = ROOT / PACKAGE / name
    files = sorted(at.rglob("*.py")) if at.is_dir() else [at]
    return [file.relative_to(ROOT / PACKAGE) for file in files]


def copied(to: Path) -> Path:
    """A copy of the tree with its compiled code, times kept, so that nothing is compiled anew."""
    to.mkdir()
    for name in _COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, to / name)
    return to


def own_tests(module: Path) -> list[str]:
    """The test files of a module and the module itself, for its doctests.

    Those of the mirrored folder that bear its name, then those that import it; where there are
    neither, the whole folder.
    """
    folder = Path("tests/unit") / module.parent
    files = sorted((ROOT / folder).glob("test_*.py"))
    dotted = ".".join(("starcast", *module.with_suffix("").parts))
    named = [file for file in files if module.stem in file.stem]
    importing = [file for file in files if f"{dotted} import" in file.read_text("utf-8")]
    mine = [file for file in dict.fromkeys(named + importing) if file.name not in _SLOW]
    chosen = mine or named or importing or [file for file in files if file.name not in _SLOW]
    return [str(PACKAGE / module), *(str(file.relative_to(ROOT)) for file in chosen)]


def mutants(module: Path, each: int, seed: int) -> list[Mutant]:
    """A sample of what can be changed in a module, at most one for a place; all for 0."""
    code = (ROOT / PACKAGE / module).read_text("utf-8")
    places, rng = _places(code), random.Random(f"{seed} {module}")
    made: list[Mutant] = []
    for place in rng.sample(sorted(places), len(places)):
        changes = rng.sample(places[place], len(places[place]))
        usable = (one for change in changes if (one := _mutant(module, code, *change)))
        made += islice(usable, 1 if each else None)
        if each and len(made) == each:
            break
    return made


def _places(code: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """By line and column, an operator of cosmic-ray and which of its occurrences that is."""
    tree = get_ast(code)
    places: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments():
            continue  # asks for names of variables
        spots = (spot for node in ast_nodes(tree) for spot in operator().mutation_positions(node))
        for occurrence, (start, _) in enumerate(spots):
            places.setdefault(start, []).append((name, occurrence))
    return places


def _mutant(module: Path, code: str, name: str, occurrence: int) -> Mutant | None:
    """None where the same is computed: annotations, and what is no program."""
    changed = mutate_code(code, get_operator(name)(), occurrence)
    try:
        if changed is None or _computed(changed) == _computed(code):
            return None
    except SyntaxError:
        return None
    old, new = code.splitlines(), changed.splitlines()
    line = next(n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
    told = [said for said in difflib.ndiff(old, new) if said[:2] in ("- ", "+ ")]
    return Mutant(module, line + 1, "\n".join(told), changed)


class _Bare(ast.NodeTransformer):
    """Takes away what a type checker sees to: annotations, how arguments may be given, finality."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Final, or a dataclass that is frozen."""
        node.decorator_list = [one for one in node.decorator_list if ast.unparse(one) != "final"]
        for one in node.decorator_list:
            if isinstance(one, ast.Call):
                one.keywords = []
        return self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        """All by position."""
        node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
        node.defaults += [default for default in node.kw_defaults if default]
        node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Of an argument."""
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Of what is given back."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Of a variable."""
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _computed(code: str) -> str:
    return ast.dump(_Bare().visit(ast.parse(code)))


def judged(copy: Path, module: Path, python: Path, each: int, seed: int) -> Iterator[Verdict]:
    """What becomes of a module's mutants, told as they are tried."""
    chosen, tests = mutants(module, each, seed), own_tests(module)
    if not chosen:
        return
    started = time.monotonic()
    if not _is_green(copy, tests, python, 3600):
        raise SystemExit(f"{module}: its tests fail by themselves: {' '.join(tests)}")
    most = _MOST_SECONDS + 6 * (time.monotonic() - started)
    target, original = copy / PACKAGE / module, ROOT / PACKAGE / module
    for number, mutant in enumerate(chosen):
        target.write_text(mutant.code, "utf-8")
        os.utime(target, (number, number))  # or Python would take one for the other of its size
        survived = _is_green(copy, tests, python, most)
        shutil.copy2(original, target)
        if survived:
            print(f"survived  {module}:{mutant.line}\n{mutant.change}", flush=True)
        yield mutant, survived
    print(f"tried     {module}: {len(chosen)}", file=sys.stderr, flush=True)


def _is_green(copy: Path, tests: list[str], python: Path, most: float) -> bool:
    """Whether tests pass in a copy of the tree; what never ends does not."""
    command = [str(python), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
               "--basetemp", str(copy / "temporary"), *tests]  # fmt: skip
    places = {
        "PYTHONPATH": str(copy / "src"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # twice as fast
    try:
        return not subprocess.run(
            command, cwd=copy, env=os.environ | places, timeout=most, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        return False


def table(verdicts: list[Verdict]) -> str:
    """Killed and survived by folder, as Markdown."""
    lines = ["| folder | mutants | killed | survived |", "|---|---|---|---|"]
    for folder in dict.fromkeys(mutant.module.parent for mutant, _ in verdicts):
        fates = [survived for mutant, survived in verdicts if mutant.module.parent == folder]
        lines.append(f"| `{folder}` | {len(fates)} | {len(fates) - sum(fates)} | {sum(fates)} |")
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="+", help="folders or modules, below src/starcast")
    parser.add_argument("--each", type=int, default=10, help="mutants of a module; 0 for all")
    parser.add_argument("--seed", type=int, default=13, help="of the sample")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree at work")
    parser.add_argument("--python", default=".venv/bin/python", help="which has the test needs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
