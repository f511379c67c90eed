"""Figures of page 02: neighbours, the shuffle, position ids, LayerNorm, parameters, damage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from classroom.style import BLUE, GREEN, ORANGE, PURPLE, SKY, drawable

HATCHES = ("", "//", "..", "xx", "--")


def neighbour_bars(piece: str, neighbours: Sequence[tuple[str, float]], typical: float) -> Figure:
    """Cosine of one piece's row with its nearest rows; a dashed line at the cosine of two random rows."""
    figure = Figure(figsize=(6.4, 1.2 + 0.3 * len(neighbours)))
    axes = figure.subplots()
    places, values = np.arange(len(neighbours)), [cosine for _, cosine in neighbours]
    axes.barh(places, values, color=BLUE)
    axes.set_yticks(places, [drawable(name) for name, _ in neighbours])
    for place, value in zip(places, values, strict=True):
        axes.text(max(value, 0) + 0.01, place, f"{value:.2f}", va="center", fontsize=9)
    axes.axvline(typical, color="black", linestyle="--")
    axes.annotate("random pair", (typical, -0.75), (4, 0), textcoords="offset points", fontsize=9, va="center")
    axes.set(xlim=(min(0, typical, *values), 1.08), xlabel="cosine", ylim=(len(neighbours) - 0.5, -1.1))
    axes.set_title(f"Nearest rows to {drawable(piece)}")
    return figure


def layer_gaps(without: Sequence[float], with_positions: Sequence[float]) -> Figure:
    """Relative difference after un-shuffling, at the embeddings and after each layer, on a logarithmic scale."""
    figure = Figure(figsize=(6.8, 3.4))
    axes = figure.subplots()
    layers = np.arange(len(without))
    sides = (with_positions, ORANGE, "s", "with position embeddings"), (without, BLUE, "o", "without")
    for values, colour, marker, name in sides:
        axes.plot(layers, np.maximum(values, 1e-8), color=colour, marker=marker, label=name)
    axes.set(yscale="log", ylim=(5e-9, 100), xlabel="hidden state (0 = embeddings)")
    axes.set_ylabel("largest difference / largest value\n(0 is drawn at 1e-8)")
    axes.set_xticks(layers[:: 1 + len(layers) // 20])  # with 24 layers every second
    axes.legend(loc="center right")
    axes.set_title("Shuffle the tokens, un-shuffle the outputs: what is left?")
    return figure


def shuffle_strip(without: Sequence[float], with_positions: Sequence[float]) -> Figure:
    """One mark a shuffle: the cosine of the shuffled text's vector to that of the original."""
    figure = Figure(figsize=(6.8, 2.2))
    axes = figure.subplots()
    axes.plot(with_positions, np.ones(len(with_positions)), "s", color=ORANGE, alpha=0.7)
    axes.plot(without, np.zeros(len(without)), "o", color=BLUE, alpha=0.7)
    axes.set_yticks([0, 1], ["without positions", "with positions"])
    axes.set(ylim=(-0.6, 1.6), xlabel="cosine to the vector of the original order")
    axes.ticklabel_format(axis="x", useOffset=False)
    axes.set_title(f"{len(without)} shuffles of one sentence")
    return figure


def vector_shift(with_positions: np.ndarray, without: np.ndarray, number: int) -> Figure:
    """Shuffled minus original vector, ``(H,)`` each, with and without positions, on one scale."""
    figure = Figure(figsize=(8.2, 2.6))
    panels = figure.subplots(1, 2, sharey=True)
    reach = max(np.abs(with_positions).max(), np.abs(without).max(), 1e-3) * 1.1
    sides = (with_positions, ORANGE, "with positions"), (without, BLUE, "without positions")
    for axes, (values, colour, name) in zip(panels, sides, strict=True):
        axes.vlines(np.arange(len(values)), 0, values, color=colour, linewidth=1)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set(title=name, xlabel="dimension", ylim=(-reach, reach))
    panels[0].set_ylabel(f"shuffle {number} − original")
    figure.tight_layout()
    return figure


def position_grid(tokens: Sequence[Sequence[str]], positions: np.ndarray) -> Figure:
    """A batch as cells: token above, position id below; padding hatched."""
    rows, columns = positions.shape
    figure = Figure(figsize=(0.62 * columns + 0.4, 0.72 * rows + 0.7))
    axes = figure.subplots()
    for i in range(rows):
        for j in range(columns):
            real = j < len(tokens[i])
            colour, hatch = (SKY, "") if real else ("white", "///")
            axes.add_patch(Rectangle((j, i), 1, 1, facecolor=colour, edgecolor="grey", hatch=hatch, alpha=0.45))
            name = drawable(tokens[i][j]) if real else "<pad>"
            axes.text(j + 0.5, i + 0.3, name, ha="center", va="center", fontsize=8 if len(name) < 6 else 6.5)
            axes.text(j + 0.5, i + 0.72, str(positions[i, j]), ha="center", va="center", fontsize=11)
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    axes.axis("off")
    axes.set_title("Token and position id")
    return figure


def norm_panels(before: np.ndarray, after: np.ndarray, tokens: Sequence[str]) -> Figure:
    """Mean ± standard deviation over H of every token, before and after LayerNorm, ``(T, H)`` each."""
    figure = Figure(figsize=(8.2, 1.1 + 0.3 * len(tokens)))
    panels = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(tokens))
    sides = (before, PURPLE, "sum"), (after, GREEN, "after LayerNorm")
    for axes, (values, colour, name) in zip(panels, sides, strict=True):
        axes.errorbar(values.mean(1), places, xerr=values.std(1), fmt="o", color=colour, capsize=3)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(title=name, xlabel="mean ± standard deviation over H")
        reach = 1.25 * (np.abs(values.mean(1)) + values.std(1)).max()
        axes.set_xlim(-reach, reach)
    panels[0].set_yticks(places, [drawable(token) for token in tokens])
    panels[0].invert_yaxis()
    figure.tight_layout()
    return figure


def parameter_shares(models: Mapping[str, Mapping[str, int]]) -> Figure:
    """One bar a model, cut into its parts by share of the parameters; parts under 1 % carry no label."""
    figure = Figure(figsize=(8.2, 1.5 + 0.6 * len(models)))
    axes = figure.subplots()
    colours = (BLUE, ORANGE, PURPLE, GREEN, SKY)
    for place, parts in enumerate(models.values()):
        start, total = 0.0, sum(parts.values())
        for (part, count), colour, hatch in zip(parts.items(), colours, HATCHES, strict=False):
            share = 100 * count / total
            axes.barh(place, share, left=start, color=colour, hatch=hatch, edgecolor="white",
                      label=part if place == 0 else None)  # fmt: skip
            if share >= 1:
                box = dict(facecolor="white", edgecolor="none", pad=1.5)
                axes.text(start + share / 2, place, f"{share:.0f} %", ha="center", va="center", fontsize=8, bbox=box)
            start += share
    axes.set_yticks(range(len(models)), [f"{n}\n{sum(p.values()) / 1e6:.1f} M" for n, p in models.items()])
    axes.set(xlim=(0, 100), xlabel="% of the parameters")
    axes.invert_yaxis()
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.28), ncols=3, frameon=False)
    axes.set_title("Where the parameters are")
    return figure


def damage_bars(cosines: Mapping[str, float], first: Mapping[str, float]) -> Figure:
    """For each mistake the mean cosine to the right vector, and how often search still finds the right answer."""
    figure = Figure(figsize=(8.2, 1.0 + 0.42 * len(cosines)))
    panels = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(cosines))
    sides = (cosines, BLUE, "mean cosine to the right vector"), (first, ORANGE, "right translation found first")
    for axes, (values, colour, name) in zip(panels, sides, strict=True):
        axes.barh(places, list(values.values()), color=colour)
        for place, value in zip(places, values.values(), strict=True):
            axes.text(max(value, 0) + 0.02, place, f"{value:.2f}", va="center", fontsize=9)
        axes.set(title=name, xlim=(min(0, *values.values()), 1.18))
    panels[0].set_yticks(places, list(cosines))
    panels[0].invert_yaxis()
    figure.tight_layout()
    return figure
