"""Figures of the encoder page: attention maps, values layer by layer, curves. Plain numbers in, a Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from classroom.style import COLOURMAP, PALETTE, drawable

MARKERS = "osD^vP"
DASHES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 1)))
LONGEST = 14


def spread(count: int, wanted: int = 4) -> list[int]:
    """At most ``wanted`` numbers of ``0 … count − 1``, first and last among them, evenly apart.

    >>> spread(24)
    [0, 8, 15, 23]
    """
    return sorted({int(number) for number in np.linspace(0, count - 1, min(wanted, count)).round()})


def attention_map(weights: np.ndarray, tokens: Sequence[str], title: str) -> Figure:
    """One head's map ``(T, T)``: a row is a query, its columns the keys it looks at; rows sum to 1."""
    size = 2.2 + 0.25 * len(tokens)
    figure = Figure(figsize=(size + 0.7, size))
    axes = figure.subplots()
    image = axes.imshow(weights, cmap=COLOURMAP, vmin=0)
    labels, places = [drawable(token, LONGEST) for token in tokens], range(len(tokens))
    axes.set_xticks(places, labels, rotation=90, fontsize=8)
    axes.set_yticks(places, labels, fontsize=8)
    axes.set_xlabel("key: looked at")
    axes.set_ylabel("query: looks")
    axes.set_title(title)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return figure


def attention_grid(maps: np.ndarray, tokens: Sequence[str], layers: Sequence[int], heads: Sequence[int]) -> Figure:
    """Small maps side by side, ``maps`` ``(L, A, T, T)``: rows ``layers``, columns ``heads`` (from 0, shown from 1)."""
    figure = Figure(figsize=(1.2 + 2.1 * len(heads), 0.9 + 2.1 * len(layers)))
    grid = figure.subplots(len(layers), len(heads), squeeze=False, gridspec_kw={"hspace": 0.16, "wspace": 0.08})
    labels, places = [drawable(token, 8) for token in tokens], range(len(tokens))
    for i, layer in enumerate(layers):
        for j, head in enumerate(heads):
            axes = grid[i, j]
            axes.imshow(maps[layer, head], cmap=COLOURMAP, vmin=0)
            below, left = i == len(layers) - 1, j == 0
            axes.set_xticks(*((places, labels) if below else ([], [])), rotation=90, fontsize=7)
            axes.set_yticks(*((places, labels) if left else ([], [])), fontsize=7)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
            axes.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=9)
    return figure


def layer_heatmap(values: np.ndarray, columns: Sequence[str], title: str, xlabel: str, label: str) -> Figure:
    """Values ``(layers, columns)``, layer 1 on top. The numbers stand in the cells while there is room."""
    values = np.asarray(values)
    layers, width = values.shape
    figure = Figure(figsize=(2.0 + 0.62 * width, 1.7 + 0.42 * layers))
    axes = figure.subplots()
    image = axes.imshow(values, cmap=COLOURMAP, aspect="auto")
    axes.set_xticks(range(width), [drawable(column, LONGEST) for column in columns])
    if max(map(len, columns)) > 4:
        axes.tick_params(axis="x", rotation=60)
    axes.set_yticks(range(layers), [str(layer + 1) for layer in range(layers)])
    axes.set_xlabel(xlabel)
    axes.set_ylabel("layer")
    axes.set_title(title)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label=label)
    if width <= 20:
        for i, j in np.ndindex(values.shape):
            colour = "white" if image.norm(values[i, j]) < 0.55 else "black"
            axes.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center", fontsize=8, color=colour)
    return figure


def curves(
    x: Sequence[float], series: Mapping[str, Sequence[float]], title: str, xlabel: str, ylabel: str, log: bool = False
) -> Figure:
    """Lines over ``x``, told apart by colour, marker and dash; ``log`` makes both axes logarithmic (base 2 and 10)."""
    figure = Figure(figsize=(6.4, 3.8))
    axes = figure.subplots()
    for number, (name, values) in enumerate(series.items()):
        style = {"marker": MARKERS[number % 6], "linestyle": DASHES[number % 6], "color": PALETTE[number % 6]}
        axes.plot(x, values, label=name, **style)
    if log:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
    ticks = x[:: 1 + len(x) // 20]  # with 24 layers every second
    axes.set_xticks(ticks, [f"{value:,}" for value in ticks])
    axes.minorticks_off()
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
