"""Switch one part of a model off, for as long as a ``with`` block lasts, and see what it was good for.

Each works on the weights themselves, so whatever reads them (``walk``, ``encode``, the library) feels it, and puts
them back at the end of the block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import XLMRobertaModel


@contextmanager
def changed(*tensors: Tensor) -> Iterator[None]:
    """Let the block change these weights in place, and put them back as they were."""
    kept = [tensor.detach().clone() for tensor in tensors]
    try:
        with torch.no_grad():
            yield
    finally:
        with torch.no_grad():
            for tensor, before in zip(tensors, kept, strict=True):
                tensor.copy_(before)


@contextmanager
def even_attention(model: XLMRobertaModel, layers: range | None = None) -> Iterator[None]:
    """Every token looks at all real tokens alike: each row of the attention maps becomes 1/T.

    A query of zeros has the score 0 with every key, and the softmax of equal scores is even.

    >>> with even_attention(bge.model):
    ...     row = bge.walk(["Hello"]).attentions[0][0, 0, 0]
    >>> [round(weight, 3) for weight in row.tolist()]
    [0.333, 0.333, 0.333]
    """
    chosen = range(len(model.encoder.layer)) if layers is None else layers
    queries = [model.encoder.layer[number].attention.self.query for number in chosen]
    with changed(*[p for query in queries for p in (query.weight, query.bias)]):
        for query in queries:
            query.weight.zero_()
            query.bias.zero_()
        yield


@contextmanager
def equal_positions(model: XLMRobertaModel, row: int = 10) -> Iterator[None]:
    """Every token gets the same row of the position table, so order is gone.

    Row 2 is that of ``<s>``: with it all other tokens look like ``<s>`` too, and all texts come to lie at one point.

    >>> with equal_positions(bge.model):
    ...     one, other = bge.encode(["dog bites man", "man bites dog"])
    >>> bool(abs(one - other).max() < 1e-5)
    True
    """
    table = model.embeddings.position_embeddings.weight
    with changed(table):
        table[:] = table[row].clone()
        yield


@contextmanager
def without_head(model: XLMRobertaModel, layer: int, head: int) -> Iterator[None]:
    """One head adds nothing: its columns of the layer's output projection are zero.

    Raises ``ValueError`` for a layer or head the model does not have.
    """
    count, heads = len(model.encoder.layer), model.config.num_attention_heads
    if not (0 <= layer < count and 0 <= head < heads):
        raise ValueError(f"layer {layer}, head {head}: this model has layers 0–{count - 1} and heads 0–{heads - 1}")
    weight = model.encoder.layer[layer].attention.output.dense.weight
    size = weight.shape[1] // heads
    with changed(weight):
        weight[:, head * size : (head + 1) * size] = 0
        yield


@contextmanager
def without_layer(model: XLMRobertaModel, layer: int) -> Iterator[None]:
    """One layer is skipped: what comes in goes on to the next.

    Raises ``ValueError`` for a layer the model does not have.
    """
    layers = model.encoder.layer
    if not 0 <= layer < len(layers):
        raise ValueError(f"layer {layer}: this model has layers 0–{len(layers) - 1}")
    model.encoder.layer = nn.ModuleList(kept for number, kept in enumerate(layers) if number != layer)
    try:
        yield
    finally:
        model.encoder.layer = layers
