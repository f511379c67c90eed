"""What a mistake in the ids costs: reworded sentences look for their original among originals and near misses."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from classroom import retrieval
from classroom.rows import first_states
from classroom.sample import sample
from classroom.sentences import load_sentences
from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3
from helpers.tokenization import piece_id
from helpers.unigram import Vocabulary, normalize_text, split_words


def vectors_of_ids(bge: BgeM3, rows: list[list[int]]) -> Tensor:
    """Unit vectors ``(B, H)`` of rows of ids: layers, first token, length 1.

    Source: bge-m3's pooling (Chen et al. 2024, arXiv 2402.03216), here without any look at a text.
    """
    return l2_normalize(first_states(bge, rows))


class Search:
    """Every sentence's paraphrase asks for the sentence, among all sentences and as many near misses.

    A near miss keeps most of the words and says something else, so rank 1 takes reading, not luck.
    """

    def __init__(self, bge: BgeM3) -> None:
        sentences = sample(bge, load_sentences(), few=60)
        self.bge = bge
        self.queries = [s.paraphrase for s in sentences]
        self.rows: list[list[int]] = bge.tokenizer(self.queries)["input_ids"]
        candidates = [s.english for s in sentences] + [s.near_miss for s in sentences]
        self.candidates = bge.encode(candidates, progress=False)  # (2B, H)
        self.own = torch.arange(len(sentences))  # (B,)
        self.first = sentences[0]

    def example(self) -> dict[str, str]:
        """One sentence, its near miss and the query that asks for it."""
        return {"sentence": self.first.english, "near miss": self.first.near_miss, "query": self.first.paraphrase}

    def ranks(self, queries: Tensor) -> Tensor:
        """The place of each right sentence ``(B,)`` for query vectors ``(B, H)``; 1 is best."""
        return retrieval.ranks(queries @ self.candidates.T, self.own)

    def ranks_of_ids(self, rows: list[list[int]]) -> Tensor:
        """``ranks`` of queries given as rows of ids."""
        return self.ranks(vectors_of_ids(self.bge, rows))


def second_cut(text: str, vocabulary: Vocabulary) -> list[int]:
    """Ids of a text, every word cut in the second-best way where there is one.

    >>> second_cut("lowest", vocabulary)  # <s> ▁low est </s> in place of ▁lo west
    [0, 10369, 418, 2]
    """
    cuts = [n_best(word, vocabulary, 2)[-1][1] for word in split_words(normalize_text(text, vocabulary))]
    return [0, *(piece_id(piece, vocabulary) for cut in cuts for piece in cut), 2]


def endings(word: str, end: int, vocabulary: Vocabulary) -> Iterator[tuple[int, str, float]]:
    """Every piece that ends at ``word[:end]``: where it starts, the piece, its score; a lone character always.

    >>> [piece for _, piece, _ in endings("▁lowest", 7, vocabulary)]
    ['west', 'est', 'st', 't']
    """
    for start in range(max(0, end - vocabulary.longest), end):
        piece = word[start:end]
        score = vocabulary.scores.get(piece, vocabulary.unknown_score if end - start == 1 else None)
        if score is not None:
            yield start, piece, score


def n_best(word: str, vocabulary: Vocabulary, count: int) -> list[tuple[float, list[str]]]:
    """The ``count`` best ways to cut one ``▁word``: (sum of scores, pieces), best first.

    ``best[end]`` holds the best few cuts of ``word[:end]``, where Viterbi keeps only one.
    """
    best: list[list[tuple[float, list[str]]]] = [[(0.0, [])]] + [[] for _ in word]
    for end in range(1, len(word) + 1):
        found = []
        for start, piece, score in endings(word, end, vocabulary):
            found += [(total + score, [*pieces, piece]) for total, pieces in best[start]]
        best[end] = sorted(found, key=lambda cut: -cut[0])[:count]
    return best[-1]
