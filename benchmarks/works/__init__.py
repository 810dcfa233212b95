"""The works in the order of the report, each in a module of its own."""

from collections.abc import Mapping

from benchmarks.work import Work
from benchmarks.works import (
    catalogue,
    epoch,
    filters,
    index,
    large,
    lists,
    lists_scale,
    load,
    metrics,
    networks,
    one,
    pairs,
    sampling,
    scale,
    serve,
    start,
    store,
    top,
    train,
)

WORKS: Mapping[str, Work] = {
    module.WORK.name: module.WORK
    for module in (
        train, sampling, epoch, networks, large, load, metrics, catalogue, index, top, pairs, one,
        lists, lists_scale, filters, serve, store, start, scale,
    )
}  # fmt: skip
