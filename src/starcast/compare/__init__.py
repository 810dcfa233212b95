"""Compare: reports on one split → intervals, paired tests, charts and a page.

`comparison` decides what is a real difference, `record` puts everything into plain values, `charts`
draws, `page` writes HTML, and `folder` puts it all on disk.
"""

from starcast.compare.comparison import Comparison, Pair, compare
from starcast.compare.folder import write
from starcast.compare.record import Provenance, here

__all__ = ["Comparison", "Pair", "Provenance", "compare", "here", "write"]
