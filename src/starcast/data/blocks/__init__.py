"""Blocks: ratings on disk as columns that are mapped into memory, for sets that outgrow it."""
