"""Machine code that is kept is used as long as all that went into it is as it was."""

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

LOOP = """
from {constants} import FACTOR, plus

from starcast.engines.compiled import serial


@serial
def times(value):
    return plus(FACTOR * value)
"""
CONSTANTS = """
from starcast.engines.compiled import inlined

FACTOR = {factor}


@inlined
def plus(value):
    return value + {added}
"""
CALLING = """
from starcast.engines.compiled import serial


@serial
def fibonacci(n):  # which calls itself twice, so that nothing can put it into its callers
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


@serial
def doubled(n):
    return 2 * fibonacci(n)
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "kept_loop.py").write_text(LOOP.format(constants="kept_constants"))
    os.utime(tmp_path / "kept_loop.py", (1_000, 1_000))
    return tmp_path


def loaded(folder: Path, at: int, **constants: int) -> ModuleType:
    """The loop as a new process would have it, with these constants in the other file."""
    path = folder / "kept_constants.py"
    path.write_text(CONSTANTS.format(**constants))
    os.utime(path, (at, at))
    for name in ("kept_constants", "kept_loop"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module("kept_loop")


def test_what_a_loop_takes_from_other_files_counts(modules: Path) -> None:
    assert loaded(modules, 1_000, factor=2, added=0).times(5) == 10
    again = loaded(modules, 1_000, factor=2, added=0)
    assert again.times(5) == 10
    assert again.times.stats.cache_hits  # as nothing has changed
    assert loaded(modules, 2_000, factor=3, added=0).times(5) == 15  # another constant
    assert loaded(modules, 3_000, factor=3, added=1).times(5) == 16  # another function


def test_a_loop_calls_its_own_copies_whatever_else_the_process_has(modules: Path) -> None:
    (modules / "calling_loops.py").write_text(CALLING)
    doubled = importlib.import_module("calling_loops").doubled
    assert doubled(10) == 110
    (made,) = doubled.overloads.values()
    bound = {one.name: one.linkage.name for one in made.library.get_defined_functions()}
    copies = {linkage for name, linkage in bound.items() if "fibonacci" in name}
    assert copies == {"internal"}  # no other machine code of this name takes their place
    assert "linkonce_odr" not in bound.values()
