"""Stage 5 · vectors of length 1, and how alike two of them are: L2 norm, dot product, cosine.

After L2 normalisation dot product and cosine are one and the same, and ``‖a − b‖² = 2 − 2·cosine``.
bge-m3's dense score is this inner product (arXiv 2402.03216, section 3.2: ``s_dense = ⟨e_p, e_q⟩``).
"""

from __future__ import annotations

import torch
from torch import Tensor

EPS = 1e-12


def l2_normalize(x: Tensor, eps: float = EPS) -> Tensor:
    """``x / max(‖x‖, eps)`` along the last dimension, any ``(…, H)``: each vector keeps its direction only.

    A zero vector has no direction and stays zero; ``eps`` keeps it from becoming nan. Half precision
    is computed in float32, since squares overflow float16 early and 1e-12 is 0 there.

    >>> l2_normalize(torch.tensor([3.0, 4.0]))
    tensor([0.6000, 0.8000])
    """
    check_vectors(x)
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x  # 300² is too much for float16
    length = wide.pow(2).sum(dim=-1, keepdim=True).sqrt()  # (…, 1)
    return (wide / length.clamp_min(max(eps, torch.finfo(wide.dtype).tiny))).to(x.dtype)


def check_vectors(*vectors: Tensor) -> None:
    """``TypeError`` for anything but floating-point tensors, ``ValueError`` for last dimensions that differ."""
    for vector in vectors:
        if not isinstance(vector, Tensor) or not vector.is_floating_point():
            kind = f"a tensor of {vector.dtype}" if isinstance(vector, Tensor) else type(vector).__name__
            raise TypeError(f"need floating-point tensors, got {kind}; for an array write torch.from_numpy(array)")
    if len({vector.shape[-1] for vector in vectors if vector.ndim}) > 1:
        raise ValueError(f"vectors differ in size: {[tuple(v.shape) for v in vectors]}; were they made by one model?")


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Dot product of vectors paired along the last dimension: ``(…, H)``, ``(…, H)`` → ``(…)``."""
    check_vectors(a, b)
    return (a * b).sum(dim=-1)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of the angle between paired vectors, −1 to 1: ``(…, H)``, ``(…, H)`` → ``(…)``.

    >>> cosine(torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.0]))  # length does not matter
    tensor(1.)
    """
    return dot(l2_normalize(a), l2_normalize(b))


def similarity_matrix(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of every row of ``a`` ``(n, H)`` with every row of ``b`` ``(m, H)`` → ``(n, m)``.

    Raises ``ValueError`` unless both are matrices of one width.
    """
    check_vectors(a, b)
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"need matrices (n, H) and (m, H), got {tuple(a.shape)} and {tuple(b.shape)}")
    return l2_normalize(a) @ l2_normalize(b).T
