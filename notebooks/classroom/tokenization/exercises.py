"""Checks of page 01's exercises: a padded batch, windows of a long text, the sum over all cuts."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Case, judge


def batch(rows: list[list[int]]) -> Tensor:
    """The right answer of exercise 2, from short rows: ids and mask, ``(2, B, T)``."""
    longest = max(map(len, rows))
    ids = [row + [1] * (longest - len(row)) for row in rows]
    mask = [[int(place < len(row)) for place in range(longest)] for row in rows]
    return torch.tensor([ids, mask])


def pad_batch(function: Callable[[list[list[int]]], Tensor]) -> bool:
    """Exercise 2: ``rows`` → ids over mask, ``(2, B, T)``."""
    hint = "fill each row with 1 (<pad>) on the right up to the longest; the mask is 1 for a token, 0 for padding"
    asked = {
        "padded batch": [[0, 9, 8, 2], [0, 2], [0, 7, 2]],
        "one text": [[0, 35, 2]],
        "one token": [[0], [2]],
        "equal lengths": [[0, 5, 2], [0, 6, 2]],
        "mixed scripts": [[0, 6, 40, 41, 42, 2], [0, 90, 2]],
        "id 1 inside a text": [[0, 1, 5, 2], [0, 2]],
    }
    hints = {"id 1 inside a text": "someone wrote <pad> in the text: it is a token there, so count lengths, not ids"}
    return judge(function, [Case(n, (rows,), batch(rows), hints.get(n, hint)) for n, rows in asked.items()])


def windows(function: Callable[[list[int], int, int], list[list[int]]]) -> bool:
    """Exercise 3: ``(pieces, max_length, overlap)`` → rows ``<s> … </s>`` that together lose nothing."""
    hint = "each window holds max_length − 2 pieces between 0 and 2; the next one starts overlap pieces before its end"
    edge = "stop when a window reaches the end of the pieces; an empty text still is one row, [0, 2]"
    cases = [
        Case("fits in one", ([7, 8, 9], 8, 1), [[0, 7, 8, 9, 2]], edge),
        Case("two windows", ([5, 6, 7, 8], 5, 1), [[0, 5, 6, 7, 2], [0, 7, 8, 2]], hint),
        Case("no overlap", ([5, 6, 7, 8, 9], 4, 0), [[0, 5, 6, 2], [0, 7, 8, 2], [0, 9, 2]], hint),
        Case("exactly full", ([5, 6, 7], 5, 1), [[0, 5, 6, 7, 2]], edge),
        Case("one token", ([5], 3, 0), [[0, 5, 2]], edge),
        Case("empty text", ([], 3, 0), [[0, 2]], edge),
        Case("many", (list(range(10, 20)), 6, 2), [[0, *range(s, s + 4), 2] for s in (10, 12, 14, 16)], hint),
    ]
    return judge(function, cases)


def cuts(word: str) -> list[list[str]]:
    """Every way to cut a word into pieces, 2ⁿ⁻¹ of them."""
    return [[word[:end], *rest] for end in range(1, len(word) + 1) for rest in cuts(word[end:])] if word else [[]]


def brute_force(word: str, scores: dict[str, float]) -> float:
    """Log of the sum of all cuts' probabilities, one cut after the other."""
    known = [cut for cut in cuts(word) if all(piece in scores for piece in cut)]
    return math.log(sum(math.exp(sum(scores[piece] for piece in cut)) for cut in known))


def log_likelihood(function: Callable[[str, dict[str, float]], float]) -> bool:
    """Exercise 1: the log probability of a word over **all** its cuts, as unigram training needs it."""
    hint = "Viterbi with the max replaced by log(sum(exp(·)))"
    sums = "e⁻⁵ + e⁻⁴, then the logarithm: sums of probabilities, not a maximum"
    small = "exp(-1200) is 0 in floating point: subtract the largest first"
    few = {"a": -2.0, "b": -3.0, "ab": -4.0, "c": -1.0, "bc": -2.5, "abc": -7.0}
    mixed = {"▁": -2.0, "我": -3.0, "用": -3.5, "我用": -5.0, "▁我": -4.0, "Py": -6.0, "Python": -7.0, "thon": -5.0}
    tiny = {"a": -400.0, "aa": -800.0}
    cases = [
        Case("one token", ("a", few), -2.0, hint),
        Case("two cuts", ("ab", few), brute_force("ab", few), sums),
        Case("four cuts", ("abc", few), brute_force("abc", few), hint),
        Case("mixed scripts", ("▁我用Python", mixed), brute_force("▁我用Python", mixed), hint),
        Case("tiny probabilities", ("aaa", tiny), -1200.0 + math.log(3), small),
        Case("empty word", ("", few), 0.0, "nothing to cut has probability 1, and log 1 is 0"),
        Case("no cut", ("xa", few), -math.inf, "a word that no pieces spell has probability 0, and log 0 is -math.inf"),
    ]
    return judge(function, cases)
