"""The language of filters: text to a tree of comparisons, or a line that says where it is none.

A grammar of its own for a parser that keeps its place in a table, not on the stack (LALR(1), by
Lark): it knows comparisons and nothing else, so there is nothing to run, and no depth too deep.
"""

from functools import cache
from typing import NoReturn

from lark import Lark, Token, Tree, UnexpectedInput

from starcast.display import quoted
from starcast.errors import ConfigError
from starcast.recommend.rules import MOST_CHARACTERS

GRAMMAR = r"""
?filter: any
?any: all | any _OR all -> either
?all: one | all _AND one -> both
?one: "(" any ")"
    | NOT one -> negated
    | operand COMPARISON operand -> compared
    | column [NOT] _IN values -> among
    | column [NOT] _BETWEEN value _AND value -> between
    | column [NOT] _LIKE value -> like
    | column [NOT] _CONTAINS value -> contains
    | column _IS [NOT] _NULL -> missing
?operand: column | value
values: "(" value ("," value)* ")"
column: NAME | QUOTED
value: NUMBER | TEXT
COMPARISON: /<>|!=|<=|>=|==|=|<|>|has\b/i
_OR.2: /or\b/i
_AND.2: /and\b/i
NOT.2: /not\b/i
_IN.2: /in\b/i
_IS.2: /is\b/i
_NULL.2: /null\b/i
_LIKE.2: /like\b/i
_BETWEEN.2: /between\b/i
_CONTAINS.2: /contains\b/i
NAME: /[^\W\d]\w*/
QUOTED: /"([^"]|"")+"/
TEXT: /'([^']|'')*'/
NUMBER: /[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?/
%ignore /[ \t\r\n]+/
"""
"""`has` is `=`, for columns of several values."""

_EXAMPLE = "write it as: genres = 'Comedy' and year >= 1990"


def parsed(text: str) -> Tree[Token]:
    """The tree of a filter. Raises: ConfigError: it cannot be read, or is too long; says where."""
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(
            f"a filter may have at most {MOST_CHARACTERS:,} characters, not {len(text):,}"
        )
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise ConfigError("the filter holds half a character, which is no text")
    if not text.strip():
        raise ConfigError(f"the filter is empty; {_EXAMPLE}")
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        _refuse(text, error)


def place(token: Token) -> str:
    """Where a token stands, in words."""
    return f"at character {(token.start_pos or 0) + 1} of the filter"


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", start="filter")


def _refuse(text: str, error: UnexpectedInput) -> NoReturn:
    """Say where a filter cannot be read on. Raises: ConfigError."""
    at = error.pos_in_stream or 0
    rest = text[max(at, 0) :]
    if getattr(getattr(error, "token", None), "type", "") == "$END" or not rest.strip():
        raise ConfigError(f"the filter ends too early, after {quoted(text[-30:])}; {_EXAMPLE}")
    why = _EXAMPLE
    if rest[0] in "‘’“”„«»`´":
        why = "text stands between straight quotation marks: 'Comedy'"
    elif rest[0] in "'\"":
        why = "a quotation mark is not closed; within text it is doubled, as 'Ocean''s Eleven'"
    raise ConfigError(f"the filter cannot be read at character {at + 1}, {quoted(rest)}; {why}")
