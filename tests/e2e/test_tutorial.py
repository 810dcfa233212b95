"""docs/tutorial.ipynb runs from its first cell to its last, and prints what it says it prints."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from processes import environment

HOUSE = Path(__file__).parents[2]
TOOL, TUTORIAL = HOUSE / "tools" / "run_notebook.py", HOUSE / "docs" / "tutorial.ipynb"


def run(notebook: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(TOOL), str(notebook), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)


def outputs(notebook: Path) -> list[list[Any]]:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def kinds(cell: list[Any]) -> list[tuple[str, list[str]]]:
    return [(output["output_type"], sorted(output.get("data", {}))) for output in cell]


def rmse(cells: list[list[Any]]) -> list[float]:
    """Every figure that a report or a comparison prints as an RMSE."""
    plain = "".join("".join(o.get("data", {}).get("text/plain", "")) for c in cells for o in c)
    return [
        float(figure)
        for figure in re.findall(r"(?:RMSE +(?=\S+\n)|  (?=\S+ \())(0\.8\d{3})", plain)
    ]


@pytest.mark.long
def test_the_tutorial_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    done = run(TUTORIAL, tmp_path / "run.ipynb")
    assert done.returncode == 0, done.stderr
    shown, fresh = outputs(TUTORIAL), outputs(tmp_path / "run.ipynb")
    assert all(cell for cell in shown)
    assert [kinds(cell) for cell in fresh] == [kinds(cell) for cell in shown]
    assert not any(output["output_type"] == "stream" and output["name"] == "stderr"
                   for cell in fresh for output in cell)  # fmt: skip
    assert len(rmse(shown)) == 6  # of the report, and of five models
    assert rmse(fresh) == pytest.approx(rmse(shown), abs=0.005)  # processors round differently


def test_a_cell_that_fails_is_told_of_and_nothing_is_written(tmp_path: Path) -> None:
    broken = json.loads(TUTORIAL.read_text("utf-8"))
    code = [cell for cell in broken["cells"] if cell["cell_type"] == "code"]
    code[0]["source"] = "import starcast as sc\nsc.load('nothing-of-that-name')"
    (tmp_path / "broken.ipynb").write_text(json.dumps(broken))
    done = run(tmp_path / "broken.ipynb", tmp_path / "run.ipynb")
    assert done.returncode == 1
    assert "unknown data set" in done.stderr
    assert not (tmp_path / "run.ipynb").exists()
