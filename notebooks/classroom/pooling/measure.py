"""Measurements of page 04: every pooling of every layer in one pass, ranks, and how sure they are.

``all_vectors`` makes the vectors, ``reciprocal_ranks`` says where each text's partner lands among the
candidates, ``bootstrap`` gives the interval in which the mean of such numbers moves when the texts change.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.normalization import l2_normalize, similarity_matrix
from helpers.pipeline import BgeM3
from helpers.pooling import POOLINGS, pool
from helpers.tokenization import check_texts, cut, pad

TIE = 1e-5  # cosines nearer than this are equal: batches of another size round differently


@torch.inference_mode()
def all_vectors(bge: BgeM3, texts: Sequence[str], batch_size: int = 32, max_length: int | None = None) -> Tensor:
    """Unit vectors of every pooling of every layer, ``(3, L + 1, n, H)``, on the CPU in float32.

    The first axis follows ``POOLINGS`` (cls, mean, max), the second the hidden states: 0 is what the
    embedding layers hand over, L the last layer. One forward pass a batch, texts of like length together.
    Raises what ``check_texts`` raises; warns (``TruncationWarning``) about texts longer than ``max_length``.

    Example: ``all_vectors(bge, ["Hello"]).shape`` → ``(3, 5, 1, 256)`` with mini-m3.
    """
    texts = check_texts(texts)
    rows = cut(bge.tokenizer(texts, truncation=False, verbose=False)["input_ids"], max_length or bge.max_length, texts)
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


def reciprocal_ranks(queries: Tensor, candidates: Tensor) -> Tensor:
    """1 / rank of each query's own candidate, ``(n, H)`` and ``(m, H)`` with m ≥ n → ``(n,)``.

    Query i's own candidate is candidate i; any further candidates are decoys. Candidates that tie
    with the own one (cosines within 1e-5) share the middle of their ranks, so a model that gives every
    text one and the same vector earns what blind guessing would: 2 / (m + 1).

    Raises ``ValueError`` if a query has no candidate of its own.
    Example: own cosine 0.9, others 0.95 and 0.2 → rank 2 → 0.5.
    """
    if len(candidates) < len(queries):
        raise ValueError(f"{len(queries)} queries need as many candidates of their own, got {len(candidates)}")
    scores = similarity_matrix(queries, candidates)  # (n, m)
    own = scores.diagonal()[:, None]  # (n, 1)
    better = (scores > own + TIE).sum(dim=1)  # (n,)
    tied = ((scores - own).abs() <= TIE).sum(dim=1) - 1  # (n,), the own one left out
    return 1 / (1 + better + tied / 2)


def bootstrap(values: Tensor, draws: int = 2000, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of the mean of ``values`` ``(n,)`` over ``draws`` samples of n with replacement.

    Efron & Tibshirani 1993, section 13.3. For the difference of two methods give the differences text
    by text (a paired comparison). The same seed always draws the same samples.

    Example: equal values have an interval of width 0: ``bootstrap(tensor([0.5, 0.5]))`` → ``(0.5, 0.5)``.
    """
    generator = torch.Generator().manual_seed(seed)
    picks = torch.randint(len(values), (draws, len(values)), generator=generator)  # (draws, n)
    means = values.double()[picks].mean(dim=1)  # (draws,)
    edge = (1 - level) / 2
    low, high = torch.quantile(means, torch.tensor([edge, 1 - edge], dtype=torch.float64)).tolist()
    return low, high
