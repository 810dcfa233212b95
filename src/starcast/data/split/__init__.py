"""Which rows train, which choose, and which are opened once at the end."""

from starcast.data.split.fingerprint import RowSum, first_fingerprint
from starcast.data.split.parts import TEST, TRAIN, VALIDATION, Parts, Split
from starcast.data.split.plan import SplitPlan
from starcast.data.split.schemes import GIVEN, OFFICIAL, SCHEMES, examples

__all__ = [
    "GIVEN",
    "OFFICIAL",
    "SCHEMES",
    "TEST",
    "TRAIN",
    "VALIDATION",
    "Parts",
    "RowSum",
    "Split",
    "SplitPlan",
    "examples",
    "first_fingerprint",
]
