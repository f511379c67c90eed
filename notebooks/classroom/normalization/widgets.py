"""Live control of page 05: the reader's own two texts as arrows, one of them stretched.

``pair_of`` is a plain function; ``panel`` wires it to two text fields and a slider.
"""

from __future__ import annotations

import ipywidgets as w
from torch import Tensor

from classroom.normalization.figures import angle_figure
from classroom.pooling.measure import raw_vectors
from classroom.style import png
from classroom.words import words
from helpers.normalization import cosine
from helpers.pipeline import BgeM3

W = words("normalization")["panel"]
LONGEST = 64  # tokens of a text


def pair_of(bge: BgeM3, one: str, other: str) -> tuple[Tensor | None, str]:
    """The rows of two texts before the division ``(2, H)``, and a message in words ("" if there is nothing to say).

    An empty text, or half a surrogate pair, gives no rows and the reason; the message also says what was cut.
    """
    texts, told = [one.strip(), other.strip()], ""
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        return None, W["broken"]
    if not all(texts):
        return None, W["empty"]
    for number, text in enumerate(texts):
        ids = bge.tokenizer(text, truncation=False, verbose=False)["input_ids"]
        if len(ids) > LONGEST:
            texts[number] = bge.tokenizer.decode(ids[1 : LONGEST - 1])
            told = W["cut"].format(count=LONGEST)
    return raw_vectors(bge, texts)[0], told


def panel(bge: BgeM3) -> w.Widget:
    """Two texts and a stretch for the second; below them the two arrows with their numbers."""
    wide = w.Layout(width="42em", max_width="100%")
    one, other = (w.Text(value=text, description=W[name], layout=wide, continuous_update=False)
                  for name, text in zip(("one", "other"), W["defaults"], strict=True))  # fmt: skip
    stretch = w.FloatSlider(value=1, min=0.2, max=2, step=0.1, description=W["stretch"], continuous_update=False)
    picture = w.Image(format="png", layout=w.Layout(max_width="100%", object_fit="contain"))
    message = w.Label()
    known: dict[str, Tensor | None] = {}

    def read(_: object = None) -> None:
        known["rows"], message.value = pair_of(bge, one.value, other.value)
        draw()

    def draw(_: object = None) -> None:
        rows = known["rows"]
        if rows is None:
            picture.value = b""
            return
        first, second = rows.norm(dim=1).tolist()
        figure = angle_figure(cosine(*rows).item(), (first, second * stretch.value), (one.value, other.value))
        picture.value = png(figure)

    for box in (one, other):
        box.observe(read, names="value")
    stretch.observe(draw, names="value")
    read()
    return w.VBox([w.Label(W["hint"]), one, other, stretch, message, picture])
