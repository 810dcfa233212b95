"""Arrivals: what became of ratings that came later."""

from typing import NamedTuple, final


@final
class Arrivals(NamedTuple):
    """What became of ratings that came later.

    Attributes:
        new: pairs that had no rating.
        new_test: of these, test rows by their hash.
        changed: pairs whose stars are others now.
        repeated: pairs whose stars are what they were.
        older: pairs whose known stars are of a later time.
        kept_unseen: test pairs whose stars would be others.
        users, items: that had no row.
        undated: new ratings without a time beside such with times; they count as the latest.
        turned_to_text: kinds of ids that were whole numbers and are text now.
    """

    new: int
    new_test: int
    changed: int
    repeated: int
    older: int
    kept_unseen: int
    users: int
    items: int
    undated: int
    turned_to_text: tuple[str, ...]

    @property
    def change_nothing(self) -> bool:
        """Whether the split is what it was."""
        return not self.new and not self.changed

    def in_words(self) -> str:
        """What there is to learn, in a line.

        >>> Arrivals(1200, 0, 3, 0, 0, 0, 1, 0, 0, ()).in_words()
        '1,200 new ratings, 3 changed ones, 1 new user'
        """
        counts = {
            "new rating": self.new,
            "changed one": self.changed,
            "new user": self.users,
            "new item": self.items,
        }
        told = [f"{n:,} {what}{'s' * (n != 1)}" for what, n in counts.items() if n]
        return ", ".join(told) or "nothing new"

    def remarks(self) -> list[str]:
        """What to know of the others."""
        lines = {
            "kept unseen: {} of test ratings, whose stars stay as they were": self.kept_unseen,
            "kept unseen: {} that are test ratings by the split's hash": self.new_test,
            "left out: {} that were known, with the same stars": self.repeated,
            "left out: {} that are older than the known ones": self.older,
            "without a time: {}, which count as the latest": self.undated,
        }
        told = [line.format(f"{n:,}") for line, n in lines.items() if n]
        return told + [f"{kind} ids were numbers, and are text now" for kind in self.turned_to_text]
