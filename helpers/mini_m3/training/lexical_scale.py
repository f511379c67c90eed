"""Sets how much the lexical score weighs in the sum: on descriptions of the training part, after training.

Contrast alone fixes the order of lexical scores, hardly their size. The weights' common factor changes no lexical rank;
it is chosen so that dense + 0.3 · lexical, the paper's weights, finds the most passages.
"""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.mini_m3.training.losses import lexical_scores
from helpers.mini_m3.training.student import Student, batches_of, outputs

SHARE = 0.3
SIZES = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)  # of the lexical score beside the dense one


def mean_reciprocal_rank(scores: Tensor) -> float:
    """Of each row's own column, the diagonal, in ``(N, N)`` scores."""
    better = (scores > scores.diagonal()[:, None]).sum(-1)
    return (1 / (better + 1)).mean().item()


@torch.inference_mode()
def both_scores(student: Student, queries: list[list[int]], passages: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Dense and lexical scores ``(Q, P)`` of input ids."""
    sides = []
    for rows in (queries, passages):
        batches = batches_of(rows, 2048)
        back = torch.argsort(torch.tensor([number for batch in batches for number in batch]))
        sides.append(([outputs(student, [rows[number] for number in batch]) for batch in batches], back))
    (left, rows), (right, columns) = sides
    dense = torch.cat([made.dense for made in left]) @ torch.cat([made.dense for made in right]).T
    lexical = torch.cat([torch.cat([lexical_scores(one, other) for other in right], 1) for one in left])
    return dense[rows][:, columns], lexical[rows][:, columns]


def set_lexical_scale(student: Student, queries: list[list[int]], passages: list[list[int]]) -> float:
    """Multiply the lexical layer, in place; the factor. ``passages[n]`` answers ``queries[n]``."""
    dense, lexical = both_scores(student, queries, passages)
    best = max(SIZES, key=lambda size: mean_reciprocal_rank(dense + size * lexical))
    factor = (best / SHARE) ** 0.5  # a score is a product of two weights
    with torch.no_grad():
        student.sparse.weight.mul_(factor)
        student.sparse.bias.mul_(factor)
    return factor
