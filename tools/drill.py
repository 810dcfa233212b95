"""Drills of what docs/reliability.md promises: what is tried, how often, and what survived.

    python tools/drill.py --quick                     # a minute or two of each kind, a few tries
    python tools/drill.py                             # three quarters of an hour on two cores
    python tools/drill.py --only strangers,requests --seed 7

Kills, corruptions, hostile artifacts that are made from the schemas, full disks, runs that meet,
and clients that ask odd things, slowly, or without reading. Prints a table; ends with 1 if anything
did not survive. Some need Linux or root, and are left out elsewhere. It is not part of the tests.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from drills import clients, kills, meetings, writes
from drills.tally import Tally, run_trials

from starcast.display import Column, as_text

_SHOWN = 5  # failures of a drill that are told


class Drill(NamedTuple):
    """What is tried, how often, and how often for a quick look."""

    what: str
    run: Callable[[Tally], None]
    most: int
    quick: int


def _trials(kind: str) -> Callable[[Tally], None]:
    return partial(run_trials, kind=kind)


DRILLS = {
    "steps": Drill("killed at every step of a replacement", kills.steps_of_replacing, 1, 1),
    "renames": Drill("killed at every rename of a training", kills.steps_of_training, 60, 4),
    "kills": Drill("killed at random: train, lists", kills.random_kills, 200, 6),
    "artifacts": Drill("artifacts with other bytes", _trials("artifacts"), 2500, 100),
    "ratings": Drill("rating files with other bytes", _trials("ratings"), 2500, 200),
    "caches": Drill("caches with other bytes", _trials("caches"), 500, 50),
    "strangers": Drill("artifacts of a stranger", _trials("strangers"), 6000, 200),
    "bombs": Drill("small files that become large", _trials("bombs"), 20, 20),
    "disk": Drill("a full disk", meetings.full_disks, 8, 8),
    "two": Drill("two trainings at once", meetings.two_at_once, 20, 2),
    "requests": Drill("odd requests", clients.odd_requests, 100_000, 1500),
    "mute": Drill("clients that never read", clients.mute_clients, 600, 600),
    "slow": Drill("clients that send slowly", clients.slow_clients, 100, 100),
    "writes": Drill("writes to a killed service", writes.killed_while_writing, 10_000, 400),
    "busy": Drill("clients that ask for lists", clients.busy_clients, 64, 64),
}


def main() -> None:
    """Try, and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few tries of each")
    parser.add_argument("--only", help=f"some of: {', '.join(DRILLS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600.0, help="most for one drill")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(DRILLS)
    if unknown := [name for name in names if name not in DRILLS]:
        parser.error(f"no drill '{unknown[0]}'; known: {', '.join(DRILLS)}")
    tallies = {name: _drilled(name, given) for name in names}
    print(as_text(_table(tallies)))
    sys.exit(any(tally.failures for tally, _ in tallies.values()))


def _drilled(name: str, given: argparse.Namespace) -> tuple[Tally, float]:
    drill = DRILLS[name]
    with tempfile.TemporaryDirectory(prefix="drill-", ignore_cleanup_errors=True) as folder:
        most = drill.quick if given.quick else drill.most
        tally = Tally(Path(folder), given.seed, most, given.seconds)
        print(f"{drill.what} …", file=sys.stderr, flush=True)
        drill.run(tally)
        took = tally.elapsed
    for failure in tally.failures[:_SHOWN]:
        print(f"  {failure}", file=sys.stderr)
    if len(tally.failures) > _SHOWN:
        print(f"  and {len(tally.failures) - _SHOWN} more", file=sys.stderr)
    return tally, took


def _table(tallies: dict[str, tuple[Tally, float]]) -> list[Column]:
    rows = [
        (DRILLS[name].what, f"{one.tried:,}", f"{one.tried - len(one.failures):,}",
         f"{took:.0f}", "; ".join(one.notes))
        for name, (one, took) in tallies.items()
    ]  # fmt: skip
    heads = ("drill", "tried", "survived", "s", "")
    columns = zip(*rows, strict=True)
    return [
        Column(head, cells, is_number=0 < at < 4)
        for at, (head, cells) in enumerate(zip(heads, columns, strict=True))
    ]


if __name__ == "__main__":
    main()
