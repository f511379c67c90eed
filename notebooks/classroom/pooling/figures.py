"""Figures of page 04: what each pooling reads, drift by padding, intervals, and which tokens max picks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from classroom.style import BLACK, BLUE, COLOURMAP, GREEN, ORANGE, PURPLE, RED, SKY, drawable

LINES = (
    (BLUE, "o", "-"), (GREEN, "s", "-"), (SKY, "^", "-"), (RED, "D", "--"), (ORANGE, "v", "--"), (PURPLE, "X", ":"),
)  # fmt: skip
LONGEST_LABEL = 14


def reading_figure(hidden: np.ndarray, tokens: Sequence[str]) -> Figure:
    """Three copies of a few columns of a hidden state ``(T, d)``; frames mark what cls, mean and max read.

    ``tokens`` names the T rows. cls frames one row, mean all of them, max one cell a column.
    """
    hidden = np.asarray(hidden)
    length, width = hidden.shape
    figure = Figure(figsize=(2.4 + 0.9 * width, 1.5 + 0.34 * length), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    limit = np.abs(hidden).max()
    frames = {
        "cls\nthe first row": [(0, 0, width, 1)],
        "mean\nevery row alike": [(0, 0, width, length)],
        "max\nlargest of each column": [(column, row, 1, 1) for column, row in enumerate(hidden.argmax(axis=0))],
    }
    for axes, (title, boxes) in zip(panels, frames.items(), strict=True):
        image = axes.imshow(hidden, cmap=COLOURMAP, vmin=-limit, vmax=limit, aspect="auto")
        for column, row, wide, high in boxes:
            for colour, line in (("black", 4.5), ("white", 2)):  # white on black: seen on any colour
                box = Rectangle((column - 0.5, row - 0.5), wide, high, fill=False, edgecolor=colour, linewidth=line)
                box.set_clip_on(False)
                axes.add_patch(box)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("dimension")
        axes.set_xticks(range(width))
        axes.spines[:].set_visible(False)
    panels[0].set_yticks(range(length), [drawable(token, LONGEST_LABEL) for token in tokens])
    figure.colorbar(image, ax=panels, label="value")
    return figure


def drift_figure(extra: Sequence[int], cosines: Mapping[str, Sequence[float]]) -> Figure:
    """Cosine to the vector without padding against the number of padding tokens, a line for each pooling."""
    figure = Figure(figsize=(7.6, 4.2), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(extra))
    for number, ((name, values), (colour, marker, line)) in enumerate(zip(cosines.items(), LINES, strict=False)):
        axes.plot(places, values, marker=marker, linestyle=line, color=colour, label=name, markersize=11 - 1.5 * number)
    axes.axhline(1, color=BLACK, linewidth=0.6)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.9), max(high, 1.005))  # where nothing drifts, rounding must not fill the picture
    axes.set_xticks(places, [str(count) for count in extra])
    axes.set_xlabel("padding tokens added")
    axes.set_ylabel("cosine to the text without padding")
    axes.set_title("What padding does to each pooling")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def interval_figure(names: Sequence[str], means: Sequence[float], ranges: Sequence[tuple[float, float]], label: str,
                    title: str, zero: bool = False) -> Figure:  # fmt: skip
    """Means with their intervals, one row each; ``zero`` draws a line at 0, for differences."""
    figure = Figure(figsize=(7.2, 1.3 + 0.45 * len(names)), layout="constrained")
    axes = figure.subplots()
    places, sign = np.arange(len(names)), "+" if zero else ""
    for place, mean, (low, high) in zip(places, means, ranges, strict=True):
        axes.plot([low, high], [place, place], color=BLUE, linewidth=3, solid_capstyle="butt")
        axes.plot(mean, place, "o", color=BLUE, markersize=8)
        told = f"{mean:{sign}.2f}  [{low:{sign}.2f}, {high:{sign}.2f}]"
        axes.annotate(told, (high, place), (8, 0), textcoords="offset points", va="center", fontsize=9)
    if zero:
        axes.axvline(0, color=BLACK, linestyle="--", linewidth=1)
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.margins(x=0.3)
    axes.set_xlabel(label)
    axes.set_title(title)
    return figure


def picks_figure(tokens: Sequence[str], shares: Sequence[float], title: str) -> Figure:
    """Share of the dimensions each token wins under max pooling, one bar a token, an even share dashed."""
    figure = Figure(figsize=(7.2, 1.4 + 0.25 * len(tokens)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(tokens))
    axes.barh(places, shares, color=BLUE)
    for place, share in zip(places, shares, strict=True):
        axes.annotate(f"{share:.0%}", (share, place), (4, 0), textcoords="offset points", va="center", fontsize=9,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    axes.axvline(1 / len(tokens), color=BLACK, linestyle="--", linewidth=1, label="an even share")
    axes.set_yticks(places, [drawable(token, LONGEST_LABEL) for token in tokens])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("share of the dimensions won")
    axes.set_title(title)
    axes.legend(loc="lower right", frameon=False)
    return figure
