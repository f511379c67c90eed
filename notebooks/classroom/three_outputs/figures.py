"""Figures of page 08: the three outputs of one sentence, a question on a passage, intervals by kind, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from classroom.pooling.figures import spread
from classroom.road import COLOURS, GREY
from classroom.style import BLACK, BLUE, COLOURMAP, GREEN, ORANGE, PURPLE, RED, drawable
from classroom.words import words

W = words("three_outputs")
NUMBERS = 24  # drawn of a row
LONGEST_LABEL = 12
LINES = ((BLACK, "o", "-"), (BLUE, "s", "--"), (RED, "^", ":"), (GREEN, "D", "-."), (PURPLE, "v", "--"))


def outputs_figure(tokens: Sequence[str], dense: np.ndarray, weights: np.ndarray, vectors: np.ndarray) -> Figure:
    """The three outputs under the tokens they come from.

    ``dense`` ``(H,)`` stands under ``<s>``; ``weights`` ``(T,)`` hold one number a token, those of special tokens 0;
    ``vectors`` ``(T − 1, H)`` start with the second token.
    """
    told, count = W["outputs"], len(tokens)
    figure = Figure(figsize=(10, 4.7))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-1.9, count)
    axes.set_ylim(0, 4.7)
    axes.set_axis_off()
    for y, key in ((3.1, "dense"), (2.0, "lexical"), (0.85, "multi")):
        axes.text(-1.85, y + 0.22, told[key], fontsize=13, va="center")
        axes.text(-1.85, y - 0.16, told[f"{key}_note"], fontsize=10, va="center", color=GREY, linespacing=1.25)
    axes.text(-1.85, 4.2, told["pieces"], fontsize=10, va="center", color=GREY, linespacing=1.25)
    limit = float(np.quantile(np.abs(vectors[:, :NUMBERS]), 0.98)) or 1.0
    tallest = float(weights.max()) or 1.0
    for place, token in enumerate(tokens):
        colour, middle = COLOURS[place % len(COLOURS)], place + 0.45
        label = {"ha": "center", "va": "center", "fontsize": 12}
        box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": colour, "linewidth": 2}
        axes.text(middle, 4.2, drawable(token, 6), bbox=box, **label)
        if place == 0:
            draw_row(axes, place, 3.1, dense, float(np.quantile(np.abs(dense[:NUMBERS]), 0.98)) or 1.0, colour)
        else:
            draw_row(axes, place, 0.85, vectors[place - 1], limit, colour)
        high = 0.6 * weights[place] / tallest
        axes.add_patch(Rectangle((middle - 0.18, 1.75), 0.36, high, facecolor=colour))
        number = f"{weights[place]:.2f}" if weights[place] > 0 else "–"
        axes.text(middle, 1.75 + high + 0.12, number, ha="center", va="center", fontsize=10)
    axes.plot([0, count - 0.1], [1.75, 1.75], color="#bbbbbb", linewidth=0.8)
    numbers = told["numbers"].format(count=NUMBERS, size=len(dense))
    axes.text(count - 0.1, 0.16, numbers, ha="right", va="center", fontsize=9, color=GREY)
    return figure


def draw_row(axes: Axes, place: float, y: float, values: np.ndarray, limit: float, colour: str) -> None:
    """The first numbers of a row as bars around a line at ``y``, up for + and down for −."""
    x = place + 0.05 + 0.8 * (np.arange(NUMBERS) + 0.5) / NUMBERS
    axes.plot([place + 0.05, place + 0.85], [y, y], color="#bbbbbb", linewidth=0.8)
    ends = y + 0.38 * np.clip(values[: len(x)] / limit, -1, 1)
    axes.vlines(x[: len(ends)], y, ends, color=colour, linewidth=1.6)


def pair_figure(
    rows: Sequence[str], columns: Sequence[str], cosines: np.ndarray, own: np.ndarray, theirs: np.ndarray,
    shared: np.ndarray, scores: Mapping[str, float],
) -> Figure:  # fmt: skip
    """A question on a passage: the cosines of their tokens, the lexical weights at the edges, the three scores.

    ``rows`` name the question's Tq tokens, ``columns`` the passage's Tp, ``cosines`` is ``(Tq, Tp)``, ``own``
    ``(Tq,)`` and ``theirs`` ``(Tp,)`` are lexical weights, ``shared`` ``(Tq, Tp)`` says which are the same piece.
    ``scores`` has ``dense``, ``lexical`` and ``multi``.
    """
    told = W["pair"]
    high, wide = len(rows), len(columns)
    size = (4.6 + 0.29 * wide, 2.95 + 0.27 * high)  # inches
    figure = Figure(figsize=size)
    left, bottom, map_wide, map_high = 2.55 / size[0], 1.05 / size[1], 0.29 * wide / size[0], 0.27 * high / size[1]
    axes = figure.add_axes((left, bottom, map_wide, map_high))
    image = axes.imshow(cosines, cmap=COLOURMAP, vmin=0, vmax=1, aspect="auto")
    for row, column in enumerate(cosines.argmax(axis=1)):
        for colour, line in ((BLACK, 4), ("white", 1.8)):  # white on black: seen on any colour
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=line,
                                     clip_on=False))  # fmt: skip
    axes.set_xticks(range(wide), [drawable(token, LONGEST_LABEL) for token in columns], rotation=90, fontsize=9)
    axes.set_yticks(range(high), [drawable(token, LONGEST_LABEL) for token in rows], fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    most = max(float(own.max()), float(theirs.max()), 1e-9)
    beside = figure.add_axes((0.45 / size[0], bottom, 1.0 / size[0], map_high))
    draw_weights(beside, own, shared.any(axis=1), across=True)
    beside.set_xlim(1.15 * most, 0)
    beside.set_ylim(high - 0.5, -0.5)
    beside.set_title(told["question"], fontsize=9, loc="left")
    above = figure.add_axes((left, bottom + map_high + 0.12 / size[1], map_wide, 0.75 / size[1]))
    draw_weights(above, theirs, shared.any(axis=0), across=False)
    above.set_xlim(-0.5, wide - 0.5)
    above.set_ylim(0, 1.15 * most)
    above.set_ylabel(told["passage"].replace(" ", "\n"), fontsize=9, rotation=0, ha="right", va="center")
    bar = figure.add_axes((left + map_wide + 0.25 / size[0], bottom, 0.15 / size[0], map_high))
    figure.colorbar(image, cax=bar).set_label(told["cosine"], fontsize=9)
    bar.tick_params(labelsize=9)
    figure.text(0.45 / size[0], 1 - 0.25 / size[1], told["scores"].format(**scores), fontsize=13, va="center")
    legend = f"{told['shared']};  {told['best']}"
    figure.text(0.45 / size[0], 1 - 0.58 / size[1], legend, fontsize=9, va="center", color=GREY)
    return figure


def draw_weights(axes: Axes, weights: np.ndarray, lit: np.ndarray, across: bool) -> None:
    """Weights as bars at the edge of a map, shared ones orange and hatched."""
    for place, (weight, on) in enumerate(zip(weights, lit, strict=True)):
        look = {"facecolor": ORANGE if on else "#c8c8c8", "hatch": "////" if on else None, "edgecolor": "white"}
        corner, wide, high = ((0, place - 0.35), weight, 0.7) if across else ((place - 0.35, 0), 0.7, weight)
        axes.add_patch(Rectangle(corner, wide, high, **look))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def interval_figure(panels: Mapping[str, Sequence[tuple[str, float, float, float]]]) -> Figure:
    """Differences with their intervals, a panel each (``lexical``, ``multi``): kind, mean, low, high; a line at 0."""
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    drawn = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (key, rows) in zip(drawn, panels.items(), strict=True):
        for place, (_, mean, low, high) in enumerate(rows):
            axes.plot([low, high], [place, place], color=BLUE, linewidth=3, solid_capstyle="butt")
            axes.plot(mean, place, "o", color=BLUE, markersize=8)
            told = f"{mean:+.2f}  [{low:+.2f}, {high:+.2f}]".replace("-", "−")
            axes.text(1.02, place, told, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
        axes.axvline(0, color=BLACK, linestyle="--", linewidth=1)
        names = [W["kinds"][kind] if axes is drawn[0] else "" for kind, *_ in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(-1.05, 0.55)
        axes.set_xlabel(W["intervals"]["label"])
        axes.set_title(W["intervals"][key])
    return figure


def weights_figure(weights: Sequence[float], lines: Mapping[str, Sequence[float]]) -> Figure:
    """MRR over the weight of the lexical score, a line for each kind of question, named where it ends."""
    figure = Figure(figsize=(8.6, 3.9), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(weights))
    ends = spread([values[-1] for values in lines.values()], 0.07)
    for (kind, values), end, (colour, marker, line) in zip(lines.items(), ends, LINES, strict=False):
        axes.plot(places, values, marker=marker, linestyle=line, color=colour, linewidth=2)
        axes.annotate(W["kinds"][kind], (places[-1], end), (10, 0), textcoords="offset points", va="center",
                      color=colour, annotation_clip=False)  # fmt: skip
    axes.set_xticks(places, [f"{weight:g}" for weight in weights])
    axes.set_ylim(0, 1.05)
    axes.set_xlabel(W["weights"]["across"])
    axes.set_ylabel("MRR")
    axes.set_title(W["weights"]["title"])
    return figure
