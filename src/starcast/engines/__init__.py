"""How models learn: rows and arrays in, named weights out; no ids, files or metrics."""
