"""Page 00, live: any text on its way to a vector, and which of a few sentences lie nearest.

``told`` makes the HTML and can be called without a browser; ``panel`` wires it to a text box.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets
from torch import Tensor

from classroom.words import words
from helpers.pipeline import BgeM3
from helpers.tokenization import check_texts

LONGEST = 400  # characters that are read
SHOWN = 40  # pieces that are drawn
CARD = "background:#ffffff;color:#111111;padding:8px;border-radius:6px;line-height:1.7;overflow-x:auto"
BOX = "display:inline-block;border:1px solid #444;border-radius:4px;margin:1px;padding:0 4px;background:#cfe6f5"
BAR = "display:inline-block;height:0.8em;background:#0072B2;vertical-align:middle;margin-right:6px"


def told(bge: BgeM3, text: str, sentences: Sequence[str], vectors: Tensor) -> str:
    """Pieces, shapes and first numbers of a text, and its cosine with each sentence, nearest first, as HTML.

    ``vectors`` ``(n, H)`` are those of the ``sentences``. A text of which nothing can be read gets a message.
    """
    W = words("from_text_to_vector")["panel"]
    try:
        check_texts([text])
    except ValueError as error:  # half a surrogate pair
        return f'<div style="{CARD}">{escape(str(error))}</div>'
    if not text.strip():
        return f'<div style="{CARD}">{W["empty"]}</div>'
    cut = W["long"].format(count=LONGEST) if len(text) > LONGEST else ""
    text = text[:LONGEST]
    vector = bge.encode([text], progress=False)[0]  # (H,)
    tokens = bge.tokenizer.convert_ids_to_tokens(bge.tokenizer(text)["input_ids"])
    more = W["more"].format(count=len(tokens) - SHOWN) if len(tokens) > SHOWN else ""
    boxes = "".join(f'<span style="{BOX}">{escape(token)}</span>' for token in tokens[:SHOWN])
    numbers = ", ".join(f"{value:+.3f}" for value in vector[:5].tolist())
    size = len(vector)
    rows = []
    for score, sentence in sorted(zip((vectors @ vector).tolist(), sentences, strict=True), reverse=True):
        bar = f'<span style="{BAR};width:{max(score, 0) * 10:.1f}em"></span>'
        rows.append(f"<tr><td>{score:.2f}</td><td>{bar}</td><td>{escape(sentence)}</td></tr>")
    return (
        f'<div style="{CARD}">{cut} {W["pieces"].format(count=len(tokens))}: {boxes} {more}<br>'
        f"{W['shapes'].format(tokens=len(tokens), size=size)}<br>{W['first'].format(size=size)}: {numbers}, …<br>"
        f"{W['nearest']}<table>{''.join(rows)}</table></div>"
    )


def panel(bge: BgeM3, sentences: Sequence[str] = ("我喜欢用Python。", "I like Python.")) -> ipywidgets.Widget:
    """A box for one text; below it its way to a vector, and the sentences in the order of their cosine with it."""
    W = words("from_text_to_vector")["panel"]
    vectors = bge.encode(sentences, progress=False)  # (n, H)
    box = ipywidgets.Text(W["default"], description=W["text"], continuous_update=False, layout={"width": "95%"})
    answer = ipywidgets.HTML()

    def update(_: object = None) -> None:
        answer.value = told(bge, box.value, sentences, vectors)

    box.observe(update, "value")
    update()
    return ipywidgets.VBox([box, answer])
