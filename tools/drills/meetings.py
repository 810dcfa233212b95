"""Two runs at once, and disks that are full."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drills.kills import MODEL, TRAIN, leftovers, prepared, run, state
from drills.tally import Tally, command, environment
from starcast.artifacts import storage


def two_at_once(tally: Tally) -> None:
    """Trainings with two seeds into one folder: the figures kept are those of its model."""
    figures = {}
    for seed in (1, 2):
        place = tally.place / f"alone-{seed}"
        place.mkdir()
        run(place, (*TRAIN, "--seed", seed))
        figures[seed] = _figures(place)
    place = tally.place / "both"
    place.mkdir()
    for _ in tally.tries():
        runs = [
            subprocess.Popen(
                command(*TRAIN, "--seed", seed),
                cwd=place,
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for seed in (1, 2)
        ]
        said = [one.communicate()[1] for one in runs]
        ended = [one.returncode for one in runs]
        fault = "" if sorted(ended) in ([0, 0], [0, 1]) else f"they ended with {ended}: {said}"
        refused = [line for line, status in zip(said, ended, strict=True) if status]
        if any("is writing" not in line for line in refused):
            fault = fault or f"refused without a reason: {refused}"
        seed = storage.load(place / MODEL).seed
        if figures[seed] != _figures(place):
            fault = fault or "test figures of the other model"
        tally.count(fault or leftovers(place))


def _figures(place: Path) -> object:
    return (storage.read_manifest(place / MODEL).get("metrics") or {}).get("test")


def full_disks(tally: Tally) -> None:
    """Every verb that writes, to a disk of a page: one line, and nothing half-written."""
    prepared(tally.place)
    disk = tally.place / "full"
    disk.mkdir()
    verbs: dict[str, tuple[object, ...]] = {
        "train": (*TRAIN, "--out", disk / "models"),
        "train --logs": (*TRAIN, "--logs", disk / "logs"),
        "recommend --all": ("recommend", MODEL, "--all", "-k", 30, "--out", disk / "top.csv"),
        "parquet": ("recommend", MODEL, "--all", "-k", 30, "--out", disk / "top.parquet"),
        "json lines": ("recommend", MODEL, "--all", "-k", 30, "--out", disk / "top.jsonl"),
        "predict --pairs": ("predict", MODEL, "--pairs", TRAIN[2], "--out", disk / "p.csv"),
        "compare": ("compare", MODEL, MODEL, "--out", disk / "report"),
        "export": ("export", MODEL, "--format", "onnx", "--out", disk / "exported"),
    }
    for what, verb in verbs.items():
        with _full(disk) as is_full:
            if not is_full:
                tally.notes.append("only root may make a small disk")
                return
            done = run(tally.place, verb)
            fault = _fault_of(done, 0 if "--logs" in verb else 1)
            left = [] if "--logs" in verb else [path for path in disk.rglob("*") if path.is_file()]
            fault = fault or ", ".join(map(str, left)) or state(tally.place)
            tally.count(f"{what}: {fault}" if fault else "")


def _fault_of(done: "subprocess.CompletedProcess[str]", status: int) -> str:
    """What is wrong with how a full disk is told of."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode != status or "Traceback" in done.stderr:
        return f"{done.returncode}, {lines[-1:]}"
    said = [line for line in lines if "No space" in line or "cannot" in line]
    return "" if len(said) == 1 else f"{len(said)} lines: {said[:2]}"


@contextmanager
def _full(folder: Path) -> Iterator[bool]:
    """A folder of a page, on a disk of its own, while this is entered; whether it is one."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", str(folder)], check=True)
