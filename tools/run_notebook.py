"""Run a notebook from its first cell to its last, and keep what it printed.

    python tools/run_notebook.py docs/tutorial.ipynb [--out run.ipynb]

What differs between machines is left out: the times of cells, and the version of Python.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

SECONDS = 300  # a cell may take so long


def main() -> int:
    """Read the command line and run. Returns: the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path, help="where to write; the notebook itself if not given")
    given = parser.parse_args()
    try:
        fresh = run(nbformat.reads(given.notebook.read_text("utf-8"), as_version=4))
    except CellExecutionError as error:
        print(f"run_notebook: {given.notebook}: {error}", file=sys.stderr)
        return 1
    _write(fresh, given.out or given.notebook)
    return 0


def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with fresh outputs, run in an empty folder with warnings as errors."""
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the kernel's debugger, which nobody uses
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    return notebook


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(f"{nbformat.writes(notebook)}\n", "utf-8")
    fresh.replace(path)


if __name__ == "__main__":
    sys.exit(main())
