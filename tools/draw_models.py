"""Draw each model's network as the code builds it (see trace_models.py for where boxes come from).

    python tools/draw_models.py docs/images [--dimension 64] [--layers "[64,32,16,8,1]"]

Writes <model>.png and <model>.svg for every model in the registry that has one set of weights, with
its default settings unless others are given. A filled box holds weights; its colour is that of the
model, in the comparison's charts, in whose training they were first learned.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from trace_models import Box, count, diagram, drawable

from starcast import models
from starcast.errors import StarcastError
from starcast.evaluation.charts.style import colour
from starcast.models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

INK, FAINT, LINE, PLAIN = "#1c2733", "#5b6875", "#c3ccd5", "#f3f5f7"
DOTS = 200  # per inch: twice what a page at 100 dots per inch shows
TABLE, SINGLE, HEIGHT, RISE, GAP = 1.5, 1.12, 0.46, 0.76, 0.16  # inches
MARGIN, ABOVE, BELOW = 0.3, 0.86, 0.72  # inches, around the boxes
ACTIVATIONS = {"relu": "ReLU"}


class Place(NamedTuple):
    """Where a box stands, inches: the middle of its bottom edge, and its width."""

    x: float
    y: float
    width: float


def draw(model: Model, boxes: Sequence[Box]) -> "Figure":
    """The diagram of a model, bottom to top, on a white card that suits light and dark pages.

    Args:
        model: its title, formula and parents are shown.
        boxes: as `diagram` gives them.
    """
    from matplotlib.figure import Figure

    boxes = unfolded(boxes)
    places = layout(boxes)
    left = min(place.x - place.width / 2 for place in places.values())
    right = max(place.x + place.width / 2 for place in places.values())
    width = max(right - left, 5.4) + 2 * MARGIN
    height = max(place.y for place in places.values()) + HEIGHT + ABOVE
    figure = Figure(figsize=(width, height + BELOW), facecolor="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim((left + right - width) / 2, (left + right + width) / 2)
    axes.set_ylim(-BELOW, height)
    axes.axis("off")
    _card(axes)
    for box in boxes:
        _draw_arrows(axes, box, {other.name: other for other in boxes}, places)
    for box in boxes:
        _draw_box(axes, box, places[box.name])
    _caption(axes, model, boxes)
    return figure


def unfolded(boxes: Sequence[Box]) -> list[Box]:
    """The same boxes, with a table drawn anew for each that reads it, so that no arrows cross."""
    times: Counter[str] = Counter()
    tables = {box.name for box in boxes if box.kind == "table"}

    def copy(name: str) -> str:
        times[name] += 1
        return name + "′" * (times[name] - 1) if name in tables else name

    reading = [box._replace(inputs=tuple(map(copy, box.inputs))) for box in boxes]
    return [
        box._replace(name=box.name + "′" * n)
        for box in reading
        for n in range(times[box.name] if box.name in tables else 1)
    ]


def layout(boxes: Sequence[Box]) -> dict[str, Place]:
    """Where each box stands so that every arrow is vertical.

    Tables stand on the ground in the order in which the top reads them; a box with several inputs
    spans them all, and any other stands on the middle of its input, the wider the more it hands on.
    """
    by_name = {box.name: box for box in boxes}
    places: dict[str, Place] = {}
    edge = 0.0

    def put(name: str) -> Place:
        nonlocal edge
        box = by_name[name]
        below = [put(other) for other in box.inputs]
        if not below:
            width = TABLE if box.width > 1 else SINGLE
            edge += width + GAP
            places[name] = Place(edge - GAP - width / 2, 0.0, width)
            return places[name]
        x = (below[0].x + below[-1].x) / 2
        width = below[-1].x - below[0].x + 0.8 if len(below) > 1 else _width(box)
        places[name] = Place(x, max(place.y for place in below) + RISE, width)
        return places[name]

    put(boxes[-1].name)
    return places


def _width(box: Box) -> float:
    return float(1.7 + 0.15 * np.log2(box.width)) if box.shapes else 1.7


def _card(axes: "Axes") -> None:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    inset = 0.03
    card = _rounded(left + inset, bottom + inset, right - left - 2 * inset,
                    top - bottom - 2 * inset, 0.16)  # fmt: skip
    axes.add_patch(card)
    card.set(facecolor="white", edgecolor=LINE)


def _rounded(left: float, bottom: float, width: float, height: float, radius: float) -> "Patch":
    from matplotlib.patches import FancyBboxPatch

    style = f"round,pad=0,rounding_size={radius}"
    return FancyBboxPatch((left, bottom), width, height, boxstyle=style)


def _draw_arrows(axes: "Axes", box: Box, by_name: dict[str, Box], places: dict[str, Place]) -> None:
    for other in box.inputs:
        start = places[other].y + HEIGHT
        x = places[other].x
        axes.annotate(
            "",
            (x, places[box.name].y),
            (x, start),
            arrowprops={"arrowstyle": "-|>,head_width=0.18,head_length=0.32", "color": FAINT,
                        "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0.5},
        )  # fmt: skip
        axes.text(x + 0.08, start + (RISE - HEIGHT) / 2, f"{by_name[other].width}", fontsize=8,
                  color=FAINT, va="center")  # fmt: skip


def _draw_box(axes: "Axes", box: Box, place: Place) -> None:
    from matplotlib.patches import Rectangle

    left, is_end = place.x - place.width / 2, box.kind == "prediction"
    outline = _rounded(left, place.y, place.width, HEIGHT, HEIGHT / 2 if is_end else 0.07)
    outline.set(
        facecolor=INK if is_end else PLAIN,
        edgecolor=FAINT if box.shapes else "none" if is_end else LINE,
    )
    axes.add_patch(outline)
    share = place.width / max(len(box.origins), 1)
    for n, name in enumerate(box.origins):
        part = Rectangle((left + n * share, place.y), share, HEIGHT, facecolor=_tint(name))
        axes.add_patch(part)
        part.set_clip_path(outline)
    title, detail = _words(box)
    middle = place.y + HEIGHT / 2
    style: dict[str, Any] = {"ha": "center", "va": "center"}
    axes.text(place.x, middle + (0.085 if detail else 0), title, fontsize=9.5,
              color="white" if is_end else INK, **style)  # fmt: skip
    axes.text(place.x, middle - 0.105, detail, fontsize=8,
              color="white" if is_end else FAINT, **style)  # fmt: skip


def _words(box: Box) -> tuple[str, str]:
    """The two lines in a box."""
    name = box.name.replace("_", " ")
    if box.kind == "prediction":
        return "prediction", "in stars"
    if box.kind == "table":
        rows = f"n_{box.name.partition('_')[0]}s"
        (shape,) = box.shapes.values()
        return name.rstrip("′"), " × ".join([rows, *map(str, shape[1:])]) if shape else "one number"
    if not box.shapes:
        return box.kind, ""
    activation = ACTIVATIONS.get(box.activation, box.activation)
    detail = ", ".join(
        f"{weight.rpartition('_')[2]} {' × '.join(map(str, shape))}"
        for weight, shape in box.shapes.items()
    )
    if box.dropout_rate:
        detail += f", dropout {box.dropout_rate:g}"
    return f"{name}: {box.kind}, {activation}", detail


def _caption(axes: "Axes", model: Model, boxes: Sequence[Box]) -> None:
    """Title and formula above, weights counted and colours explained below."""
    (left, _), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    x = left + MARGIN
    axes.text(x, top - 0.34, model.title, fontsize=13, fontweight="bold", color=INK, va="center")
    formula = re.sub(r"_(\w)", r"$_{\1}$", model.formula)
    axes.text(x, top - 0.6, formula, fontsize=9.5, color=FAINT, va="center")
    axes.text(x, bottom + 0.26, count(boxes), fontsize=8, color=FAINT, va="center")
    origins = {name for box in boxes for name in box.origins}
    for name in (name for name in models.MODELS if name in origins):
        swatch = _rounded(x, bottom + 0.42, 0.16, 0.12, 0.03)
        swatch.set(facecolor=_tint(name), edgecolor=FAINT)
        axes.add_patch(swatch)
        known = "learned from the training ratings"
        words = known if name == model.name else f"starts from the trained {name}"
        axes.text(x + 0.24, bottom + 0.48, words, fontsize=8, color=INK, va="center")
        x += 0.5 + 0.068 * len(words)


def _tint(name: str) -> Any:
    """A model's colour in the comparison's charts, pale enough for dark text."""
    from matplotlib.colors import to_rgb

    strong = np.array(to_rgb(colour(list(models.MODELS).index(name))))
    return tuple(1 - 0.3 * (1 - strong))


def write(folder: Path, **given: Any) -> list[Path]:
    """Draw every model into a folder; the files written.

    Args:
        folder: made if it is missing.
        given: settings on top of each model's defaults.
    """
    from matplotlib import rc_context

    diagrams = [(model, diagram(model.name, **given)) for model in drawable()]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with rc_context({"svg.hashsalt": "starcast"}):
        for model, boxes in diagrams:
            figure = draw(model, boxes)
            for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
                target = folder / f"{model.name}.{ending}"
                fresh = target.with_suffix(f".new.{ending}")
                figure.savefig(fresh, dpi=DOTS, transparent=False, metadata=metadata)
                fresh.replace(target)
                written.append(target)
    return written


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description="Draw each model's network from the code.")
    parser.add_argument("folder", type=Path, help="where the pictures go, e.g. docs/images")
    parser.add_argument("--dimension", type=int, help="length of an embedding")
    parser.add_argument("--layers", help='widths of the dense layers, e.g. "[64,32,16,8,1]"')
    given = parser.parse_args()
    try:
        for path in write(given.folder, dimension=given.dimension, layers=given.layers):
            print(path)
    except (StarcastError, OSError) as error:
        sys.exit(f"draw_models: {error}")


if __name__ == "__main__":
    main()
