"""Ratings in a database: SQLAlchemy and what speaks to databases is imported here alone."""
