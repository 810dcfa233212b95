"""Models trained and judged on many splits and with many seeds."""

from starcast.evaluation.repeats.cells import Contestant, Judge, by_test, by_validation, run_cell
from starcast.evaluation.repeats.repeated import CellFigures, Repeated
from starcast.evaluation.repeats.times import Cell, Times

__all__ = [
    "Cell",
    "CellFigures",
    "Contestant",
    "Judge",
    "Repeated",
    "Times",
    "by_test",
    "by_validation",
    "run_cell",
]
