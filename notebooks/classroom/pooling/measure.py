"""The vectors of page 04's measurements: every pooling of every layer in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3
from helpers.pooling import POOLINGS, pool
from helpers.tokenization import check_texts, cut, pad


@torch.inference_mode()
def all_vectors(bge: BgeM3, texts: Sequence[str], batch_size: int = 32, max_length: int | None = None) -> Tensor:
    """Unit vectors of every pooling of every layer, ``(3, L + 1, n, H)``, on the CPU in float32.

    The first axis follows ``POOLINGS`` (cls, mean, max), the second the hidden states: 0 is what the
    embedding layers hand over, L the last layer. One forward pass a batch, texts of like length together.
    Raises what ``check_texts`` raises; warns (``TruncationWarning``) about texts longer than ``max_length``.

    >>> all_vectors(bge, ["Hello"]).shape  # mini-m3
    torch.Size([3, 7, 1, 384])
    """
    texts = check_texts(texts)
    rows = bge.tokenizer(texts, truncation=False, verbose=False)["input_ids"]
    rows = cut(rows, max_length or bge.max_length, texts, stacklevel=4)  # the caller's line, above torch's decorator
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    depth, width = bge.model.config.num_hidden_layers + 1, bge.model.config.hidden_size
    vectors = torch.empty(len(POOLINGS), depth, len(rows), width)  # (3, L + 1, n, H)
    for start in range(0, len(order), batch_size):
        numbers = order[start : start + batch_size]
        ids, mask = (tensor.to(bge.model.device) for tensor in pad([rows[number] for number in numbers]))  # (b, T)
        states = bge.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        for layer, hidden in enumerate(states):  # (b, T, H)
            for kind, how in enumerate(POOLINGS):
                vectors[kind, layer, numbers] = l2_normalize(pool(hidden, mask, how)).float().cpu()  # (b, H)
    return vectors
