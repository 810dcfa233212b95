"""Starcast: train, compare, explain and serve recommenders learned from star ratings."""
