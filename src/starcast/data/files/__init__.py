"""Any table of ratings to columns: which column is what, what is refused and why."""
