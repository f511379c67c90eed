"""What page 05 measures: how vectors lie on the sphere, and how a small map trains with the division and without."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from helpers.normalization import l2_normalize

TEMPERATURE = 0.1
WIDTH = 64  # numbers in a row after the map
RATE = 0.01  # Adam's


def alignment(one: Tensor, other: Tensor) -> float:
    """Mean squared distance of the unit vectors of pairs, ``(n, H)`` each: 0 if every pair points one way.

    Source: Wang & Isola 2020, arXiv 2005.10242.

    >>> alignment(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 5.0]]))
    2.0
    """
    return (l2_normalize(one) - l2_normalize(other)).pow(2).sum(dim=-1).mean().item()


def uniformity(rows: Tensor) -> float:
    """Log of the mean of ``exp(−2 d²)`` over all pairs of unit vectors ``(n, H)``: 0 in one point, lower spread out.

    Source: Wang & Isola 2020, arXiv 2005.10242.

    >>> round(uniformity(torch.tensor([[1.0, 0.0], [0.0, 5.0]])), 3)  # d² is 2
    -4.0
    """
    return torch.pdist(l2_normalize(rows)).pow(2).mul(-2).exp().mean().log().item()


@dataclass(frozen=True)
class Step:
    """One step of a training: the loss, the mean length of a row, and how its directions lie."""

    loss: float
    length: float
    alignment: float
    uniformity: float


def train_map(one: Tensor, other: Tensor, divide: bool, steps: int = 100) -> tuple[Tensor, list[Step]]:
    """Train a linear map ``(H, 64)`` so that row i of ``one`` finds row i of ``other`` ``(n, H)``; map and steps.

    The loss is contrast in both directions (a softmax over the n scores, the right one its own). With ``divide``
    the mapped rows get length 1 and the scores are divided by a temperature of 0.1; without it the scores are plain
    dot products. The map starts from the same random numbers each time. ``steps + 1`` entries: the first is the start.

    >>> rows = torch.eye(4)
    >>> weight, history = train_map(rows, rows, divide=True, steps=5)
    >>> weight.shape, len(history), history[-1].loss < history[0].loss
    (torch.Size([4, 64]), 6, True)
    """
    one, other = one.double(), other.double()
    start = torch.randn(one.shape[1], WIDTH, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weight = (start / one.shape[1] ** 0.5).requires_grad_()
    optimizer = torch.optim.Adam([weight], lr=RATE)
    right = torch.arange(len(one))
    history = []
    for step in range(steps + 1):
        left, found = one @ weight, other @ weight  # (n, 64)
        a, b = (l2_normalize(left), l2_normalize(found)) if divide else (left, found)
        scores = a @ b.T / (TEMPERATURE if divide else 1)  # (n, n)
        loss = (cross_entropy(scores, right) + cross_entropy(scores.T, right)) / 2
        with torch.no_grad():
            length = left.norm(dim=1).mean().item()
            history.append(Step(loss.item(), length, alignment(left, found), uniformity(left)))
        if step < steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return weight.detach(), history
