"""How long lists are: one length everywhere, unless another is asked for."""

LIST_SIZE = 10  # of lists that are shown, judged, compared, served, and that validation looks at
MAX_K = 100  # of lists that there are figures for
