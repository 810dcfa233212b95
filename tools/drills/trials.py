"""Trials that could end the process or take its memory; run as a child: see `tally.run_trials`.

    python -m drills.trials KIND FOLDER SEED START END SECONDS

Each prints its number, how many megabytes it took at its most, and what went wrong, if it did.
"""

import random
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import hostile_artifacts as hostile
import numpy as np
from hostile_answers import refusal

from drills.tally import CASES, FIXTURES
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data import load
from starcast.data.files import person, source, tabular
from starcast.data.files.options import RECOGNISED
from starcast.engines.protocol import Scores
from starcast.errors import StarcastError
from starcast.recommend import Recommender

Trial = Callable[[], str]
_LARGEST = 200  # MB that a file may cost
_HEAD = 6000  # bytes of a rating file that are kept, for speed
_PIECES = (b"\0", b"\xff", b"\n", b'"', b",", b"\r", b"1e400", b"9" * 40, b"PK\x03\x04",
           b"\x1f\x8b", b"PAR1", b"{", b"[", b"%", b"\xe2\x98\x85", b"::", b"\\", b"'")  # fmt: skip


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Some bytes flipped, cut, doubled, moved or planted."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        at, n = chance.randrange(len(changed) + 1), chance.choice((1, 2, 16, 200))
        way = chance.randrange(5)
        if way == 0 and at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            del changed[at : at + n]
        elif way == 2:
            changed[at:at] = chance.choice(_PIECES)
        elif way == 3:
            changed[at:at] = changed[at : at + n]
        else:
            del changed[at:]
    return bytes(changed)


def in_a_line(error: StarcastError) -> str:
    """What is wrong with how something is refused."""
    return "refused in several lines" if "\n" in str(error) else ""


def artifacts(place: Path, chance: random.Random) -> Iterator[Trial]:
    """Files of artifacts with other bytes: refused in a line, or with the same answers."""
    names = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
    while True:
        name = chance.choice(names)
        file = chance.choice(sorted(path.name for path in (FIXTURES / name).iterdir()))
        content = damaged((FIXTURES / name / file).read_bytes(), chance)
        yield partial(_damaged_artifact, place, name, file, content)


def _damaged_artifact(place: Path, name: str, file: str, content: bytes) -> str:
    folder = place / "artifact"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FIXTURES / name, folder)
    (folder / file).write_bytes(content)
    try:
        loaded = storage.load(folder)
    except StarcastError as error:
        return in_a_line(error)
    answers, right = _stars(loaded), _stars(storage.load(FIXTURES / name))
    return "" if np.array_equal(answers, right) else f"{name}/{file}: other answers"


def _stars(artifact: Artifact) -> Scores:
    ratings = artifact.split.ratings
    users, items = np.divmod(np.arange(ratings.n_users * ratings.n_items), ratings.n_items)
    return Recommender(artifact).predict(ratings.users.ids[users], ratings.items.ids[items])


def ratings(place: Path, chance: random.Random) -> Iterator[Trial]:
    """Rating files with other bytes: ratings, or a line."""
    files = sorted(path for path in CASES.rglob("*") if path.is_file() and path.stat().st_size)
    while True:
        content = damaged(chance.choice(files).read_bytes()[:_HEAD], chance)
        is_persons = chance.random() < 0.2
        yield partial(_damaged_ratings, place, content, is_persons)


def _damaged_ratings(place: Path, content: bytes, is_persons: bool) -> str:
    path = place / "ratings"
    path.write_bytes(content)
    try:
        if is_persons:
            person.read(path)
            return ""
        with source.scratch_folder() as scratch:
            tabular.of_tables(tabular.load_place(path, RECOGNISED, scratch), str(path))
    except StarcastError as error:
        return in_a_line(error)
    return ""


def caches(place: Path, chance: random.Random) -> Iterator[Trial]:
    """What lies beside a rating file with other bytes: not believed."""
    path = place / "cached.csv"
    shutil.copyfile(CASES / "005-zero-one.csv", path)
    right = load.load_own(path).content_hash()
    (cache,) = place.glob("*.starcast.*")
    whole = cache.read_bytes()

    def trial(content: bytes) -> str:
        cache.write_bytes(content)
        return "" if load.load_own(path).content_hash() == right else "other ratings"

    while True:
        content = damaged(whole, chance)
        yield partial(trial, content)


def strangers(place: Path, chance: random.Random) -> Iterator[Trial]:
    """Artifacts made by a stranger, all sums right: refused in a line, or every answer is one."""
    other = hostile.Parts.of(FIXTURES / "latent-factor-model")
    made: list[tuple[hostile.Parts, hostile.Mutation]] = []
    for name in sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()):
        parts = hostile.Parts.of(FIXTURES / name)
        ways = (
            hostile.of_weights(parts, other),
            hostile.of_tables(parts),
            hostile.of_manifest(parts),
        )
        made += [(parts, mutation) for way in ways for mutation in way]
    chance.shuffle(made)
    folder = place / "forged"
    for parts, (what, change) in made:
        shutil.rmtree(folder, ignore_errors=True)
        hostile.forge(parts, change, folder)
        yield partial(_strange, folder, f"{parts.folder.name}, {what}")


def _strange(folder: Path, what: str) -> str:
    try:
        refusal(folder)
    except Exception as error:  # whatever it is, it has to be told of which
        return f"{what}: {type(error).__name__}: {str(error)[:200]}"
    return ""


def bombs(place: Path, chance: random.Random) -> Iterator[Trial]:
    """Small files that would become large."""
    for folder in hostile.bombs(FIXTURES / "latent-factor-model", place):
        yield partial(_loaded, folder)


def _loaded(folder: Path) -> str:
    """A bomb may be taken for what it is, if it is cheap."""
    try:
        storage.load(folder)
    except StarcastError as error:
        return in_a_line(error)
    return ""


KINDS: dict[str, Callable[[Path, random.Random], Iterator[Trial]]] = {
    "artifacts": artifacts,
    "ratings": ratings,
    "caches": caches,
    "strangers": strangers,
    "bombs": bombs,
}


def main() -> None:
    """See above."""
    kind, place, seed, start, end, seconds = sys.argv[1:]
    last = time.monotonic() + float(seconds)
    warnings.simplefilter("error")
    storage.load(FIXTURES / "latent-factor-model")
    for n, trial in enumerate(KINDS[kind](Path(place), random.Random(int(seed)))):
        if n >= int(end) or time.monotonic() > last:
            break
        if n < int(start):
            continue
        was = _forgotten_peak()
        try:
            fault = trial()
        except Exception as error:
            fault = f"{type(error).__name__}: {str(error)[:200]}"
        grown = _memory("VmHWM") - was
        if grown > _LARGEST:
            fault = fault or f"{grown} MB more"
        print(f"{n}\t{grown}\t{' '.join(fault.split())}", flush=True)


def _forgotten_peak() -> int:
    """Let the process forget the most memory it has had; what it has, in MB."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    """A figure of the process in MB; 0 where the system does not tell."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    main()
