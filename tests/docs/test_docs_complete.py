"""Everything that can be asked for has its place in the documentation.

What is missing is named, with where to write it: a verb, an option, a setting (also
tests/unit/tools/test_write_settings.py), an endpoint, an error code, a metric, a model.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
import reference.cli
import reference.http
import typer
from doc_pages import DOCS, HOUSE
from reference import PAGES

import starcast
from starcast.evaluation.metrics import DEFINITIONS
from starcast.models import MODELS
from starcast.serve.api_errors import CODES
from starcast.serve.prometheus import ServiceMetrics

FOLDER = DOCS / "reference"
WRITE = "run: python tools/write_reference.py docs/reference"


def read(name: str) -> str:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_the_pages_are_those_that_are_written() -> None:
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md")}
    assert there - {"python.md"} == set(PAGES), WRITE


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    assert PAGES[name]() == read(f"reference/{name}"), WRITE


def undocumented(name: str, verb: typer.core.TyperCommand) -> list[str]:
    """What of a verb has no place: itself, its help, its examples, or options."""
    page = read(f"reference/cli/{name.replace(' ', '-')}.md")
    every = page + read("reference/command-line.md")
    missing = [] if page else [f"starcast {name}"]
    missing += [f"the help of {name}"] * (not verb.help)
    missing += [f"an example of {name}"] * (f"\nstarcast {name}" not in page)
    for option in reference.cli.options(verb):
        if f"| {reference.cli.spellings(option)} |" not in every or not option.help:
            missing.append(f"{name} {'/'.join(option.opts)}")
    return missing


@pytest.mark.parametrize("name", reference.cli.verbs())
def test_every_verb_and_option_has_its_place(name: str) -> None:
    assert not undocumented(name, reference.cli.verbs()[name]), f"docs/reference/cli: {WRITE}"


def test_an_option_without_its_place_is_named() -> None:
    app = typer.Typer()
    app.command("other")(lambda: None)

    @app.command("find")
    def find(
        limit: Annotated[int, typer.Option(help="Most items.")] = 1,
        new: Annotated[int, typer.Option("--as-never-said", help="Something new.")] = 1,
    ) -> None:
        """Find."""

    verbs = reference.cli.verbs(app)
    assert undocumented("find", verbs["find"]) == ["find --limit", "find --as-never-said"]
    assert undocumented("other", verbs["other"])[0] == "starcast other"


def test_every_verb_is_shown_at_work() -> None:
    """Not in the reference alone: on a page that says what it is for."""
    pages = [HOUSE / "README.md", *DOCS.glob("*.md")]
    told = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    missing = [
        name for name in reference.cli.verbs() if not re.search(rf"starcast +{name}\b", told)
    ]
    assert not missing, "show each in a command on a page of docs/ or in the README"


def test_every_endpoint_has_its_place() -> None:
    page = read("reference/http.md")
    missing = [
        f"{method} {path}"
        for method, path, operation, _ in reference.http.operations()
        if not re.search(rf"^## {method} {re.escape(path)}( ◆)?$", page, re.M)
        or not operation.get("description", "")
    ]
    assert not missing, WRITE


def refusals() -> Iterator[tuple[str, int, str]]:
    """Where the service turns a request down, with what status and code."""
    kinds = {"unknown_": ("user", "item")}  # of f"unknown_{vocabulary.kind}"
    for path in sorted((HOUSE / "src/starcast/serve").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError":
                status, code = node.args[:2]
                if not isinstance(status, ast.Constant):
                    continue  # of Starlette's own errors: `_OF_STATUS`
                if isinstance(code, ast.JoinedStr):
                    assert isinstance(code.values[0], ast.Constant)
                    start = str(code.values[0].value)
                    names = [start + kind for kind in kinds[start]]
                else:
                    assert isinstance(code, ast.Constant)
                    names = [str(code.value)]
                for name in names:
                    yield path.name, int(str(status.value)), name


def test_every_error_code_has_its_place() -> None:
    said = list(refusals())
    missing = [one for one in said if one[1] not in CODES.get(one[2], ((), ""))[0]]
    assert not missing, "write them into CODES of src/starcast/serve/api_errors.py"
    assert {code for *_, code in said} | {"method_not_allowed"} == set(CODES)
    page = read("reference/errors.md")
    assert not [code for code in CODES if f"| `{code}` |" not in page], WRITE


def test_every_metric_of_the_service_has_its_place() -> None:
    with reference.http.served() as (models, _):
        metrics = ServiceMetrics(models)
        metrics.of_store(lambda: 0)
        names = re.findall(r"^# TYPE (starcast_\w+) ", metrics.text().decode(), re.M)
    page = read("serving.md")
    told = [name for name in names if not name.endswith("_created")]
    assert len(told) > 10
    assert not [name for name in told if f"`{name}`" not in page], "write them into docs/serving.md"


def test_every_metric_has_its_place() -> None:
    page = read("reference/metrics.md")
    assert not [name for name in DEFINITIONS if f"\n## {name}\n" not in page], WRITE


def test_every_model_has_its_place() -> None:
    page = read("models.md")
    missing = [name for name in MODELS if f"`{name}`" not in page and f"## {name}\n" not in page]
    assert not missing, "write them into docs/models.md"


def test_every_verb_of_python_has_its_place() -> None:
    verbs = {*starcast.__all__, "open"}
    assert not [one for one in verbs if f"sc.{one}(" not in read("python.md")], "docs/python.md"
    page = read("reference/python.md")
    listed = [one for one in verbs if f"autofunction:: starcast.{one}\n" in page]
    assert set(listed) == verbs, "write them into docs/reference/python.md"


def test_every_environment_variable_of_the_data_has_its_place() -> None:
    from starcast.data.movielens.catalog import DATA_DIR, MIRROR

    told = read("data.md") + read("command-line.md") + Path(HOUSE, "README.md").read_text("utf-8")
    assert not [name for name in (DATA_DIR, MIRROR) if name not in told], "docs/data.md"
