"""The live control of the encoder page: layer and head sliders over the attention map of any sentence.

``look`` walks a text once, ``picture`` and ``told`` answer for a layer and a head; ``panel`` wires them up.
"""

from __future__ import annotations

import html
import warnings
from dataclasses import dataclass

import torch
from ipywidgets import HTML, HBox, Image, IntSlider, Layout, Text, VBox
from matplotlib.figure import Figure

from classroom.encoder.figures import attention_map
from classroom.style import png
from classroom.words import words
from helpers.pipeline import BgeM3
from helpers.tokenization import TruncationWarning, check_texts

W = words("encoder")["panel"]
SHOWN = 24  # tokens in the picture; more could not be read
FIRST = "什么是大型语言模型？"


@dataclass(frozen=True)
class Look:
    """A text's tokens (T of them), its attention maps ``(L, A, T, T)``, and how many tokens it lost to fit."""

    tokens: list[str]
    maps: torch.Tensor
    cut: int


def look(bge: BgeM3, text: str, shown: int = SHOWN) -> Look:
    """Walk one text, cut to ``shown`` tokens so that the picture stays readable.

    Raises ``ValueError`` for text that is not valid Unicode. The empty text has two tokens.
    """
    check_texts([text])
    limit = min(shown, bge.max_length)
    whole = len(bge.tokenizer(text, truncation=False, verbose=False)["input_ids"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncationWarning)  # the caption says it
        walk = bge.walk([text], max_length=limit)
    return Look(walk.tokens[0], torch.stack([maps[0] for maps in walk.attentions]), max(0, whole - limit))


def chosen(seen: Look, layer: int, head: int) -> torch.Tensor:
    """The map ``(T, T)`` of ``layer`` and ``head``, both counted from 1. Raises ``IndexError`` beyond the last."""
    layers, heads = seen.maps.shape[:2]
    if not (1 <= layer <= layers and 1 <= head <= heads):
        raise IndexError(f"layer {layer}, head {head}: this model has {layers} layers of {heads} heads, from 1")
    return seen.maps[layer - 1, head - 1]


def picture(seen: Look, layer: int, head: int) -> Figure:
    """The attention map of one layer and head as a figure."""
    return attention_map(chosen(seen, layer, head).cpu().numpy(), seen.tokens, layer, head)


def told(seen: Look, layer: int, head: int) -> str:
    """The same map in words, as HTML: the shares of ``<s>`` and ``</s>``, and the firmest look."""
    weights = chosen(seen, layer, head)  # (T, T)
    length = len(seen.tokens)
    query, key = divmod(int(weights.argmax()), length)
    shares = {"start": weights[:, 0].mean(), "end": weights[:, -1].mean(), "even": 1 / length, "most": weights.max()}
    text = W["told"].format(
        tokens=length, one=seen.tokens[query], two=seen.tokens[key],
        **{name: f"{float(share):.0%}" for name, share in shares.items()},
    )  # fmt: skip
    return html.escape(text + (" " + W["cut"].format(count=seen.cut) if seen.cut else ""))


def panel(bge: BgeM3) -> VBox:
    """A text field, a slider for the layer and one for the head; below, the map and what it says."""
    wide = Layout(width="28em")
    layers, heads = bge.model.config.num_hidden_layers, bge.model.config.num_attention_heads
    text = Text(value=FIRST, description=W["text"], layout=Layout(width="57em"))
    layer = IntSlider(1, 1, layers, description=W["layer"], layout=wide)
    head = IntSlider(1, 1, heads, description=W["head"], layout=wide)
    image, caption = Image(format="png"), HTML()
    seen = [look(bge, FIRST)]

    def draw(_: object = None) -> None:
        image.value = png(picture(seen[0], layer.value, head.value), dpi=80)
        caption.value = told(seen[0], layer.value, head.value)

    def walk(change: dict) -> None:
        try:
            seen[0] = look(bge, change["new"])
        except ValueError as error:
            caption.value = html.escape(str(error))
        else:
            draw()

    text.observe(walk, names="value")
    layer.observe(draw, names="value")
    head.observe(draw, names="value")
    draw()
    return VBox([text, HBox([layer, head]), caption, image])
