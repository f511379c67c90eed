"""Figures of page 03: attention on paper, attention maps, curves, and what a part was worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from classroom.figures import layer_losses
from classroom.style import BLACK, BLUE, COLOURMAP, GREEN, ORANGE, PURPLE, RED, drawable
from classroom.words import words
from helpers.pipeline import Walk

W = words("encoder")
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
DASHES = ("-", "--", "-.", ":")
LONGEST = 10  # characters of a token's label
PALE = "#dddddd"


def number(value: float) -> str:
    """Whole numbers bare, others with two decimals: ``4``, ``0.90``, ``−∞``."""
    return "−∞" if value == -math.inf else f"{value:.{0 if value == round(value) else 2}f}".replace("-", "−")


def row(values: Tensor) -> str:
    """``[2 0 0 2]``."""
    return "[" + " ".join(number(value) for value in values.tolist()) + "]"


def on_paper(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Figure:
    """One query's attention, step by step from left to right: ``(D,)``, ``(T, D)`` twice, ``(T,)``."""
    text = W["paper"]
    scores = keys @ query  # (T,)
    scaled = scores / math.sqrt(len(query))  # (T,)
    masked = scaled.masked_fill(mask == 0, -math.inf)  # (T,)
    weights = masked.softmax(dim=0)  # (T,)
    figure = Figure(figsize=(10, 1.9 + 0.62 * len(keys)))
    axes = figure.add_axes((0, 0, 1, 1))
    height = 1.9 + 0.62 * len(keys)
    axes.set_xlim(0, 10)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    places = {"key": 1.85, "score": 3.2, "scaled": 4.0, "masked": 4.75, "weight": 5.75, "value": 7.15, "times": 8.95}
    axes.text(0.15, height - 0.28, f"{text['query']} {row(query)}", color=BLUE, fontsize=13, va="center")
    for name, x in places.items():
        axes.text(x, height - 0.85, text[name], ha="center", va="center", fontsize=10, linespacing=1.1)
    for place, colour in enumerate([*COLOURS[1:], RED][: len(keys)]):
        y = height - 1.5 - 0.62 * place
        name = text["token"].format(number=place + 1) if mask[place] else text["padding"]
        axes.text(0.15, y, name, color=colour, fontsize=11, va="center")
        seen = {
            "key": row(keys[place]), "score": number(scores[place].item()), "scaled": number(scaled[place].item()),
            "masked": number(masked[place].item()), "value": row(values[place]),
            "times": row(weights[place] * values[place]),
        }  # fmt: skip
        for part, shown in seen.items():
            axes.text(places[part], y, shown, ha="center", va="center", fontsize=11, color=colour)
        axes.barh(y + 0.08, 0.9, height=0.2, left=5.3, color=PALE)  # all there is
        axes.barh(y + 0.08, 0.9 * weights[place].item(), height=0.2, left=5.3, color=colour)
        axes.text(5.75, y - 0.15, number(weights[place].item()), ha="center", va="center", fontsize=10, color=colour)
    context = weights @ values  # (D,)
    axes.text(9.85, 0.25, f"{text['context']} {row(context)}", ha="right", va="center", fontsize=13, color=BLACK)
    return figure


def draw_map(axes: Axes, weights: np.ndarray, tokens: Sequence[str], title: str) -> object:
    """A map ``(T, T)`` on the scale that all maps share, 0 to 1."""
    image = axes.imshow(weights, cmap=COLOURMAP, vmin=0, vmax=1)
    labels, places = [drawable(token, LONGEST) for token in tokens], range(len(tokens))
    axes.set_xticks(places, labels, rotation=90, fontsize=10)
    axes.set_yticks(places, labels, fontsize=10)
    axes.set_title(title, fontsize=11)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def attention_map(weights: np.ndarray, tokens: Sequence[str], layer: int, head: int) -> Figure:
    """One head's map ``(T, T)``: a row is a token that looks, its columns the tokens looked at; rows sum to 1."""
    text, size = W["map"], 2.4 + 0.27 * len(tokens)
    figure = Figure(figsize=(size + 0.9, size), layout="constrained")
    axes = figure.subplots()
    image = draw_map(axes, weights, tokens, text["title"].format(layer=layer, head=head))
    axes.set_xlabel(text["key"])
    axes.set_ylabel(text["query"])
    figure.colorbar(image, ax=axes, label=text["weight"], shrink=0.8)
    return figure


def habit_maps(walk: Walk, habits: Mapping[str, tuple[int, int, float]]) -> Figure:
    """The maps of the heads that ``measure.habits`` found, side by side, for the first text of a walk."""
    text = W["maps"]
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    grid = figure.subplots(1, len(habits))
    for axes, (name, (layer, head, _)) in zip(grid, habits.items(), strict=True):
        title = text["title"].format(layer=layer, head=head, name=text[name])
        image = draw_map(axes, walk.attentions[layer - 1][0, head - 1].cpu().numpy(), walk.tokens[0], title)
    figure.colorbar(image, ax=grid, label=W["map"]["weight"], shrink=0.7)
    return figure


def lines(
    axes: Axes,
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    first: bool = False,
    below: Sequence[str] = (),
) -> None:
    """Lines over ``x`` in colour and dash, each with its name at its last point or over its ``first``.

    ``below`` lists the lines whose names stand lower, where there is room.
    """
    for (name, values), colour, dash in zip(series.items(), COLOURS, DASHES, strict=False):
        axes.plot(x, values, color=colour, linestyle=dash, linewidth=2)
        place, shift = (0, (4, -13 if name in below else 8)) if first else (-1, (6, -16 if name in below else 0))
        axes.annotate(
            name, (x[place], values[place]), shift, textcoords="offset points", va="center", color=colour, fontsize=10
        )  # fmt: skip


def saturation(sizes: Sequence[int], without: Sequence[float], scaled: Sequence[float]) -> Figure:
    """The largest of 16 shares over the size of a head, with and without the scale."""
    text = W["saturation"]
    figure = Figure(figsize=(6.6, 3.2), layout="constrained")
    axes = figure.subplots()
    lines(axes, sizes, {text["without"]: without, text["scaled"]: scaled})
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(0, 1)
    axes.set_xlabel(text["x"])
    axes.set_title(text["title"])
    return figure


def random_stacks(stacks: Mapping[str, tuple[Tensor, Tensor]]) -> Figure:
    """``measure.random_stack`` of each build: what is left of the last layer's gradient, how unlike the tokens are."""
    text = W["stack"]
    figure = Figure(figsize=(10.5, 3.8), layout="constrained")
    for place, axes in enumerate(figure.subplots(1, 2)):
        curves = {name: tokens if place else gradient / gradient[-1] for name, (gradient, tokens) in stacks.items()}
        series = {text[name]: curve.tolist() for name, curve in curves.items()}
        depth = len(next(iter(series.values())))
        below = (text["neither"], text["residual"] if place else text["both"])
        lines(axes, range(1, depth + 1), series, first=place == 0, below=below)  # gradients arrive at layer 1 last
        axes.set_yscale("log")
        axes.margins(y=0.12)
        axes.set_xticks([1, depth // 4, depth // 2, 3 * depth // 4, depth])
        axes.set_xlabel(text["x"])
        axes.set_title(text["difference" if place else "gradient"])
    return figure


def gelu_curve(x: Tensor, gelu: Tensor) -> Figure:
    """gelu beside ReLU, ``(n,)`` each."""
    text = W["gelu"]
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color="#bbbbbb", linewidth=0.8)
    lines(axes, x.tolist(), {text["name"]: gelu.tolist()})
    axes.plot(x, x.clamp(min=0), color=ORANGE, linestyle="--", linewidth=1.5)
    axes.text(1.35, 0.75, text["relu"], color=ORANGE, fontsize=10)
    axes.text(-3.6, 0.25, text["zero"], fontsize=10)
    axes.text(2.0, 2.75, text["open"], fontsize=10)
    axes.set_xlabel(text["x"])
    axes.set_title(text["title"])
    return figure


def spared(losses: Mapping[str, Sequence[tuple[float, float, float]]], layers: Sequence[int]) -> Figure:
    """MRR lost with its interval (mean, low, high) a layer, for each kind of loss; ``layers`` count from 1."""
    return layer_losses(losses, layers, W["spared"])
