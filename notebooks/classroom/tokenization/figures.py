"""Figures of page 01: pieces as boxes, the lattice of a word, a padded batch, costs and damages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Rectangle

from classroom.style import BLUE, ORANGE, PURPLE, RED, SKY, YELLOW, drawable

SPECIAL = ("<s>", "</s>", "<pad>", "<mask>")


def pieces_figure(rows: Sequence[Sequence[str]], ids: Sequence[Sequence[int]], title: str) -> Figure:
    """Each row of pieces as boxes in reading order, the input id under each; special tokens are dashed."""

    def width(piece: str, number: int) -> float:
        return 0.35 + 0.13 * max(len(str(number)), sum(1.9 if ord(c) > 0x2E80 else 1 for c in drawable(piece)))

    widths = [[width(*token) for token in zip(*row, strict=True)] for row in zip(rows, ids, strict=True)]
    longest = max(map(sum, widths))
    figure = Figure(figsize=(min(11, 0.9 * longest), 0.5 + 0.8 * len(rows)))
    axes = figure.subplots()
    for line, (pieces, numbers, sizes) in enumerate(zip(rows, ids, widths, strict=True)):
        left = 0.0
        for place, (piece, number, size) in enumerate(zip(pieces, numbers, sizes, strict=True)):
            special = piece in SPECIAL
            colour = "white" if special else ("#cfe6f5", "#fbe3b5")[place % 2]
            axes.add_patch(Rectangle((left, -line - 0.3), size - 0.06, 0.6, facecolor=colour, edgecolor="#444444",
                                     linestyle="--" if special else "-", linewidth=0.8))  # fmt: skip
            axes.text(left + size / 2 - 0.03, -line + 0.08, drawable(piece), ha="center", va="center", fontsize=9)
            axes.text(left + size / 2 - 0.03, -line - 0.18, str(number), ha="center", va="center", fontsize=6.5)
            left += size
    axes.set_xlim(-0.05, longest + 0.05)
    axes.set_ylim(-len(rows) + 0.55, 0.45)
    axes.set_title(title)
    axes.axis("off")
    return figure


def lattice_figure(word: str, arcs: Sequence[tuple[int, int, float]], best: Sequence[str], title: str) -> Figure:
    """All pieces of a word as arcs from start to end with their scores; the best path thick and below the line."""
    figure = Figure(figsize=(8.6, 4.2))
    axes = figure.subplots()
    ends = np.cumsum([0, *map(len, best)]).tolist()
    path = set(pairwise(ends))
    for start, end, score in sorted(arcs, key=lambda arc: arc[1] - arc[0]):
        chosen = (start, end) in path
        height = (0.72 if chosen else 0.9) * (end - start)
        look = {"color": BLUE, "linewidth": 2.6} if chosen else {"color": "#999999", "linewidth": 1}
        turn = 180 if chosen else 0  # the lower or the upper half of the ellipse
        axes.add_patch(Arc(((start + end) / 2, 0), end - start, height, theta1=turn, theta2=turn + 180, **look))
        top = -height / 2 if chosen else height / 2
        told = f"{drawable(word[start:end])} {score:.1f}"
        axes.text((start + end) / 2, top, told, ha="center", va="center", fontsize=8,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
    axes.plot(range(len(word) + 1), [0] * (len(word) + 1), "o", color="black", markersize=4)
    span = max([end - start for start, end, _ in arcs], default=1)
    low = max([end - start for start, end in path], default=1)
    axes.set_xlim(-0.4, len(word) + 0.4)
    axes.set_ylim(-0.45 * low - 0.4, 0.5 * span + 0.5)
    axes.set_title(title)
    axes.axis("off")
    return figure


def batch_figure(batches: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Padded batches side by side: name → ids and mask ``(B, T)``; padding is hatched, position 0 framed."""
    figure = Figure(figsize=(10.5, 0.9 + 0.42 * max(len(ids) for ids, _ in batches.values())))
    panels = np.atleast_1d(figure.subplots(1, len(batches)))
    for axes, (name, (ids, mask)) in zip(panels, batches.items(), strict=True):
        for i, j in np.ndindex(*ids.shape):
            real = bool(mask[i, j])
            look = {"facecolor": "#cfe6f5" if real else "white", "hatch": "" if real else "////"}
            axes.add_patch(Rectangle((j, -i), 1, 0.9, edgecolor="#888888", linewidth=0.6, **look))
            card = None if real else {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
            axes.text(j + 0.5, -i + 0.45, str(ids[i, j]), ha="center", va="center", fontsize=6.5, bbox=card)
        axes.add_patch(Rectangle((0, 1 - len(ids)), 1, len(ids) - 0.1, fill=False, edgecolor=RED, linewidth=2))
        axes.set_xlim(-0.1, ids.shape[1] + 0.1)
        axes.set_ylim(0.8 - len(ids), 1.1)
        axes.set_title(name, fontsize=10)
        axes.axis("off")
    return figure


def cost_figure(languages: Sequence[str], tokens: Sequence[int], trimmed: Sequence[bool], title: str) -> Figure:
    """Tokens of one sentence in each language; languages whose pieces this checkpoint lacks are hatched."""
    figure = Figure(figsize=(7.5, 0.9 + 0.33 * len(languages)))
    axes = figure.subplots()
    colours = [ORANGE if cut else BLUE for cut in trimmed]
    hatches = ["///" if cut else "" for cut in trimmed]
    bars = axes.barh(range(len(languages)), tokens, color=colours, hatch=hatches, edgecolor="white")
    axes.bar_label(bars, padding=3)
    axes.set_yticks(range(len(languages)), languages)
    axes.invert_yaxis()
    axes.set_xlabel("tokens, <s> and </s> not counted" + ("; hatched: pieces trimmed away" if any(trimmed) else ""))
    axes.set_title(title)
    return figure


def damage_figure(names: Sequence[str], wrong: np.ndarray, cured: np.ndarray, title: str) -> Figure:
    """Per mistake the mean cosine to the right vector and the share of translations found.

    ``wrong`` and ``cured`` are ``(mistakes, 2)``: cosine, share. A cross marks the mistake, a ring the cure.
    """
    figure = Figure(figsize=(9.5, 1.2 + 0.4 * len(names)))
    panels = figure.subplots(1, 2, sharey=True)
    labels = ("mean cosine to the right vector", "translation found first (share)")
    for column, (axes, label) in enumerate(zip(panels, labels, strict=True)):
        places = np.arange(len(names))
        axes.hlines(places, wrong[:, column], cured[:, column], color=SKY, linewidth=2)
        axes.plot(wrong[:, column], places, "X", color=RED, markersize=9, label="mistake")
        axes.plot(cured[:, column], places, "o", color=BLUE, markersize=11, markerfacecolor="none", label="cure")
        axes.set_xlim(min(-0.05, float(wrong[:, column].min()) - 0.05), 1.05)
        axes.set_xlabel(label)
        axes.grid(axis="x", color="#dddddd")
    panels[0].set_yticks(places, names)
    panels[0].invert_yaxis()
    panels[0].set_title(title)
    panels[1].legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False)
    return figure


def lines_figure(x: Sequence[int], series: dict[str, Sequence[float]], x_label: str, title: str) -> Figure:
    """Curves over token counts on a logarithmic axis, each with its own marker and dash."""
    figure = Figure(figsize=(7.5, 3.6))
    axes = figure.subplots()
    looks = zip((BLUE, RED, PURPLE, YELLOW), ("o-", "s--", "^:", "D-."), strict=True)
    for (name, values), (colour, look) in zip(series.items(), looks, strict=False):
        axes.plot(x, values, look, color=colour, label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks(x, [f"{value:,}" for value in x])
    axes.minorticks_off()
    axes.set_xlabel(x_label)
    axes.set_ylim(min(0, *(min(values) for values in series.values())) - 0.03, 1.05)
    axes.grid(axis="y", color="#dddddd")
    axes.legend(frameon=False)
    axes.set_title(title)
    return figure
