"""Options that say what lists may, must and should hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, final

import typer

from starcast.cli.groups import Group
from starcast.cli.use import read_ids
from starcast.errors import DataError

if TYPE_CHECKING:
    from starcast.data.files.options import ReadingOptions
    from starcast.recommend.rules import Rules


def _rule(*names: str, help: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel="Rules", **more)


@final
@dataclass(frozen=True, kw_only=True)
class RuleOptions(Group):
    """Filters and rules; all act before a list is cut to its length."""

    where: Annotated[
        str | None,
        _rule(
            "--where",
            metavar="FILTER",
            help='Only items for which it holds, such as "genres = '
            "'Comedy' and year >= 1990\"; over title, year, genres, and the columns of --items.",
        ),
    ] = None
    among: Annotated[
        str | None,
        _rule(
            "--among",
            metavar="FILE",
            help="Only these: ids or titles, one a line, or a table with a column of items.",
        ),
    ] = None
    without: Annotated[
        str | None, _rule("--without", metavar="FILE", help="Not these: as --among.")
    ] = None
    min_ratings: Annotated[
        int, _rule("--min-ratings", min=0, help="Only items with so many training ratings.")
    ] = 0
    at_most: Annotated[
        list[str] | None,
        _rule(
            "--at-most",
            metavar="N:COLUMN[=VALUE]",
            help="No more than N items of each value, "
            "as 3:director, or of one, as 1:genres=Horror; repeat for more.",
        ),
    ] = None
    at_least: Annotated[
        list[str] | None,
        _rule(
            "--at-least",
            metavar="N:COLUMN=VALUE",
            help="N items or more of a value, as 2:genres=Documentary; repeat for more.",
        ),
    ] = None
    diversity: Annotated[
        float,
        _rule("--diversity", min=0, max=1, help="Weight of being unlike what is listed before."),
    ] = 0.0
    calibration: Annotated[
        float,
        _rule(
            "--calibration",
            min=0,
            max=1,
            help="Weight of genres being spread as in what the person rated.",
        ),
    ] = 0.0

    @property
    def files(self) -> tuple[str | None, ...]:
        """Those of items."""
        return self.among, self.without

    def rules(self, options: "ReadingOptions") -> "Rules":
        """The rules. Raises: ConfigError, DataError: one is none, or a file cannot be read."""
        from starcast.recommend.rules import Rules

        items = {
            name: tuple(_items(path, options))
            for name, path in (("among", self.among), ("without", self.without))
            if path is not None
        }
        return Rules.of(None, {
            "where": self.where, "min_ratings": self.min_ratings,
            "at_most": self.at_most or (), "at_least": self.at_least or (),
            "diversity": self.diversity, "calibration": self.calibration, **items,
        })  # fmt: skip


def _items(path: str, options: "ReadingOptions") -> Sequence[object]:
    """What a file of items names: a line each of a .txt, since titles have commas, or a column."""
    if not path.endswith(".txt"):
        named: list[object] = read_ids(path, ("item",), options)["item"].tolist()
        return named
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeError:
        raise DataError(f"{path} is no text in UTF-8") from None
    return [line.strip() for line in lines if line.strip()]
