"""What the shared options describe: ratings, and their split."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from starcast.cli.command_line import require_no_secret
from starcast.display import quoted
from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    from starcast.cli.options import Data, SplitOptions
    from starcast.data.ratings import Ratings
    from starcast.data.split import Split, SplitPlan


def load_ratings(data: "Data", test_ratings: Sequence[str] | None = None) -> "Ratings":
    """The data set that the data options name: one of the catalog, or the user's own files."""
    from starcast.cli.show import console, fetching, note
    from starcast.data import load
    from starcast.data.scale import RatingScale

    own, source = data.own, data.fetching
    if not own.ratings:
        given = [flag for flag, value in (("--items", own.items), ("--scale", own.scale)) if value]
        given += own.recognition.overrides.given() + ["--test-ratings"] * bool(test_ratings)
        if given:
            raise ConfigError(f"{given[0]} describes your own --ratings; give these, too")
        with fetching(data.dataset) as on_progress:
            return load.load(
                data.dataset, source.data_dir, mirror=source.mirror, on_progress=on_progress
            )
    for address in (*own.ratings, *(test_ratings or ())):
        require_no_secret(address)
    scale = RatingScale.parse(own.scale) if own.scale else None
    overrides = own.recognition.overrides
    ratings = load.load_own(
        own.ratings, own.items, options=overrides, scale=scale, test_source=test_ratings or None
    )
    if ratings.reading:
        console.print(ratings.reading.summary, soft_wrap=True)
        for line in ratings.reading.remarks:
            note(line)
    return ratings


def load_split(data: "Data", options: "SplitOptions") -> "Split":
    """The ratings and the split that the options describe, announced."""
    from starcast.cli.show import console
    from starcast.data import load

    plan = plan_of(options)
    ratings = load_ratings(data, options.test_ratings)
    divided = load.divide(plan, ratings, data.fetching.data_dir)
    console.print(repr(ratings), highlight=False, soft_wrap=True)
    console.print(
        f"split {divided.scheme}: {len(divided.train):,} train, {len(divided.validation):,} "
        f"validation, {len(divided.test):,} test; fingerprint {divided.fingerprint[:12]}",
        highlight=False,
        soft_wrap=True,
    )
    return divided


def plan_of(options: "SplitOptions") -> "SplitPlan":
    """How to divide. A --split-seed without effect is refused; --seed is for more than this."""
    from starcast.data.split import GIVEN, SplitPlan

    given = bool(options.test_ratings)
    if given and options.split not in (None, GIVEN):
        raise ConfigError(
            f"--test-ratings are the test rows, so --split {options.split} cannot choose them; "
            "leave one of both out"
        )
    shares = {"test": options.test_share, "validation": options.validation_share}
    plan = SplitPlan.parse(options.split, has_given=given, **shares, seed=options.split_seed)
    return plan if options.split_seed is not None else replace(plan, seed=options.seed)


def tell_attributes(ratings: "Ratings") -> None:
    """Say what is known of users and items beside their ratings."""
    from starcast.cli.show import console

    for side in ("user", "item"):
        names = [one.name for one in ratings.attributes if one.side == side and one.is_feature]
        console.print(f"known of each {side}: {', '.join(names) or 'nothing'}", highlight=False)


def folder_name(split: "Split") -> str:
    """The folder of a data set's artifacts, logs and reports.

    Raises: DataError: its name is that of no folder, or of one elsewhere: an artifact may say any.
    """
    return checked_folder_name(split.ratings.name)


def checked_folder_name(name: str) -> str:
    """The name of a data set as a folder's. Raises: DataError: as `folder_name`."""
    if Path(name).name != name or name in ("", "..") or "\0" in name:
        raise DataError(f"{quoted(name)} is no name of a data set that a folder could have")
    return name
