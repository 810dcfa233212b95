"""Kills a process that replaces something before every step that it takes; run as a program.

    python killed_at_every_step.py folder|file exchange|renames FOLDER

What a process asks the system for is announced by Python's audit events; a child is killed
(SIGKILL) at its first event, then at its second, and so on until one comes through. After each kill
the place must hold all that is old or all that is new, the next run must succeed, and nothing
temporary may be left. Prints how many children were killed, and how many had put the new in place.
"""

import os
import signal
import sys
from pathlib import Path

from starcast.disk import replacement

OLD, NEW, NEXT = "old", "new", "next"


def write(kind: str, target: Path, content: str) -> None:
    """Replace a folder of two files, or a file, by one with other content."""
    if kind == "folder":
        with replacement.replace_folder(target) as fresh:
            for name in ("a", "b"):
                (fresh / name).write_text(content, encoding="utf-8")
    else:
        with replacement.replace_file(target) as fresh:
            fresh.write_text(content, encoding="utf-8")


def read(kind: str, target: Path) -> str:
    """The content of a whole folder or file."""
    if kind == "file":
        return target.read_text(encoding="utf-8")
    place = replacement.standing(target)
    found = {path.name: path.read_text(encoding="utf-8") for path in place.iterdir()}
    assert found.keys() == {"a", "b"}, found
    assert found["a"] == found["b"], found
    return found["a"]


def killed_at(step: int, kind: str, target: Path) -> bool:
    """Whether a child was killed before its `step`-th event; else it has come through."""
    child = os.fork()
    if child == 0:
        left = step

        def count(event: str, _: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                signal.raise_signal(signal.SIGKILL)

        sys.addaudithook(count)
        write(kind, target, NEW)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return status != 0


def main() -> None:
    """See above."""
    kind, way, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if way == "renames":
        replacement._exchange = lambda *_: False  # as on systems that cannot
    target, killed, new = place / "mine", 0, 0
    write(kind, target, OLD)
    while killed_at(killed + 1, kind, target):
        killed += 1
        content = read(kind, target)
        assert content in (OLD, NEW), content
        new += content == NEW
        write(kind, target, NEXT)
        assert read(kind, target) == NEXT
        assert [path.name for path in place.iterdir()] == ["mine"], list(place.iterdir())
        write(kind, target, OLD)
    assert read(kind, target) == NEW
    print(killed, new)


if __name__ == "__main__":
    main()
