"""Every command that a page shows runs, in order, on small sets under the names it uses.

What is not run says why: in a comment above its block, or here, for programs that are not ours.
"""

import re
import shutil
from pathlib import Path

import doc_world
import pytest
from doc_commands import Block, Command, blocks
from doc_pages import DOCS, PAGES, name_of

NOT_OURS = {  # why what begins so is not run; test_docs_commands_parse.py looks whether it exists
    "pip install": "network",
    "apt": "root",
    "docker ": "root",
    "make": "checkout",
    ".venv": "checkout",
    "build/": "checkout",
    "HYPOTHESIS_PROFILE=": "checkout",
    "tensorboard ": "server: it does not end",
    "python tools/": "hours: it measures; tests/unit/tools and tests/e2e have what can be tested",
    "KERAS_BACKEND=jax python tools/": "hours: it measures, on a GPU",
}
FROM_HELP = {  # examples of --help, where no comment can stand
    r"starcast compare( --ratings .*)?": "the README runs them",
    r"starcast tune .*": "minutes; tests/e2e/test_tune_cli.py has it",
    r"starcast evaluate --as-it-came .*": "minutes; tests/e2e/test_as_it_came_cli.py has it",
    r"starcast rollback .*": "it takes nights; tests/e2e/test_retrain_cli.py has it",
    r"starcast data fetch .* --mirror FOLDER": "network",
}
REFERENCE = DOCS / "reference" / "cli"
HELP = sorted(REFERENCE.glob("*.md"))
HAND_WRITTEN = [page for page in PAGES if page.parent != REFERENCE]


def to_run(page: Path) -> list[Command]:
    """The commands of a page that are to be run."""
    return [
        command
        for block in blocks(page)
        for command in block.run()
        if not command.text.startswith(tuple(NOT_OURS))
        and not (page.parent == REFERENCE and re.fullmatch("|".join(FROM_HELP), command.text))
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doc_world.build(tmp_path_factory.mktemp("world"))


@pytest.fixture
def home(world: Path, tmp_path: Path) -> Path:
    """A fresh copy of the folder for a page."""
    return Path(shutil.copytree(world, tmp_path / "home", symlinks=True))


@pytest.mark.long
@pytest.mark.parametrize("page", [one for one in HAND_WRITTEN if to_run(one)], ids=name_of)
def test_the_commands_of_a_page_run(page: Path, home: Path) -> None:
    doc_world.run(home, [(one.text, one.fails) for one in to_run(page)])


@pytest.mark.long
@pytest.mark.parametrize("verb", [one for one in HELP if to_run(one)], ids=lambda page: page.stem)
def test_the_examples_of_help_run(verb: Path, home: Path) -> None:
    doc_world.run(
        home, [(one.text, one.fails) for one in (*FIRST.get(verb.stem, ()), *to_run(verb))]
    )


_IMPORT = "starcast store import sqlite:///ratings.db"
_STORE = [
    Command("starcast store init sqlite:///ratings.db --scale 0.5:5:0.5"),
    Command(f"{_IMPORT} ratings.csv"),
]
FIRST = {  # what an example takes for granted
    "store-import": _STORE[:1],
    "store-export": _STORE,
    "store-stats": _STORE,
    "retrain": _STORE,
    "serve": [  # by the scale of the model that is served
        Command("starcast store init sqlite:///ratings.db --scale 1:5:1"),
        Command(f"{_IMPORT} ml-1m"),
    ],
}


@pytest.mark.long
def test_a_command_that_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="## starcast data describe nothing-of-the-name"):
        doc_world.run(
            tmp_path,
            [("starcast data list", False), ("starcast data describe nothing-of-the-name", False)],
        )
    with pytest.raises(AssertionError, match="it does not fail"):
        doc_world.run(tmp_path, [("starcast data list", True)])


def test_only_what_is_marked_is_left_out() -> None:
    block = Block(1, [Command("starcast a"), Command("starcast b")], "server", "starcast b")
    assert block.run() == [Command("starcast a")]
    assert not block._replace(only="").run()
    assert len(block._replace(reason="").run()) == 2
    assert not [
        page for page in PAGES if re.search(r"<!-- not run(?!: \w)", page.read_text("utf-8"))
    ]
