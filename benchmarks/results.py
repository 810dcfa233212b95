"""What was measured: races of contestants, kept as JSON, one file per work."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self, final

from benchmarks.units import show

Figures = Mapping[str, tuple[float, ...]]
TIME = "time"
"""The figure that every contestant has: seconds per piece of work."""


@final
@dataclass(frozen=True, kw_only=True)
class Entry:
    """One contestant's samples in one race.

    Attributes:
        name: of the contestant.
        threads: it ran with.
        figures: by name, one sample per round; "time" is in seconds per piece of work.
        note: what to know about it.
        failed: "" or why there are no samples.
    """

    name: str
    threads: int
    figures: Figures
    note: str = ""
    failed: str = ""

    def median(self, figure: str = TIME) -> float:
        """The median of a figure's samples. Raises: KeyError: there are none."""
        return statistics.median(self.figures[figure])


@final
@dataclass(frozen=True, kw_only=True)
class Target:
    """What a contestant's figure is to be, measured by the machine or by another contestant.

    Attributes:
        contestant: whose figure.
        at_most: the bound; a share of the other's figure where `against` is set.
        figure: which.
        against: the other contestant, "" for a bound in the figure's own unit.
    """

    contestant: str
    at_most: float
    figure: str = TIME
    against: str = ""

    def text(self, unit: str) -> str:
        """The target in words; `unit` is that of the race's times."""
        if self.asks_for_speed:
            times = f"{1 / self.at_most:.3g} × faster" if self.at_most < 1 else "faster"
            return f"{times} than {self.against}"
        if self.against:
            share = "" if self.at_most == 1 else f"{self.at_most:g} × "
            return f"{self.figure} ≤ {share}that of {self.against}"
        if self.figure == TIME:
            sign = "≥" if unit == "M pairs/s" else "≤"
            return f"{sign} {show(self.at_most, unit)}"
        return f"{self.figure} ≤ {self.at_most:g}"

    @property
    def asks_for_speed(self) -> bool:
        """Whether it says how much faster than another contestant, and not how much slower."""
        return bool(self.against) and self.figure == TIME and self.at_most <= 1

    def got(self, entries: Sequence[Entry]) -> float | None:
        """The figure, or the share of the other's; None where one of them has none."""
        by_name = {entry.name: entry for entry in entries if entry.figures.get(self.figure)}
        if self.contestant not in by_name or (self.against and self.against not in by_name):
            return None
        own = by_name[self.contestant].median(self.figure)
        return own / by_name[self.against].median(self.figure) if self.against else own


@final
@dataclass(frozen=True, kw_only=True)
class Race:
    """Contestants side by side on one piece of work; the first is what the others are held to.

    Attributes:
        title: the work.
        unit: of the times, a key of `UNITS`.
        entries: in the order of the table.
        targets: what was to be reached.
        note: what to know about it.
    """

    title: str
    unit: str
    entries: tuple[Entry, ...]
    targets: tuple[Target, ...] = ()
    note: str = ""

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Self:
        """The race that `asdict` was made of."""
        entries = tuple(
            Entry(**{**entry, "figures": {k: tuple(v) for k, v in entry["figures"].items()}})
            for entry in read["entries"]
        )
        targets = tuple(Target(**target) for target in read["targets"])
        return cls(**{**read, "entries": entries, "targets": targets})


@final
@dataclass(frozen=True, kw_only=True)
class Result:
    """One work, measured.

    Attributes:
        work: its name, as in `make bench ONLY=name`.
        title: in words.
        command: that measured it.
        data: which, with split, fingerprint and seed.
        circumstances: date, commit, machine and versions, by name.
        races: side by side.
    """

    work: str
    title: str
    command: str
    data: str
    circumstances: Mapping[str, str]
    races: tuple[Race, ...] = field(default=())

    def write(self, folder: Path) -> Path:
        """Write `<work>.json`, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        target, fresh = folder / f"{self.work}.json", folder / f".{self.work}.json.new"
        fresh.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")
        fresh.replace(target)
        return target

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote."""
        read = json.loads(path.read_text("utf-8"))
        return cls(**{**read, "races": tuple(Race.from_json(race) for race in read["races"])})
