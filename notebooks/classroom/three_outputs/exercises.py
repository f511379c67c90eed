"""Checks of page 08's exercises: the reasons of a lexical hit, MaxSim with masks, a search in two steps.

Each function takes the reader's own and prints a verdict:

    from classroom.three_outputs import exercises
    exercises.reasons(your_function)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Case, judge


def reasons(function: Callable[[dict[int, float], dict[int, float]], list[int]]) -> bool:
    """``function(question, passage) -> ids`` of the shared pieces, the one that adds most to their score first."""
    question = {50: 0.5, 60: 0.25, 70: 0.75, 80: 0.125}
    shared = "only pieces that both texts have: number in passage"
    order = "what a piece adds is the product of its two weights; the largest comes first"
    return judge(function, [
        Case("one shared piece", (question, {60: 0.5, 90: 0.9}), [60], shared),
        Case("nothing shared", (question, {90: 0.9}), [], "an empty list, then"),
        Case("one text with itself", (question, question), [70, 50, 60, 80], order),
        Case("a weight that is small there", (question, {50: 0.75, 70: 0.125, 60: 0.5}), [50, 60, 70], order),
        Case("a weight that is large there", (question, {80: 0.9, 50: 0.3, 60: 0.25}), [50, 80, 60], order),
    ])  # fmt: skip


def masked_max_sim(function: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> bool:
    """``function(question (Tq, H), question_mask (Tq,), passage (Tp, H), passage_mask (Tp,)) -> ()``."""
    chance = torch.Generator().manual_seed(0)

    def unit(rows: int) -> Tensor:
        return torch.nn.functional.normalize(torch.randn(rows, 4, generator=chance), dim=-1)

    def right(question: Tensor, question_mask: Tensor, passage: Tensor, passage_mask: Tensor) -> Tensor:
        cosines = question[question_mask.bool()] @ passage[passage_mask.bool()].T
        return cosines.amax(dim=1).mean()

    one, two, ones = unit(3), unit(5), torch.ones
    first, last = torch.tensor([1, 1, 0]), torch.tensor([1, 1, 1, 0, 0])
    lure = torch.cat([two[:3], one[:2]])  # padding that would be the best match
    away = torch.cat([-one[:1], -one[:1]])  # every cosine with it is −1 or so
    told = "the best of each row of question @ passage.T, then the mean over the question's tokens"
    inside = "padding of the passage must never be the best: fill its columns with −∞ before the maximum"
    outside = "padding of the question must not count: sum over real rows, divide by how many they are"
    return judge(function, [
        Case("no padding", (one, ones(3), two, ones(5)), right(one, ones(3), two, ones(5)), told),
        Case("a short passage", (one, ones(3), two[:1], ones(1)), right(one, ones(3), two[:1], ones(1)), told),
        Case("padded passage", (one, ones(3), lure, last), right(one, ones(3), lure, last), inside),
        Case("all cosines below 0", (one[:1], ones(1), torch.cat([away, torch.zeros(1, 4)]), first),
             right(one[:1], ones(1), away, ones(2)), inside),
        Case("padded question", (one, first, two, ones(5)), right(one, first, two, ones(5)), outside),
        Case("both padded", (one, first, lure, last), right(one, first, lure, last), f"{inside}; {outside}"),
    ])  # fmt: skip


def two_steps(function: Callable[[Tensor, Tensor, int], int]) -> bool:
    """``function(cheap (m,), dear (m,), keep) -> number`` of the passage that is best by ``dear`` among the ``keep``
    best by ``cheap``.
    """
    cheap = torch.tensor([0.1, 0.9, 0.5, 0.8, 0.2])
    dear = torch.tensor([0.9, 0.1, 0.7, 0.3, 0.8])
    low = torch.tensor([-0.9, -0.2, -0.4, -0.1, -0.8])
    among = "look among cheap.topk(keep).indices alone"
    number = "the place within the kept ones is no passage's number: look it up among their indices"
    return judge(function, [
        Case("all are kept", (cheap, dear, 5), 0, "with all kept, the best by dear wins"),
        Case("one is kept", (cheap, dear, 1), 1, "with one kept, the best by cheap is all there is"),
        Case("three are kept", (cheap, dear, 3), 2, f"{among}; {number}"),
        Case("two are kept", (cheap, dear, 2), 3, f"{among}; {number}"),
        Case("scores below 0", (cheap, low, 3), 3, "passages that were left out must not come back as zeros"),
    ])  # fmt: skip
