"""Figures of Matplotlib that a notebook shows, whether or not it was told to show figures."""

import io
from typing import final

from matplotlib.figure import Figure

DOTS = 240  # per inch


@final
class Drawing(Figure):
    """A figure like any other of Matplotlib's: `savefig("chart.pdf")` saves it."""

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=DOTS / 2, facecolor="white")
        return png.getvalue()
