"""Stage 3 · the encoder stack: self-attention and feed-forward, each with residual and LayerNorm.

Letters in shapes: B texts, T tokens, H hidden size, A heads, D = H/A size of a head, F feed-forward size.

Source: Vaswani et al. 2017 (arXiv 1706.03762): eq. 1 (attention), section 3.2.2 (heads), eq. 2
(feed-forward), section 3.1 (LayerNorm *after* the residual sum). gelu: Hendrycks & Gimpel 2016.
Simplified here: no dropout (this is inference), no caching, no fused kernels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .embedding_layers import layer_norm

if TYPE_CHECKING:
    from transformers import XLMRobertaModel
    from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaLayer


@dataclass(frozen=True)
class Encoded:
    """Hidden states after the embeddings and after each layer, L + 1 of ``(B, T, H)``; attention maps.

    ``attentions`` holds L maps ``(B, A, T, T)``, rows summing to 1, or nothing if they were not asked for.
    """

    hidden_states: tuple[Tensor, ...]
    attentions: tuple[Tensor, ...]


def linear(x: Tensor, layer: nn.Linear) -> Tensor:
    """``x Wᵀ + b`` for any ``(…, in)`` → ``(…, out)``."""
    return x @ layer.weight.T + layer.bias


def split_heads(x: Tensor, heads: int) -> Tensor:
    """``(B, T, H)`` → ``(B, A, T, D)``: head a holds columns a·D to (a + 1)·D."""
    batch, length, hidden = x.shape
    return x.reshape(batch, length, heads, hidden // heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """``(B, A, T, D)`` → ``(B, T, H)``, the inverse of ``split_heads``."""
    return x.transpose(1, 2).flatten(start_dim=2)


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention, ``softmax(q kᵀ / √D) v``, over the keys the mask lets through.

    ``query``, ``key``, ``value`` ``(B, A, T, D)``; ``mask`` ``(B, T)``, 1 = real, 0 = padding. Returns the context
    ``(B, A, T, D)`` and the map ``(B, A, T, T)``; in the map a padding column is exactly 0.
    """
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])  # (B, A, T, T)
    hidden_keys = mask[:, None, None, :] == 0  # (B, 1, 1, T)
    scores = scores.masked_fill(hidden_keys, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)  # (B, A, T, T)
    return weights @ value, weights


def self_attention(hidden: Tensor, mask: Tensor, layer: XLMRobertaLayer) -> tuple[Tensor, Tensor]:
    """Multi-head self-attention with output projection, residual and LayerNorm.

    ``hidden`` ``(B, T, H)`` → ``(B, T, H)`` and the map ``(B, A, T, T)``; ``layer`` is one ``XLMRobertaLayer``.
    """
    parts, out = layer.attention.self, layer.attention.output
    query, key, value = (
        split_heads(linear(hidden, part), parts.num_attention_heads) for part in (parts.query, parts.key, parts.value)
    )  # (B, A, T, D) each
    context, weights = attention(query, key, value, mask)
    projected = linear(merge_heads(context), out.dense)  # (B, T, H)
    return layer_norm(hidden + projected, out.LayerNorm.weight, out.LayerNorm.bias, out.LayerNorm.eps), weights


def gelu(x: Tensor) -> Tensor:
    """``x · Φ(x)`` with the exact normal distribution function, not the tanh approximation.

    >>> gelu(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def feed_forward(hidden: Tensor, layer: XLMRobertaLayer) -> Tensor:
    """``gelu(x W₁ + b₁) W₂ + b₂`` with residual and LayerNorm, ``(B, T, H)`` → ``(B, T, F)`` → ``(B, T, H)``."""
    inner = gelu(linear(hidden, layer.intermediate.dense))  # (B, T, F)
    outer = linear(inner, layer.output.dense)  # (B, T, H)
    norm = layer.output.LayerNorm
    return layer_norm(hidden + outer, norm.weight, norm.bias, norm.eps)


def encoder_layer(hidden: Tensor, mask: Tensor, layer: XLMRobertaLayer) -> tuple[Tensor, Tensor]:
    """One layer: self-attention, then feed-forward. Returns ``(B, T, H)`` and the map ``(B, A, T, T)``."""
    attended, weights = self_attention(hidden, mask, layer)
    return feed_forward(attended, layer), weights


def encode_stack(embedded: Tensor, mask: Tensor, model: XLMRobertaModel, attentions: bool = True) -> Encoded:
    """All layers in a row. ``embedded`` ``(B, T, H)`` from stage 2, ``mask`` ``(B, T)``.

    Pass ``attentions=False`` to drop the maps, which take A·T² numbers a text and layer (4.3 GB a
    layer for one text of 8,192 tokens and 16 heads in float32).
    """
    hidden_states, maps = [embedded], []
    for layer in model.encoder.layer:
        hidden, weights = encoder_layer(hidden_states[-1], mask, layer)
        hidden_states.append(hidden)
        if attentions:
            maps.append(weights)
        del weights  # else it would live until the next layer has made its own
    return Encoded(tuple(hidden_states), tuple(maps))
