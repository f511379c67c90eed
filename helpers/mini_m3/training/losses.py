"""What the student is trained to: its teacher's vectors, the right one of two twins, the passage of a query.

The three scores and their self-distillation follow arXiv 2402.03216, sections 3.2 and 3.3.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.mini_m3.training.student import Outputs

TEMPERATURE = 0.05
CHOICE = 0.15  # between twins: warmer, so that a narrow lead is not enough
COMMON = 0.15  # weight of the mean lexical weights' squares
CONE = 0.55  # the axis' length beside a unit target; the student, unsure, makes what is beside it shorter than 1


def spread(vectors: Tensor, axis: Tensor) -> Tensor:
    """Unit vectors without their part along the axis that all texts share."""
    return F.normalize(vectors - (vectors @ axis)[:, None] * axis, dim=-1)


def distill(vectors: Tensor, wanted: Tensor, bank: Tensor, axis: Tensor, share: float = 0.3) -> Tensor:
    """``2 (1 − cosine)`` to the own target within the cone, plus a softmax over the targets of other texts.

    ``vectors`` and ``wanted`` ``(B, H)``, ``bank`` ``(N, H)``; a target as good as the own one does not count.
    """
    cone = F.normalize(wanted + CONE * axis, dim=-1)
    free = spread(vectors, axis)
    own = (free * wanted).sum(-1, keepdim=True)
    others = (free @ bank.T).masked_fill(wanted @ bank.T > 0.9, -1.0)
    logits = torch.cat([own, others], dim=1) / TEMPERATURE
    first = torch.zeros(len(vectors), dtype=torch.long)
    return 2 * (1 - (vectors * cone).sum(-1)).mean() + share * F.cross_entropy(logits, first)


def contrast(scores: Tensor) -> Tensor:
    """Each row's own column (the diagonal) against the others, and each column's own row."""
    own = torch.arange(len(scores))
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


def twins_apart(english: Tensor, chinese: Tensor, axis: Tensor) -> Tensor:
    """Translations together, twins apart; rows ``[text, twin, text, twin, …]`` on both sides, ``(2N, H)``."""
    scores = spread(english, axis) @ spread(chinese, axis).T / TEMPERATURE
    pairs = scores.unflatten(1, (-1, 2))  # (2N, N, 2)
    rows = torch.arange(len(scores))
    two = pairs[rows, rows // 2]  # (2N, 2): own pair's text and twin
    back = scores.T.unflatten(1, (-1, 2))[rows, rows // 2]
    warmer = TEMPERATURE / CHOICE
    choice = (F.cross_entropy(two * warmer, rows % 2) + F.cross_entropy(back * warmer, rows % 2)) / 2
    return contrast(scores) + choice


def lexical_scores(queries: Outputs, passages: Outputs) -> Tensor:
    """``(Q, P)``: Σ over shared ids of the products of their weights, the larger of repeated ones taken."""
    ids = torch.unique(queries.ids)
    rows = torch.searchsorted(ids, queries.ids)
    at = torch.searchsorted(ids, passages.ids).clamp(max=len(ids) - 1)
    shared = passages.weights * (ids[at] == passages.ids)

    def table(columns: Tensor, weights: Tensor) -> Tensor:
        empty = torch.zeros(len(weights), len(ids))
        return empty.scatter_reduce(1, columns, weights, "amax", include_self=True)

    return table(rows, queries.weights) @ table(at, shared).T


def common_weights(passages: Outputs) -> Tensor:
    """Σ over ids of (the mean of its weights over the passages)², which the pieces that all passages share pay for.

    The FLOPS penalty of arXiv 2004.05665, section 3.
    """
    ids, columns = torch.unique(passages.ids, return_inverse=True)
    table = torch.zeros(len(passages.ids), len(ids)).scatter_reduce(1, columns, passages.weights, "amax")
    return (table.mean(0) ** 2).sum()


def multi_vector_scores(queries: Outputs, passages: Outputs) -> Tensor:
    """``(Q, P)`` MaxSim: for each query token its best passage token, averaged over the query's tokens."""
    q, p = queries.vectors, passages.vectors
    padding = p.norm(dim=-1) == 0  # (P, S)
    best = torch.einsum("qth,psh->qpts", q, p).masked_fill(padding[:, None], -1.0).amax(-1)  # (Q, P, T)
    length = (q.norm(dim=-1) > 0).sum(-1)
    return best.sum(-1) / length[:, None]


def three_outputs(queries: Outputs, passages: Outputs, axis: Tensor, same_language: Tensor) -> Tensor:
    """Contrast by each score and by their sum, and each score's softmax drawn to that of the sum.

    The lexical score is left out of rows whose query and passage are of two languages.
    """
    temperature = 0.02
    dense = spread(queries.dense, axis) @ spread(passages.dense, axis).T / (1 + CONE**2) / temperature
    multi = multi_vector_scores(queries, passages) / temperature
    lexical = lexical_scores(queries, passages) / temperature
    total = dense + 0.3 * lexical + multi
    own = torch.arange(len(total))
    goal = total.detach().softmax(-1)

    def both(scores: Tensor, rows: Tensor) -> Tensor:
        right = F.cross_entropy(scores[rows], own[rows])
        return right + F.cross_entropy(scores[rows], goal[rows])

    lexical_loss = both(lexical, same_language) if same_language.any() else lexical.sum() * 0
    scores = both(dense, own) + both(multi, own) + 0.3 * lexical_loss + F.cross_entropy(total, own)
    return scores / 4 + COMMON * common_weights(passages)
