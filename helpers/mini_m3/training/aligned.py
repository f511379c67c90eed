"""Makes twins of natural sentences: translations in which two words change places on both sides.

Which English word stands for which Chinese piece is counted, not known: words and pieces that occur in the same pairs
(Dice's coefficient, 2 · both / (one + other)). ``The teacher lined the children up. 老师给孩子们排队。`` becomes
``The children lined the teacher up. 孩子们给老师排队。``. Many twins are nonsense, but the same nonsense twice, so only
the order of the words can tell which translation is right. What it simplifies: one piece a word, no parts of speech.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence

from tokenizers import Tokenizer

from helpers.mini_m3.training.near_misses import Twins, listed

LONGEST = 80  # characters of the English side
OFTEN, CLOSE = 4, 0.25  # pairs that hold both, and Dice's coefficient, at the least
NO_CONTENT = listed(
    "an the my your his her our their some this that no two three in of with to for from and than by about you was "
    "were are have has had did does not what who how when will would can could should"
)
WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")


def english_words(text: str) -> list[str]:
    """Words in lower case."""
    return [word.lower() for word in WORD.findall(text)]


def dictionary(sides: Sequence[tuple[list[str], list[str]]]) -> dict[str, set[str]]:
    """For each English word the pieces, two at the most, that occur where it does."""
    words, pieces, both = Counter(), Counter(), Counter()
    for english, chinese in sides:
        one, other = set(english), set(chinese)
        words.update(one)
        pieces.update(other)
        both.update((word, piece) for word in one for piece in other)
    found: dict[str, list[tuple[float, str]]] = {}
    for (word, piece), count in both.items():
        dice = 2 * count / (words[word] + pieces[piece])
        if count >= OFTEN and dice > CLOSE:
            found.setdefault(word, []).append((dice, piece))
    return {word: {piece for _, piece in sorted(rows)[-2:]} for word, rows in found.items()}


def exchange(text: str, one: str, other: str) -> str:
    """The text with the two words or pieces in each other's place; whole words only where they are Latin."""
    edge = r"\b" if one.isascii() else ""
    return re.sub(
        f"{edge}(?:{re.escape(one)}|{re.escape(other)}){edge}",
        lambda found: other if found[0].lower() == one else one,
        text,
        flags=re.IGNORECASE,
    )


def aligned_twins(lines: Sequence[Sequence[str]], tokenizer: Tokenizer, seed: int = 0) -> list[Twins]:
    """One pair of twins of each ``(english, chinese)`` line in which two words and their two pieces occur once."""
    short = [line for line in lines if len(line[0]) <= LONGEST]
    cuts = tokenizer.encode_batch([line[1] for line in short], add_special_tokens=False)
    chinese = [
        [piece for token in cut.tokens if (piece := token.strip("▁")).isalnum() and not piece.isascii()] for cut in cuts
    ]
    english = [english_words(line[0]) for line in short]
    known, draw, made = dictionary(list(zip(english, chinese, strict=True))), random.Random(seed), []
    for (text, translation), words, pieces in zip(short, english, chinese, strict=True):
        found = {}
        for word in set(words) - set(NO_CONTENT):
            own = [piece for piece in known.get(word, ()) if pieces.count(piece) == translation.count(piece) == 1]
            if len(own) == 1 and words.count(word) == 1 and len(word) > 2:
                found[word] = own[0]
        if len(found) > 1:
            one, other = draw.sample(sorted(found), 2)
            here, there = found[one], found[other]
            if here not in there and there not in here:
                twin = exchange(text, one, other)
                made.append(
                    Twins("order", text, translation, twin[0].upper() + twin[1:], exchange(translation, here, there))
                )
    return made
