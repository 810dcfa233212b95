"""Whatever bytes a file holds: ratings, or one line that says what is wrong."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from own_ratings import read_own

from starcast.data.files import person
from starcast.errors import StarcastError

ROWS = [
    (user, item, 1 + user * item % 5, 1_300_000_000 + item)
    for user in range(6)
    for item in range(6)
]
OBJECTS = [dict(zip(("user", "item", "rating"), row, strict=False)) for row in ROWS]
TEXTS = [
    "user,item,rating,time\n" + "".join("{},{},{},{}\n".format(*row) for row in ROWS),
    "".join("{} {} {}\n".format(*row) for row in ROWS),
    "# c\n" + "".join("{}::{}::{}::{}\n".format(*row) for row in ROWS),
    "".join(json.dumps(row) + "\n" for row in OBJECTS),
    json.dumps(OBJECTS),
    "".join(f"{item}:\n{user},{stars},2005-09-06\n" for user, item, stars, _ in ROWS),
    "".join(f"{stars} {user}:1 {item}:1\n" for user, item, stars, _ in ROWS),
    "x/user: {}\nx/item: {}\nx/score: {}\n".format(*ROWS[0]) * 9,
    "user,a,b,c,d,e\n" + "1,,2,3,4,5\n2,3,,4,5,1\n" * 9,
    "@relation r\n@attribute user string\n@attribute item string\n@attribute rating numeric\n"
    "@data\n1,2,3\n",
    "user\titem\trating\nc\tc\tc\nrow=1\tcol=1\tclass\n1\t2\t3\n2\t3\t4\n",
    "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 5\n2 2 4\n",
]
PIECES = [
    b'"',
    b"'",
    b"\n",
    b"\r",
    b",",
    b"\t",
    b"::",
    b"#",
    b"%",
    b'\\"',
    b"{",
    b"[",
    b"\0",
    b"nan",
    b"1e400",
    b"1e30",
    b"9" * 30,
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe9",
    b"PK\x03\x04",
    b"BZh9",
    b"\x1f\x8b",
    b"PAR1",
    b"ARROW1",
    b"@data\n",
    b"<",
    b"  ",
    b"1:\n",
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"missing": "0"},
    {"columns": "user=1,item=2,rating=3"},
    {"columns": "rating=*"},
    {"header": "none"},
    {"separator": "<>"},
    {"separator": "blanks"},
    {"skip": 2},
    {"min_ratings": 2},
    {"encoding": "utf-16"},
    {"columns": "time="},
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(TEXTS)).encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        if draw(st.booleans()):
            content[at:at] = draw(st.sampled_from(PIECES))
        else:
            del content[at : at + draw(st.sampled_from([1, 3, 40]))]
    return bytes(content)


def refusal(path: Path, options: dict[str, Any], *, is_persons: bool) -> str | None:
    """What is said of a file that is refused; None if it is read."""
    try:
        if is_persons:
            person.read(path)
        else:
            read_own(path, **options)
    except StarcastError as error:
        return str(error)
    return None


@given(damaged() | st.binary(max_size=60), st.sampled_from(OPTIONS), st.booleans())
def test_ratings_or_one_line(content: bytes, options: dict[str, Any], is_persons: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        path.write_bytes(content)
        said = refusal(path, options, is_persons=is_persons)
    assert said is None or len(said.splitlines()) == 1
