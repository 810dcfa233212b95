"""Compare: reports on one split → intervals, paired tests, charts and a page.

`verdict` decides by one objective what is a real difference, `comparison` holds one for stars and
one for lists. `results_table` is what a terminal shows, `results_file` everything as plain values,
`charts` draws, `page` writes HTML, and `report_folder` puts it all on disk.
"""

from starcast.evaluation.comparison.comparison import Comparison, compare
from starcast.evaluation.comparison.report_folder import write
from starcast.evaluation.comparison.results_file import Provenance, here
from starcast.evaluation.comparison.verdict import Pair, Verdict

__all__ = ["Comparison", "Pair", "Provenance", "Verdict", "compare", "here", "write"]
