"""Live control of page 08: a question and a passage of the reader's own, compared by all three outputs.

``compared`` and ``figure_of`` are plain functions; ``panel`` wires them to two text areas.
"""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets as w
import torch
from matplotlib.figure import Figure
from torch import Tensor

from classroom.style import png
from classroom.three_outputs.figures import pair_figure
from classroom.words import words
from helpers.lexical import lexical_score
from helpers.multi_vector import max_sim
from helpers.pipeline import BgeM3

W = words("three_outputs")
LONGEST = (24, 40)  # tokens of a question and of a passage, <s> and </s> counted


@dataclass(frozen=True)
class Pair:
    """A question on a passage: ids without ``<s>``, token vectors, lexical weights, and the three scores."""

    ids: tuple[list[int], list[int]]
    vectors: tuple[Tensor, Tensor]  # (Tq, H), (Tp, H)
    lexical: tuple[dict[int, float], dict[int, float]]
    scores: dict[str, float]


def cut(bge: BgeM3, text: str, longest: int) -> str:
    """The start of a text, at most ``longest`` tokens with ``<s>`` and ``</s>``; what fits stays as it is."""
    row, keep = bge.tokenizer(text, truncation=False, verbose=False)["input_ids"], longest
    while len(row) > longest:  # decoded and cut again it may become longer
        text = bge.tokenizer.decode(row[1 : keep - 1])
        row, keep = bge.tokenizer(text, truncation=False, verbose=False)["input_ids"], keep - 1
    return text


def compared(bge: BgeM3, question: str, passage: str) -> tuple[Pair | None, str]:
    """The two texts compared, or ``None``; and a message in words ("" if there is nothing to say).

    Longer texts are cut to ``LONGEST`` and the message says so; an empty one, or one with half a surrogate pair, has
    no comparison and the message says why.
    """
    panel, texts = W["panel"], (question, passage)
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        return None, panel["broken"]
    if not all(text.strip() for text in texts):
        return None, panel["empty"]
    kept = [cut(bge, text, longest) for text, longest in zip(texts, LONGEST, strict=True)]
    one, other = (bge.encode_outputs([text], progress=False) for text in kept)
    vectors, lexical = (one.multi_vector[0], other.multi_vector[0]), (one.lexical[0], other.lexical[0])
    scores = {
        "dense": (one.dense @ other.dense.T).item(),
        "lexical": lexical_score(*lexical),
        "multi": max_sim(*vectors),
    }
    told = panel["cut"].format(question=LONGEST[0], passage=LONGEST[1]) if kept != list(texts) else ""
    first, second = (bge.tokenizer(text)["input_ids"][1:] for text in kept)
    return Pair((first, second), vectors, lexical, scores), told


def figure_of(bge: BgeM3, pair: Pair) -> Figure:
    """The map of a pair, with lexical weights at its edges."""
    rows, columns = (bge.tokenizer.convert_ids_to_tokens(ids) for ids in pair.ids)
    own, theirs = (
        torch.tensor([weights.get(number, 0.0) for number in ids])
        for weights, ids in zip(pair.lexical, pair.ids, strict=True)
    )
    same = torch.tensor(pair.ids[0])[:, None] == torch.tensor(pair.ids[1])[None]  # (Tq, Tp)
    shared = same & (own > 0)[:, None] & (theirs > 0)[None]
    cosines = pair.vectors[0] @ pair.vectors[1].T
    arrays = (part.numpy() for part in (cosines, own, theirs, shared))
    return pair_figure(rows, columns, *arrays, pair.scores)


def panel(bge: BgeM3) -> w.Widget:
    """Two boxes, a question and a passage; below them their three scores and where these come from."""
    told = W["panel"]
    boxes = [
        w.Textarea(value=told[f"default_{name}"], description=told[name], continuous_update=False,
                   layout=w.Layout(width="48em", max_width="100%", height="4.8em"))
        for name in ("question", "passage")
    ]  # fmt: skip
    picture = w.Image(format="png", layout=w.Layout(max_width="100%", object_fit="contain"))
    message = w.Label()

    def draw(_: object = None) -> None:
        pair, message.value = compared(bge, *(box.value for box in boxes))
        picture.value = png(figure_of(bge, pair)) if pair else b""

    for box in boxes:
        box.observe(draw, names="value")
    draw()
    return w.VBox([w.Label(told["hint"]), *boxes, message, picture])
