"""Checks of page 06's exercises: habit, silence, arriving, crossing."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Case, judge


def random(*shape: int) -> Tensor:
    """Random numbers between 0 and 1, the same at every call, leaving torch's own generator alone."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def habit(function: Callable[[Tensor], Tensor]) -> bool:
    """``habit(maps)``, ``(A, T, T)`` → ``(A,)``: the mean share a head gives to the token after the one that looks."""
    hint = "maps[:, i, i + 1] for every i but the last; the mean over those T − 1"
    small = torch.tensor([[[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]]])
    questions = [
        ("three tokens", small, hint + ": here (1 + 0.5) / 2"),
        ("random maps", random(4, 6, 6).softmax(dim=-1), hint + "; a row is who looks, a column who is looked at"),
        ("two tokens", random(2, 2, 2), "the last token has none after it: here one row counts"),
    ]
    cases = [Case(n, (x,), x.diagonal(offset=1, dim1=1, dim2=2).mean(dim=-1), h) for n, x, h in questions]
    return judge(function, cases)


def silence(function: Callable[[Tensor, int, int], Tensor]) -> bool:
    """``silence(weight, head, heads)``: the output projection ``(H, H)``, a copy, with one head silent."""
    hint = "a linear layer does x @ weight.T: head a's numbers meet the columns a·D to (a + 1)·D, D = H / heads"

    def kept(weight: Tensor, head: int, heads: int) -> Tensor:
        answer, size = weight.clone(), weight.shape[1] // heads
        answer[:, head * size : (head + 1) * size] = 0
        return answer

    def checked(weight: Tensor, head: int, heads: int) -> Tensor | None:
        own = weight.clone()
        answer = function(own, head, heads)
        if answer is not None and not torch.equal(own, weight):
            raise ValueError("the weight you were given has changed; work on a clone")
        return answer

    questions = [
        ("eight numbers, the first head", (random(8, 8) + 1, 0, 2)),
        ("the last head", (random(6, 6) + 1, 2, 3)),
        ("one head in all", (random(4, 4) + 1, 0, 1)),
        ("mini-m3's size", (random(384, 384), 5, 12)),
    ]
    return judge(checked, [Case(name, given, kept(*given), hint) for name, given in questions])


def arriving(function: Callable[[Tensor, Tensor], Tensor]) -> bool:
    """``arriving(weights, lengths)``: ``(A, T, T)`` and ``(A, T)`` → shares of what arrives ``(A, T, T)``."""
    hint = "weights * lengths[:, None, :]: a length for each token looked at (a column); then divide by the row's sum"

    def shares(weights: Tensor, lengths: Tensor) -> Tensor:
        weighted = weights * lengths[:, None, :]
        return weighted / weighted.sum(dim=-1, keepdim=True)

    questions = [
        ("on paper", (torch.tensor([[[0.9, 0.1], [0.5, 0.5]]]), torch.tensor([[1.0, 9.0]]))),
        ("equal lengths", (random(2, 3, 3).softmax(dim=-1), torch.full((2, 3), 4.0))),
        ("several heads", (random(3, 5, 5).softmax(dim=-1), random(3, 5) + 0.1)),
        ("one token", (torch.ones(2, 1, 1), torch.tensor([[3.0], [0.5]]))),
    ]
    return judge(function, [Case(name, given, shares(*given), hint) for name, given in questions])


def crossing(function: Callable[[int, int], float]) -> bool:
    """``crossing(H, F)``: the length of a text at which attention takes as many operations as all matrices."""
    hint = "8·T·H² + 4·T·H·F = 4·T²·H; divide both sides by 4·T·H"
    sizes = {"mini-m3": (384, 1536), "bge-m3": (1024, 4096), "F = H": (256, 256), "F = 8H": (128, 1024)}
    return judge(function, [Case(name, given, float(2 * given[0] + given[1]), hint) for name, given in sizes.items()])
