"""Stage 2 · input ids → the encoder's input: word + position + token type embeddings, then LayerNorm.

Sources: Vaswani et al. 2017 (arXiv 1706.03762, section 3.4–3.5), Ba et al. 2016 (LayerNorm, arXiv
1607.06450, eq. 4); positions learned and counted as in RoBERTa's reference code (fairseq ``make_positions``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import XLMRobertaModel


@dataclass(frozen=True)
class Embedded:
    """The parts of stage 2, each ``(B, T, H)`` but ``position_ids`` ``(B, T)``."""

    position_ids: Tensor
    word: Tensor
    position: Tensor
    token_type: Tensor
    summed: Tensor
    output: Tensor


def position_ids(ids: Tensor, padding_idx: int = 1) -> Tensor:
    """Position of every token ``(B, T)``: real ones count up from ``padding_idx + 1``, padding stays at it.

    Padding is recognised by its id, so the count does not depend on how much of it there is.

    >>> position_ids(torch.tensor([[0, 9, 2, 1, 1]]))
    tensor([[2, 3, 4, 1, 1]])
    """
    real = ids.ne(padding_idx).long()  # (B, T)
    return torch.cumsum(real, dim=1) * real + padding_idx


def lookup(table: Tensor, ids: Tensor) -> Tensor:
    """Rows ``ids`` ``(B, T)`` of an embedding table ``(V, H)`` → ``(B, T, H)``.

    The same as one-hot vectors times the table. Raises ``IndexError`` for an id outside the table,
    with the id and what usually causes it.
    """
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= len(table):
        bad = low if low < 0 else high
        raise IndexError(
            f"id {bad} is outside this table of {len(table):,} rows; the ids come from another tokenizer, "
            "or the text is longer than the checkpoint's limit"
        )
    return table[ids]


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Each vector along the last dimension brought to mean 0 and variance 1, then scaled and shifted.

    ``(x − mean) / √(variance + eps) · gain + bias``, variance over H (not H − 1). Any shape ``(…, H)``.

    >>> layer_norm(torch.tensor([1.0, 3.0]), torch.ones(2), torch.zeros(2), 0.0)
    tensor([-1.,  1.])
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * gain + bias


def embed(ids: Tensor, model: XLMRobertaModel) -> Embedded:
    """Stage 2 for a batch of ids ``(B, T)``, with the model's own tables; every part is kept.

    Raises ``IndexError`` (see ``lookup``) for ids or positions the tables do not have.
    """
    layer = model.embeddings
    positions = position_ids(ids, layer.padding_idx)  # (B, T)
    word = lookup(layer.word_embeddings.weight, ids)  # (B, T, H)
    position = lookup(layer.position_embeddings.weight, positions)  # (B, T, H)
    token_type = lookup(layer.token_type_embeddings.weight, torch.zeros_like(ids))  # (B, T, H)
    summed = word + token_type + position  # (B, T, H)
    norm = layer.LayerNorm
    output = layer_norm(summed, norm.weight, norm.bias, norm.eps)  # (B, T, H)
    return Embedded(positions, word, position, token_type, summed, output)
