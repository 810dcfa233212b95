"""The commands that pages show, as a reader would type them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from doc_pages import markdown_of
from markdown_it import MarkdownIt

PROGRAMS = (  # what a block of commands begins with, where it is not fenced as `sh` or `console`
    "$ ", "starcast ", "python ", "make", "pip ", "apt", ".venv", "curl ", "cd ", "export ",
    "docker ", "cp ", "find ", "tensorboard ", "rm ", "cat ", "for ", "mlflow ", "build/",
    "KERAS_BACKEND=", "HYPOTHESIS_PROFILE=", "M=", "W=", "D=",
)  # fmt: skip
REASONS = ("network", "hours", "cluster", "root", "server", "checkout", "elsewhere", "gone")
_BEFORE = re.compile(r"<!-- run before: (.+?) -->\s*$", re.DOTALL)
_MARK = re.compile(r"<!-- not run: (\w+)(?:: (.+?))? -->\s*$")


class Command(NamedTuple):
    """A command as it is typed, with its continuations, and what the page shows that it says."""

    text: str
    said: str = ""

    @property
    def fails(self) -> bool:
        """Whether the page shows that it fails."""
        return self.said.startswith(("starcast: ", '{"error"'))


class Block(NamedTuple):
    """Commands that stand together.

    Args:
        line: where they stand, from 1.
        commands: in order.
        reason: why they are not run; "" where they are.
        only: what a command that is not run begins with; "" for all.
    """

    line: int
    commands: list[Command]
    reason: str = ""
    only: str = ""

    def run(self) -> list[Command]:
        """Those that are to be run."""
        if not self.reason:
            return self.commands
        return [one for one in self.commands if self.only and not one.text.startswith(self.only)]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of commands of a page, in order; what a comment says to run before one is one."""
    mark: tuple[str, str] = ("", "")
    for token in MarkdownIt("commonmark").parse(markdown_of(page)):
        line = (token.map or [0])[0] + 1
        if token.type == "html_block":
            if found := _BEFORE.search(token.content):
                yield Block(line, [Command(found[1])])
            found = _MARK.search(token.content)
            mark = (found[1], found[2] or "") if found else ("", "")
        elif token.type in ("fence", "code_block"):
            if commands := _commands(token.content, token.info.strip()):
                yield Block(line, commands, *mark)
            mark = ("", "")
        elif token.type.endswith("_open") and token.type != "list_item_open":
            mark = ("", "")


def _commands(content: str, info: str) -> list[Command]:
    if info not in ("", "sh", "console") or (not info and not content.startswith(PROGRAMS)):
        return []
    commands: list[Command] = []
    goes_on, prompt = False, "$ " if content.startswith("$ ") else ""
    for line in content.splitlines():
        if goes_on:
            text = f"{commands.pop().text}\n{line}"
        elif line.startswith(prompt) and line.strip() and not line.startswith(("#", "ready in ")):
            text = line.removeprefix(prompt)
        else:
            if commands and line.strip():
                commands[-1] = commands[-1]._replace(said=commands[-1].said or line)
            continue
        goes_on = text.endswith("\\")
        commands.append(Command(text))
    return commands


def starcast_lines(text: str) -> Iterator[list[str]]:
    """The words that follow `starcast` in a command, for each time it is called there."""
    text = text.replace("\\\n", " ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|;&()<>")
    lexer.whitespace_split = True
    words, at_start = list(lexer), True
    found: list[str] | None = None
    for word in words:
        if re.fullmatch(r"[|;&()<>]+", word):
            if found is not None:
                yield found
            found, at_start = None, True
        elif found is not None:
            found.append(word)
        elif at_start and word == "starcast":
            found = []
        elif not re.fullmatch(r"\w+=.*", word):
            at_start = False
    if found is not None:
        yield found


def inline(page: Path) -> Iterator[str]:
    """What stands in a sentence as code and begins with `starcast`."""
    for token in MarkdownIt("commonmark").enable("table").parse(markdown_of(page)):
        for child in token.children or ():
            if child.type == "code_inline" and child.content.startswith("starcast "):
                yield child.content
