"""Page 01, live: any text read piece by piece, and the other ways in which a word could have been cut."""

from __future__ import annotations

import heapq
import math
from html import escape
from typing import TYPE_CHECKING

import ipywidgets

from helpers.tokenization import check_texts, piece_id
from helpers.unigram import Vocabulary, normalize_text, segment, split_words, text_pieces

if TYPE_CHECKING:
    from helpers.pipeline import BgeM3

SHOWN = 80  # tokens of a row that are drawn; a long text would drown the page
ROWS = 8
EXAMPLE = "ＢＧＥ－Ｍ３ is a ﬁne model.\n我喜欢用Python进行编程。\nunbelievably long words, 龘 and 🐛\nHello"
CARD = "background:#ffffff;color:#111111;padding:8px;border-radius:6px;line-height:1.9;overflow-x:auto"
BOX = "display:inline-block;border:1px solid #444;border-radius:4px;margin:1px;padding:0 4px;text-align:center"


def box(piece: str, number: int, kind: str, place: int) -> str:
    """One token as an HTML box: piece, id, and in words what is special about it."""
    colours = {"special": "#eeeeee", "unk": "#f6c9a8", "cut": "#ffffff", "pad": "#ffffff"}
    colour = colours.get(kind, ("#cfe6f5", "#fbe3b5")[place % 2])
    border = "border-style:dashed;" if kind != "piece" else ""
    strike = "text-decoration:line-through;" if kind == "cut" else ""
    told = "" if kind in ("piece", "special") else f" {kind}"
    mask = 0 if kind == "pad" else "–" if kind == "cut" else 1
    return (
        f'<span style="{BOX};{border}background:{colour}"><span style="{strike}">{escape(piece)}</span>{told}<br>'
        f'<small>{number}</small><br><small>mask {mask}</small></span>'
    )  # fmt: skip


def kinds(pieces: list[str], vocabulary: Vocabulary, max_length: int) -> list[str]:
    """What each token of ``<s> … </s>`` is: ``special``, ``piece``, ``unk``, or ``cut`` (lost to max_length)."""
    found = []
    for place, piece in enumerate(pieces):
        last = place == len(pieces) - 1
        if place >= max_length - 1 and not last:
            found.append("cut")
        elif piece in vocabulary.special and piece != "<unk>":
            found.append("special")
        else:
            found.append("unk" if piece_id(piece, vocabulary) == vocabulary.special["<unk>"] else "piece")
    return found


def read(bge: BgeM3, text: str, max_length: int, side: str = "right") -> str:
    """Every line of a text as one row of a batch, in HTML: cleaned text, pieces, ids, mask, padding, what is cut.

    ``side`` is where the padding goes. At most 8 lines, and of each the first 80 tokens, are drawn.
    """
    lines = (text.split("\n") or [""])[:ROWS]
    try:
        check_texts(lines)
    except ValueError as error:
        return f'<div style="{CARD}">{escape(str(error))}</div>'
    rows = [["<s>", *text_pieces(line, bge.vocabulary), "</s>"] for line in lines]
    longest = min(max_length, max(map(len, rows)))
    parts = []
    for line, pieces in zip(lines, rows, strict=True):
        sorts = kinds(pieces, bge.vocabulary, max_length)
        kept = len(pieces) - sorts.count("cut")
        numbers = [piece_id(piece, bge.vocabulary) for piece in pieces]
        tokens = [box(*token, place) for place, token in enumerate(zip(pieces, numbers, sorts, strict=True))]
        padding = [box("<pad>", bge.vocabulary.special["<pad>"], "pad", 0)] * (longest - kept)
        tokens = padding + tokens if side == "left" else tokens + padding
        more = f" … and {len(tokens) - SHOWN:,} more" if len(tokens) > SHOWN else ""
        lost = f", <b>{len(pieces) - kept:,} lost</b>" if kept < len(pieces) else ""
        cleaned = escape(normalize_text(line, bge.vocabulary)[:400])
        boxes = "".join(tokens[:SHOWN])
        parts.append(f"<div>cleaned: <code>{cleaned}</code> · {kept:,} tokens{lost}<br>{boxes}{more}</div>")
    told = f"ids and mask ({len(rows)}, {longest:,})" + ("; first 8 lines" if text.count("\n") >= ROWS else "")
    return f'<div style="{CARD}"><b>{told}</b>{"".join(parts)}</div>'


def n_best(word: str, vocabulary: Vocabulary, count: int) -> list[tuple[float, list[str]]]:
    """The ``count`` best ways to cut one ``▁word``: (sum of scores, pieces), best first.

    ``best[end]`` holds the best few cuts of ``word[:end]``, where Viterbi keeps only one.
    """
    best: list[list[tuple[float, list[str]]]] = [[(0.0, [])]] + [[] for _ in word]
    for end in range(1, len(word) + 1):
        found = []
        for start in range(max(0, end - vocabulary.longest), end):
            piece = word[start:end]
            score = vocabulary.scores.get(piece, vocabulary.unknown_score if end - start == 1 else None)
            if score is not None:
                found += [(total + score, [*pieces, piece]) for total, pieces in best[start]]
        best[end] = heapq.nlargest(count, found, key=lambda cut: cut[0])
    return best[-1]


def chances(scores: list[float], alpha: float) -> list[float]:
    """Probability of each cut when one is drawn: score times ``alpha``, through a softmax (Kudo 2018)."""
    top = max(scores)
    weights = [math.exp(alpha * (score - top)) for score in scores]
    return [weight / sum(weights) for weight in weights]


def candidates(bge: BgeM3, text: str, alpha: float, count: int = 8) -> str:
    """The best cuts of a text's first word, in HTML, with the probability of drawing each at ``alpha``."""
    try:
        check_texts([text])
    except ValueError as error:
        return f'<div style="{CARD}">{escape(str(error))}</div>'
    words = split_words(normalize_text(text[:40], bge.vocabulary))
    if not words:
        return f'<div style="{CARD}">no word yet</div>'
    cuts = n_best(words[0], bge.vocabulary, count)
    rows = ""
    for (score, pieces), chance in zip(cuts, chances([score for score, _ in cuts], alpha), strict=True):
        bar = f'<span style="display:inline-block;background:#0072B2;height:0.7em;width:{200 * chance:.0f}px"></span>'
        rows += f"<div><code>{chance:6.1%} {score:8.2f}</code> {bar} {escape(' | '.join(pieces))}</div>"
    best = escape(" | ".join(segment(words[0], bge.vocabulary)))
    return f'<div style="{CARD}">Viterbi takes <b>{best}</b>{rows}</div>'


def panel(bge: BgeM3) -> ipywidgets.Widget:
    """Two tools: read any text (with max_length and padding side), and see how else its first word could be cut."""
    text = ipywidgets.Textarea(EXAMPLE, description="Text", layout={"width": "95%", "height": "6em"})
    length = ipywidgets.IntSlider(10, 3, bge.max_length, description="max_length", continuous_update=False)
    side = ipywidgets.ToggleButtons(options=["right", "left"], description="Padding")
    word = ipywidgets.Text("unbelievably", description="Word")
    alpha = ipywidgets.FloatSlider(0.3, min=0, max=2, step=0.05, description="alpha", continuous_update=False)
    reading, cuts = ipywidgets.HTML(), ipywidgets.HTML()

    def update(_: object = None) -> None:
        reading.value = read(bge, text.value, length.value, side.value)
        cuts.value = candidates(bge, word.value, alpha.value)

    for control in (text, length, side, word, alpha):
        control.observe(update, "value")
    update()
    return ipywidgets.VBox([text, length, side, reading, word, alpha, cuts])
