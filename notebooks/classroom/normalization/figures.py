"""Figures of page 05: two arrows, the sphere with its cone, what databases report, three winners, a training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from classroom.normalization.measure import Step
from classroom.style import BLACK, BLUE, GREEN, ORANGE, RED, drawable
from classroom.words import words
from helpers.normalization import l2_normalize

GREY = "#595959"
TILT = math.radians(20)  # how far from above the globe is seen
RING = np.linspace(0, 2 * np.pi, 200)
W = words("normalization")


def arrow(axes: Axes, tip: tuple[float, float], colour: str) -> None:
    """An arrow from the origin to ``tip``."""
    axes.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.5, "shrinkA": 0,
                                               "shrinkB": 0})  # fmt: skip


def angle_figure(cosine: float, lengths: tuple[float, float], texts: Sequence[str] = ("a", "b")) -> Figure:
    """Two vectors in the plane they span: their true angle, their lengths, and what the division changes.

    The arrows are to one scale, a's length that of 1.5 circles; the dots are the tips after the division, the dashed
    line between them is their distance. ``texts`` are written at the arrows.
    """
    told, cosine = W["angle"], max(-1.0, min(1.0, cosine))
    turn = math.acos(cosine)
    unit = (cosine, math.sin(turn))
    one, other = lengths
    reach = 1.5 * other / one if one else 0.0
    far = (other**2 + one**2 - 2 * one * other * cosine) ** 0.5
    near = 2 * math.sin(turn / 2)
    figure = Figure(figsize=(9.2, 3.6), layout="constrained")
    axes, side = figure.subplots(1, 2, width_ratios=(1.5, 1))
    axes.plot(np.cos(RING), np.sin(RING), color="0.75", linewidth=1)
    for tip, colour, name, text, place in (
        ((1.5, 0.0), BLUE, "a", texts[0], (6, -14)),
        ((reach * unit[0], reach * unit[1]), ORANGE, "b", texts[1], (6, 6)),
    ):
        arrow(axes, tip, colour)
        label = name if text == name else f"{name}: {drawable(text, 24)}"
        axes.annotate(label, tip, place, textcoords="offset points", fontsize=10, annotation_clip=False)
    axes.plot([1, unit[0]], [0, unit[1]], "--", color=BLACK, linewidth=1)
    axes.plot([1, unit[0]], [0, unit[1]], "o", color=GREEN, zorder=3)
    left, top = min(-1.6, reach * unit[0] - 0.4), max(1.2, reach * unit[1] + 0.4)
    axes.set(xlim=(left, max(3.6, reach * unit[0] + 1.6)), ylim=(-1.1, top), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(told["title"].format(degrees=math.degrees(turn)))
    axes.set_xlabel(told["note"], fontsize=9, color=GREY, loc="left")
    rows = [
        (told["raw"], None), (told["one"], one), (told["other"], other), (told["dot"], one * other * cosine),
        (told["distance"], far), ("", None),
        (told["unit"], None), (told["dot"], cosine), (told["distance"], near), (told["halved"], 1 - near**2 / 2),
    ]  # fmt: skip
    for line, (name, value) in enumerate(rows):
        y = 0.97 - 0.105 * line
        side.text(0.0 if value is None else 0.06, y, name, va="top", fontsize=10, color=BLACK)
        if value is not None:
            side.text(0.75, y, f"{value:.2f}".replace("-", "−"), va="top", ha="right", fontsize=10)
    side.set_axis_off()
    return figure


def globe_places(rows: Tensor, up: Tensor, around: Tensor) -> np.ndarray:
    """Unit vectors ``(n, H)`` as points ``(n, 3)`` of a globe: true angle to ``up`` ``(H,)``, turned as two axes say.

    ``around`` ``(2, H)`` are the two axes.
    """
    height = (rows @ up).clamp(-1, 1)  # (n,)
    flat = l2_normalize(rows @ around.T)  # (n, 2)
    return torch.cat([flat * (1 - height**2).sqrt()[:, None], height[:, None]], dim=1).numpy()


def seen(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points ``(n, 3)`` as seen from a little above: x, y, and how near they are."""
    x, y, z = points.T
    return x, z * math.cos(TILT) + y * math.sin(TILT), z * math.sin(TILT) - y * math.cos(TILT)


def draw_globe(axes: Axes, points: np.ndarray, shapes: Sequence[str], colours: Sequence[str]) -> None:
    """A globe with points ``(n, 3)`` on it, n / len(shapes) of each shape; those behind are faint and hollow."""
    axes.plot(np.cos(RING), np.sin(RING), color="0.6", linewidth=1)
    for height in (-0.5, 0.0, 0.5):
        wide = math.sqrt(1 - height**2)
        x, y, near = seen(np.stack([wide * np.cos(RING), wide * np.sin(RING), np.full_like(RING, height)], axis=1))
        axes.plot(x, np.where(near >= 0, y, np.nan), color="0.82", linewidth=0.8)
        axes.plot(x, np.where(near < 0, y, np.nan), color="0.88", linewidth=0.8, linestyle=":")
    x, y, near = seen(points)
    part = len(points) // len(shapes)
    for number, (shape, colour) in enumerate(zip(shapes, colours, strict=True)):
        own = np.arange(len(points)) // part == number
        front, back = own & (near >= 0), own & (near < 0)
        axes.scatter(x[back], y[back], s=12, marker=shape, facecolors="none", edgecolors=colour, alpha=0.35)
        axes.scatter(x[front], y[front], s=14, marker=shape, color=colour, alpha=0.75, linewidths=0)
    axes.set(xlim=(-1.15, 1.15), ylim=(-1.2, 1.25), aspect="equal")
    axes.set_axis_off()


def sphere_figure(unit: Tensor) -> Figure:
    """Unit vectors ``(2n, H)``, n Chinese then n English, on a globe with their mean vector; then with it taken away.

    Up is the mean's direction and the angle to it is true. Around, two axes of the many stand for the others: the
    two along which the vectors spread most.
    """
    told = W["sphere"]
    mean = unit.mean(dim=0)  # (H,)
    up = l2_normalize(mean)
    flat = unit - (unit @ up)[:, None] * up  # (2n, H): what is not along the mean
    axes_of = torch.linalg.svd(flat - flat.mean(dim=0), full_matrices=False).Vh[:2]  # (2, H)
    around = axes_of * axes_of.gather(1, axes_of.abs().argmax(dim=1, keepdim=True)).sign()
    figure = Figure(figsize=(9.2, 4.6), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, name, rows in zip(panels, ("raw", "centred"), (unit, l2_normalize(unit - mean)), strict=True):
        draw_globe(axes, globe_places(rows, up, around), ("o", "^"), (RED, BLUE))
        axes.set_title(told[name])
        degrees = torch.rad2deg(torch.arccos((rows @ up).clamp(-1, 1))).mean().item()
        axes.text(0, -1.16, told["angle"].format(degrees=degrees), fontsize=10, ha="center")
    tip = mean.norm().item() * math.cos(TILT)
    panels[0].annotate("", (0, tip), (0, 0), arrowprops={"arrowstyle": "-|>", "color": BLACK, "linewidth": 2.5,
                                                         "shrinkA": 0, "shrinkB": 0}, zorder=5)  # fmt: skip
    panels[0].text(0, -0.12, told["mean"].format(length=mean.norm()), fontsize=10, ha="center", zorder=6)
    for y, mark, colour, name in ((1.12, "●", RED, "chinese"), (0.98, "▲", BLUE, "english")):
        panels[0].text(-1.15, y, f"{mark} {told[name]}", color=colour, fontsize=10)
    figure.supxlabel(told["note"], fontsize=9, color=GREY)
    return figure


def reports_figure(marked: float) -> Figure:
    """What four reports say of two unit vectors, over their cosine; a line at the cosine ``marked``."""
    told = W["reports"]
    cosine = np.linspace(-1, 1, 201)
    figure = Figure(figsize=(7.2, 3.9), layout="constrained")
    axes = figure.subplots()
    curves = {
        "squared": (2 - 2 * cosine, RED, "--"), "distance": (np.sqrt(2 - 2 * cosine), BLUE, "-"),
        "one_minus": (1 - cosine, GREEN, "-."), "cosine": (cosine, BLACK, "-"),
    }  # fmt: skip
    for values, colour, line in curves.values():
        axes.plot(cosine, values, line, color=colour, linewidth=2)
    for name, place, (dx, dy) in (
        ("squared", 70, (8, 6)), ("distance", 40, (0, 8)), ("one_minus", 72, (-8, -14)), ("cosine", 112, (8, -12)),
    ):  # fmt: skip
        values, colour, _ = curves[name]
        side = "right" if dx < 0 else "left"
        axes.annotate(told[name], (cosine[place], values[place]), (dx, dy), textcoords="offset points", ha=side,
                      color=colour, fontsize=10)  # fmt: skip
    axes.axvline(marked, color=GREY, linestyle=":", linewidth=1)
    for name, (_, colour, _) in curves.items():
        value = {"squared": 2 - 2 * marked, "distance": (2 - 2 * marked) ** 0.5, "one_minus": 1 - marked,
                 "cosine": marked}[name]  # fmt: skip
        axes.plot(marked, value, "o", color=colour)
    axes.set_xlabel(told["across"])
    axes.set_title(told["title"])
    return figure


def winners_figure(query: Tensor, documents: Mapping[str, Tensor], winners: Mapping[str, str]) -> Figure:
    """A query and three documents in the plane; ``winners`` says by which score which of them is first."""
    told = W["winners"]
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(np.cos(RING), np.sin(RING), color="0.8", linewidth=1)
    arrow(axes, tuple(query.tolist()), BLACK)
    axes.annotate(told["query"], tuple(query.tolist()), (-4, -14), textcoords="offset points", ha="right")
    looks = ((BLUE, "o", (10, -6)), (RED, "^", (10, 4)), (GREEN, "s", (6, 14)))
    for (name, place), (colour, mark, apart) in zip(documents.items(), looks, strict=True):
        axes.plot(*place.tolist(), mark, color=colour, markersize=9)
        own = [how for how, winner in winners.items() if winner == name]
        label = told["wins"].format(name=name, how=", ".join(own)) if own else name
        axes.annotate(label, tuple(place.tolist()), apart, textcoords="offset points", color=colour)
    axes.set(xlim=(-1.2, 6.2), ylim=(-1.2, 2.5), aspect="equal")
    axes.set_title(told["title"])
    return figure


def training_figure(divided: Sequence[Step], raw: Sequence[Step]) -> Figure:
    """Length of a row and uniformity over the steps of two trainings, with the division and without it."""
    told = W["training"]
    figure = Figure(figsize=(9.2, 3.2), layout="constrained")
    for axes, what in zip(figure.subplots(1, 2), ("length", "uniformity"), strict=True):
        for name, history, colour, line in (("divided", divided, BLUE, "-"), ("raw", raw, RED, "--")):
            values = [getattr(step, what) for step in history]
            axes.plot(values, line, color=colour, linewidth=2)
            axes.annotate(told[name], (len(values) - 1, values[-1]), (6, 0), textcoords="offset points", va="center",
                          color=colour)  # fmt: skip
        axes.set_xlim(0, 1.45 * (len(divided) - 1))
        axes.set_xticks(np.linspace(0, len(divided) - 1, 3).round())
        axes.set_title(told[what])
        axes.set_xlabel(told["across"])
    return figure
