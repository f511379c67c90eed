"""Figures of page 06: what a part costs, heads with a habit, what arrives, who wrote a row, a word, a long text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from classroom.encoder.figures import draw_map
from classroom.figures import layer_losses
from classroom.inside_the_stack.measure import operations
from classroom.style import BLACK, BLUE, COLOURMAP, ORANGE, PALETTE, drawable
from classroom.words import words

W = words("inside_the_stack")
GREY = "#595959"
CARD = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}  # behind words on a bar
HATCHES = ("", "//", "..", "\\\\", "xx", "--")


def part_costs(losses: Mapping[str, Sequence[tuple[float, float, float]]], layers: Sequence[int]) -> Figure:
    """MRR lost with its interval (mean, low, high) for each layer (from 1), attention and feed-forward."""
    return layer_losses(losses, layers, W["parts"])


def habit_grid(tables: Mapping[str, Tensor]) -> Figure:
    """``measure.habits``: a table ``(L, A)`` each on one scale, 0 to 1; the largest number of each is written."""
    text = W["habits"]
    layers, heads = next(iter(tables.values())).shape
    figure = Figure(figsize=(11, 1.6 + 0.19 * layers), layout="constrained")
    grid = figure.subplots(1, len(tables))
    for axes, (name, table) in zip(grid, tables.items(), strict=True):
        image = axes.imshow(table.cpu().numpy(), cmap=COLOURMAP, vmin=0, vmax=1, aspect="auto")
        layer, head = divmod(int(table.argmax()), heads)
        share = table[layer, head].item()
        axes.set_title(f"{text[name]}\n{share:.2f}", fontsize=10)
        axes.plot(head, layer, "s", markersize=12, markerfacecolor="none", markeredgecolor="white", markeredgewidth=1.5)
        axes.set_xticks([0, heads // 2, heads - 1], ["1", str(heads // 2 + 1), str(heads)])
        axes.set_xlabel(text["x"])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    steps = range(0, layers, 1 if layers <= 12 else 4)
    grid[0].set_yticks(steps, [str(step + 1) for step in steps])
    grid[0].set_ylabel(text["y"])
    figure.colorbar(image, ax=grid, label=text["bar"])
    return figure


def two_maps(weights: Tensor, arriving: Tensor, tokens: Sequence[str], layer: int, head: int) -> Figure:
    """One head's weights ``(T, T)`` beside what arrives, both as shares of a row, on one scale."""
    text = W["maps"]
    figure = Figure(figsize=(10.5, 4.6), layout="constrained")
    grid = figure.subplots(1, 2)
    for axes, name, table in zip(grid, ("weights", "arriving"), (weights, arriving), strict=True):
        title = text["title"].format(layer=layer, head=head, name=text[name])
        image = draw_map(axes, table.cpu().numpy(), tokens, title)
    grid[0].set_ylabel(text["query"])
    figure.colorbar(image, ax=grid, label=text["bar"], shrink=0.8)
    return figure


def written(shares: Tensor, chosen: Sequence[int]) -> Figure:
    """``measure.writers``' shares ``(L + 1, W, T)`` after the chosen layers: of ``<s>``, and of the words' mean."""
    text = W["writers"]
    figure = Figure(figsize=(11, 1.5 + 0.42 * len(chosen)), layout="constrained")
    both = {"start": shares[..., 0], "words": shares[..., 1:-1].mean(dim=-1)}  # (L + 1, W) each
    layers = [text["layer"].format(number=number) for number in range(1, shares.shape[1] - 1)]
    names = [text["embedding"], *layers, text["constants"]]
    for axes, (name, rows) in zip(figure.subplots(1, 2), both.items(), strict=True):
        left = np.zeros(len(chosen))
        for writer, values in enumerate(rows[list(chosen)].T.clamp(min=0).cpu().numpy()):
            colour, hatch = look(writer, len(names))
            axes.barh(range(len(chosen)), values, left=left, color=colour, edgecolor="white", hatch=hatch)
            widest = int(values.argmax())
            if values[widest] > 0.12:
                place = left[widest] + values[widest] / 2, widest
                axes.text(*place, names[writer], ha="center", va="center", fontsize=9, bbox=CARD)
            left += values
        axes.set_title(text[name])
        axes.set_xlabel(text["x"])
        axes.set_yticks([])
        axes.set_xlim(0, max(1.0, float(left.max())))
        axes.invert_yaxis()
    labels = [text["after"].format(number=layer) if layer else text["before"] for layer in chosen]
    figure.axes[0].set_yticks(range(len(chosen)), labels)
    return figure


def look(writer: int, count: int) -> tuple[str, str]:
    """Colour and hatch of a writer: black the first, grey the last, the layers between by turns."""
    if writer in (0, count - 1):
        return (BLACK if writer == 0 else "#bbbbbb"), ""
    return PALETTE[writer % len(PALETTE)], HATCHES[writer % len(HATCHES)]


def word_curves(curves: Mapping[str, tuple[str, Tensor, Tensor]]) -> Figure:
    """For each word: the control token's name, and how far apart word and control are after each layer."""
    text = W["words"]
    figure = Figure(figsize=(10.5, 3.3), layout="constrained")
    for axes, (word, (control, own, other)) in zip(
        figure.subplots(1, len(curves), sharey=True), curves.items(), strict=True
    ):
        axes.plot(own.tolist(), color=BLUE, linewidth=2)
        axes.plot(other.tolist(), color=ORANGE, linestyle="--", linewidth=2)
        top, third = int(own.argmax()), len(other) // 3
        middle, lowest = len(other) // 2, other[third:-third].min()
        for name, token, place, height, colour in (
            ("word", word, top, own[top], BLUE), ("control", control, middle, lowest, ORANGE),
        ):  # fmt: skip
            shift = (0, 6 if name == "word" else -18)
            axes.annotate(drawable(text[name].format(token=token)), (place, height.item()), shift, fontsize=10,
                          textcoords="offset points", ha="center", color=colour)  # fmt: skip
        axes.set_title(drawable(text["title"].format(word=word)))
        axes.set_xlabel(text["x"])
        axes.margins(x=0.15, y=0.15)
    figure.axes[0].set_ylabel(text["y"])
    return figure


def cost_shares(longest: int = 8192) -> Figure:
    """Attention's share of a layer's operations over the length of a text, for two hidden sizes, F = 4H."""
    text = W["cost"]
    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    axes = figure.subplots()
    tokens = np.geomspace(16, longest, 200)
    for size, name, colour, dash in ((384, "mini", BLUE, "-"), (1024, "real", ORANGE, "--")):
        linear, square = (np.array(part) for part in zip(*(operations(size, 4 * size, t) for t in tokens), strict=True))
        axes.plot(tokens, square / (linear + square), color=colour, linestyle=dash, linewidth=2)
        axes.plot(6 * size, 0.5, "o", color=colour)
        axes.annotate(text["cross"].format(tokens=6 * size), (6 * size, 0.5), (-6, 6), textcoords="offset points",
                      ha="right", color=colour, fontsize=10)  # fmt: skip
        axes.annotate(text[name], (longest, (square / (linear + square))[-1]), (6, 0), textcoords="offset points",
                      va="center", color=colour, fontsize=10)  # fmt: skip
    axes.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
    axes.text(16, 0.515, text["half"], color=GREY, fontsize=9)
    axes.set_xscale("log", base=2)
    ticks = [16, 64, 256, 1024, 4096, 8192]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(0, 1)
    axes.set_xlabel(text["x"])
    axes.set_title(text["title"])
    return figure
