"""Plots for any page: they take plain numbers and return a finished figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from classroom.style import BLUE, COLOURMAP, ORANGE


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


def layer_losses(
    losses: Mapping[str, Sequence[tuple[float, float, float]]], layers: Sequence[int], text: Mapping[str, Any]
) -> Figure:
    """MRR lost with its interval (mean, low, high) for each layer (from 1), for two kinds of loss, named in ``text``.

    ``text`` is a page's table of words: ``layer``, ``x``, ``title`` and a name for each kind.
    """
    figure = Figure(figsize=(8, 1.2 + 0.5 * len(layers)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="#999999", linewidth=0.8)
    for place, (name, rows) in enumerate(losses.items()):
        y = np.arange(len(layers)) + 0.3 * place - 0.15
        means, low, high = np.array(rows).T
        colour = (BLUE, ORANGE)[place]
        axes.hlines(y, low, high, color=colour, linewidth=2)
        axes.plot(means, y, "os"[place], color=colour, markersize=7)
        best = int(means.argmax())
        axes.text(high[best] + 0.015, y[best], text[name], va="center", color=colour, fontsize=10)
    axes.set_yticks(range(len(layers)), [text["layer"].format(number=layer) for layer in layers])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(text["x"])
    axes.set_title(text["title"])
    return figure
