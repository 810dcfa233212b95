"""What the shared options describe: ratings, and their split."""

from pathlib import Path
from typing import TYPE_CHECKING

from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    from starcast.data.ratings import Ratings
    from starcast.data.split import Split


def load_ratings(
    dataset: str,
    ratings: Path | None,
    items: Path | None,
    scale: str | None,
    data_dir: Path,
    mirror: str | None,
) -> "Ratings":
    """The data set that the data options name: one of the catalog, or the user's own files."""
    from starcast.cli.show import fetching, note
    from starcast.data import load
    from starcast.data.scale import RatingScale

    if not ratings:
        if items or scale:
            raise ConfigError("--items and --scale describe your own --ratings; give that file too")
        with fetching(dataset) as on_progress:
            return load.load(dataset, data_dir, mirror=mirror, on_progress=on_progress)
    data, n_duplicates = load.load_files(
        ratings, items, scale=RatingScale.parse(scale) if scale else None
    )
    if n_duplicates:
        note(f"{n_duplicates:,} repeated (user, item) pairs: the latest rating of each is kept")
    return data


def load_split(
    data: "Ratings",
    *,
    split: str,
    test_share: float,
    validation_share: float,
    seed: int,
    official_from: Path | None,
) -> "Split":
    """The split that the split options describe, announced.

    Args:
        data: the data set.
        split, test_share, validation_share, seed: the options.
        official_from: the folder of data sets; None for the user's own ratings.
    """
    from starcast.cli.show import console
    from starcast.data import load
    from starcast.data.split import SplitPlan

    plan = SplitPlan.parse(split, test=test_share, validation=validation_share, seed=seed)
    shipped = None
    if plan.scheme == "official":
        if official_from is None:
            raise DataError("your own ratings ship no official split; choose another --split")
        shipped = load.load_official_test(data.name, plan.official, official_from, data)
    divided = plan.divide(data, shipped)
    console.print(repr(data), highlight=False, soft_wrap=True)
    console.print(
        f"split {divided.scheme}: {len(divided.train):,} train, {len(divided.validation):,} "
        f"validation, {len(divided.test):,} test; fingerprint {divided.fingerprint[:12]}",
        highlight=False,
        soft_wrap=True,
    )
    return divided


def tell_attributes(ratings: "Ratings") -> None:
    """Say what is known of users and items beside their ratings."""
    from starcast.cli.show import console

    for side in ("user", "item"):
        names = [one.name for one in ratings.attributes if one.side == side]
        console.print(f"known of each {side}: {', '.join(names) or 'nothing'}", highlight=False)


def folder_name(split: "Split") -> str:
    """The folder of a data set's artifacts, logs and reports."""
    return split.ratings.name
