"""The item-item engine: one linear model from a user's items to all others, in closed form."""
