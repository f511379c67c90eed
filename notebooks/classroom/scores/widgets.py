"""Live control of page 07: the reader's own pair of texts among five kinds of pairs."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as w
import numpy as np
from torch import Tensor

from classroom.scores.figures import kinds_figure
from classroom.scores.measure import encode_course, five_kinds
from classroom.style import png
from classroom.words import words
from helpers.pipeline import BgeM3

W = words("scores")
LONGEST = 128  # tokens of a text


def shortened(bge: BgeM3, text: str) -> tuple[str, str]:
    """The text as far as it is used, and a message in words ("" if there is nothing to say).

    An empty text, or one with half a surrogate pair, gives "" and the reason.
    """
    told = W["panel"]
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "", told["broken"]
    if not text.strip():
        return "", told["empty"]
    ids = bge.tokenizer(text, truncation=False, verbose=False)["input_ids"]
    if len(ids) > LONGEST:
        return bge.tokenizer.decode(ids[1 : LONGEST - 1]), told["cut"].format(count=LONGEST)
    return text, ""


def cosine_of(bge: BgeM3, one: str, other: str) -> tuple[float | None, str]:
    """The cosine of two texts and a message; ``None`` and the reason if there is none.

    >>> cosine_of(bge, "", "Hello")
    (None, 'Write something in both boxes.')
    """
    kept = [shortened(bge, text) for text in (one, other)]
    told = " ".join(dict.fromkeys(message for _, message in kept if message))
    if not all(text for text, _ in kept):
        return None, told
    vectors = bge.encode([text for text, _ in kept], progress=False)  # (2, H)
    return float(vectors[0] @ vectors[1]), told


def panel(bge: BgeM3, kinds: Mapping[str, Tensor] | None = None) -> w.Widget:
    """Two boxes for two texts; below them ``kinds``, as ``five_kinds`` gives them, with the pair as a line."""
    kinds = five_kinds(encode_course(bge)) if kinds is None else kinds
    hills: dict[str, np.ndarray] = {name: values.numpy() for name, values in kinds.items()}
    told = W["panel"]
    wide = w.Layout(width="42em", max_width="100%")
    boxes = [
        w.Text(value=text, description=told[name], continuous_update=False, layout=wide)
        for name, text in zip(("first", "second"), told["default"], strict=True)
    ]
    picture = w.Image(format="png", layout=w.Layout(max_width="100%", object_fit="contain"))
    message = w.Label()

    def draw(_: object = None) -> None:
        cosine, message.value = cosine_of(bge, *(box.value for box in boxes))
        picture.value = b"" if cosine is None else png(kinds_figure(hills, cosine))

    for box in boxes:
        box.observe(draw, names="value")
    draw()
    return w.VBox([w.Label(told["hint"]), *boxes, message, picture])
