"""The pieces of a text: cleaning, words, and the best segmentation under a unigram language model.

Three steps, each a function: clean the text (``normalize_text``), split it at white space and mark
word starts with ``▁`` (``split_words``), cut each word into the pieces whose scores add up to the most
(``segment``: Viterbi). ``text_pieces`` runs all three and steps around special tokens.

Sources: Kudo & Richardson 2018 (SentencePiece, arXiv 1808.06226); Kudo 2018 (arXiv 1804.10959, eq. 7).
Simplified here: cleaning uses the tokenizer's own compiled nmt_nfkc table, which is data rather than
an algorithm, and Viterbi looks pieces up in a dict where the libraries walk a trie.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SPACE = "▁"
WHITE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
UNKNOWN_PENALTY = 10.0


@dataclass(frozen=True)
class Vocabulary:
    """What a tokenizer knows: the id and score of every piece, the special tokens, the cleaning table.

    ``scores`` are natural-log probabilities; the more negative, the rarer the piece.
    """

    ids: dict[str, int]
    scores: dict[str, float]
    special: dict[str, int]
    tokenizer: PreTrainedTokenizerBase

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> Vocabulary:
        """Read the vocabulary of a loaded XLM-R tokenizer. Raises ``ValueError`` for any other kind."""
        model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
        if model.get("type", "Unigram") != "Unigram" or "unk_id" not in model:
            raise ValueError(f"this is a {model.get('type')} tokenizer; bge-m3's is a Unigram one")
        ids = {piece: number for number, (piece, _) in enumerate(model["vocab"])}
        special = {str(token): number for number, token in tokenizer.added_tokens_decoder.items()}
        return cls(ids, dict(model["vocab"]), special, tokenizer)

    @cached_property
    def unknown_score(self) -> float:
        """Score of one character that no piece covers: the lowest score, less 10."""
        return min(self.scores.values()) - UNKNOWN_PENALTY

    @cached_property
    def longest(self) -> int:
        """Characters in the longest piece."""
        return max(map(len, self.scores))

    @cached_property
    def special_pattern(self) -> re.Pattern[str]:
        """Finds special tokens written out in a text. The blanks ``<mask>`` swallows are dropped in any case."""
        return re.compile("|".join(map(re.escape, self.special)))


def normalize_text(text: str, vocabulary: Vocabulary) -> str:
    """Cleaned text (nmt_nfkc): full-width → ASCII, ligatures apart, control characters gone; case is kept.

    >>> normalize_text("ＢＧＥ－Ｍ３　ﬁne", vocabulary)
    'BGE-M3 fine'
    """
    return vocabulary.tokenizer.backend_tokenizer.normalizer.normalize_str(text)


def split_words(cleaned: str) -> list[str]:
    """Words of cleaned text, each opening with ``▁``; the white space itself is gone.

    >>> split_words("I like  Python. ")
    ['▁I', '▁like', '▁Python.']
    """
    words = []
    for word in filter(None, WHITE.split(cleaned)):
        marked = word if word.startswith(SPACE) else SPACE + word
        words += re.findall(f"{SPACE}[^{SPACE}]*", marked)
    return words


def segment(word: str, vocabulary: Vocabulary) -> list[str]:
    """The pieces of one ``▁word`` whose scores add up to the most, left to right (Viterbi).

    ``best[end]`` is the best sum over all ways to cut ``word[:end]``; every piece that starts at
    ``start`` may improve ``best[start + len(piece)]``. A tie keeps the path found first. A character
    no piece covers costs ``unknown_score``; neighbouring unknowns come out as one piece.

    >>> segment("▁Python进行编程。", vocabulary)
    ['▁Python', '进行', '编程', '。']
    """
    scores, unknown = vocabulary.scores, vocabulary.unknown_score
    best = [0.0] + [float("-inf")] * len(word)
    back, known = [0] * (len(word) + 1), [True] * (len(word) + 1)
    for start in range(len(word)):
        for end in range(start + 1, min(len(word), start + vocabulary.longest) + 1):
            score = scores.get(word[start:end])
            if score is not None and best[start] + score > best[end]:
                best[end], back[end], known[end] = best[start] + score, start, word[start:end] != "<unk>"
        if word[start] not in scores and best[start] + unknown > best[start + 1]:
            best[start + 1], back[start + 1], known[start + 1] = best[start] + unknown, start, False
    pieces: list[tuple[str, bool]] = []
    end = len(word)
    while end > 0:
        piece = word[back[end] : end]
        if pieces and not known[end] and not pieces[-1][1]:
            pieces[-1] = (piece + pieces[-1][0], False)
        else:
            pieces.append((piece, known[end]))
        end = back[end]
    return [piece for piece, _ in reversed(pieces)]


def text_pieces(text: str, vocabulary: Vocabulary) -> list[str]:
    """All pieces of a text. A special token written out in it (``<mask>``) stays whole, as in the library.

    >>> text_pieces("I like <mask>.", vocabulary)
    ['▁I', '▁like', '<mask>', '▁', '.']
    """
    pieces: list[str] = []
    position = 0
    for match in vocabulary.special_pattern.finditer(text):
        stretch = text[position : match.start()]
        pieces += [p for w in split_words(normalize_text(stretch, vocabulary)) for p in segment(w, vocabulary)]
        pieces.append(match.group())
        position = match.end()
    rest = split_words(normalize_text(text[position:], vocabulary))
    return pieces + [piece for word in rest for piece in segment(word, vocabulary)]
