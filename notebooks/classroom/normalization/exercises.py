"""Checks for the exercises of page 05: ``unit``, ``to_cosine``, ``top_k`` and ``document_vector``.

Cases mix numbers one can check on paper with real vectors of mixed scripts from the embedded checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from classroom.exercises import Case, judge
from helpers.normalization import l2_normalize

MIXED = ["Where is the station?", "车站在哪里？", "日本語 mixed with Русский 😀", "a"]


@cache
def real_vectors() -> Tensor:
    """[CLS] vectors of four texts in several scripts, not normalised, from mini-m3: ``(4, H)``."""
    from helpers.pipeline import BgeM3

    bge = BgeM3.from_checkpoint("mini", device="cpu")
    return bge.encode(MIXED, normalize=False, progress=False)


def unit(function: Callable[[Tensor], Tensor]) -> bool:
    """``unit(x)``: every vector of ``(…, H)`` divided by its length, a zero vector left zero, the input unharmed."""
    padded = torch.tensor([[[3.0, 4.0], [0.0, 2.0]], [[6.0, 8.0], [0.0, 0.0]]])  # (2, 2, 2): padding is a zero vector
    last = "which dimension holds the numbers of one vector? It is always the last"
    zero = "0/0 is nan: give the length a floor (clamp_min) before you divide"
    half = "300² is beyond float16: compute in float32, then .to(x.dtype)"
    mixed = real_vectors()
    cases = [
        Case(
            "on paper", (torch.tensor([[3.0, 4.0]]),), torch.tensor([[0.6, 0.8]]), "divide by the square root of 9 + 16"
        ),
        Case(
            "two texts", (torch.tensor([[3.0, 4.0], [5.0, 12.0]]),), torch.tensor([[0.6, 0.8], [5 / 13, 12 / 13]]), last
        ),
        Case("one text, no batch", (torch.tensor([3.0, 4.0]),), torch.tensor([0.6, 0.8]), last),
        Case("mixed scripts", (mixed.clone(),), l2_normalize(mixed), last),
        Case("zero vector", (torch.zeros(1, 3),), torch.zeros(1, 3), zero),
        Case("padded batch of tokens", (padded.clone(),), l2_normalize(padded), f"{last}; and {zero}"),
        Case("one token", (torch.tensor([[[-2.0]]]),), torch.tensor([[[-1.0]]]), "a length is never negative"),
        Case(
            "short vector",
            (torch.tensor([3e-6, 4e-6]),),
            torch.tensor([0.6, 0.8]),
            "a floor, not a sum: eps must be tiny",
        ),
        Case("float16", (torch.tensor([300.0, 400.0]).half(),), torch.tensor([0.6, 0.8]).half(), half, 1e-3),
    ]
    return judge(function, cases)


def to_cosine(function: Callable[[Tensor, str], Tensor]) -> bool:
    """``to_cosine(reported, kind)``: the cosines behind what a database reported of unit vectors, ``(n,)`` → ``(n,)``.

    ``kind`` is ``cosine distance``, ``negative dot``, ``L2``, ``squared L2`` or ``halved`` ((1 + cosine) / 2).
    """
    cosines = torch.tensor([1.0, 0.75, 0.3, 0.0, -0.5])  # (5,)
    reports = {
        "cosine distance": (1 - cosines, "1 − cosine was reported"),
        "negative dot": (-cosines, "only the sign was turned, so that the smallest is the best"),
        "squared L2": (2 - 2 * cosines, "d² = 2 − 2 · cosine"),
        "L2": ((2 - 2 * cosines).sqrt(), "d was reported: square it first, then 1 − d²/2"),
        "halved": ((1 + cosines) / 2, "(1 + cosine) / 2 was reported, which is never negative"),
    }
    cases = [Case(kind, (reported, kind), cosines, hint) for kind, (reported, hint) in reports.items()]
    one = torch.tensor([0.5])
    return judge(function, [*cases, Case("one hit", (one, "squared L2"), torch.tensor([0.75]), "keep the shape (n,)")])


def top_k(function: Callable[[Tensor, Tensor, int], Tensor]) -> bool:
    """``top_k(query, documents, k)``: numbers of the ``k`` documents of highest cosine, best first."""
    query, paper = torch.tensor([1.0, 0.0]), torch.tensor([[0.9, 0.1], [5.0, 5.0], [2.0, 0.1], [-3.0, 0.0]])
    scale = "a long document must not win by its length: normalise the documents"
    mixed = real_vectors()
    loud = mixed * torch.tensor([[0.01], [1.0], [30.0], [5.0]])
    best = (l2_normalize(mixed) @ l2_normalize(mixed[0])).topk(3).indices
    cases = [
        Case("on paper", (query, paper, 2), torch.tensor([2, 0]), scale),
        Case("query of another length", (query * 7, paper, 3), torch.tensor([2, 0, 1]), scale),
        Case("one document", (query, paper[:1], 1), torch.tensor([0]), "the answer has shape (k,), also for k = 1"),
        Case("k beyond the end", (query, paper, 9), torch.tensor([2, 0, 1, 3]), "ask topk for min(k, len(documents))"),
        Case("padding row", (query, torch.tensor([[0.0, 0.0], [1.0, 1.0]]), 1), torch.tensor([1]),
             "topk ranks nan highest: a zero vector must stay zero"),
        Case("mixed scripts, loud and quiet", (mixed[0].clone(), loud, 3), best, scale),
    ]  # fmt: skip
    return judge(function, cases)


def document_vector(function: Callable[[Tensor, Tensor], Tensor]) -> bool:
    """``document_vector(chunks, mask)``: unit mean of the *unit* vectors of its chunks, ``(B, C, H)`` → ``(B, H)``."""
    first = "normalise every chunk first, or the longest vector decides alone"
    again = "the mean of unit vectors is shorter than 1: normalise once more"
    loud = torch.tensor([[[9.0, 0.0], [0.0, 1.0]]])  # (1, 2, 2)
    even = torch.tensor([[0.5**0.5, 0.5**0.5]])
    padded = torch.tensor([[[3.0, 4.0], [0.0, 2.0]], [[6.0, 8.0], [50.0, 0.0]]])  # (2, 2, 2)
    mask = torch.tensor([[1, 1], [1, 0]])
    right = torch.stack([l2_normalize(torch.tensor([0.6, 1.8])), torch.tensor([0.6, 0.8])])
    mixed = real_vectors()[None]  # (1, 4, H)
    cases = [
        Case("loud and quiet chunk", (loud, torch.ones(1, 2, dtype=torch.long)), even, f"{first}; {again}"),
        Case("one chunk", (loud[:, :1], torch.ones(1, 1, dtype=torch.long)), torch.tensor([[1.0, 0.0]]), first),
        Case("padded batch", (padded, mask), right, "a chunk whose mask is 0 must not count, whatever it holds"),
        Case("mixed scripts", (mixed, torch.ones(1, 4, dtype=torch.long)),
             l2_normalize(l2_normalize(mixed).mean(dim=1)), f"{first}; {again}"),
    ]  # fmt: skip
    return judge(function, cases)
