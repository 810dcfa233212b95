"""The works in the order of the report, each in a module of its own."""

from collections.abc import Mapping

from benchmarks.work import Work
from benchmarks.works import (
    catalogue,
    epoch,
    large,
    load,
    metrics,
    networks,
    one,
    pairs,
    scale,
    start,
    top,
    train,
)

WORKS: Mapping[str, Work] = {
    module.WORK.name: module.WORK
    for module in (
        train, epoch, networks, large, load, metrics, catalogue, top, pairs, one, start, scale
    )
}  # fmt: skip
