"""The shape of the house: imports run downward, siblings never meet, and some things stay out.

The modules are parsed, not imported, so imports inside functions and for type checkers count too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "starcast"

FLOORS = (  # lowest first; a room is a module or a folder, and the inner rooms of BUILDINGS
    ("display", "evaluation.list_size", "data.id_arrays"),
    (
        "errors",
        "disk",
        "data.ids",
        "data.reading",
        "data.scale",
        "evaluation.metrics",
        "engines.blocks",
        "engines.compiled",
        "engines.diagnostics",
        "engines.normal",
        "engines.state",
    ),
    ("data.columns",),
    (
        "data.distribution",
        "data.ratings",
        "engines.simd",
        "engines.blas",
        "engines.expression",
        "engines.convergence",
        "engines.setting_kinds",
    ),
    ("engines.network_setting", "engines.setting_lists"),
    (
        "data.units",
        "data.attributes",
        "engines.protocol",
        "engines.setting_catalogue",
        "engines.batches",
        "engines.optimizers",
        "engines.rows",
    ),
    (
        "data.files",
        "engines.settings",
        "engines.sampler",
        "engines.means",
        "engines.interest",
        "engines.conditional",
        "engines.known",
        "engines.pools",
        "engines.ordinal",
        "engines.losses",
    ),
    (
        "data.movielens",
        "data.split",
        "data.store",
        "engines.keras_settings",
        "engines.solvers",
        "engines.tuned",
    ),
    ("data.parquet", "data.blocks"),
    ("data.cache",),
    ("data.load",),
    ("data.to_blocks",),
    (
        "engines.factorization",
        "engines.bayesian",
        "engines.networks",
        "engines.autoencoder",
        "engines.linear",
        "engines.baselines",
        "scoring",
    ),
    ("engines.keras",),
    ("models",),
    ("artifacts",),
    ("evaluation.charts",),
    ("recommend", "training"),
    ("evaluation.tiers", "evaluation.stars", "evaluation.predictive", "evaluation.by_ids"),
    ("evaluation.catalogue",),
    ("evaluation.report",),
    ("evaluation.comparison", "export", "serve", "engines.spark"),
    ("evaluation.as_it_came", "evaluation.repeats", "evaluation.succession", "evaluation.tuning"),
    ("api", "cli", "testing"),
    ("__init__", "__main__"),
)
BUILDINGS = ("data", "engines", "evaluation")  # whose rooms have floors of their own
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
OPEN_TO_ALL = {"errors"}  # errors may be raised anywhere, so its own floor sees it too
MOST_ENTRIES = 19  # at the top of the package

FRAMEWORKS = {"jax", "keras", "tensorflow", "torch"}
FRAMEWORK_ROOMS = {"engines.keras", "export"}
METRICS_MAY_USE = {"numpy", "numba", "starcast", *sys.stdlib_module_names}
WEB = {"fastapi", "prometheus_client", "starlette", "uvicorn"}
DATABASES = {"psycopg", "sqlalchemy"}
SPARK = {"py4j", "pyspark"}
SEARCHES = {"optuna"}
PICKLES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "info"}
MODEL_NAMES = {
    "latent-factor-model",
    "deep-neural-network-model",
    "ensemble-no-transfer-learning",
    "ensemble-transfer-learning",
    "bayesian-factorization-model",
    "autoencoder-model",
    "item-item-model",
    "implicit-factor-model",
    "most-popular",
    "means",
    "blend",
    "list-blend",
    "own-network",
}
MOST_LINES, MOST_LINES_OF_LONG = 250, 300
LONG = {  # files that are to become shorter; no other may join them
    "artifacts/storage.py",
    "evaluation/metrics/ranking.py",
}
MOST_ARGUMENTS = 8  # by position; more are named, or a tuple of what belongs together

Sources = dict[str, str]
"""Source text by path below the package, such as "engines/networks/engine.py"."""


def read_package() -> Sources:
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def violations(sources: Sources) -> list[str]:
    """Every broken rule as "path:line: what", nothing for a house in order."""
    found: list[str] = []
    trees = {path: ast.parse(source, path) for path, source in sources.items()}
    found += [f"{circle[0]}:1: a circle: {' → '.join(circle)}" for circle in _circles(trees)]
    for path, source in sources.items():
        tree = trees[path]
        for line, what in [
            *_bad_place(path, source),
            *_bad_imports(path, tree, set(sources)),
            *_bad_code(path, tree),
        ]:
            found.append(f"{path}:{line}: {what}")
    return found


def _bad_place(path: str, source: str) -> Iterator[tuple[int, str]]:
    if _room(path) not in FLOOR_OF and path not in _FRONT_DOORS:
        yield 1, f"'{_room(path)}' has no floor; give it one in FLOORS"
    if EMPTY_NAMES & set(Path(path).with_suffix("").parts):
        yield 1, "the name says nothing about what the module does"
    if path.startswith("data/embedded/"):
        yield 1, "data/embedded holds data, no code"
    most = MOST_LINES_OF_LONG if path in LONG else MOST_LINES
    if source.count("\n") > most:
        yield most + 1, f"more than {most} lines"


def _bad_imports(path: str, tree: ast.AST, known: set[str]) -> Iterator[tuple[int, str]]:
    for line, name in _imports(path, tree, known):
        root = name.split(".")[0]
        if root in FRAMEWORKS and _room(path) not in FRAMEWORK_ROOMS:
            yield line, f"imports {root}: frameworks are met in engines/keras/ and export/ alone"
        if root in WEB and _room(path) != "serve":
            yield line, f"imports {root}: HTTP is met in serve/ alone"
        if root in DATABASES and _room(path) != "data.store":
            yield line, f"imports {root}: databases are met in data/store/ alone"
        if root in SPARK and _room(path) != "engines.spark":
            yield line, f"imports {root}: Spark is met in engines/spark/ alone"
        if root in SEARCHES and not path.startswith("training/tuning/"):
            yield line, f"imports {root}: searches are met in training/tuning/ alone"
        if root in PICKLES:
            yield line, f"imports {root}: nothing executable is ever loaded"
        if _room(path) == "evaluation.metrics" and root not in METRICS_MAY_USE:
            yield line, f"imports {root}; metrics need NumPy and Numba alone"
        if root == "starcast":
            yield from ((line, what) for what in _climbs(_room(path), _room_of(name)))


def _climbs(importer: str, imported: str) -> Iterator[str]:
    if importer == imported or imported in OPEN_TO_ALL or importer not in FLOOR_OF:
        return
    if imported not in FLOOR_OF:
        yield f"imports starcast.{imported}, which has no floor"
    elif FLOOR_OF[imported] > FLOOR_OF[importer]:
        yield f"imports upward: starcast.{imported}"
    elif FLOOR_OF[imported] == FLOOR_OF[importer]:
        yield f"imports its sibling: starcast.{imported}"


def _imports(path: str, tree: ast.AST, known: set[str]) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything imported anywhere in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield node.lineno, inner if _is_module(inner, known) else base
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            yield from ((node.lineno, name) for arg in node.args[:1] for name in _strings(arg))


def _absolute(path: str, node: ast.ImportFrom) -> str:
    """The module that `from MODULE import …` names, with the dots of a relative one resolved."""
    if not node.level:
        return node.module or ""
    folders = ["starcast", *Path(path).parts[:-1]]
    kept = folders[: len(folders) - (node.level - 1)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _is_module(name: str, known: set[str]) -> bool:
    below = "/".join(name.split(".")[1:])
    is_ours = name.startswith("starcast.")
    planned = name.count(".") == 1 and name.split(".")[1] in FLOOR_OF
    is_room = below.replace("/", ".") in FLOOR_OF
    return is_ours and (
        planned or is_room or f"{below}.py" in known or f"{below}/__init__.py" in known
    )


def _bad_code(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "a bare except"
        if isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _bad_call(node))
        if isinstance(node, ast.FunctionDef) and (n := _n_arguments(path, node)) > MOST_ARGUMENTS:
            yield node.lineno, f"{n} arguments by position, at most {MOST_ARGUMENTS}"
        if isinstance(node, ast.Attribute | ast.Name) and _compiles(path, node):
            yield node.lineno, "compiles with flags of its own; engines/compiled.py has them"
        if isinstance(node, ast.FunctionDef) and _is_parallel(node):
            yield from _bad_turns(node)
        if isinstance(node, ast.Compare | ast.MatchValue) and _branches_on_a_model(path, node):
            yield node.lineno, "branches on a model's name; the registry is the place for that"


def _branches_on_a_model(path: str, node: ast.AST) -> bool:
    return _room(path) != "models" and bool(MODEL_NAMES & _strings(node))


def _n_arguments(path: str, function: ast.FunctionDef) -> int:
    """Arguments by position, but for a verb's: Typer hands over its options by name."""
    if _room(path) == "cli" and not function.name.startswith("_"):
        return 0
    given = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    return len(given) - (given[:1] in (["self"], ["cls"]))


def _compiles(path: str, node: ast.Attribute | ast.Name) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id
    its_place = path in ("engines/compiled.py", "engines/keras/on_jax.py")  # JAX has one, too
    its_place = its_place or _room(path) == "evaluation.metrics"
    return name in ("jit", "njit", "vectorize", "guvectorize") and not its_place


def _is_parallel(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == "parallel" for one in function.decorator_list
    )


def _bad_turns(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    """Sums that Numba cuts by the number of threads, and what it does not write at all."""
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and _is_stored(node, ast.Attribute):
            yield node.lineno, "writes into a tuple's array, which Numba loses: unpack it first"
        if isinstance(node, ast.Call) and _called(node) in ("sum", "mean", "prod", "std", "var"):
            yield node.lineno, "sums up across threads: leave that to the caller"
        if isinstance(node, ast.For) and "prange" in ast.unparse(node.iter):
            added: set[ast.AST]
            added = {part.target for part in ast.walk(node) if isinstance(part, ast.AugAssign)}
            for name in _assigned(added) - _assigned(set(ast.walk(node)) - added):
                yield node.lineno, f"adds up {name} across threads: give each turn its own place"


def _is_stored(node: ast.Subscript, into: type[ast.AST]) -> bool:
    return isinstance(node.ctx, ast.Store) and isinstance(node.value, into)


def _assigned(nodes: set[ast.AST]) -> set[str]:
    return {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _bad_call(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
        yield f"calls {node.func.id}"
    if _called(node) == "squeeze" and not node.keywords and len(node.args) < 2:
        yield "squeezes without naming the axis"
    for keyword in node.keywords:
        off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg == "allow_pickle" and not off:
            yield "allows pickle: nothing executable is ever loaded"


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _strings(node: ast.AST) -> set[str]:
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


_FRONT_DOORS = {f"{building}/__init__.py" for building in BUILDINGS}


def _room(path: str) -> str:
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[: 2 if parts[0] in BUILDINGS and parts[1] != "__init__" else 1])


def _room_of(name: str) -> str:
    """The room of an imported module, "starcast.data.files.tabular" to "data.files"."""
    parts = name.split(".")[1:]
    return ".".join(parts[: 2 if parts and parts[0] in BUILDINGS else 1]) or "__init__"


def _circles(trees: dict[str, ast.Module]) -> Iterator[list[str]]:
    """Modules that import each other, however far around, folders or not."""
    known = set(trees)
    imported = {
        path: {
            target
            for _, name in _imports(path, tree, known)
            for target in [_file(name, known)]
            if target and target != path
        }
        for path, tree in trees.items()
    }
    done: set[str] = set()
    for path in imported:
        yield from _circle_from(path, imported, [], done)


def _circle_from(
    path: str, imported: dict[str, set[str]], way: list[str], done: set[str]
) -> Iterator[list[str]]:
    if path in way:
        yield [*way[way.index(path) :], path]
    elif path not in done:
        for target in sorted(imported[path]):
            yield from _circle_from(target, imported, [*way, path], done)
        done.add(path)


def _file(name: str, known: set[str]) -> str:
    """The file of an imported module, "" if there is none."""
    below = "/".join(name.split(".")[1:])
    return next((path for path in (f"{below}.py", f"{below}/__init__.py") if path in known), "")


def test_the_house_is_in_order() -> None:
    sources = read_package()
    assert {"__init__.py", "errors.py", "data/ids.py", "engines/protocol.py"} <= set(sources)
    found = violations(sources)
    assert not found, "\n" + "\n".join(found)


def test_the_entrance_hall_is_not_crowded() -> None:
    entries = [path for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= MOST_ENTRIES, sorted(path.name for path in entries)


def test_a_circle_is_seen_wherever_it_hides() -> None:
    sources = {
        "serve/a.py": "from starcast.serve import b",
        "serve/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .c import C",
        "serve/c.py": "def late():\n    from starcast.serve.a import x",
        "serve/d.py": "from starcast.serve.a import x",
    }
    circles = [one for one in violations(sources) if "circle" in one]
    assert circles == ["serve/a.py:1: a circle: serve/a.py → serve/b.py → serve/c.py → serve/a.py"]
    del sources["serve/c.py"]
    assert not [one for one in violations(sources) if "circle" in one]


VIOLATIONS = {
    "search elsewhere": ("training/fit.py", "import optuna", "in training/tuning/ alone"),
    "upward": (
        "data/ratings.py",
        "from starcast.data.split import Split",
        "upward: starcast.data.split",
    ),
    "upward module": (
        "data/ids.py",
        "import starcast.data.ratings",
        "upward: starcast.data.ratings",
    ),
    "upward name": ("models.py", "from starcast import training", "upward: starcast.training"),
    "upward in a function": (
        "scoring/factors.py",
        "def late():\n    from starcast.artifacts import load",
        "2: imports upward: starcast.artifacts",
    ),
    "upward for types": (
        "engines/protocol.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import starcast.models as m",
        "3: imports upward: starcast.models",
    ),
    "upward by dots": ("data/ratings.py", "from ..models import Model", "upward: starcast.models"),
    "upward by bare dots": ("data/ratings.py", "from .. import cli", "upward: starcast.cli"),
    "upward from a folder": (
        "engines/networks/engine.py",
        "from ...training import train",
        "upward: starcast.training",
    ),
    "upward by text": (
        "data/ids.py",
        "import importlib\nimportlib.import_module('starcast.cli')",
        "upward: starcast.cli",
    ),
    "whole package": ("cli.py", "from starcast import __version__", "upward: starcast.__init__"),
    "siblings": ("recommend.py", "from starcast.training import fit", "sibling: starcast.training"),
    "sibling folders": (
        "engines/factorization/als.py",
        "from starcast.engines.networks.layout import Layout",
        "sibling: starcast.engines.networks",
    ),
    "metrics meet siblings": (
        "evaluation/metrics/rating.py",
        "import starcast.data.scale",
        "sibling",
    ),
    "metrics and polars": ("evaluation/metrics/rating.py", "import polars as pl", "imports polars"),
    "framework": (
        "engines/networks/engine.py",
        "def f():\n    import keras.ops",
        "2: imports keras",
    ),
    "framework from": ("training/loop.py", "from tensorflow import function", "imports tensorflow"),
    "web": ("cli/serve.py", "def f():\n    import uvicorn", "2: imports uvicorn"),
    "web from": ("recommend.py", "from fastapi import FastAPI", "imports fastapi"),
    "database": ("data/load.py", "def f():\n    import sqlalchemy.orm", "2: imports sqlalchemy"),
    "spark": ("data/load.py", "from pyspark.sql import SparkSession", "1: imports pyspark"),
    "unknown floor": ("cellar.py", "x = 1", "no floor"),
    "unknown import": ("cli.py", "import starcast.cellar", "no floor"),
    "empty name": ("data/utils.py", "x = 1", "says nothing"),
    "code among data": ("data/embedded/rows.py", "x = 1", "no code"),
    "long file": ("data/ids.py", "x = 1\n" * 251, "251: more than 250 lines"),
    "very long file": (
        "artifacts/storage.py",
        "x = 1\n" * 301,
        "301: more than 300 lines",
    ),
    "nine arguments": ("data/ids.py", "def f(a, b, c, d, e, f, g, h, i):\n    pass", "9 arguments"),
    "nine in a verb's inside": (
        "cli/use.py",
        "def _f(a, b, c, d, e, f, g, h, i):\n    pass",
        "9 arguments",
    ),
    "nine beside oneself": (
        "data/ids.py",
        "class X:\n    def f(self, a, b, c, d, e, f, g, h, i, *, j):\n        pass",
        "2: 9 arguments by position, at most 8",
    ),
    "flags of its own": (
        "scoring/kernels.py",
        "import numba\n@numba.njit(cache=True)\ndef f(x):\n    return x",
        "2: compiles with flags of its own",
    ),
    "eval": ("cli.py", "layers = eval('[64, 1]')", "calls eval"),
    "parallel sum": (
        "engines/networks/epoch.py",
        "@parallel\ndef f(x):\n    return x.sum()",
        "3: sums up across threads",
    ),
    "parallel writing": (
        "engines/networks/epoch.py",
        "@parallel\ndef f(x):\n    for n in numba.prange(9):\n        y, x.z[n] = 1, 2",
        "4: writes into a tuple's array",
    ),
    "parallel addition": (
        "engines/networks/epoch.py",
        "@parallel\ndef f(x):\n    y = 0\n    for n in numba.prange(9):\n        y += x[n]",
        "4: adds up y across threads",
    ),
    "pickle": ("artifacts/artifact.py", "import pickle", "imports pickle"),
    "pickle from": ("artifacts/artifact.py", "from joblib import load", "imports joblib"),
    "allowed pickle": ("artifacts/artifact.py", "load(f, allow_pickle=True)", "allows pickle"),
    "bare except": ("cli.py", "try:\n    x = 1\nexcept:\n    pass", "3: a bare except"),
    "squeeze": ("engines/networks/engine.py", "y = x.squeeze()", "squeezes"),
    "model name": (
        "training/fit.py",
        "if name == 'latent-factor-model': pass",
        "branches on a model's name",
    ),
    "model in match": (
        "training/fit.py",
        "match name:\n    case 'latent-factor-model': pass",
        "branches on a model's name",
    ),
}


@pytest.mark.parametrize(
    ("path", "source", "complaint"), VIOLATIONS.values(), ids=VIOLATIONS.keys()
)
def test_a_violation_is_caught(path: str, source: str, complaint: str) -> None:
    found = violations({path: source})
    assert any(complaint in one for one in found), found


ALLOWED = {
    "web": ("serve/routes.py", "from fastapi import APIRouter"),
    "search": ("training/tuning/study.py", "import optuna"),
    "database": ("data/store/query.py", "from sqlalchemy import select"),
    "spark": ("engines/spark/session.py", "from pyspark.sql import SparkSession"),
    "downward": (
        "cli.py",
        "from starcast.evaluation.comparison import compare\nimport starcast.data.ids",
    ),
    "errors for all": ("data/scale.py", "from starcast.errors import DataError"),
    "split of ratings": ("data/split.py", "from starcast.data.ratings import Ratings"),
    "within a folder": ("engines/networks/engine.py", "import numba\nfrom .layout import Layout"),
    "bare dot in a folder": ("engines/networks/engine.py", "from . import layout"),
    "metrics": (
        "evaluation/metrics/rating.py",
        "import math\nimport numba\nfrom numpy.typing import NDArray",
    ),
    "start": ("__main__.py", "from starcast.cli import main"),
    "a framework to train by": ("engines/keras/on_jax.py", "import jax\nfrom keras import ops"),
    "a framework to write for": ("export/savedmodel.py", "import tensorflow as tf"),
    "no pickle": ("artifacts/artifact.py", "load(f, allow_pickle=False)\nx.squeeze(axis=1)"),
    "places of their own": (
        "engines/networks/epoch.py",
        "@parallel\ndef f(x, y):\n    for n in numba.prange(9):\n        z = 0\n        z += 1\n"
        "        y[n] += x[n] + z",
    ),
    "the registry": ("models.py", "if name == 'latent-factor-model': pass"),
    "two hundred and fifty lines": ("data/ids.py", "x = 1\n" * 250),
    "eight arguments": (
        "data/ids.py",
        "class X:\n    def f(self, a, b, c, d, e, f, g, h, *, i):\n        pass",
    ),
    "options of a verb": (
        "cli/use.py",
        "def f(a, b, c, d, e, f, g, h, i):\n    pass",
    ),
    "flags of the house": (
        "scoring/kernels.py",
        "from starcast.engines.compiled import serial\n@serial\ndef f(x):\n    return x",
    ),
}


@pytest.mark.parametrize(("path", "source"), ALLOWED.values(), ids=ALLOWED.keys())
def test_a_house_in_order_is_left_alone(path: str, source: str) -> None:
    assert violations({path: source}) == []


def test_no_two_test_files_share_a_name() -> None:
    """Collected together, the second would be refused: they are modules of one name."""
    names = [path.name for path in PACKAGE.parents[1].glob("tests/**/test_*.py")]
    assert sorted(names) == sorted(set(names))
