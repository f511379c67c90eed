"""Live control of page 04: the cosines of the reader's own texts, for every pooling of every layer.

``lines_of`` and ``own_figure`` are plain functions; ``panel`` wires them to a text area, a dropdown and a slider.
"""

from __future__ import annotations

import ipywidgets as w
import torch
from matplotlib.figure import Figure
from torch import Tensor

from classroom.pooling.figures import draw_matrix
from classroom.pooling.measure import all_vectors
from classroom.style import drawable, png
from classroom.words import words
from helpers.pipeline import BgeM3
from helpers.pooling import POOLINGS, check_pooling

W = words("pooling")
MOST = 5  # texts compared
LONGEST = 64  # tokens of a line


def layer_name(layer: int) -> str:
    """``0`` → ``"embeddings"``, ``3`` → ``"layer 3"``."""
    return W["layers"]["layer"].format(number=layer) if layer else W["layers"]["embeddings"]


def lines_of(bge: BgeM3, typed: str) -> tuple[list[str], str]:
    """The texts of the box, one a line, and a message in words ("" if there is nothing to say).

    At most ``MOST`` lines of ``LONGEST`` tokens; the message says what was cut. A line alone gets the first of the
    texts shown at the start beside it. An empty box, or half a surrogate pair, gives no texts and the reason.
    """
    panel = W["panel"]
    if any("\ud800" <= character <= "\udfff" for character in typed):
        return [], panel["broken"]
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if not lines:
        return [], panel["empty"]
    told = [panel["many"].format(count=MOST)] if len(lines) > MOST else []
    if len(lines) == 1:
        lines.append(panel["default"][0])
        told.append(panel["alone"].format(other=lines[1]))
    kept = []
    for line in lines[:MOST]:
        ids = bge.tokenizer(line, truncation=False, verbose=False)["input_ids"]
        if len(ids) > LONGEST:
            line = bge.tokenizer.decode(ids[1 : LONGEST - 1])
            told.append(panel["cut"].format(count=LONGEST))
        kept.append(line)
    return kept, " ".join(dict.fromkeys(told))


def own_figure(vectors: Tensor, texts: list[str], pooling: str, layer: int) -> Figure:
    """The cosines of some texts with each other; ``vectors`` ``(3, L + 1, n, H)`` are those of ``all_vectors``.

    Raises ``ValueError`` for a pooling or a layer there is not.
    """
    kind = POOLINGS.index(check_pooling(pooling))
    if not 0 <= layer < vectors.shape[1]:
        raise ValueError(f"layer={layer} is out of range; there are 0 (embeddings) to {vectors.shape[1] - 1}")
    rows = vectors[kind, layer]  # (n, H)
    figure = Figure(figsize=(7.5, 0.9 + 0.55 * len(texts)), layout="constrained")
    axes = figure.subplots()
    draw_matrix(axes, (rows @ rows.T).numpy())
    axes.set_yticks(range(len(texts)), [f"{place}  {drawable(text, 36)}" for place, text in enumerate(texts, start=1)])
    axes.set_xticks(range(len(texts)), [str(place) for place in range(1, len(texts) + 1)])
    axes.set_title(f"{pooling}, {layer_name(layer)}", loc="left")
    return figure


def panel(bge: BgeM3) -> w.Widget:
    """A box for two to five texts, a pooling and a layer; below them the cosines of the texts with each other."""
    told, last = W["panel"], bge.model.config.num_hidden_layers
    box = w.Textarea(value="\n".join(told["default"]), description=told["texts"], continuous_update=False,
                     layout=w.Layout(width="42em", max_width="100%", height="7em"))  # fmt: skip
    pooling = w.Dropdown(options=POOLINGS, value="cls", description=told["pooling"])
    layer = w.IntSlider(value=last, min=0, max=last, description=told["layer"], continuous_update=False)
    picture = w.Image(format="png", layout=w.Layout(max_width="100%", object_fit="contain"))
    message = w.Label()
    known: dict[str, tuple[list[str], Tensor]] = {}

    def read(_: object = None) -> None:
        texts, message.value = lines_of(bge, box.value)
        known["now"] = texts, all_vectors(bge, texts) if texts else torch.empty(0)
        draw()

    def draw(_: object = None) -> None:
        texts, vectors = known["now"]
        picture.value = png(own_figure(vectors, texts, pooling.value, layer.value)) if texts else b""

    box.observe(read, names="value")
    pooling.observe(draw, names="value")
    layer.observe(draw, names="value")
    read()
    return w.VBox([w.Label(told["hint"]), box, w.HBox([pooling, layer]), message, picture])
