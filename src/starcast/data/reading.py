"""Reading: what was taken for what when a table of ratings was read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self, final

from starcast.display import quoted


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a table was taken for, which of its columns for what, and what was left out.

    Attributes:
        source: the file, folder or address, without passwords.
        form: what it was recognised as, such as "text separated by tabs".
        columns: user, item, rating and perhaps time to the column that was taken for it: its name
            in quotes, or its number.
        unused: names of the other columns.
        n_rows: ratings in the source, those left out among them.
        left_out: why to how many ratings.
        scale: the stars that exist, in words.
        notes: what else the user should know, a line each.

    >>> print(Reading(source="r.csv", form="text separated by commas", n_rows=9,
    ...               columns={"user": "'userId'", "item": "'movieId'", "rating": "column 3"},
    ...               left_out={"with the rating -1, which means missing": 2}))
    r.csv, text separated by commas: user is 'userId', item 'movieId', rating column 3; 9 rows
    left out: 2 with the rating -1, which means missing
    """

    source: str
    form: str
    columns: Mapping[str, str]
    n_rows: int
    unused: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    scale: str = ""
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What was taken for what, in one line."""
        first, *others = (f"{kind} {name}" for kind, name in self.columns.items())
        taken = ", ".join([first.replace(" ", " is ", 1), *others])
        unused = f" (not used: {_shortened(self.unused)})" if self.unused else ""
        scale = f", {self.scale}" if self.scale else ""
        return f"{self.source}, {self.form}: {taken}{unused}; {self.n_rows:,} rows{scale}"

    @property
    def remarks(self) -> list[str]:
        """What was left out and what else there is to know, a line each; often nothing."""
        gone = "; ".join(f"{n:,} {why}" for why, n in self.left_out.items())
        return [*([f"left out: {gone}"] if gone else []), *self.notes]

    def __str__(self) -> str:
        return "\n".join([self.summary, *self.remarks])

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `to_json` made.

        Raises: TypeError: other values than those.
        """
        tuples = {name: tuple(values.get(name, ())) for name in ("unused", "notes")}
        return cls(**(values | tuples))


def _shortened(names: tuple[str, ...], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(quoted, names[:most])) + more
