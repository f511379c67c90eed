"""The live control of page 02: type a text, pick one of its pieces, see the nearest rows of the word table."""

from __future__ import annotations

from html import escape

import ipywidgets
import torch

from classroom.style import BLUE
from classroom.words import words
from helpers.pipeline import BgeM3

W = words("embedding_layers")["panel"]
PIECES = 64  # pieces of a text that the control looks at
LETTERS = 2000  # characters of a text that are tokenized at all


def pieces(bge: BgeM3, text: str) -> list[int]:
    """Ids of a text's first pieces, without ``<s>`` and ``</s>``, at most ``PIECES`` of them."""
    return bge.tokenizer(text[:LETTERS], add_special_tokens=False, verbose=False)["input_ids"][:PIECES]


@torch.no_grad()
def nearest(bge: BgeM3, piece: int, count: int) -> list[tuple[str, float]]:
    """The ``count`` rows of the word table with the greatest cosine to row ``piece``, itself left out.

    A row of zeros (padding, in many checkpoints) has no direction: its cosines are 0.
    """
    table = bge.model.embeddings.word_embeddings.weight  # (V, H)
    norms = table.norm(dim=1).clamp_min(1e-12)  # (V,)
    cosine = table @ table[piece] / (norms * norms[piece])  # (V,)
    cosine[piece] = -2
    best = cosine.topk(min(count, len(table) - 1))
    return list(zip(bge.tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


def neighbours(bge: BgeM3, text: str, number: int, count: int) -> str:
    """HTML table: the nearest rows to piece ``number`` (from 1; past the end means the last) of a text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return f"<p><i>{W['bad']}</i></p>"
    ids = pieces(bge, text)
    if not ids:
        return f"<p><i>{W['none']}</i></p>"
    place = min(max(number, 1), len(ids)) - 1
    names = [escape(name) for name in bge.tokenizer.convert_ids_to_tokens(ids)]
    names[place] = f"<mark>{names[place]}</mark>"
    notes = [W["unknown"]] * (ids[place] == bge.tokenizer.unk_token_id)
    notes += [W["cut"].format(count=PIECES)] * (len(ids) == PIECES)
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{value:.2f}</td><td><span style='display:inline-block;"
        f"height:.8em;background:{BLUE};width:{max(0, round(200 * value))}px'></span></td></tr>"
        for name, value in nearest(bge, ids[place], count)
    )
    told = "".join(f"<p><i>{note}</i></p>" for note in notes)
    return f"<p>{' · '.join(names)}</p>{told}<table>{rows}</table>"


def panel(bge: BgeM3) -> ipywidgets.Widget:
    """A text, one of its pieces, how many neighbours; the table follows every change."""
    text = ipywidgets.Text("music kitten 编程", description=W["text"], continuous_update=False)
    which = ipywidgets.IntSlider(1, 1, 12, description=W["piece"], continuous_update=False)
    count = ipywidgets.IntSlider(8, 1, 20, description=W["count"], continuous_update=False)
    table = ipywidgets.HTML()

    def look(_: object = None) -> None:
        table.value = neighbours(bge, text.value, which.value, count.value)

    for control in (text, which, count):
        control.observe(look, "value")
    look()
    return ipywidgets.VBox([ipywidgets.HBox([text, which, count], layout={"flex_flow": "row wrap"}), table])
