"""Figures of page 01: pieces as boxes, a word's lattice, pieces that die, a padded batch, costs and damages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Rectangle
from torch import Tensor

from classroom.style import BLUE, GREEN, ORANGE, PALETTE, RED, drawable
from classroom.words import words

SPECIAL = ("<s>", "</s>", "<pad>", "<mask>", "<unk>")
GREY = "#595959"
SIZE = 10  # points


def pieces_figure(rows: Sequence[Sequence[str]], ids: Sequence[Sequence[int]], title: str = "") -> Figure:
    """Each row of pieces as boxes in reading order, the input id under each; special tokens are dashed."""

    def width(piece: str, number: int) -> float:
        letters = sum(1.9 if ord(c) > 0x2E80 else 1 for c in drawable(piece))
        return 0.3 + 0.12 * max(len(str(number)), letters)

    widths = [[width(*token) for token in zip(*row, strict=True)] for row in zip(rows, ids, strict=True)]
    longest = max(map(sum, widths))
    figure = Figure(figsize=(min(11, longest), 0.3 + 0.75 * len(rows)))
    axes = figure.subplots()
    for line, (pieces, numbers, sizes) in enumerate(zip(rows, ids, widths, strict=True)):
        left = 0.0
        for place, (piece, number, size) in enumerate(zip(pieces, numbers, sizes, strict=True)):
            special = piece in SPECIAL
            colour = "white" if special else ("#cfe6f5", "#fbe3b5")[place % 2]
            look = {"facecolor": colour, "edgecolor": "#444444", "linestyle": "--" if special else "-"}
            axes.add_patch(Rectangle((left, -line - 0.4), size - 0.06, 0.76, linewidth=0.8, **look))
            middle = left + size / 2 - 0.03
            axes.text(middle, -line + 0.14, drawable(piece), ha="center", va="center", fontsize=SIZE)
            axes.text(middle, -line - 0.22, str(number), ha="center", va="center", fontsize=9, color=GREY)
            left += size
    axes.set_xlim(-0.05, longest + 0.05)
    axes.set_ylim(-len(rows) + 0.5, 0.45)
    axes.set_title(title)
    axes.axis("off")
    return figure


def lattice_figure(
    word: str,
    arcs: Sequence[tuple[int, int, float]],
    best: Sequence[str],
    second: Sequence[str],
    totals: Sequence[float],
) -> Figure:
    """All pieces of a word as arcs ``(start, end, score)`` over its letters, the two best cuts in colour.

    ``totals`` is the best sum up to each place between the letters, ``len(word) + 1`` of them.
    """
    W = words("tokenization")["lattice"]
    figure = Figure(figsize=(10.5, 5.2))
    axes = figure.subplots()
    paths = [set(pairwise(accumulate(map(len, cut), initial=0))) for cut in (best, second)]
    for start, end, score in sorted(arcs, key=lambda arc: arc[0] - arc[1]):
        below = (start, end) in paths[1] and (start, end) not in paths[0]
        colour, line, width = "#9a9a9a", "-", 1.0
        if (start, end) in paths[0]:
            colour, width = BLUE, 3.0
        elif below:
            colour, line, width = RED, "--", 2.4
        base, turn, sign = (-0.75, 180, -1) if below else (0.3, 0, 1)
        half = 0.45 * (end - start) * (0.8 if below else 1)
        middle = (start + end) / 2
        look = {"color": colour, "linewidth": width, "linestyle": line}
        axes.add_patch(Arc((middle, base), end - start, 2 * half, theta1=turn, theta2=turn + 180, **look))
        told = f"{drawable(word[start:end])} {score:.2f}".replace("-", "−")
        strong = {"color": GREY if colour == "#9a9a9a" else colour}
        card = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        axes.text(middle, base + sign * half, told, ha="center", va="center", fontsize=9, bbox=card, **strong)
    for place, letter in enumerate(word):
        axes.text(place + 0.5, 0.02, drawable(letter), ha="center", va="center", fontsize=17)
    for place, total in enumerate(totals):
        axes.plot([place, place], [-0.3, 0.3], color="black", linewidth=1)
        axes.text(place, -0.5, f"{total:.2f}".replace("-", "−"), ha="center", va="center", fontsize=SIZE, color=BLUE)
    axes.text(-0.25, -0.5, W["totals"], ha="right", va="center", fontsize=SIZE, color=BLUE)
    for name, cut, colour, height in (("best", best, BLUE, 0.9), ("second", second, RED, -1.2)):
        axes.text(-0.25, height, f"{W[name]}\n{' | '.join(map(drawable, cut))}", ha="right", va="center", color=colour)
    span = max([end - start for start, end, _ in arcs], default=1)
    low = max([end - start for start, end in paths[1]], default=1)
    axes.set_xlim(-2.1, len(word) + 0.3)
    axes.set_ylim(-1.0 - 0.36 * low, 0.55 + 0.45 * span)
    axes.axis("off")
    return figure


def lives_figure(lives: Mapping[str, Sequence[float]]) -> Figure:
    """The score of some pieces round after round, each line labelled at its end; a cross where a piece is dropped."""
    W = words("tokenization")["lives"]
    figure = Figure(figsize=(8.5, 4.4))
    axes = figure.subplots()
    last = max(map(len, lives.values())) - 1
    ends = sorted((scores[-1], piece) for piece, scores in lives.items() if len(scores) == last + 1)
    heights = spread([score for score, _ in ends], 0.42)
    label_at = {piece: height for (_, piece), height in zip(ends, heights, strict=True)}
    for number, (piece, scores) in enumerate(lives.items()):
        colour, line = PALETTE[number % len(PALETTE)], ("-", "--", ":")[number % 3]
        axes.plot(range(len(scores)), scores, line, color=colour, linewidth=2)
        place, height = len(scores) - 1, label_at.get(piece, scores[-1])
        name = drawable(piece)
        if piece not in label_at:
            axes.plot(place, scores[-1], "X", color=colour, markersize=10)
            name += f", {W['dies']}"
        axes.text(place + 0.25, height, name, color=colour, va="center")
    axes.set_xlim(-0.2, last + 1.6)
    axes.set_xticks(range(0, last + 1))
    axes.set_xlabel(W["x"])
    axes.set_ylabel(W["y"])
    return figure


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Rising heights moved up until neighbours are ``gap`` apart, so that labels do not lie on one another.

    >>> spread([0, 0.1, 3], 1)
    [0, 1, 3]
    """
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else height)
    return moved


def batch_figure(batches: Mapping[str, tuple[Tensor, Tensor]]) -> Figure:
    """Padded batches one above the other: name → ids and mask ``(B, T)``; filler is hatched, position 0 framed."""
    rows = max(len(ids) for ids, _ in batches.values())
    figure = Figure(figsize=(9, (0.45 + 0.36 * rows) * len(batches)))
    panels = np.atleast_1d(figure.subplots(len(batches), 1))
    for axes, (name, (ids, mask)) in zip(panels, batches.items(), strict=True):
        batch_axes(axes, ids, mask)
        axes.set_title(name, fontsize=SIZE + 1)
    figure.tight_layout()
    return figure


def batch_axes(axes: Axes, ids: Tensor, mask: Tensor) -> None:
    """One batch as a grid of ids."""
    count, longest = ids.shape
    for i, j in np.ndindex(count, longest):
        real = bool(mask[i, j])
        look = {"facecolor": "#cfe6f5" if real else "white", "hatch": "" if real else "////"}
        axes.add_patch(Rectangle((j, -i), 1, 0.9, edgecolor="#888888", linewidth=0.6, **look))
        card = None if real else {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        axes.text(j + 0.5, -i + 0.45, str(ids[i, j].item()), ha="center", va="center", fontsize=9, bbox=card)
    axes.add_patch(Rectangle((0, 1 - count), 1, count - 0.1, fill=False, edgecolor=RED, linewidth=2.5))
    axes.set_xlim(-0.1, longest + 0.1)
    axes.set_ylim(0.8 - count, 1.1)
    axes.axis("off")


def cost_figure(cost: Mapping[str, int]) -> Figure:
    """Tokens of one sentence in each language, the number at each bar."""
    figure = Figure(figsize=(7.5, 0.8 + 0.3 * len(cost)))
    axes = figure.subplots()
    bars = axes.barh(range(len(cost)), list(cost.values()), color=BLUE)
    axes.bar_label(bars, padding=3)
    axes.set_yticks(range(len(cost)), list(cost))
    axes.invert_yaxis()
    axes.set_xlabel(words("tokenization")["cost"]["x"])
    return figure


def damage_figure(scores: Mapping[str, float]) -> Figure:
    """Mean reciprocal rank of a search, first as it should be, then with each mistake."""
    W = words("tokenization")["damage"]
    figure = Figure(figsize=(8, 0.8 + 0.42 * len(scores)))
    axes = figure.subplots()
    first, *_ = scores.values()
    colours = [GREEN, *[ORANGE] * (len(scores) - 1)]
    hatches = ["", *["//"] * (len(scores) - 1)]
    bars = axes.barh(range(len(scores)), list(scores.values()), color=colours, hatch=hatches, edgecolor="white")
    axes.bar_label(bars, [f"{score:.3f}" for score in scores.values()], padding=3)
    axes.axvline(first, color="black", linestyle=":")
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(W["x"])
    return figure
