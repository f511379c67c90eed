"""The drawing that travels through the pages: one sentence on its way from text to vector, in real numbers.

Every token keeps its column, its colour and its label. A row of numbers is drawn as bars, up for + and down for −,
all rows of a part on one scale. The lines of the encoder are the attention of ``<s>``, the mean over the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, FancyArrowPatch, FancyBboxPatch, Rectangle
from torch import Tensor

from classroom.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, SKY, drawable
from classroom.words import words
from helpers.pipeline import BgeM3, Walk

Place = tuple[float, float]  # x, y in inches
TEXT = "什么是大型语言模型？"
PARTS = ("tokenization", "embedding_layers", "encoder", "pooling", "normalization")
COLOURS = (BLACK, "#808080", BLUE, ORANGE, GREEN, PURPLE, SKY, RED)  # one a token
GREY = "#595959"  # 7 : 1 on white
WIDTH = 10.0  # inches; the axes are in inches too
FIRST, LAST = 2.65, 8.4  # x of the first and of the last token
NUMBERS, MANY = 16, 64  # drawn of a token's row and of the one row in the end
LAYERS = 6  # drawn at most
SIZE = 10  # points


class Road:
    """The walk of the sentence and the axes it is drawn on; ``large`` draws a part alone with all its details."""

    def __init__(self, walk: Walk, axes: Axes, large: bool) -> None:
        self.walk, self.axes, self.large = walk, axes, large
        self.words = words()["road"]
        self.x = np.linspace(FIRST, LAST, len(walk.tokens[0]))
        self.colours = [COLOURS[number % len(COLOURS)] for number in range(len(self.x))]
        self.wide = 0.84 * (LAST - FIRST) / (len(self.x) - 1)

    def text(self, x: float, y: float, text: str, **options: object) -> None:
        """Words at a place, in the middle of their height; what the fonts lack is shown by its code."""
        lines = "\n".join(drawable(line) for line in text.split("\n"))
        self.axes.text(x, y, lines, **{"fontsize": SIZE, "va": "center", "color": GREY} | options)

    def row(self, x: float, y: float, values: np.ndarray, limit: float, colour: str, wide: float, high: float) -> None:
        """Numbers as bars around a line at ``y``; ``limit`` is half of ``high``, what is larger is cut there."""
        places = x - wide / 2 + wide * (np.arange(len(values)) + 0.5) / len(values)
        ends = y + np.clip(values / limit, -1, 1) * high / 2
        self.axes.plot([x - wide / 2, x + wide / 2], [y, y], color="#bbbbbb", linewidth=0.7, zorder=1)
        self.axes.vlines(places, y, ends, color=colour, linewidth=0.72 * 72 * wide / len(values), zorder=2)

    def rows(self, y: float, values: np.ndarray, limit: float, label: str, high: float = 0.3) -> None:
        """A row of numbers for every token ``(T, H)``, and what it is at the right."""
        for x, row, colour in zip(self.x, values, self.colours, strict=True):
            self.row(x, y, row[:NUMBERS], limit, colour, self.wide, high)
        self.text(self.x[-1] + self.wide / 2 + 0.1, y, label)

    def long_row(self, y: float, values: np.ndarray, limit: float, high: float) -> None:
        """The one row ``(H,)`` of the text, in the colour of ``<s>``."""
        self.row(self.x[0] - self.wide / 2 + 2, y, values[:MANY], limit, self.colours[0], 4, high)

    def pieces(self, y: float) -> None:
        """The pieces, each in a frame of its colour."""
        for x, piece, colour in zip(self.x, self.walk.tokens[0], self.colours, strict=True):
            box = FancyBboxPatch(
                (x - self.wide / 2 + 0.04, y - 0.15), self.wide - 0.08, 0.3, boxstyle="round,pad=0.02",
                facecolor=(colour, 0.12), edgecolor=colour, linewidth=2,
            )  # fmt: skip
            self.axes.add_patch(box)
            self.text(x, y, drawable(piece, 6), ha="center", color="black", fontsize=13)

    def arrow(self, start: Place, end: Place, colour: str = BLACK, **options: object) -> None:
        """An arrow from one place to another."""
        options = {"arrowstyle": "-|>", "mutation_scale": 14, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0} | options
        self.axes.add_patch(FancyArrowPatch(start, end, color=colour, **options))

    def title(self, part: str, top: float, shape: str, note: str = "") -> None:
        """Number, name in two languages, shape and one line about a part, at the left."""
        text = self.words[part]
        self.text(0.12, top - 0.3, str(PARTS.index(part) + 1), fontsize=20, color=BLACK)
        self.text(0.45, top - 0.22, text["title"], fontsize=12, color=BLACK)
        self.text(0.45, top - 0.43, f"{text['second']}  {shape}", color=BLACK)
        self.text(0.45, top - 0.57, note or text["note"], va="top", linespacing=1.2)


def tokenization(road: Road, top: float) -> None:
    """Characters (large alone), pieces, ids."""
    text, walk = road.words["tokenization"], road.walk
    road.title("tokenization", top, shape(walk.ids.shape))
    y = top - 0.3
    start = 0
    if road.large:
        y = top - 1.35
        label = road.x[-1] + road.wide / 2 + 0.1
        for name, place in (("characters", top - 0.4), ("pieces", y), ("ids", y - 0.45)):
            road.text(label, place, text[name])
        for x, piece in zip(road.x, walk.tokens[0], strict=True):
            source = "" if piece in ("<s>", "</s>", "▁") else TEXT[start : start + len(piece)]
            start += len(source)
            note = text["space"] if piece == "▁" else text["added"]
            look = {"fontsize": 16, "family": chinese_first()} if source else {}
            road.text(x, top - 0.4, source or note, ha="center", color=BLACK, **look)
            road.arrow((x, top - 0.65), (x, y + 0.22), linestyle="-" if source else ":", linewidth=1.2)
    road.pieces(y)
    for x, number in zip(road.x, walk.ids[0].tolist(), strict=True):
        road.text(x, y - (0.45 if road.large else 0.35), str(number), ha="center", color=BLACK, fontsize=11)


def embedding_layers(road: Road, top: float) -> None:
    """The three rows of every token and their sum; large also which rows, and what LayerNorm makes of the sum."""
    text, walk = road.words["embedding_layers"], road.walk
    road.title("embedding_layers", top, shape(walk.word.shape))
    parts = {name: array(getattr(walk, name)[0]) for name in ("word", "position", "token_type")}  # (T, H)
    summed = sum(parts.values())
    limit = scale(*parts.values(), summed)
    step = 0.62 if road.large else 0.34
    y = top - 0.25
    if road.large:
        road.pieces(y)
        y -= 0.5
        numbers = (walk.ids[0].tolist(), walk.position_ids[0].tolist(), [0] * len(road.x))
    for line, (name, values) in enumerate([*parts.items(), ("sum", summed)]):
        road.rows(y - step * line, values, limit, text[name], 0.36 if road.large else 0.3)
        if road.large and name != "sum":
            for x, number in zip(road.x, numbers[line], strict=True):
                road.text(x, y - step * line - 0.27, text["row"].format(number=number), ha="center", fontsize=9)
    if road.large:
        output = array(walk.hidden_states[0][0])
        road.rows(y - step * 4 - 0.05, output, scale(output), text["output"], 0.36)


def encoder(road: Road, top: float) -> None:
    """Layer by layer where ``<s>`` looks and what every row has become."""
    text, walk = road.words["encoder"], road.walk
    layers, heads = len(walk.attentions), walk.attentions[0].shape[1]
    shown = chosen_layers(layers)
    note = text["weights"] if road.large else text["note"]
    if len(shown) < layers:
        note += "\n\n" + text["shown"].format(shown=", ".join(map(str, shown)), layers=layers)
    road.title("encoder", top, shape(walk.hidden_states[0].shape), note.format(heads=heads))
    states = [array(walk.hidden_states[layer][0]) for layer in shown]
    limit, step, y = scale(*states), encoder_step(road.large), top - 0.05
    if road.large:
        road.pieces(top - 0.25)
        y -= 0.4
    for layer, before, values in zip(shown, [0, *shown], states, strict=False):
        weights = array(walk.attentions[layer - 1][0]).mean(axis=0)[0]  # (T,), its sum is 1
        start, end = y - (0.28 if road.large else 0.04), y - step + 0.36
        for place in np.argsort(-weights):  # thick lines first, thin ones over them
            x, weight, colour = road.x[place], weights[place], road.colours[place]
            road.axes.plot([road.x[0], x], [end, start], color=colour, linewidth=0.8 + 9 * weight, zorder=0,
                           solid_capstyle="butt")  # fmt: skip
            if road.large:
                road.text(x, start + 0.09, f"{weight:.0%}", ha="center", fontsize=9, color=BLACK)
        if layer > before + 1:
            road.text(road.x[-1] + road.wide / 2 + 0.3, y - 0.1, "⋮")
        road.rows(y - step + 0.18, values, limit, text["layer"].format(number=layer), 0.34)
        y -= step


def pooling(road: Road, top: float) -> None:
    """The row of ``<s>`` is kept; large also the rows that are not."""
    text, walk = road.words["pooling"], road.walk
    road.title("pooling", top, shape(walk.pooled.shape))
    pooled = array(walk.pooled[0])
    y = top - 0.45
    if road.large:
        states = array(walk.hidden_states[-1][0])
        road.pieces(top - 0.25)
        road.rows(top - 0.7, states, scale(states), road.words["encoder"]["layer"].format(number=len(walk.attentions)))
        road.axes.add_patch(Rectangle((road.x[0] - road.wide / 2 - 0.04, top - 0.9), road.wide + 0.08, 0.4,
                                      fill=False, edgecolor=BLACK, linewidth=2))  # fmt: skip
        for x in road.x[1:]:
            road.axes.plot([x - road.wide / 2, x + road.wide / 2], [top - 0.85, top - 0.55], color=GREY, linewidth=1.2)
        road.text((road.x[1] + road.x[-1]) / 2, top - 1.03, text["left"], ha="center")
        y = top - 1.75
    road.arrow((road.x[0], top - (0.9 if road.large else -0.18)), (road.x[0], y + 0.25))
    road.long_row(y, pooled, scale(pooled, count=MANY), 0.4)
    length = text["length"].format(length=np.linalg.norm(pooled))
    road.text(road.x[0] - road.wide / 2 + 4.15, y, length, color=BLACK)


def normalization(road: Road, top: float) -> None:
    """The row divided by its length, and as an arrow: its two halves are the sides, its length is 1."""
    text, walk = road.words["normalization"], road.walk
    road.title("normalization", top, shape(walk.vectors.shape))
    pooled, vector = array(walk.pooled[0]), array(walk.vectors[0])
    left, length = road.x[0] - road.wide / 2, np.linalg.norm(pooled)
    if not road.large:
        road.long_row(top - 0.4, vector, scale(vector, count=MANY), 0.4)
        road.text(left, top - 0.85, numbers_of(vector), color=BLACK)
        draw_arrow(road, vector, (left + 4.7, top - 1.15), 0.95)
        return
    limit = scale(pooled, count=MANY)  # one scale for both: the division can be seen
    before = road.words["pooling"]["length"].format(length=length)
    for y, values, label in ((top - 0.4, pooled, before), (top - 2, vector, text["length"])):
        road.long_row(y, values, limit, 0.6)
        road.text(left, y - 0.48, numbers_of(values), color=BLACK)
        road.text(left + 4.15, y, label, color=BLACK)
    road.arrow((left + 0.3, top - 1.1), (left + 0.3, top - 1.7))
    road.text(left + 0.5, top - 1.4, text["divide"].format(length=length), color=BLACK)
    draw_arrow(road, vector, (left + 0.7, top - 5.6), 2.4)


def draw_arrow(road: Road, vector: np.ndarray, corner: Place, radius: float) -> None:
    """A vector of length 1 as an arrow: along x the length of its first half, along y that of the other."""
    text, axes = road.words["normalization"], road.axes
    half = len(vector) // 2
    sides = np.linalg.norm(vector[:half]), np.linalg.norm(vector[half:])
    x, y = corner
    end = x + radius * sides[0], y + radius * sides[1]
    axes.plot([x + radius * 1.12, x, x], [y, y, y + radius * 1.12], color=GREY, linewidth=1)
    axes.add_patch(Arc(corner, 2 * radius, 2 * radius, theta1=0, theta2=90, color=GREY, linewidth=1.2))
    axes.plot([end[0], end[0], x], [y, end[1], end[1]], color=GREY, linewidth=1, linestyle=":")
    road.arrow(corner, end, BLUE, linewidth=2.6, mutation_scale=18)
    if not road.large:
        road.text(end[0] + 0.08, end[1] + 0.1, text["length"], color=BLUE)
        return
    pythagoras = f"{text['length']} = √({sides[0]:.2f}² + {sides[1]:.2f}²)"
    road.text(end[0] + 0.12, end[1] + 0.12, pythagoras, color=BLUE, fontsize=12)
    road.text(end[0], y - 0.15, f"{sides[0]:.2f}", ha="center", color=BLACK)
    road.text(x - 0.1, end[1], f"{sides[1]:.2f}", ha="right", color=BLACK)
    road.text(x + radius * 1.15, y, text["first"].format(half=half))
    road.text(x, y + radius * 1.18, text["other"].format(half=half + 1, size=len(vector)), ha="center")


def array(tensor: Tensor) -> np.ndarray:
    """A tensor, wherever it lies and however precise, as float64 numbers."""
    return tensor.detach().double().cpu().numpy()


def scale(*rows: np.ndarray, count: int = NUMBERS) -> float:
    """The number that a bar of full height stands for: larger than 98 of 100 drawn, so no outlier flattens all."""
    return float(np.quantile(np.abs(np.concatenate([row[..., :count].ravel() for row in rows])), 0.98)) or 1.0


def shape(sizes: Sequence[int]) -> str:
    """``(1, 8, 384)``."""
    return f"({', '.join(map(str, sizes))})"


def numbers_of(values: np.ndarray, count: int = 6) -> str:
    """The first few numbers of a row: ``[+0.040, +0.021, …]``."""
    return f"[{', '.join(f'{value:+.3f}' for value in values[:count])}, …]".replace("-", "−")


def chinese_first() -> list[str]:
    """The fonts of ``use_style``, the Chinese one before the other: a full-width ？ then is as wide as it is."""
    return matplotlib.rcParams["font.family"][::-1]


def chosen_layers(layers: int) -> list[int]:
    """The layers drawn: all, or six spread from the first to the last.

    >>> chosen_layers(6), chosen_layers(24)
    ([1, 2, 3, 4, 5, 6], [1, 6, 10, 15, 19, 24])
    """
    return sorted({round(layer) for layer in np.linspace(1, layers, min(layers, LAYERS)).tolist()})


def encoder_step(large: bool) -> float:
    """Height of a layer in inches."""
    return 1.25 if large else 0.68


def height(part: str, layers: int, large: bool) -> float:
    """Height of a part in inches."""
    if part == "encoder":
        return 0.15 + encoder_step(large) * len(chosen_layers(layers)) + (0.45 if large else 0)
    small = {"tokenization": 0.95, "embedding_layers": 1.55, "pooling": 0.85, "normalization": 1.3}
    big = {"tokenization": 2.15, "embedding_layers": 3.6, "pooling": 2.3, "normalization": 5.9}
    return (big if large else small)[part]


DRAW: dict[str, Callable[[Road, float], None]] = {
    "tokenization": tokenization, "embedding_layers": embedding_layers, "encoder": encoder, "pooling": pooling,
    "normalization": normalization,
}  # fmt: skip


def draw_road(bge: BgeM3, lit: str | None = None, part: str | None = None) -> Figure:
    """The road of 什么是大型语言模型？ through a model, or one ``part`` of it alone, larger.

    ``lit`` frames a part and fades the others. Both are one of ``PARTS``; ``ValueError`` for another name, or when
    both are given. Of a model of more than six layers six are drawn, and the drawing says which.

    >>> draw_road(bge, lit="pooling").get_size_inches().tolist()[0]
    10.0
    """
    for name in (lit, part):
        if name is not None and name not in PARTS:
            raise ValueError(f"{name!r} is no part of the road; choose {', '.join(PARTS)}")
    if lit and part:
        raise ValueError("give lit= or part=, not both: a part alone is all there is to see")
    walk = bge.walk([TEXT])
    large = part is not None
    parts = PARTS if part is None else (part,)
    heights = [height(name, len(walk.attentions), large) for name in parts]
    head, gap, foot = (0.1 if large else 0.65), 0.12, 0.35
    total = head + sum(heights) + gap * len(heights) + foot
    figure = Figure(figsize=(WIDTH, total))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, total)
    axes.set_axis_off()
    road = Road(walk, axes, large)
    if not large:
        road.text((FIRST + LAST) / 2, total - 0.35, TEXT, ha="center", fontsize=20, color=BLACK, family=chinese_first())
    top = total - head
    for name, high in zip(parts, heights, strict=True):
        DRAW[name](road, top)
        if not large:
            frame(road, top - high, high, None if lit is None else name == lit)
        top -= high + gap
    bars = road.words["bars"].get("road" if part is None else part, "")
    size = walk.hidden_states[0].shape[-1]
    road.text(WIDTH - 0.1, 0.16, bars.format(count=NUMBERS, many=MANY, size=size), ha="right", fontsize=9)
    return figure


def frame(road: Road, bottom: float, high: float, lit: bool | None) -> None:
    """A line around a part: strong if it is lit, with the words for it; a veil over it if another one is."""
    box = {"boxstyle": "round,pad=0,rounding_size=0.08", "zorder": 6}
    x, wide = 0.04, WIDTH - 0.08
    if lit is False:
        road.axes.add_patch(Rectangle((x, bottom), wide, high, facecolor=("white", 0.6), zorder=5))
    colour, line = (BLUE, 3) if lit else ("#d0d0d0", 1)
    road.axes.add_patch(FancyBboxPatch((x, bottom), wide, high, fill=False, edgecolor=colour, linewidth=line, **box))
    if lit:
        tab = {"boxstyle": "round,pad=0.25", "facecolor": BLUE, "edgecolor": BLUE}
        road.text(WIDTH - 0.2, bottom + high, road.words["here"], ha="right", color="white", zorder=7, bbox=tab)
