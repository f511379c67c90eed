"""Plots that several notebooks share; each takes plain numbers and returns a finished figure."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.figure import Figure

from classroom.style import BLUE, COLOURMAP


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


def error_ladder(stages: Sequence[str], errors: Sequence[float], limit: float, title: str) -> Figure:
    """Largest error of each stage on a logarithmic scale, with the limit it must stay under.

    An error of exactly 0 is drawn at the left edge and labelled ``exact``.
    """
    floor = 1e-9
    figure = Figure(figsize=(7.2, 0.8 + 0.32 * len(stages)))
    axes = figure.subplots()
    places = np.arange(len(stages))
    axes.hlines(places, floor, [max(e, floor) for e in errors], color=BLUE, linewidth=2)
    axes.plot([max(e, floor) for e in errors], places, "o", color=BLUE)
    for place, error in zip(places, errors, strict=True):
        axes.annotate("exact" if error == 0 else f"{error:.0e}", (max(error, floor), place), (6, 0),
                      textcoords="offset points", va="center", fontsize=9)  # fmt: skip
    axes.axvline(limit, color="black", linestyle="--")
    above = axes.get_xaxis_transform()
    axes.text(limit, 1.0, f"limit {limit:.0e}", transform=above, ha="center", va="bottom", fontsize=9)
    axes.set_xscale("log")
    axes.set_xlim(floor, limit * 10)
    axes.set_yticks(places, stages)
    axes.set_ylim(len(stages) - 0.4, -0.6)
    axes.set_xlabel("largest error")
    axes.set_title(title)
    return figure
