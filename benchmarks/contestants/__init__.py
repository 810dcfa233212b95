"""Who takes part: a module per library, a function per work.

A function prepares (imports, reads, warms up) and returns a round; see `benchmarks.worker`.
Only the library that a module is named after is imported in it, and only inside functions.
"""
