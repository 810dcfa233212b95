"""Compare: reports on one split → intervals, paired tests, charts and a page.

`comparison` decides what is a real difference, `record` puts everything into plain values, `charts`
draws, `page` writes HTML, and `folder` puts it all on disk.
"""

from starcast.evaluation.comparison.comparison import Comparison, Pair, compare
from starcast.evaluation.comparison.report_folder import write
from starcast.evaluation.comparison.results_file import Provenance, here

__all__ = ["Comparison", "Pair", "Provenance", "compare", "here", "write"]
