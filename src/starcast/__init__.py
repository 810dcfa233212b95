"""Starcast: train, compare, explain and serve recommenders learned from star ratings."""

import os

# OpenMP's threads spin for up to milliseconds while they wait for each other. Beside another busy
# program that is time taken from the very thread that is waited for: an epoch of a network took
# 12 times as long. Some microseconds of spinning bridge the gap between two loops, then they sleep:
# 3 times as long, and as quick as ever on an idle machine. Read once, when OpenMP is first loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "3000")
