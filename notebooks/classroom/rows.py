"""Rows of input ids through the layers, many at once and without padding: for pages whose ids no text gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from helpers.devices import batch_limits
from helpers.packing import batches, packed_states
from helpers.pipeline import BgeM3


@torch.no_grad()
def packed(bge: BgeM3, rows: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], list[tuple[Tensor, Tensor]]]]:
    """Batch by batch the numbers of its rows and their last hidden states, as ``packed_states`` gives them."""
    for numbers in batches([len(row) for row in rows], *batch_limits(bge.model.device, texts=None, tokens=None)):
        yield numbers, packed_states([rows[number] for number in numbers], bge.model)


def first_states(bge: BgeM3, rows: Sequence[Sequence[int]]) -> Tensor:
    """The last hidden state of each row's first token, raw ``(n, H)`` on the CPU in float32.

    >>> first_states(bge, [[0, 9, 2], [0, 2]]).shape  # mini-m3
    torch.Size([2, 384])
    """
    found = torch.empty(len(rows), bge.model.config.hidden_size)
    for numbers, states in packed(bge, rows):
        found[numbers] = torch.cat([hidden[:, 0] for _, hidden in states]).float().cpu()
    return found
