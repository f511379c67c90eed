"""Figures of page 04: what each pooling reads, `<s>` filling, its three lessons, intervals, long documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from classroom.style import BLACK, BLUE, COLOURMAP, GREEN, RED, drawable
from classroom.words import words

LINES = ((BLUE, "o", "-"), (RED, "s", "--"), (GREEN, "^", ":"))
LONGEST_LABEL = 14
W = words("pooling")


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
        "cls": [(0, 0, width, 1)],
        "mean": [(0, 0, width, length)],
        "max": [(column, row, 1, 1) for column, row in enumerate(hidden.argmax(axis=0))],
    }
    for axes, (how, boxes) in zip(panels, frames.items(), strict=True):
        image = axes.imshow(hidden, cmap=COLOURMAP, vmin=-limit, vmax=limit, aspect="auto")
        for column, row, wide, high in boxes:
            for colour, line in (("black", 4.5), ("white", 2)):  # white on black: seen on any colour
                box = Rectangle((column - 0.5, row - 0.5), wide, high, fill=False, edgecolor=colour, linewidth=line)
                box.set_clip_on(False)
                axes.add_patch(box)
        axes.set_title(f"{how}\n{W['reading'][how]}", fontsize=10)
        axes.set_xlabel(W["reading"]["column"])
        axes.set_xticks(range(width))
        axes.spines[:].set_visible(False)
    panels[0].set_yticks(range(length), [drawable(token, LONGEST_LABEL) for token in tokens])
    figure.colorbar(image, ax=panels, label=W["reading"]["value"])
    return figure


def draw_matrix(axes: Axes, scores: np.ndarray) -> None:
    """Cosines ``(n, m)`` as squares on the one scale of this page, 0 to 1, each with its number if there is room."""
    axes.imshow(np.clip(scores, 0, 1), cmap=COLOURMAP, vmin=0, vmax=1)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for row, column in np.ndindex(scores.shape):
        colour = "white" if scores[row, column] < 0.55 else "black"
        number = f"{scores[row, column]:.2f}".replace("-", "−")
        axes.text(column, row, number, ha="center", va="center", color=colour, fontsize=9)


def filling_figure(matrices: Mapping[str, np.ndarray], rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Cosine matrices ``(n, m)`` side by side, named; rows and columns are listed beneath them."""
    count = len(matrices)
    listed_high = 0.25 * max(len(rows), len(columns))  # inches
    high = 3.2 + listed_high
    figure = Figure(figsize=(2.65 * count + 0.4, high))
    low = (listed_high + 0.55) / high
    panels = figure.subplots(
        1,
        count,
        squeeze=False,
        gridspec_kw={"bottom": low, "top": 1 - 0.3 / high, "left": 0.04, "right": 0.99, "wspace": 0.12},
    )[0]
    for axes, (name, scores) in zip(panels, matrices.items(), strict=True):
        draw_matrix(axes, np.asarray(scores))
        axes.set_title(name, fontsize=11)
        axes.set_xticks(range(len(columns)), [chr(ord("a") + place) for place in range(len(columns))])
        axes.set_yticks(range(len(rows)), [str(place + 1) for place in range(len(rows))])
    for side, texts, marks in ((0.04, rows, "123456789"), (0.42, columns, "abcdefghi")):
        listed = [f"{mark}  {drawable(text, 62)}" for mark, text in zip(marks, texts, strict=False)]
        figure.text(side, listed_high / high, "\n".join(listed), va="top", fontsize=10, linespacing=1.5)
    return figure


def lessons_figure() -> Figure:
    """The three lessons of the row of ``<s>``: what each asks of it, as boxes and arrows."""
    figure = Figure(figsize=(10, 2.5))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 2.5)
    axes.set_axis_off()
    for number, key in enumerate(("mlm", "retromae", "contrast")):
        lesson = W["lessons"][key]
        left, strong = 0.15 + 3.3 * number, key != "mlm"
        axes.text(left, 2.3, lesson["title"], fontsize=12, va="center")
        for place, piece in enumerate(lesson["pieces"]):
            first = place == 0
            colour = (BLUE if strong else "#808080") if first else (RED if piece == lesson["hidden"] else BLACK)
            draw_box(axes, left + 0.62 * place, 1.7, piece, colour)
            if (first and strong) or (not strong and piece == lesson["hidden"]):
                axes.annotate("", (left + 0.62 * place + 0.26, 1.15), (left + 0.62 * place + 0.26, 1.66),
                              arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2})  # fmt: skip
        axes.text(left, 1.05, lesson["asks"], fontsize=10, va="top", linespacing=1.35)
        axes.text(left, 0.1, lesson["row"], fontsize=10, va="bottom", color=BLUE if strong else "#595959")
    return figure


def draw_box(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    """A piece of text in a frame of its colour."""
    box = FancyBboxPatch((x, y), 0.52, 0.32, boxstyle="round,pad=0.02", facecolor=(colour, 0.12), edgecolor=colour)
    axes.add_patch(box)
    axes.text(x + 0.26, y + 0.16, drawable(text), ha="center", va="center", fontsize=9)


def interval_figure(gaps: Sequence[tuple[str, float, float, float]]) -> Figure:
    """Differences with their intervals: name, mean, low, high; one row each, and a line at 0."""
    figure = Figure(figsize=(7.6, 1.3 + 0.42 * len(gaps)), layout="constrained")
    axes = figure.subplots()
    for place, (_, mean, low, high) in enumerate(gaps):
        axes.plot([low, high], [place, place], color=BLUE, linewidth=3, solid_capstyle="butt")
        axes.plot(mean, place, "o", color=BLUE, markersize=8)
        told = f"{mean:+.3f}  [{low:+.3f}, {high:+.3f}]".replace("-", "−")
        axes.annotate(told, (high, place), (8, 0), textcoords="offset points", va="center", fontsize=9)
    axes.axvline(0, color=BLACK, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(gaps)), [name for name, *_ in gaps])
    axes.set_ylim(len(gaps) - 0.5, -0.5)
    axes.margins(x=0.3)
    axes.set_xlabel(W["intervals"]["label"])
    axes.set_title(W["intervals"]["title"])
    return figure


def long_figure(sizes: Sequence[int], rows: Sequence[Sequence[float]]) -> Figure:
    """MRR over the tokens of a document: for each size that of one vector, MCLS, the best chunk; named where they end.

    ``rows`` holds these three numbers for each of ``sizes``.
    """
    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    axes = figure.subplots()
    names = [W["long"][key] for key in ("whole", "many", "chunks")]
    ends = spread(rows[-1], 0.07)
    for name, values, end, (colour, marker, line) in zip(names, zip(*rows, strict=True), ends, LINES, strict=True):
        axes.plot(sizes, values, marker=marker, linestyle=line, color=colour, linewidth=2)
        axes.annotate(name, (sizes[-1], end), (10, 0), textcoords="offset points", va="center", color=colour)
    axes.set_ylim(0, 1.05)
    axes.set_xticks(sizes)
    axes.set_xlabel(W["long"]["across"])
    axes.set_ylabel("MRR")
    axes.set_title(W["long"]["title"])
    return figure


def spread(places: Sequence[float], gap: float) -> list[float]:
    """The same places, moved up where needed so that no two labels are nearer than ``gap``.

    >>> spread([0.5, 0.5, 0.9], 0.1)
    [0.5, 0.6, 0.9]
    """
    moved: dict[int, float] = {}
    least = float("-inf")
    for number in sorted(range(len(places)), key=lambda number: places[number]):
        moved[number] = least = max(places[number], least + gap)
    return [moved[number] for number in range(len(places))]
