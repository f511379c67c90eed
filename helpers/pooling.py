"""Stage 4 · one vector for a text: [CLS], mean or max over its tokens, padding left out.

bge-m3 was trained with [CLS] pooling (arXiv 2402.03216, section 3.2: "the normalized hidden state of
the special token [CLS]"). Mean and max are the other usual choices (Reimers & Gurevych 2019, section 3).
"""

from __future__ import annotations

import torch
from torch import Tensor

POOLINGS = ("cls", "mean", "max")


def check_pooling(how: str) -> str:
    """The name of a pooling, or a ``ValueError`` that lists them."""
    if how not in POOLINGS:
        raise ValueError(f"pooling={how!r} is unknown; choose {', '.join(POOLINGS)} (bge-m3 was trained with cls)")
    return how


def check_mask(hidden: Tensor, mask: Tensor) -> None:
    """``ValueError`` unless ``hidden`` is ``(B, T, H)``, ``mask`` its ``(B, T)``, with a real token in every row."""
    if hidden.ndim != 3 or mask.shape != hidden.shape[:2]:
        raise ValueError(f"need hidden (B, T, H) and mask (B, T), got {tuple(hidden.shape)} and {tuple(mask.shape)}")
    if not mask.bool().any(dim=1).all():
        raise ValueError("a row of the mask is all 0: a text without a single token has no vector")


def cls_pooling(hidden: Tensor, mask: Tensor) -> Tensor:
    """The first token's hidden state, ``(B, T, H)`` → ``(B, H)``: that of ``<s>``, if padding is on the right.

    Raises ``ValueError`` if a row starts with padding, where position 0 is not ``<s>``.
    """
    check_mask(hidden, mask)
    if not mask[:, 0].bool().all():
        raise ValueError("a row starts with padding, so its first token is not <s>; pad on the right")
    return hidden[:, 0]


def mean_pooling(hidden: Tensor, mask: Tensor) -> Tensor:
    """The mean of the real tokens' hidden states, ``(B, T, H)`` → ``(B, H)``.

    >>> mean_pooling(torch.tensor([[[1.0], [3.0], [99.0]]]), mask=torch.tensor([[1, 1, 0]]))
    tensor([[2.]])
    """
    check_mask(hidden, mask)
    real = mask.unsqueeze(-1).to(hidden.dtype)  # (B, T, 1)
    # where, not times: 0 · inf would be nan if an unused position overflowed
    kept = torch.where(real.bool(), hidden, torch.zeros_like(hidden))  # (B, T, H)
    wide = torch.promote_types(hidden.dtype, torch.float32)  # a sum over 8,192 tokens overflows float16
    return (kept.sum(dim=1, dtype=wide) / real.sum(dim=1, dtype=wide)).to(hidden.dtype)


def max_pooling(hidden: Tensor, mask: Tensor) -> Tensor:
    """The greatest value of each dimension over the real tokens, ``(B, T, H)`` → ``(B, H)``.

    >>> max_pooling(torch.tensor([[[1.0], [3.0], [99.0]]]), mask=torch.tensor([[1, 1, 0]]))
    tensor([[3.]])
    """
    check_mask(hidden, mask)
    padding = mask.unsqueeze(-1) == 0  # (B, T, 1)
    return hidden.masked_fill(padding, float("-inf")).amax(dim=1)


def pool(hidden: Tensor, mask: Tensor, how: str = "cls") -> Tensor:
    """Pool ``(B, T, H)`` to ``(B, H)`` by name: ``cls``, ``mean`` or ``max``. ``mask`` is ``(B, T)``, 1 = real.

    Raises ``ValueError`` for an unknown name, shapes that do not fit, or a row without a real token.
    """
    poolings = {"cls": cls_pooling, "mean": mean_pooling, "max": max_pooling}
    return poolings[check_pooling(how)](hidden, mask)
