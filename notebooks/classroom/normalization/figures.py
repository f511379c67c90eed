"""Figures of page 05: the circle, the sphere, score distributions, calibration, storage, search results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from classroom.style import BLACK, BLUE, GREEN, ORANGE, PALETTE, PURPLE, drawable

LINES = ("-", "--", ":", "-.")


def angle_figure(degrees: float, length: float = 1.0) -> Figure:
    """Two arrows ``degrees`` apart, the second ``length`` long, with dot product, cosine and distance.

    The first has length 1. The dashed line joins the tips of the two *unit* vectors: the distance ``d``.
    """
    turn = math.radians(degrees)
    unit = (math.cos(turn), math.sin(turn))
    distance = 2 * math.sin(turn / 2)
    figure = Figure(figsize=(8.2, 3.6))
    axes, side = figure.subplots(1, 2, width_ratios=(1.5, 1))
    circle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(circle), np.sin(circle), color="0.75", linewidth=1)
    tips = (((1.0, 0.0), BLUE, "a", (6, -14)), ((length * unit[0], length * unit[1]), ORANGE, "b", (4, 6)))
    for tip, colour, name, place in tips:
        axes.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.5})
        axes.annotate(name, tip, place, textcoords="offset points", fontsize=12)
    axes.plot([1, unit[0]], [0, unit[1]], "--", color=BLACK, linewidth=1)
    axes.plot(*unit, "o", color=GREEN, zorder=3)
    axes.set(xlim=(-2.3, 2.3), ylim=(-1.15, 2.3), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_color("0.9")
    axes.set_title("a has length 1; the dot: b after normalization")
    told = (
        f"angle           {degrees:.0f}°\nlength of b     {length:.2f}\n\ndot a·b        {length * unit[0]:+.2f}\n"
        f"cosine         {unit[0]:+.2f}\n\nd, both unit    {distance:.2f}\n1 − d²/2       {1 - distance**2 / 2:+.2f}"
    )
    side.text(0.0, 0.5, told, family="monospace", va="center", transform=side.transAxes)
    side.set_axis_off()
    return figure


def projection(points: np.ndarray, groups: Sequence[str], labels: Sequence[str], turn: float = 35.0) -> Figure:
    """Pairs of points ``(2n, 2 or 3)``, first n English, then their n translations, a line from each to its own.

    Two columns are drawn in a plane, three on a sphere turned by ``turn`` degrees, hollow on its far side.
    ``groups`` and ``labels`` have n entries; colour and line tell the group, the marker the language.
    """
    count, wide = len(groups), points.shape[1]
    figure = Figure(figsize=(7.2, 5.4))
    axes = figure.add_subplot(projection="3d" if wide == 3 else None)
    near = np.ones(len(points), dtype=bool)
    if wide == 3:
        near = globe(axes, points, turn)
    for number, name in enumerate(dict.fromkeys(groups)):
        colour = PALETTE[number % len(PALETTE)]
        for i in [i for i in range(count) if groups[i] == name]:
            axes.plot(*points[[i, count + i]].T, LINES[number % 4], color=colour, linewidth=1)
            for place, marker in ((i, "o"), (count + i, "^")):
                fill = colour if near[place] else "white"
                axes.plot(*points[[place]].T, marker, color=colour, markerfacecolor=fill)
        for marker, language in (("o", "English"), ("^", "中文")):
            axes.plot(*[[]] * wide, marker, color=colour, label=f"{name}, {language}")
    for i, label in enumerate(labels):
        if wide == 3:
            axes.text(*points[i] * 1.05, f"  {label}", fontsize=9, color="black" if near[i] else "0.45", zorder=10)
        else:
            left = points[count + i, 0] > points[i, 0]  # away from the line to the translation
            place, side = ((-6, -3), "right") if left else ((6, -3), "left")
            axes.annotate(label, points[i], place, textcoords="offset points", fontsize=8, ha=side)
            axes.margins(x=0.45)
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8, frameon=False)
    axes.set_title(f"{count} sentences and translations ({'hollow: far side' if wide == 3 else 'two axes of many'})")
    return figure


def globe(axes: Any, points: np.ndarray, turn: float) -> np.ndarray:
    """Draw the grid of a sphere seen from ``turn`` degrees; which of the points ``(m, 3)`` are on the near side."""
    tilt, side = math.radians(18), math.radians(turn)
    around, up = np.mgrid[0 : 2 * np.pi : 25j, 0 : np.pi : 13j]
    grid = (np.cos(around) * np.sin(up), np.sin(around) * np.sin(up), np.cos(up))
    axes.plot_wireframe(*grid, color="0.88", linewidth=0.5)
    axes.view_init(elev=18, azim=turn)
    axes.set_box_aspect((1, 1, 1), zoom=1.25)
    axes.set_axis_off()
    eye = np.array([math.cos(tilt) * math.cos(side), math.cos(tilt) * math.sin(side), math.sin(tilt)])
    return points @ eye >= 0


def distributions(groups: Mapping[str, np.ndarray], title: str, threshold: float | None = None) -> Figure:
    """One row a group: histogram of its scores, its median as a bar, and the share above ``threshold``."""
    figure = Figure(figsize=(7.6, 0.9 + 0.85 * len(groups)))
    rows = np.atleast_1d(figure.subplots(len(groups), 1, sharex=True))
    low = min(0.0, *(float(np.min(values)) for values in groups.values()))
    for number, (axes, (name, values)) in enumerate(zip(rows, groups.items(), strict=True)):
        axes.hist(values, bins=np.linspace(low, 1.0, 45), color=PALETTE[number % len(PALETTE)], density=True)
        axes.axvline(float(np.median(values)), color=BLACK, linewidth=1.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        told = f"{name}\nmedian {np.median(values):.2f}"
        if threshold is not None:
            told += f", {np.mean(np.asarray(values) >= threshold):.0%} ≥ {threshold:.2f}"
            axes.axvline(threshold, color=BLACK, linestyle="--", linewidth=1)
        axes.set_ylabel(told, rotation=0, ha="right", va="center", fontsize=9)
    rows[-1].set_xlabel("cosine (solid line: median" + (")" if threshold is None else "; dashed: threshold)"))
    rows[0].set_title(title)
    return figure


def reliability(promised: np.ndarray, happened: np.ndarray, counts: np.ndarray) -> Figure:
    """Promised probability against the share that really was related, one point a bin, with its count."""
    figure = Figure(figsize=(4.8, 4.0))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], "--", color="0.5", label="perfect")
    axes.plot(promised, happened, "o-", color=BLUE, label="held-out pairs")
    for x, y, count in zip(promised, happened, counts, strict=True):
        axes.annotate(f"{int(count)}", (x, y), (6, -11), textcoords="offset points", fontsize=8)
    axes.set_xlabel("promised P(related)")
    axes.set_ylabel("share that was related")
    axes.legend(frameon=False)
    axes.set_title("Does 80 % mean 80 %? (numbers: pairs in the bin)")
    return figure


def storage_figure(gigabytes: Mapping[str, float], agreement: Mapping[str, float]) -> Figure:
    """Gigabytes of a million vectors against the share of the top 10 that survives, one labelled point a storage."""
    figure = Figure(figsize=(6.4, 3.4))
    axes = figure.subplots()
    for number, name in enumerate(gigabytes):
        axes.plot(gigabytes[name], agreement[name], "os^Dv"[number % 5], color=PALETTE[number % 6], markersize=9)
        place, side = (((8, -14), "left"), ((0, 9), "center"), ((8, -14), "left"), ((-8, 7), "right"))[number % 4]
        axes.annotate(name, (gigabytes[name], agreement[name]), place, textcoords="offset points", ha=side)
    axes.set_xscale("log")
    ticks = sorted({round(size, 2) for size in gigabytes.values()})
    apart = [tick for tick, last in zip(ticks, [0, *ticks], strict=False) if tick > 1.2 * last]
    axes.set_xticks(apart, [f"{tick:.2f}" for tick in apart])
    axes.minorticks_off()
    axes.set_xlim(min(gigabytes.values()) / 1.6, max(gigabytes.values()) * 2.4)
    axes.set_ylim(min(0.8, *agreement.values()) - 0.06, 1.04)
    axes.set_xlabel("gigabytes for a million vectors (logarithmic)")
    axes.set_ylabel("top 10 kept")
    axes.set_title("What smaller storage costs")
    return figure


def hits_figure(texts: Sequence[str], cosines: Sequence[float], query: str) -> Figure:
    """Search results as labelled bars, best on top."""
    figure = Figure(figsize=(7.6, 1.1 + 0.42 * len(texts)))
    axes = figure.subplots()
    places = np.arange(len(texts))
    axes.barh(places, cosines, color=BLUE, height=0.55)
    for place, value in zip(places, cosines, strict=True):
        axes.annotate(f"{value:.2f}", (max(value, 0), place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [drawable(text, 46) for text in texts])
    axes.invert_yaxis()
    axes.set_xlim(min(0.0, *cosines), 1.08)
    axes.axvline(0, color=PURPLE, linewidth=0.5)
    axes.set_xlabel("cosine")
    axes.set_title(drawable(f"Search: {query}", 70))
    return figure
