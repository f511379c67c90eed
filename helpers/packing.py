"""Many texts through the layers at once and without padding: what ``BgeM3.encode`` runs, fast, for real work.

Everything in a layer but attention looks at one token at a time. So the tokens of many texts stand one behind
the other in one long row, ``(N, H)``, and no number is computed for padding; attention alone must keep texts
apart, and is given those of one length at a time, which needs no mask. Same numbers as ``helpers.encoder``, with
the library's own modules and torch's fused attention in place of the steps by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from helpers.embedding_layers import position_ids
from helpers.encoder import merge_heads, split_heads

if TYPE_CHECKING:
    from transformers import XLMRobertaModel


def batches(lengths: Sequence[int], tokens: float, texts: float) -> Iterator[list[int]]:
    """The numbers of all texts, longest first, in batches of at most so many tokens and so many texts.

    A text of more tokens than that is a batch of its own.

    >>> list(batches([2, 5, 3, 3], tokens=6, texts=9))
    [[1], [2, 3], [0]]
    """
    batch: list[int] = []
    free = tokens
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if batch and (lengths[number] > free or len(batch) >= texts):
            yield batch
            batch, free = [], tokens
        batch.append(number)
        free -= lengths[number]
    if batch:
        yield batch


def attend(query: Tensor, key: Tensor, value: Tensor, texts: int, heads: int) -> Tensor:
    """Attention within each of some texts of one length, ``(B · T, H)`` → ``(B · T, H)``: no padding, no mask."""
    query, key, value = (
        split_heads(tokens.unflatten(0, (texts, -1)), heads) for tokens in (query, key, value)
    )  # (B, A, T, D) each
    return merge_heads(scaled_dot_product_attention(query, key, value)).flatten(end_dim=1)


def packed_states(rows: Sequence[Sequence[int]], model: XLMRobertaModel) -> list[tuple[Tensor, Tensor]]:
    """Last hidden states of a batch of texts: for each length among them ``ids`` ``(B, T)``, ``hidden`` ``(B, T, H)``.

    ``rows`` are the texts' input ids, those of one length side by side; B texts of T tokens each, in the order given.

    >>> states = packed_states([[0, 8, 9, 2], [0, 8, 2], [0, 9, 2]], bge.model)
    >>> [list(hidden.shape) for _, hidden in states]  # mini-m3: H = 384
    [[1, 4, 384], [2, 3, 384]]
    """
    ids = [torch.tensor([list(row) for row in same], device=model.device) for _, same in groupby(rows, key=len)]
    positions = [position_ids(some, model.embeddings.padding_idx) for some in ids]
    sizes = [some.numel() for some in ids]
    tokens, places = (torch.cat([some.flatten() for some in parts])[None] for parts in (ids, positions))  # (1, N)
    hidden = model.embeddings(input_ids=tokens, position_ids=places)[0]  # (N, H)
    for layer in model.encoder.layer:
        part = layer.attention.self
        projected = [linear(hidden).split(sizes) for linear in (part.query, part.key, part.value)]
        context = [
            attend(query, key, value, len(some), part.num_attention_heads)
            for query, key, value, some in zip(*projected, ids, strict=True)
        ]
        attended = layer.attention.output(torch.cat(context), hidden)  # (N, H)
        hidden = layer.output(layer.intermediate(attended), attended)  # (N, H)
    parts = hidden.split(sizes)
    return [(some, part.unflatten(0, some.shape)) for some, part in zip(ids, parts, strict=True)]
