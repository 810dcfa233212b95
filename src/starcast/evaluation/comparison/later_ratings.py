"""What a comparison says of models that have learned from later ratings than others."""

from collections.abc import Sequence

import numpy as np

from starcast.data.split import TEST, Split


def about_updates(names: Sequence[str], splits: Sequence[Split]) -> list[str]:
    """A line for each model that was updated; none where all know the same ratings.

    Args:
        names: of the models.
        splits: of each, with the same test rows.
    """
    if len({split.fingerprint for split in splits}) == 1:
        return []
    sizes = [int(np.count_nonzero(split.parts != TEST)) for split in splits]
    return [
        f"{name} was updated and knows {size - min(sizes):,} more ratings than the least of them; "
        "the test ratings are the same, and unseen by all."
        for name, split, size in zip(names, splits, sizes, strict=True)
        if split.extends
    ]
