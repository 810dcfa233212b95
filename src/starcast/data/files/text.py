"""Text as it lies in files: its encoding, its first lines, and lines written anew."""

import codecs
import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, final

from starcast.data.files.part import UNREADABLE, Part
from starcast.errors import DataError

HEAD = 1 << 20  # bytes looked at before a table is read, for a line may have thousands of columns
_MOST = 1000  # lines looked at
UTF_8 = "utf-8"
_BLOCK = 1 << 20  # bytes or characters at once
_MARKED = {  # the longer first, of which one begins like a shorter
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NAMES = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}
_LONE_RETURN = re.compile(r"\r(?!\n|$)")


Edit = Callable[[list[str]], Iterable[str]]


@final
class Head(NamedTuple):
    """The beginning of a text.

    Attributes:
        lines: with their ends; a line that is cut off is not among them.
        encoding: of the whole, as far as can be told from here.
        is_plain: whether there is no byte order mark, and all lines end in newlines, as all but
            old Macintoshes write them.
    """

    lines: list[str]
    encoding: str
    is_plain: bool


def head(part: Part, encoding: str | None) -> Head:
    """The first lines of a text.

    Args:
        part: the file.
        encoding: if it is said.
    Raises: DataError: it is empty, binary, or not of that encoding.
    """
    first, is_whole = part.head(HEAD)
    encoding = encoding or _guess(first, is_whole) or detect(part)
    try:
        text = codecs.getincrementaldecoder(_with_mark(encoding))().decode(first, is_whole)
    except UnicodeError:
        raise not_text(part, encoding) from None
    if "\0" in text:
        raise DataError(
            f"{part.label} is a binary file, not a text table or Parquet; save the table as CSV"
        )
    if not text.strip():
        raise DataError(f"{part.label} holds only blank lines; it needs rows")
    lines = list(io.StringIO(text, newline=None))
    is_plain = not _LONE_RETURN.search(text) and not first.startswith(codecs.BOM_UTF8)
    whole = lines if is_whole or len(lines) == 1 else lines[:-1]
    return Head(whole[:_MOST], encoding, is_plain)


def _guess(first: bytes, is_whole: bool) -> str | None:
    """UTF-8 or UTF-16, if the first bytes are that."""
    for mark, encoding in _MARKED.items():
        if first.startswith(mark):
            return encoding
    zeros = [first[at::2].count(0) for at in (0, 1)]
    if max(zeros) > len(first) // 5 and not min(zeros):
        return "utf-16-be" if zeros[0] else "utf-16-le"
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(first, is_whole)
    except UnicodeDecodeError:
        return None
    return UTF_8


def detect(part: Part) -> str:
    """The encoding of a text, by all its bytes: UTF-8, or else that of western Europe.

    Text of which a part is UTF-8, and more than is not, is taken as damaged UTF-8.

    Raises: DataError: it cannot be unpacked.
    """
    n_good = n_bad = 0
    high: set[int] = set()
    decoder = codecs.getincrementaldecoder(UTF_8)("surrogateescape")
    for block in blocks(part):
        beyond = [character for character in decoder.decode(block) if character > "\x7f"]
        bad = [ord(one) - 0xDC00 for one in beyond if "\udc80" <= one <= "\udcff"]
        n_bad, n_good = n_bad + len(bad), n_good + len(beyond) - len(bad)
        high.update(bad)
    if n_good >= n_bad:
        return UTF_8
    try:
        bytes(one for one in high if one < 0xA0).decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252" if min(high) < 0xA0 else "latin-1"


def blocks(part: Part) -> Iterator[bytes]:
    """The bytes of a file, some after the others. Raises: DataError: it cannot be unpacked."""
    try:
        with part.open() as file:
            while block := file.read(_BLOCK):
                yield block
    except UNREADABLE as error:
        raise DataError(f"{part.label} cannot be unpacked: {error}") from None


def spoken(encoding: str) -> str:
    """What an encoding is called."""
    return _NAMES.get(encoding, encoding.upper() if encoding.startswith("utf") else encoding)


def rewritten(part: Part, encoding: str, edit: Edit | None = None) -> Part:
    """A part in UTF-8 whose lines end in a newline; it has the same lines, and as many.

    Args:
        part: the file.
        encoding: of its text.
        edit: what to make of some whole lines, their ends included.
    Raises: DataError: it is not of that encoding, or cannot be unpacked.
    """
    fresh = part._replace(path=part.fresh())
    try:
        with (
            part.open() as raw,
            io.TextIOWrapper(raw, encoding=_with_mark(encoding)) as lines,
            fresh.path.open("w", encoding=UTF_8, newline="\n") as target,
        ):
            while some := lines.readlines(_BLOCK):
                target.writelines(edit(some) if edit else some)
    except UnicodeError:
        raise not_text(part, encoding) from None
    except UNREADABLE as error:
        raise DataError(f"{part.label} cannot be unpacked: {error}") from None
    return fresh


def not_text(part: Part, encoding: str) -> DataError:
    """The error for text that is not of its encoding, which names the first such line."""
    n_lines = 1
    decoder = codecs.getincrementaldecoder(_with_mark(encoding))()
    for block in blocks(part):
        try:
            n_lines += decoder.decode(block).count("\n")
        except UnicodeError as error:
            begin = getattr(error, "start", 0)
            n_lines += block[:begin].count(b"\n")
            break
    called = "UTF-8" if encoding == UTF_8 else spoken(encoding)
    return DataError(
        f"{part.label}, line {n_lines}: it is not {called} text; correct it, or say what the whole "
        "file is, as --encoding latin-1"
    )


def _with_mark(encoding: str) -> str:
    return "utf-8-sig" if codecs.lookup(encoding).name == UTF_8 else encoding
