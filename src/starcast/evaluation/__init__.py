"""How good a model is, and whether a difference between models is real."""
