"""A plot for any page: it takes plain numbers and returns a finished figure."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.figure import Figure

from classroom.style import COLOURMAP


def heatmap(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    low: float | None = None,
    high: float | None = None,
) -> Figure:
    """A labelled matrix ``(len(rows), len(columns))`` with every value written in its cell.

    The number is what counts; colour only helps the eye. ``low`` and ``high`` fix the colour scale.
    """
    values = np.asarray(values)
    figure = Figure(figsize=(2.4 + 1.45 * len(columns), 1.3 + 0.6 * len(rows)))
    axes = figure.subplots()
    image = axes.imshow(values, cmap=COLOURMAP, vmin=low, vmax=high, aspect="auto")
    axes.set_xticks(range(len(columns)), [fill(column, 17) for column in columns])
    axes.set_yticks(range(len(rows)), [fill(row, 26) for row in rows])
    axes.set_title(title)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for i in range(len(rows)):
        for j in range(len(columns)):
            dark = image.norm(values[i, j]) < 0.55
            axes.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center", color="white" if dark else "black")
    return figure
