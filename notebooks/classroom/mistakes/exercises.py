"""Checks of page 10's exercises: three alarms against silent mistakes.

Each function takes the reader's own and prints a verdict:

    from classroom.mistakes import exercises
    exercises.same_model(your_function)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Case, judge
from helpers.normalization import l2_normalize


def vectors(count: int, seed: int, size: int = 8) -> Tensor:
    """Made-up unit vectors ``(count, size)``."""
    return l2_normalize(torch.randn(count, size, generator=torch.Generator().manual_seed(seed)))


def same_model(function: Callable[[Tensor, Tensor], bool]) -> bool:
    """``function(stored (k, H), fresh (k, H)) -> bool``: the index was made by the model that is asked now.

    True if every text's new vector has a cosine above 0.99 with its stored one. Lengths do not matter.
    """
    stored = vectors(4, seed=0)
    one_off = stored.clone()
    one_off[2] = stored[3]
    told = "compare row with row: (stored * fresh).sum(dim=1), and ask that all are above 0.99"
    return judge(function, [
        Case("the same vectors", (stored, stored.clone()), True, told),
        Case("rounded to float16", (stored.half().float(), stored), True, told + "; rounding is no other model"),
        Case("another model", (stored, vectors(4, seed=1)), False, told),
        Case("one text of another model", (stored, one_off), False,
             "one wrong text is enough to say no: all, not mean"),
        Case("raw against normalized", (stored * 20, stored), True,
             "lengths do not matter here: normalize both first, or use torch.cosine_similarity"),
    ])  # fmt: skip


def lost_share(function: Callable[[list[int], int], float]) -> bool:
    """``function(lengths, limit) -> float``: the share of all tokens that stands behind the limit, 0 to 1."""
    told = "what each text loses is max(0, length - limit); add up, and divide by the sum of all lengths"
    return judge(function, [
        Case("nothing too long", ([10, 128], 128), 0.0, told),
        Case("one long text", ([100, 300], 128), 172 / 400, told),
        Case("all too long", ([256, 512], 128), 512 / 768, told),
        Case("no texts", ([], 128), 0.0, "without any token nothing is lost; do not divide by zero"),
    ])  # fmt: skip


def own_threshold(function: Callable[[Tensor, float], float]) -> bool:
    """``function(right (n,), keep) -> float``: the highest threshold that still shows this share of right answers."""
    scores = torch.tensor([0.61, 0.44, 0.58, 0.49, 0.73])

    def right(values: Tensor, keep: float) -> float:
        return values.sort(descending=True).values[math.ceil(keep * len(values)) - 1].item()

    told = "sort the scores downward; the threshold is the score at place ceil(keep * n), counted from 1"
    many = torch.rand(40, generator=torch.Generator().manual_seed(0))
    return judge(function, [
        Case("keep all", (scores, 1.0), right(scores, 1.0), told),
        Case("keep four of five", (scores, 0.8), right(scores, 0.8), told),
        Case("a share between two places", (scores, 0.7), right(scores, 0.7), told + "; round up, not down"),
        Case("forty scores", (many, 0.95), right(many, 0.95), told),
    ])  # fmt: skip
