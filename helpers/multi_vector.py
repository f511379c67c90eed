"""bge-m3's multi-vector output: a vector for every token of a text, and MaxSim, the score of two such texts.

``v = normalize(W h + b)`` for each token's hidden state h but that of ``<s>``; two texts are compared by the best
cosine of each query token (ColBERT's late interaction), averaged. The layer lies beside the weights as
``colbert_linear.pt``.

Source: arXiv 2402.03216, section 3.2, "multi-vector retrieval" and equation for ``s_rank``; Khattab & Zaharia
2020 (ColBERT, arXiv 2004.12832); FlagEmbedding's BGEM3FlagModel for what the papers leave open: ``</s>`` has a
vector, the sum of scores is divided by the sum of their weights.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .normalization import l2_normalize, similarity_matrix


def token_vectors(hidden: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A vector of length 1 for every token but the first, ``<s>``: ``(B, T, H)`` → ``(B, T − 1, H)``.

    ``hidden`` are the last hidden states; ``weight`` ``(H, H)`` and ``bias`` ``(H,)`` are those of
    ``colbert_linear.pt``. Padding gets vectors too: drop them by the mask without its first column.

    >>> token_vectors(torch.tensor([[[1.0, 1.0], [3.0, 4.0]]]), weight=torch.eye(2), bias=torch.zeros(2))
    tensor([[[0.6000, 0.8000]]])
    """
    size = hidden.shape[-1]
    if hidden.ndim != 3 or weight.shape != (size, size) or bias.shape != (size,):
        shapes = [tuple(tensor.shape) for tensor in (hidden, weight, bias)]
        raise ValueError(f"need hidden (B, T, H), weight (H, H) and bias (H,), got {shapes}")
    return l2_normalize(hidden[:, 1:] @ weight.to(hidden).T + bias.to(hidden))


def max_sim(query: Tensor, passage: Tensor) -> float:
    """How well a passage answers a query: the best cosine of each query token, averaged; −1 to 1.

    ``query`` ``(Tq, H)`` and ``passage`` ``(Tp, H)`` are the token vectors of one text each. Not symmetric: a
    long passage that holds the query scores high, the query in its place does not.

    >>> max_sim(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[2.0, 0.0]]))
    0.5
    """
    if not len(query) or not len(passage):
        raise ValueError("a text without token vectors has no score")
    return similarity_matrix(query, passage).amax(dim=1).mean().item()


def weighted_sum(dense: float, lexical: float, multi: float, weights: Sequence[float] = (1.0, 1.0, 1.0)) -> float:
    """The three scores of a query and a passage as one: their weighted mean, weights in the same order.

    A weight of 0 leaves a score out. All three may be tensors of one shape as well. bge-m3's authors use
    ``(0.4, 0.2, 0.4)`` in their example and equal weights by default; on your own data, measure.

    >>> round(weighted_sum(0.6, 0.2, 0.8, weights=(0.4, 0.2, 0.4)), 6)
    0.6
    """
    if len(weights) != 3 or min(weights) < 0 or not sum(weights) > 0:
        raise ValueError(f"weights={weights!r} must be three numbers of at least 0, one of them above it")
    one, two, three = weights
    return (one * dense + two * lexical + three * multi) / sum(weights)
