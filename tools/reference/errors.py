"""The page of error codes: of the service, the command line, and Python."""

import inspect
from collections.abc import Iterator

from markdown_tables import table

from starcast import errors
from starcast.errors import StarcastError, StarcastWarning
from starcast.serve.api_errors import CODES

_HEAD = """# Errors

Every error says in one line what is wrong, where, and what to do. Written by
`tools/write_reference.py`.

## HTTP

The service answers `{"error": {"code": …, "message": …, "near": […]}}`: a code for programs, a line
for people, and `near` where an id or a model is unknown and another is close
([serving](../serving.md#when-something-is-wrong)).

"""
_STATUSES = """
## Exit statuses

Of every verb of the command line. The line is on stderr and begins with `starcast:`; stdout has no
half result.

| status | when |
| --- | --- |
| 0 | done |
| 1 | it could not be done; of `doctor`: something is wrong |
| 2 | the command line cannot be read: an unknown verb or option, a value that is none, too few |
| 128 + n | ended by signal n: 130 by Ctrl-C, 143 by SIGTERM, 129 by a closed terminal |

"""
_PYTHON = """## Python

In `starcast.errors`; all derive from `StarcastError`.

"""
_WARNINGS = """
Warnings derive from `StarcastWarning`; the command line prints them as a line.

"""


def page() -> str:
    """The whole page."""
    codes = [
        (f"`{code}`", ", ".join(map(str, statuses)), when)
        for code, (statuses, when) in CODES.items()
    ]
    heads = ("class", "what it is")
    return (
        _HEAD + table(("code", "status", "when"), codes) + _STATUSES
        + _PYTHON + table(heads, _classes(StarcastError))
        + _WARNINGS + table(heads, _classes(StarcastWarning))
    )  # fmt: skip


def _classes(base: type) -> Iterator[tuple[str, str]]:
    for name, one in vars(errors).items():
        if inspect.isclass(one) and issubclass(one, base):
            yield f"`{name}`", (inspect.getdoc(one) or "").split("\n\n")[0]
