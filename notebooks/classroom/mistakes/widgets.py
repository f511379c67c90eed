"""Live control of page 10: the reader's own sentence searches twice, once right and once with a mistake.

``read`` and ``answer`` are plain functions; ``panel`` wires them to a text field and two menus.
"""

from __future__ import annotations

from functools import cache
from html import escape

import ipywidgets as w
from torch import Tensor

from classroom.mistakes import exhibits
from classroom.mistakes.exhibits import EXHIBITS
from classroom.sample import sample
from classroom.sentences import load_sentences
from classroom.words import words
from helpers.pipeline import BgeM3

W = words("mistakes")
LONGEST = 64  # tokens of the reader's text
SHOWN = 3  # hits of each search


def read(bge: BgeM3, typed: str) -> tuple[str, str]:
    """The text of the field as far as it is used, and a message in words ("" if there is nothing to say).

    An empty field and half a surrogate pair give no text and the reason.
    """
    told = W["panel"]
    if any("\ud800" <= character <= "\udfff" for character in typed):
        return "", told["broken"]
    text = typed.strip()
    if not text:
        return "", told["empty"]
    ids = bge.tokenizer(text, truncation=False, verbose=False)["input_ids"]
    if len(ids) > LONGEST:
        return bge.tokenizer.decode(ids[1 : LONGEST - 1]), told["cut"].format(count=LONGEST)
    return text, ""


def hits(question: Tensor, index: Tensor, texts: list[str]) -> list[tuple[float, str]]:
    """The nearest ``SHOWN`` texts of a question ``(1, H)`` in an index ``(n, H)``, each with its cosine."""
    scores = (index @ question[0]).tolist()
    best = sorted(range(len(texts)), key=lambda place: -scores[place])[:SHOWN]
    return [(scores[place], texts[place]) for place in best]


def column(title: str, found: list[tuple[float, str]]) -> str:
    """One search as HTML: a heading and its hits."""
    items = "".join(f"<li>{score:.2f} &nbsp;{escape(text)}</li>" for score, text in found)
    return f"<div style='flex:1 1 22em;margin-right:1.5em'><b>{escape(title)}</b><ol>{items}</ol></div>"


def panel(bge: BgeM3) -> w.Widget:
    """A text field, a mistake, and who makes it: the question alone, or the question and the index."""
    told, names = W["panel"], {W["mistakes"][name]["name"]: name for name in EXHIBITS}
    texts = [sentence.english for sentence in sample(bge, load_sentences(), few=20, count=60)]
    right_index = exhibits.right(bge, texts)  # (n, H)

    @cache
    def index(name: str) -> Tensor:
        return EXHIBITS[name].texts(bge, texts)

    box = w.Text(value=told["default"], description=told["text"], continuous_update=False,
                 layout=w.Layout(width="42em", max_width="100%"))  # fmt: skip
    mistake = w.Dropdown(options=list(names.items()), value="pooler", description=told["mistake"])
    where = w.Dropdown(options=[(side, place) for place, side in enumerate(told["sides"])], description=told["where"])
    shown = w.HTML()

    def answer(_: object = None) -> None:
        text, message = read(bge, box.value)
        status = f"<p role='status'>{escape(message)}</p>"
        if not text:
            shown.value = status
            return
        exhibit = EXHIBITS[mistake.value]
        wrong_index = index(mistake.value) if where.value else right_index  # (n, H)
        right = hits(exhibits.right(bge, [text]), right_index, texts)
        wrong = hits(exhibit.questions(bge, [text]), wrong_index, texts)
        title = f"{told['wrong']}: {W['mistakes'][mistake.value]['name']}, {told['sides'][where.value]}"
        columns = column(told["right"], right) + column(title, wrong)
        shown.value = f"{status}<div style='display:flex;flex-wrap:wrap'>{columns}</div>"

    for control in (box, mistake, where):
        control.observe(answer, names="value")
    answer()
    return w.VBox([w.Label(told["hint"]), box, w.HBox([mistake, where]), shown])
