"""Checks of page 07's exercises: a threshold, a rarer chance, scores from int8 codes, a search in two steps.

Each function takes the reader's own and prints a verdict:

    from classroom.scores import exercises
    exercises.threshold_for(your_function)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Case, judge
from classroom.scores.measure import from_int8, ranges, to_int8
from helpers.normalization import l2_normalize


def made_up(*shape: int, seed: int = 0) -> Tensor:
    """Unit vectors that no chance outside moves, each dimension with a width and a middle of its own."""
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return l2_normalize(values * torch.linspace(0.2, 2, shape[-1]) + torch.linspace(-1, 1, shape[-1]))


def threshold_for(function: Callable[[Tensor, float], float]) -> bool:
    """``function(wrong (n,), share) -> float``: the lowest score of a wrong pair above which at most ``share`` lie."""
    order = "sort the scores, the largest first; int(share · n) of them may lie above the threshold"
    paper = torch.tensor([0.2, 0.5, 0.3, 0.4])
    many = torch.rand(1000, generator=torch.Generator().manual_seed(0))
    return judge(function, [
        Case("on paper, one of four may pass", (paper, 0.25), 0.4, order),
        Case("half of them may pass", (paper, 0.5), 0.3, order),
        Case("nobody may pass", (paper, 0.0), 0.5, "then only what is above the largest wrong score passes"),
        Case("ties", (torch.tensor([0.5, 0.5, 0.5, 0.1]), 0.25), 0.5, "what equals the threshold does not pass"),
        Case("a thousand pairs", (many, 0.05), many.sort(descending=True).values[50].item(), order),
        Case("rounded down", (paper, 0.4), 0.4, "40 % of four pairs is one pair, not two"),
    ])  # fmt: skip


def chance_when_rare(function: Callable[[float, int, int], float]) -> bool:
    """``function(chance, right, wrong) -> float``: the chance at even numbers, where ``right`` meet ``wrong`` ones."""
    told = "a right pair counts chance · right, a wrong one (1 − chance) · wrong; what share is the first of both?"
    cases = {
        "even numbers": (0.9, 1, 1),
        "one in a thousand": (0.9, 1, 999),
        "three right ones": (0.8, 3, 57),
        "wrong ones are the rare ones": (0.5, 3, 1),
        "certain": (1.0, 1, 999),
        "impossible": (0.0, 1, 999),
    }
    return judge(function, [
        Case(name, case, case[0] * case[1] / (case[0] * case[1] + (1 - case[0]) * case[2]), told)
        for name, case in cases.items()
    ])  # fmt: skip


def int8_scores(function: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> bool:
    """``function(queries (q, H), codes (n, H), low (H,), high (H,)) -> (q, n)``: float queries against int8 codes."""
    told = "code −128 stands for low, 127 for high: the number is low + (code + 128) · (high − low) / 255"
    wrap = "codes + 128 does not fit into int8, where 127 + 1 is −128: .float() first"
    paper = (torch.tensor([[1.0, 0.0]]), torch.tensor([[-128, 0], [127, 0]], dtype=torch.int8),
             torch.tensor([-0.5, 0.0]), torch.tensor([0.5, 1.0]))  # fmt: skip

    def case(name: str, queries: int, vectors: int, hint: str) -> Case:
        stored, asked = made_up(vectors, 16), made_up(queries, 16, seed=1)
        low, high = ranges(stored)
        codes = to_int8(stored, low, high)
        return Case(name, (asked, codes, low, high), asked @ from_int8(codes, low, high).T, hint)

    return judge(function, [
        Case("the ends of the range", paper, paper[0] @ from_int8(*paper[1:]).T, f"{told}; {wrap}"),
        case("one query", 1, 5, f"{told}; {wrap}"),
        case("three queries, eight vectors", 3, 8, "row i, column j: query i with vector j"),
    ])  # fmt: skip


def two_steps(function: Callable[[Tensor, Tensor, int, int], Tensor]) -> bool:
    """``function(rough (n,), exact (n,), many, k) -> (k,)``: of the ``many`` best by rough, the ``k`` best by exact."""

    def right(rough: Tensor, exact: Tensor, many: int, k: int) -> Tensor:
        first = rough.topk(min(many, len(rough))).indices
        return first[exact[first].topk(min(k, len(first))).indices]

    rough = torch.rand(200, generator=torch.Generator().manual_seed(1))
    exact = (rough + 0.2 * torch.rand(200, generator=torch.Generator().manual_seed(2))) / 2
    back = "exact[first] counts within the candidates; lead its places back to document numbers by first[…]"
    short = "with fewer documents than asked for, topk raises: min(k, len(…))"
    paper = (torch.tensor([0.9, 0.1, 0.8, 0.7]), torch.tensor([0.5, 0.99, 0.6, 0.7]))
    cases = {
        "on paper": ((*paper, 2, 1), f"document 1 is best, but not among the first two by rough; {back}"),
        "three candidates": ((*paper, 3, 2), back),
        "200 documents": ((rough, exact, 20, 5), back),
        "all are candidates": ((rough, exact, 200, 5), "then rough no longer matters"),
        "fewer documents than asked for": ((*paper, 50, 10), short),
    }
    return judge(function, [Case(name, case, right(*case), hint) for name, (case, hint) in cases.items()])
