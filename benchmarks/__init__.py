"""Starcast beside its alternatives, on the same work and in the same run: `make bench`."""
