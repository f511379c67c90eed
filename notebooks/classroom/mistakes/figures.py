"""The picture of page 10: every mistake on a map of silent and harmful."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from classroom.mistakes.measure import Damage, title
from classroom.style import BLUE, GREEN, RED, drawable
from classroom.words import words

W = words("mistakes")
GAP = 0.052  # between two labels, in units of the axis


def columns(damages: Sequence[Damage]) -> list[tuple[Damage, float]]:
    """Each mistake with the height of its label, from below: beside its point, or moved so that no two labels meet.

    >>> one = torch.ones(2)
    >>> [height for _, height in columns([Damage("mean", one, one, one / 2), Damage("half", one, one, one / 2)])]
    [0.5, 0.552]
    """
    ordered = sorted(damages, key=lambda damage: damage.harm)
    heights: list[float] = []
    for damage in ordered:
        heights.append(round(max([damage.harm, *(height + GAP for height in heights[-1:])]), 6))
    most = 1.04
    for place in reversed(range(len(heights))):  # what was pushed over the edge pushes back
        heights[place] = min(heights[place], most)
        most = heights[place] - GAP
    return list(zip(ordered, heights, strict=True))


def map_figure(damages: Sequence[Damage]) -> Figure:
    """Silent across, harmful up; labels in a column at the right, each tied to its point by a line."""
    told = W["map"]
    figure = Figure(figsize=(9.4, 5.6), layout="constrained")
    axes = figure.subplots()
    axes.set_xlim(-0.03, 1.62)
    axes.set_ylim(-0.06, 1.12)
    axes.axvspan(0.8, 1.03, color="#f2f2f2", zorder=0)
    axes.text(1.03, 1.085, told["worst"], ha="right", va="center", fontsize=10, color=RED)
    axes.text(0.02, 1.085, told["loud"], ha="left", va="center", fontsize=10, color=BLUE)
    axes.text(0.02, 0.0, told["harmless"], ha="left", va="center", fontsize=10, color=GREEN)
    for damage, height in columns(damages):
        name = drawable(title(damage.name), 34)
        axes.plot([damage.silent, 1.1], [damage.harm, height], color="#b0b0b0", linewidth=0.8, zorder=1)
        axes.plot(damage.silent, damage.harm, "o", color=RED if damage.score >= 0.5 else BLUE, markersize=7, zorder=2)
        axes.text(1.12, height, f"{name}  {damage.score:.2f}", va="center", fontsize=9)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xlabel(told["across"], loc="left")
    axes.set_ylabel(told["up"])
    axes.set_title(told["title"])
    return figure
