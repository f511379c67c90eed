"""Figures of page 07: five kinds of scores, recorded scores and a recorded vector, thresholds, promises, storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from classroom.scores.measure import Kept, Loss, Recorded
from classroom.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, drawable
from classroom.words import words

W = words("scores")
COLOURS = (BLACK, PURPLE, ORANGE, BLUE, GREEN)


def hill(values: np.ndarray, across: np.ndarray, wide: float = 0.025) -> np.ndarray:
    """A smooth histogram of ``values`` at the places ``across``, 1 at its top: a sum of bells of this width."""
    bells = np.exp(-0.5 * ((across[:, None] - values) / wide) ** 2).sum(axis=1)
    return bells / bells.max()


def kinds_figure(kinds: Mapping[str, np.ndarray], own: float | None = None) -> Figure:
    """A hill of cosines for each kind of pair, named at the left, its median at a tick; ``own``: a line through all.

    With ``own``, each row says at the right above which share of its pairs that lies.
    """
    figure = Figure(figsize=(8.6, 0.9 + 0.62 * len(kinds)), layout="constrained")
    axes = figure.subplots()
    lowest = min(0.0, -0.02 if own is None else own - 0.02, *(float(np.min(values)) for values in kinds.values()))
    across = np.linspace(lowest, 1.0, 300)
    for row, (name, values) in enumerate(kinds.items()):
        colour, values = COLOURS[row % len(COLOURS)], np.asarray(values)
        base, middle = len(kinds) - 1 - row, float(np.median(values))
        drawn = base + 0.8 * hill(values, across)
        axes.fill_between(across, base, drawn, color=colour, alpha=0.25, linewidth=0)
        axes.plot(across, drawn, color=colour, linewidth=1.5)
        axes.plot([middle, middle], [base, base + 0.8 * hill(values, np.array([middle, *across]))[0]], color=colour)
        axes.text(lowest - 0.01, base + 0.3, name, ha="right", va="center", fontsize=11)
        axes.text(middle, base + 0.06, f" {middle:.2f}", fontsize=9, color=BLACK)
        if own is not None:
            told = W["panel"]["above"].format(share=float(np.mean(values < own)))
            axes.text(1.02, base + 0.3, told, va="center", fontsize=10)
    if own is not None:
        axes.axvline(own, color=RED, linewidth=2)
        axes.text(own, len(kinds) - 0.02, W["panel"]["own"].format(cosine=own), color=RED, ha="center", fontsize=11)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(lowest, 1.0)
    axes.set_ylim(-0.03, len(kinds) + 0.15)
    axes.set_xlabel(W["kinds"]["across"])
    axes.set_title(W["kinds" if own is None else "panel"]["title"])
    return figure


def recorded_figure(pairs: Sequence[Recorded], count: int) -> Figure:
    """Recorded cosines, a row each: a filled dot where the text answers the question, a hollow square where not."""
    figure = Figure(figsize=(9.4, 1.2 + 0.36 * len(pairs)), layout="constrained")
    axes = figure.subplots()
    for row, pair in enumerate(pairs):
        colour = BLUE if pair.right else RED
        style = (
            {"marker": "o", "markerfacecolor": colour} if pair.right else {"marker": "s", "markerfacecolor": "white"}
        )
        axes.hlines(row, 0, pair.cosine, color="0.85", linewidth=1, zorder=1)
        axes.plot(pair.cosine, row, color=colour, markersize=8, markeredgewidth=2, **style)
        told = f"{pair.cosine:.2f}  {W['recorded']['right' if pair.right else 'wrong']}"
        axes.annotate(
            told, (pair.cosine, row), (9, 0), textcoords="offset points", va="center", fontsize=9, color=colour
        )
    labels = [f"{drawable(pair.question, 40)}\n{drawable(pair.text, 52)}" for pair in pairs]
    axes.set_yticks(range(len(pairs)), labels, fontsize=9)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    axes.axvspan(-0.2, 0, color="0.9")
    axes.text(-0.1, len(pairs) / 2 - 0.5, W["recorded"]["none"].format(count=count), rotation=90, ha="center",
              va="center", fontsize=9)  # fmt: skip
    axes.set_xlim(-0.2, 1.0)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axes.set_xlabel(W["recorded"]["across"])
    axes.set_title(W["recorded"]["title"])
    return figure


def vector_figure(vector: np.ndarray, named: int = 3) -> Figure:
    """Every number of a vector ``(H,)`` as a line, the ``named`` largest with their dimension; a band for even ones."""
    vector = np.asarray(vector)
    figure = Figure(figsize=(9.2, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.vlines(np.arange(len(vector)), 0, vector, color=BLUE, linewidth=0.8)
    even = len(vector) ** -0.5
    axes.axhspan(-even, even, color=ORANGE, alpha=0.3, linewidth=0)
    axes.text(len(vector) * 1.01, 0, W["vector"]["even"].format(even=even), fontsize=9, va="center")
    for place in np.argsort(-np.abs(vector))[:named]:
        told = f"{place}: {vector[place]:.2f}".replace("-", "−")
        axes.annotate(told, (place, vector[place]), (6, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_xlim(-5, len(vector))
    axes.set_xlabel(W["vector"]["across"])
    axes.set_ylabel(W["vector"]["value"])
    axes.set_title(W["vector"]["title"])
    return figure


def threshold_figure(counts: Sequence[int], rows: np.ndarray) -> Figure:
    """Where the threshold lands, by the number of labels: low, middle, high ``(c, 3)``, numbers at the ends."""
    figure = Figure(figsize=(7.4, 0.9 + 0.45 * len(counts)), layout="constrained")
    axes = figure.subplots()
    for place, (low, middle, high) in enumerate(np.asarray(rows)):
        axes.plot([low, high], [place, place], color=BLUE, linewidth=4, solid_capstyle="butt")
        axes.plot(middle, place, "o", color=BLUE, markersize=8)
        axes.annotate(
            f"{low:.2f}", (low, place), (-5, 0), textcoords="offset points", ha="right", va="center", fontsize=9
        )
        axes.annotate(f"{high:.2f}", (high, place), (5, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(range(len(counts)), [f"{count:,}" for count in counts])
    axes.set_ylabel(W["threshold"]["across"])
    axes.set_ylim(len(counts) - 0.5, -0.5)
    axes.margins(x=0.15)
    axes.set_xlabel(W["threshold"]["value"])
    axes.set_title(W["threshold"]["title"])
    return figure


def calibration_figure(
    cosines: np.ndarray, band: np.ndarray, count: int, new: Sequence[Kept], near: Sequence[Kept]
) -> Figure:
    """Left the chance over the cosine with its band ``(3, c)``; right what was promised against what was right."""
    told = W["calibration"]
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    low, middle, high = np.asarray(band)
    left.fill_between(cosines, low, high, color=BLUE, alpha=0.25, linewidth=0)
    left.plot(cosines, middle, color=BLUE, linewidth=2)
    left.set(xlabel=told["curve_across"], ylabel=told["curve_value"], ylim=(-0.02, 1.02))
    left.set_title(told["curve"].format(count=count))
    right.plot([0, 1], [0, 1], "--", color="0.5", linewidth=1)
    right.text(0.87, 0.83, told["perfect"], va="top", fontsize=9, color="0.35")
    for rows, name, colour, marker in ((new, told["new"], BLUE, "o"), (near, told["near"], RED, "s")):
        for row in rows:
            right.plot([row.promised] * 2, [row.low, row.high], color=colour, linewidth=2)
            right.plot(row.promised, row.happened, marker, color=colour, markersize=7)
        if rows:
            right.annotate(name, (rows[-1].promised, rows[-1].happened), (10, 0), textcoords="offset points",
                           color=colour, va="center", fontsize=10, annotation_clip=False)  # fmt: skip
    right.set(xlabel=told["kept_across"], ylabel=told["kept_value"], xlim=(0, 1.42), ylim=(-0.03, 1.05))
    right.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    right.set_title(told["kept"])
    return figure


def storage_figure(losses: Mapping[str, Mapping[str, Loss]]) -> Figure:
    """Difference of MRR with its interval, by search and by the way vectors are kept; two searches, one mark each."""
    styles = ((BLUE, "o", -0.17), (RED, "s", 0.17))
    copies = list(next(iter(losses.values())))
    figure = Figure(figsize=(8.6, 1.6 + 0.56 * len(copies)), layout="constrained")
    axes = figure.subplots()
    for (task, by_copy), (colour, marker, shift) in zip(losses.items(), styles, strict=True):
        for place, loss in enumerate(by_copy.values()):
            axes.plot([loss.low, loss.high], [place + shift] * 2, color=colour, linewidth=3, solid_capstyle="butt")
            axes.plot(loss.difference, place + shift, marker, color=colour, markersize=7)
            told = f"{round(loss.difference, 3) + 0.0:+.3f}".replace("-", "−")
            axes.annotate(told, (max(loss.high, loss.difference), place + shift), (8, 0), textcoords="offset points",
                          va="center", fontsize=9, color=colour)  # fmt: skip
        axes.plot([], [], marker, color=colour, label=task)
    axes.axvline(0, color=BLACK, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(copies)), copies)
    axes.set_ylim(len(copies) - 0.5, -0.5)
    axes.margins(x=0.15)
    axes.set_xlabel(W["storage"]["across"])
    axes.set_title(W["storage"]["title"])
    axes.legend(frameon=False, fontsize=10, loc="lower left")
    return figure
