"""Page 01, live: any text read piece by piece, and Viterbi's table filled letter by letter."""

from __future__ import annotations

from html import escape

import ipywidgets

from classroom.tokenization.measure import endings
from classroom.words import words
from helpers.tokenization import check_texts, piece_id
from helpers.unigram import Vocabulary, normalize_text, split_words, text_pieces

SHOWN = 80  # tokens of a row that are drawn; a long text would drown the page
ROWS = 8
LETTERS = 24  # of a word in the table
EXAMPLE = (
    "ＢＧＥ－Ｍ３ is a ﬁne model.\n我喜欢用Python进行编程。\nunbelievably long words, 龘 and 🐛\n<s>was 90</s> now 60"
)
CARD = "background:#ffffff;color:#111111;padding:8px;border-radius:6px;line-height:1.9;overflow-x:auto"
BOX = "display:inline-block;border:1px solid #444;border-radius:4px;margin:1px;padding:0 4px;text-align:center"


def card(html: str) -> str:
    """HTML on a white card, readable on light and dark pages."""
    return f'<div style="{CARD}">{html}</div>'


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


def read(vocabulary: Vocabulary, text: str, max_length: int) -> str:
    """Every line of a text as one row of a batch, in HTML: cleaned text, pieces, ids, mask, padding, what is cut.

    At most 8 lines, and of each the first 80 tokens, are drawn. Half a surrogate pair is answered with a message.
    """
    W = words("tokenization")["panel"]
    lines = text.split("\n")[:ROWS]
    try:
        check_texts(lines)
    except ValueError as error:
        return card(escape(str(error)))
    rows = [["<s>", *text_pieces(line, vocabulary), "</s>"] for line in lines]
    longest = min(max_length, max(map(len, rows)))
    parts = []
    for line, pieces in zip(lines, rows, strict=True):
        sorts = kinds(pieces, vocabulary, max_length)
        kept = len(pieces) - sorts.count("cut")
        numbers = [piece_id(piece, vocabulary) for piece in pieces]
        tokens = [box(*token, place) for place, token in enumerate(zip(pieces, numbers, sorts, strict=True))]
        tokens += [box("<pad>", vocabulary.special["<pad>"], "pad", 0)] * (longest - kept)
        more = W["more"].format(count=len(tokens) - SHOWN) if len(tokens) > SHOWN else ""
        lost = f", <b>{W['lost'].format(count=len(pieces) - kept)}</b>" if kept < len(pieces) else ""
        cleaned = escape(normalize_text(line, vocabulary)[:400])
        told = f"{W['cleaned']}: <code>{cleaned}</code> · {W['tokens'].format(count=kept)}{lost}"
        parts.append(f"<div>{told}<br>{''.join(tokens[:SHOWN])}{more}</div>")
    told = W["rows"].format(rows=len(rows), longest=longest)
    told += W["first_rows"].format(rows=ROWS) if text.count("\n") >= ROWS else ""
    return card(f"<b>{told}</b>{''.join(parts)}")


def panel(vocabulary: Vocabulary) -> ipywidgets.Widget:
    """Type any text, one row of the batch a line, and set ``max_length``."""
    W = words("tokenization")["panel"]
    text = ipywidgets.Textarea(EXAMPLE, description=W["text"], layout={"width": "95%", "height": "6em"})
    length = ipywidgets.IntSlider(12, 3, 60, description=W["length"], continuous_update=False)
    reading = ipywidgets.HTML()

    def update(_: object = None) -> None:
        reading.value = read(vocabulary, text.value, length.value)

    for control in (text, length):
        control.observe(update, "value")
    update()
    return ipywidgets.VBox([text, length, reading])


def table(word: str, vocabulary: Vocabulary) -> list[list[tuple[float, int, str]]]:
    """For every number of letters read the ways to get there, best first: (sum, start of the last piece, the piece).

    ``table(word, v)[end][0]`` is Viterbi's ``best[end]``; the first entry, nothing read, is ``[(0.0, 0, "")]``.
    A character that no piece covers costs ``unknown_score``.

    >>> table("▁lowest", vocabulary)[-1][0][1:]
    (3, 'west')
    """
    best: list[list[tuple[float, int, str]]] = [[(0.0, 0, "")]]
    for end in range(1, len(word) + 1):
        ways = [(best[start][0][0] + score, start, piece) for start, piece, score in endings(word, end, vocabulary)]
        best.append(sorted(ways, key=lambda way: -way[0]))
    return best


def first_word(text: str, vocabulary: Vocabulary) -> str:
    """The first ``▁word`` of a text after cleaning, at most 24 characters of it; empty if there is none.

    Raises ``ValueError`` for half a surrogate pair.
    """
    check_texts([text])
    found = split_words(normalize_text(text[: 4 * LETTERS], vocabulary))
    return found[0][:LETTERS] if found else ""


def filled(text: str, vocabulary: Vocabulary, step: int) -> str:
    """Viterbi's table in HTML when ``step`` letters of a text's first word are read: the choice, the sums so far."""
    W = words("tokenization")["panel"]
    try:
        word = first_word(text, vocabulary)
    except ValueError as error:
        return card(escape(str(error)))
    if not word:
        return card(W["no_word"])
    step, best = min(step, len(word)), table(word, vocabulary)
    cell = "border:1px solid #888;padding:2px 6px;text-align:center"
    sums = [f"{ways[0][0]:.2f}" if number <= step else "·" for number, ways in enumerate(best)][1:]
    looks = [f"{cell};font-weight:bold" if number < step else f"{cell};color:#767676" for number in range(len(word))]
    letters = "".join(f'<td style="{look}">{escape(c)}</td>' for look, c in zip(looks, word, strict=True))
    values = "".join(f'<td style="{cell}">{value}</td>' for value in sums)
    grid = f'<table style="border-collapse:collapse"><tr>{letters}</tr><tr>{values}</tr></table>'
    if step == 0:
        return card(f"{grid}{W['nothing']}")
    ways = "".join(
        f"<div>{'<b>→</b>' if number == 0 else '&nbsp;&nbsp;'} {escape(word[:start]) or '·'} "
        f"({best[start][0][0]:.2f}) + <b>{escape(piece)}</b> ({total - best[start][0][0]:.2f}) = {total:.2f}</div>"
        for number, (total, start, piece) in enumerate(best[step][:8])
    )
    pieces, end = [], step
    while end:
        _, end, piece = best[end][0]
        pieces.insert(0, piece)
    told = W["takes"].format(word=escape(word[:step]), piece=escape(pieces[-1]), score=best[step][0][0])
    note = f"<br><small>{W['first'].format(count=LETTERS)}</small>" if len(word) == LETTERS else ""
    return card(f"{grid}{ways}{told}: <code>{escape(' | '.join(pieces))}</code>{note}")


def viterbi_panel(vocabulary: Vocabulary, word: str = "lowest") -> ipywidgets.Widget:
    """Type a word and read it letter by letter: what each new place chooses from, and the table so far."""
    W = words("tokenization")["panel"]
    text = ipywidgets.Text(word, description=W["word"])
    step = ipywidgets.IntSlider(3, 0, LETTERS, description=W["step"], style={"description_width": "initial"})
    shown = ipywidgets.HTML()

    def update(_: object = None) -> None:
        try:
            step.max = max(1, len(first_word(text.value, vocabulary)))
        except ValueError:
            step.max = 1
        shown.value = filled(text.value, vocabulary, step.value)

    for control in (text, step):
        control.observe(update, "value")
    update()
    return ipywidgets.VBox([text, step, shown])
