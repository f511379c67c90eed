"""Switch one part of a model off, for as long as a ``with`` block lasts, and see what it was good for.

Each works on the weights themselves, so whatever reads them (``walk``, ``encode``, the library) feels it, and puts
them back at the end of the block.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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
def without_head(model: XLMRobertaModel, layer: int, *heads: int) -> Iterator[None]:
    """These heads of a layer add nothing: their columns of the layer's output projection are zero.

    Raises ``ValueError`` for a layer or head the model does not have.
    """
    count, of_each = len(model.encoder.layer), model.config.num_attention_heads
    for head in heads:
        if not (0 <= layer < count and 0 <= head < of_each):
            has = f"layers 0–{count - 1} and heads 0–{of_each - 1}"
            raise ValueError(f"layer {layer}, head {head}: this model has {has}")
    weight = model.encoder.layer[layer].attention.output.dense.weight
    size = weight.shape[1] // of_each
    with changed(weight):
        for head in heads:
            weight[:, head * size : (head + 1) * size] = 0
        yield


@contextmanager
def without_attention(model: XLMRobertaModel, layer: int) -> Iterator[None]:
    """A layer's attention adds nothing: nothing passes from token to token there; residual and LayerNorm stay.

    Raises ``ValueError`` for a layer the model does not have.
    """
    with silent(chosen_layer(model, layer).attention.output.dense):
        yield


@contextmanager
def without_feed_forward(model: XLMRobertaModel, layer: int) -> Iterator[None]:
    """A layer's feed-forward network adds nothing; residual and LayerNorm stay.

    Raises ``ValueError`` for a layer the model does not have.
    """
    with silent(chosen_layer(model, layer).output.dense):
        yield


@contextmanager
def silent(linear: nn.Linear) -> Iterator[None]:
    """A linear map answers 0, whatever comes in."""
    with changed(linear.weight, linear.bias):
        linear.weight.zero_()
        linear.bias.zero_()
        yield


def chosen_layer(model: XLMRobertaModel, layer: int) -> nn.Module:
    """A layer by its number from 0; ``ValueError`` for one the model does not have."""
    layers = model.encoder.layer
    if not 0 <= layer < len(layers):
        raise ValueError(f"layer {layer}: this model has layers 0–{len(layers) - 1}")
    return layers[layer]


@contextmanager
def without_layer(model: XLMRobertaModel, layer: int) -> Iterator[None]:
    """One layer is skipped: what comes in goes on to the next.

    Raises ``ValueError`` for a layer the model does not have.
    """
    layers, gone = model.encoder.layer, chosen_layer(model, layer)
    model.encoder.layer = nn.ModuleList(kept for kept in layers if kept is not gone)
    try:
        yield
    finally:
        model.encoder.layer = layers


@dataclass(frozen=True)
class Off:
    """A board of switches: the parts that are off. Layers and heads count from 0.

    >>> Off(heads=((5, 3),), feed_forward=(2,)).first
    2
    """

    heads: Collection[tuple[int, int]] = ()  # (layer, head)
    attention: Collection[int] = ()  # layers whose attention adds nothing
    feed_forward: Collection[int] = ()  # layers whose feed-forward network adds nothing
    layers: Collection[int] = ()  # layers that are skipped
    positions: bool = False  # True: every token gets the same row of the position table

    @property
    def first(self) -> int | None:
        """The lowest layer that feels it: all before it stays as it was. ``None`` if nothing is off."""
        if self.positions:
            return 0
        touched = [*(layer for layer, _ in self.heads), *self.attention, *self.feed_forward, *self.layers]
        return min(touched, default=None)


@contextmanager
def switched_off(model: XLMRobertaModel, off: Off) -> Iterator[None]:
    """All parts of a board that are off, at once. Raises ``ValueError`` for a layer or head there is not.

    >>> with switched_off(bge.model, Off(attention=range(6))):  # mini-m3: nothing reaches <s>
    ...     one, other = bge.encode(["A dog barks.", "Prices rise."])
    >>> bool(abs(one - other).max() < 1e-5)
    True
    """
    with ExitStack() as stack:
        if off.positions:
            stack.enter_context(equal_positions(model))
        for layer in sorted({layer for layer, _ in off.heads}):
            stack.enter_context(without_head(model, layer, *(head for at, head in off.heads if at == layer)))
        for layer in off.attention:
            stack.enter_context(without_attention(model, layer))
        for layer in off.feed_forward:
            stack.enter_context(without_feed_forward(model, layer))
        for layer in sorted(off.layers, reverse=True):  # the last first, so that no number moves
            stack.enter_context(without_layer(model, layer))
        yield
