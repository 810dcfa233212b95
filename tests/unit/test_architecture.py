"""The shape of the house: imports run downward, siblings never meet, and some things stay out.

The modules are parsed, not imported, so imports inside functions and for type checkers count too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "starcast"

FLOORS = (  # lowest first; a folder counts as one module
    ("errors", "ids", "scale", "metrics", "config", "lanes", "tables"),
    ("ratings",),
    ("split", "batches", "engine", "optimizers", "threads"),
    ("factorization", "networks", "autoencoder", "scoring"),
    ("models",),
    ("artifact", "place"),
    ("index", "storage"),
    ("recommend", "training", "parents"),
    ("data", "fit", "evaluate", "observers"),
    ("blend", "compare", "export", "serve"),
    ("cli", "notebook"),
    ("__init__", "__main__"),
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
OPEN_TO_ALL = {"errors"}  # errors may be raised anywhere, so its own floor sees it too

FRAMEWORKS = {"jax", "keras", "tensorflow", "torch"}
METRICS_MAY_USE = {"numpy", "numba", "starcast", *sys.stdlib_module_names}
WEB = {"fastapi", "prometheus_client", "starlette", "uvicorn"}
PICKLES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "info"}
MODEL_NAMES = {
    "latent-factor-model",
    "deep-neural-network-model",
    "ensemble-no-transfer-learning",
    "ensemble-transfer-learning",
    "bayesian-factorization-model",
    "autoencoder-model",
    "blend",
}
MOST_LINES = 300

Sources = dict[str, str]
"""Source text by path below the package, such as "networks/engine.py"."""


def read_package() -> Sources:
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def violations(sources: Sources) -> list[str]:
    """Every broken rule as "path:line: what", nothing for a house in order."""
    found: list[str] = []
    for path, source in sources.items():
        tree = ast.parse(source, path)
        for line, what in [
            *_bad_place(path, source),
            *_bad_imports(path, tree, set(sources)),
            *_bad_code(path, tree),
        ]:
            found.append(f"{path}:{line}: {what}")
    return found


def _bad_place(path: str, source: str) -> Iterator[tuple[int, str]]:
    if _top(path) not in FLOOR_OF:
        yield 1, f"'{_top(path)}' has no floor; give it one in FLOORS"
    if EMPTY_NAMES & set(Path(path).with_suffix("").parts):
        yield 1, "the name says nothing about what the module does"
    if path.startswith("data/embedded/"):
        yield 1, "data/embedded holds data, no code"
    if source.count("\n") > MOST_LINES:
        yield MOST_LINES + 1, f"more than {MOST_LINES} lines"


def _bad_imports(path: str, tree: ast.AST, known: set[str]) -> Iterator[tuple[int, str]]:
    for line, name in _imports(path, tree, known):
        root = name.split(".")[0]
        if root in FRAMEWORKS and _top(path) != "export":
            yield line, f"imports {root}: our gradients are compiled loops, see docs/models.md"
        if root in WEB and _top(path) != "serve":
            yield line, f"imports {root}: HTTP is met in serve/ alone"
        if root in PICKLES:
            yield line, f"imports {root}: nothing executable is ever loaded"
        if _top(path) == "metrics" and root not in METRICS_MAY_USE:
            yield line, f"imports {root}; metrics need NumPy and Numba alone"
        if root == "starcast":
            yield from ((line, what) for what in _climbs(_top(path), _target(name)))


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
    return is_ours and (planned or f"{below}.py" in known or f"{below}/__init__.py" in known)


def _bad_code(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "a bare except"
        if isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _bad_call(node))
        if isinstance(node, ast.Compare | ast.MatchValue) and _branches_on_a_model(path, node):
            yield node.lineno, "branches on a model's name; the registry is the place for that"


def _branches_on_a_model(path: str, node: ast.AST) -> bool:
    return path != "models.py" and bool(MODEL_NAMES & _strings(node))


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


def _top(path: str) -> str:
    return Path(path).parts[0].removesuffix(".py")


def _target(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_the_house_is_in_order() -> None:
    sources = read_package()
    assert {"__init__.py", "errors.py", "ids.py", "split.py"} <= set(sources)
    found = violations(sources)
    assert not found, "\n" + "\n".join(found)


VIOLATIONS = {
    "upward": ("ratings.py", "from starcast.split import Split", "upward: starcast.split"),
    "upward module": ("ids.py", "import starcast.ratings", "upward: starcast.ratings"),
    "upward name": ("models.py", "from starcast import training", "upward: starcast.training"),
    "upward in a function": (
        "scoring/factors.py",
        "def late():\n    from starcast.artifact import load",
        "2: imports upward: starcast.artifact",
    ),
    "upward for types": (
        "engine.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import starcast.models as m",
        "3: imports upward: starcast.models",
    ),
    "upward by dots": ("ratings.py", "from .models import Model", "upward: starcast.models"),
    "upward by bare dots": ("ratings.py", "from . import cli", "upward: starcast.cli"),
    "upward from a folder": (
        "networks/engine.py",
        "from ..training import train",
        "upward: starcast.training",
    ),
    "upward by text": (
        "ids.py",
        "import importlib\nimportlib.import_module('starcast.cli')",
        "upward: starcast.cli",
    ),
    "whole package": ("cli.py", "from starcast import __version__", "upward: starcast.__init__"),
    "siblings": ("recommend.py", "from starcast.training import fit", "sibling: starcast.training"),
    "sibling folders": (
        "factorization/als.py",
        "from starcast.networks.layout import Layout",
        "sibling: starcast.networks",
    ),
    "metrics meet siblings": ("metrics/stars.py", "import starcast.scale", "sibling"),
    "metrics and polars": ("metrics/stars.py", "import polars as pl", "imports polars"),
    "framework": ("networks/engine.py", "def f():\n    import keras.ops", "2: imports keras"),
    "framework from": ("training.py", "from tensorflow import function", "imports tensorflow"),
    "web": ("cli/serve.py", "def f():\n    import uvicorn", "2: imports uvicorn"),
    "web from": ("recommend.py", "from fastapi import FastAPI", "imports fastapi"),
    "unknown floor": ("cellar.py", "x = 1", "no floor"),
    "unknown import": ("cli.py", "import starcast.cellar", "no floor"),
    "empty name": ("data/utils.py", "x = 1", "says nothing"),
    "code among data": ("data/embedded/rows.py", "x = 1", "no code"),
    "long file": ("ids.py", "x = 1\n" * 301, "301: more than 300 lines"),
    "eval": ("cli.py", "layers = eval('[64, 1]')", "calls eval"),
    "pickle": ("artifact.py", "import pickle", "imports pickle"),
    "pickle from": ("artifact.py", "from joblib import load", "imports joblib"),
    "allowed pickle": ("artifact.py", "load(f, allow_pickle=True)", "allows pickle"),
    "bare except": ("cli.py", "try:\n    x = 1\nexcept:\n    pass", "3: a bare except"),
    "squeeze": ("networks/engine.py", "y = x.squeeze()", "squeezes"),
    "model name": (
        "fit.py",
        "if name == 'latent-factor-model': pass",
        "branches on a model's name",
    ),
    "model in match": (
        "fit.py",
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
    "downward": ("cli.py", "from starcast.compare import compare\nimport starcast.ids"),
    "errors for all": ("scale.py", "from starcast.errors import DataError"),
    "split of ratings": ("split.py", "from starcast.ratings import Ratings"),
    "within a folder": ("networks/engine.py", "import numba\nfrom .layout import Layout"),
    "bare dot in a folder": ("networks/engine.py", "from . import layout"),
    "metrics": ("metrics/stars.py", "import math\nimport numba\nfrom numpy.typing import NDArray"),
    "start": ("__main__.py", "from starcast.cli import main"),
    "a framework to write for": ("export/savedmodel.py", "import tensorflow as tf"),
    "no pickle": ("artifact.py", "load(f, allow_pickle=False)\nx.squeeze(axis=1)"),
    "the registry": ("models.py", "if name == 'latent-factor-model': pass"),
    "three hundred lines": ("ids.py", "x = 1\n" * 300),
}


@pytest.mark.parametrize(("path", "source"), ALLOWED.values(), ids=ALLOWED.keys())
def test_a_house_in_order_is_left_alone(path: str, source: str) -> None:
    assert violations({path: source}) == []
