"""Figures of page 02: neighbours of a row, margins of the order test, the position table, lengths before LayerNorm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from classroom.style import BLUE, COLOURMAP, GREEN, ORANGE, PURPLE, drawable
from classroom.words import words

W = words("embedding_layers")


def neighbour_bars(piece: str, neighbours: Sequence[tuple[str, float]], pair: float, best: float) -> Figure:
    """Cosine of one piece's row with its nearest rows; lines at what two random rows, and a random best, have."""
    figure = Figure(figsize=(6.4, 1.2 + 0.3 * len(neighbours)))
    axes = figure.subplots()
    places, values = np.arange(len(neighbours)), [cosine for _, cosine in neighbours]
    axes.barh(places, values, color=BLUE)
    axes.set_yticks(places, [drawable(name) for name, _ in neighbours])
    for place, value in zip(places, values, strict=True):
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # a line may run behind
        axes.text(max(value, 0) + 0.015, place, f"{value:.2f}", va="center", fontsize=9, bbox=box)
    for typical, style, name in ((pair, "--", W["random_pair"]), (best, ":", W["random_best"])):
        axes.axvline(typical, color="black", linestyle=style)
        axes.annotate(name, (typical, -0.8), (4, 0), textcoords="offset points", fontsize=9, va="center")
    axes.set(xlim=(min(0, pair, *values), 1.08), xlabel=W["cosine"], ylim=(len(neighbours) - 0.5, -1.2))
    axes.set_title(W["neighbours"].format(piece=drawable(piece)))
    return figure


def margin_dots(intact: np.ndarray, equal: np.ndarray) -> Figure:
    """One dot a pair of stories, right of 0 when the right one is preferred; intact above, equal positions below."""
    figure = Figure(figsize=(7.4, 2.8))
    axes = figure.subplots()
    spread = np.random.default_rng(0).uniform(-0.28, 0.28, len(intact))
    for place, values, colour, marker in ((1, intact, BLUE, "o"), (0, equal, ORANGE, "s")):
        axes.plot(values, place + spread, marker, color=colour, alpha=0.6, markersize=5)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks([0, 1], [W["equal_positions"], W["with_positions"]])
    reach = max(np.abs(intact).max(), np.abs(equal).max(), 0.1)
    axes.set(xlim=(min(-0.55 * reach, intact.min() - 0.02), 1.05 * reach), ylim=(-0.6, 1.75), xlabel=W["margin"])
    for x, ha, text in ((-0.01, "right", W["wrong"]), (0.01, "left", W["right"])):
        axes.text(x, 1.6, text, ha=ha, va="center", fontsize=9)
    axes.set_title(W["margins_title"], pad=10)
    return figure


def position_map(cosines: np.ndarray, first: int = 2) -> Figure:
    """Cosines of rows ``first`` … of the position table with each other, ``(n, n)``, on a scale from 0 to 1."""
    figure = Figure(figsize=(6.2, 5.2))
    axes = figure.subplots()
    last = first + len(cosines) - 1
    edges = (first - 0.5, last + 0.5, last + 0.5, first - 0.5)
    image = axes.imshow(cosines, cmap=COLOURMAP, vmin=0, vmax=1, extent=edges)
    axes.set(xlabel=W["map_axis"], ylabel=W["map_axis"])
    axes.annotate(W["first_row"], (first - 0.5, first - 0.5), (0, 3), textcoords="offset points", fontsize=10)
    figure.colorbar(image, ax=axes, label=W["cosine"])
    axes.set_title(W["map_title"], pad=22)
    return figure


def lengths(before: np.ndarray, after: np.ndarray, tokens: Sequence[str]) -> Figure:
    """The length of each token's row, ``(T,)``, in the sum and after LayerNorm, on one logarithmic scale."""
    figure = Figure(figsize=(7.0, 1.3 + 0.32 * len(tokens)))
    axes = figure.subplots()
    places = np.arange(len(tokens))
    axes.hlines(places, before, after, color="#bbbbbb", linewidth=1)
    sides = ((before, PURPLE, "o", W["before"], -7, "right"), (after, GREEN, "s", W["after"], 7, "left"))
    for values, colour, marker, name, shift, side in sides:
        axes.plot(values, places, marker, color=colour)
        for place, value in zip(places, values, strict=True):
            axes.annotate(f"{value:.1f}", (value, place), (shift, 0), textcoords="offset points", fontsize=9,
                          ha=side, va="center")  # fmt: skip
        axes.text(np.median(values), -0.9, name, ha="center", color=colour, fontsize=10)
    axes.set_xscale("log")
    axes.set(xlim=(min(before.min(), after.min()) / 1.7, 1.7 * max(before.max(), after.max())), xlabel=W["length"])
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(len(tokens) - 0.5, -1.5)
    axes.set_yticks(places, [drawable(token) for token in tokens])
    axes.set_title(W["lengths_title"])
    return figure
