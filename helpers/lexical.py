"""bge-m3's lexical output: a weight for every token of a text, from one linear layer over its hidden state.

``w = relu(h · W + b)`` for each token's hidden state h; a token that comes twice keeps its larger weight,
special tokens have none (arXiv 2402.03216, section 3.2, "lexical retrieval"; FlagEmbedding's BGEM3FlagModel
for what the paper leaves open). The layer lies beside the weights as ``sparse_linear.pt``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .tokenization import BOS, EOS, PAD, UNK


def lexical_weights(hidden: Tensor, ids: Tensor, weight: Tensor, bias: Tensor) -> list[dict[int, float]]:
    """For each text the weight of every input id in it, ids without weight left out.

    ``hidden`` ``(B, T, H)`` are the last hidden states, ``ids`` ``(B, T)``; ``weight`` ``(1, H)`` and ``bias``
    ``(1,)`` come from ``helpers.checkpoint.load.load_linear``. Padding needs no mask: its id is a special token's.

    >>> hidden, ids = torch.tensor([[[1.0], [2.0], [3.0]]]), torch.tensor([[0, 9, 9]])
    >>> lexical_weights(hidden, ids, weight=torch.tensor([[1.0]]), bias=torch.tensor([0.5]))
    [{9: 3.5}]
    """
    if weight.shape != (1, hidden.shape[-1]) or ids.shape != hidden.shape[:2]:
        shapes = [tuple(tensor.shape) for tensor in (hidden, ids, weight)]
        raise ValueError(f"need hidden (B, T, H), ids (B, T) and weight (1, H), got {shapes}")
    scores = torch.relu(hidden @ weight.to(hidden).T + bias.to(hidden)).squeeze(-1)  # (B, T)
    found: list[dict[int, float]] = []
    for numbers, row in zip(ids.tolist(), scores.tolist(), strict=True):
        best: dict[int, float] = {}
        for number, score in zip(numbers, row, strict=True):
            if number not in (BOS, PAD, EOS, UNK) and score > best.get(number, 0.0):
                best[number] = score
        found.append(best)
    return found


def lexical_score(one: dict[int, float], other: dict[int, float]) -> float:
    """How much two texts have in common by their tokens: the sum of weight products over the ids of both.

    No length divides it, so a text does not score 1 with itself.

    >>> lexical_score({5: 0.5, 9: 2.0}, {5: 0.5, 7: 1.0})
    0.25
    """
    return float(sum(weight * other[number] for number, weight in one.items() if number in other))
