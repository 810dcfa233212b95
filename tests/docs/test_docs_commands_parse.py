"""Every command that a page shows can be read: verbs and options, tools, targets and extras exist.

`test_docs_commands_run.py` runs them; this is what the default run can afford.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import reference.cli
from doc_commands import REASONS, blocks, inline, starcast_lines
from doc_pages import HOUSE, PAGES, name_of

from starcast.cli.app import app

VERBS = reference.cli.verbs()
GROUPS = {name.split()[0] for name in VERBS if " " in name}
STAND_FOR_VERBS = (
    "VERB",
    "…",
    "-",
)  # in `starcast VERB --help`, `starcast …`, `starcast --version`
EXTRAS = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
TARGETS = re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text("utf-8"), re.M)


def fault(words: list[str], *, is_whole: bool = True) -> str:
    """What of the words after `starcast` cannot be read; "" if all can.

    Args:
        is_whole: whether it is a command, or a verb and options that a sentence speaks of.
    """
    if not words or words[0].startswith(STAND_FOR_VERBS):
        return ""
    n = 2 if words[0] in GROUPS else 1
    verb = VERBS.get(" ".join(words[:n]))
    if verb is None:
        return "" if not is_whole and words[0] in GROUPS else f"no verb {' '.join(words[:n])}"
    context = verb.context_class(verb, info_name="x", token_normalize_func=_NORMALIZE)
    given = [one for one in words[n:] if one != "…"]
    try:
        values, rest, _ = verb.make_parser(context).parse_args(given)
    except Exception as error:
        has_no_value = "requires an argument" in str(error)
        return "" if has_no_value and not is_whole else str(error)
    missing = [one.name for one in verb.params if one.required and not values.get(one.name)]
    missing = [] if values.get("config") else missing  # a file may say it
    return f"too few: {missing}; too many: {rest}" if is_whole and (missing or rest) else ""


_NORMALIZE: Any = app.info.context_settings["token_normalize_func"]  # type: ignore[index]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_starcast_command_can_be_read(page: Path) -> None:
    shown = [command.text for block in blocks(page) for command in block.commands]
    faults = {text: fault(words) for text in shown for words in starcast_lines(text)}
    for text in inline(page):
        for words in starcast_lines(text):
            faults[text] = fault(words, is_whole=False)
    assert not {text: said for text, said in faults.items() if said}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_else_is_called_exists(page: Path) -> None:
    for block in blocks(page):
        if block.reason == "gone":  # a page of figures has the command that gave them
            continue
        text = "\n".join(command.text for command in block.commands)
        assert set(re.findall(r"^make ([a-z]+)", text, re.M)) <= set(TARGETS)
        for extras in re.findall(r"starcast\[([\w,-]+)\]", text):
            assert set(extras.split(",")) <= set(EXTRAS), text
        for tool in re.findall(r"python (tools/\w+\.py|main\.py)", text):
            assert (HOUSE / tool).exists(), text


def test_every_reason_for_not_running_is_a_known_one() -> None:
    marked = {block.reason for page in PAGES for block in blocks(page)}
    assert marked <= {"", *REASONS}


@pytest.mark.parametrize(
    "line",
    [
        "starcast trian", "starcast train --epohcs 3", "starcast recommend", "starcast find M",
        "starcast recommend M --user", "starcast store begin sqlite:///r.db", "X=1 starcast a",
        "starcast train --for lists && starcast evalute M", "starcast similar A B --item 1",
    ],
)  # fmt: skip
def test_a_command_that_cannot_be_read_is_seen(line: str) -> None:
    assert any(fault(words) for words in starcast_lines(line))


@pytest.mark.parametrize(
    "line",
    [
        "starcast train --batch_size 3 ---dimension 8", "M=1; starcast find $M star wars",
        "starcast recommend M --json | jq .", "KERAS_BACKEND=jax starcast train \\\n --epochs 3",
    ],
)  # fmt: skip
def test_a_command_that_can_be_read_is_not_found_fault_with(line: str) -> None:
    lines = list(starcast_lines(line))
    assert lines
    assert not any(fault(words) for words in lines)
