"""How page 02 measures what a change of stage 2 costs: stories told twice, and a search among near misses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from classroom import retrieval
from classroom.ablations import changed
from classroom.pairs import Pair, load_pairs
from classroom.sample import sample
from classroom.sentences import Sentence, load_sentences
from helpers.encoder import self_attention
from helpers.pipeline import BgeM3


def stories(bge: BgeM3) -> list[Pair]:
    """The 100 pairs that differ in word order alone; of a large model a third of them."""
    return sample(bge, load_pairs("order"), few=34)


def margins(bge: BgeM3) -> Tensor:
    """For each Chinese sentence its cosine with the right story minus that with the swapped one, ``(n,)``.

    >>> margins(bge).shape
    torch.Size([100])
    """
    rows = stories(bge)
    chinese, right, swapped = (
        bge.encode([getattr(row, name) for row in rows], progress=False)
        for name in ("chinese", "english", "english_twin")
    )  # (n, H) each
    return (chinese * (right - swapped)).sum(dim=1)


def counts(margins: Tensor) -> str:
    """Right, tied (as for ``retrieval.ranks``) and wrong in words.

    >>> counts(torch.tensor([0.2, 0.0, -0.1]))
    '1 of 3 right, 1 tied, 1 wrong'
    """
    right, wrong = int((margins > retrieval.TIE).sum()), int((margins < -retrieval.TIE).sum())
    return f"{right} of {len(margins)} right, {len(margins) - right - wrong} tied, {wrong} wrong"


def sentences(bge: BgeM3) -> list[Sentence]:
    """The course's 220 sentences; of a large model a quarter of them."""
    return sample(bge, load_sentences(), few=55)


def index(bge: BgeM3) -> Tensor:
    """What is searched: the English sentences, then a near miss of each, ``(2n, H)``."""
    rows = sentences(bge)
    return bge.encode([row.english for row in rows] + [row.near_miss for row in rows], progress=False)


def ranks(bge: BgeM3, index: Tensor) -> Tensor:
    """The place of its English sentence for each Chinese one, ``(n,)``, 1 is best."""
    return retrieval.ranks(bge.encode([row.chinese for row in sentences(bge)], progress=False) @ index.T)


def cost(before: Tensor, after: Tensor) -> str:
    """Both mean reciprocal ranks and the interval of their difference, in words.

    >>> cost(torch.tensor([1.0, 1.0]), torch.tensor([2.0, 2.0]))
    'MRR 1.000 → 0.500, 95 % interval of the loss 0.500 to 0.500'
    """
    low, high = retrieval.paired_interval(1 / before, 1 / after)
    return (
        f"MRR {retrieval.mrr(before):.3f} → {retrieval.mrr(after):.3f}, "
        f"95 % interval of the loss {low:.3f} to {high:.3f}"
    )


@torch.no_grad()
def evenness(bge: BgeM3) -> float:
    """How evenly each token of layer 1 looks at all tokens: 1 if at all alike, 0 if at one alone.

    The entropy of its attention as a share of the greatest possible, ln T, over heads, tokens and 20 sentences.
    """
    shares = []
    for row in sentences(bge)[:20]:
        ids = bge.tokenizer(row.english, return_tensors="pt")["input_ids"].to(bge.model.device)  # (1, T)
        start = bge.model.embeddings(ids)  # (1, T, H)
        _, attention = self_attention(start, torch.ones_like(ids), bge.model.encoder.layer[0])  # (1, A, T, T)
        shares.append(torch.special.entr(attention).sum(dim=-1).mean() / math.log(ids.shape[1]))
    return torch.stack(shares).mean().item()


@contextmanager
def positions_moved(bge: BgeM3, by: int) -> Iterator[None]:
    """Every token reads the position row ``by`` places further on (before, if negative), wherever there is one."""
    table = bge.model.embeddings.position_embeddings.weight
    with changed(table):
        rows = (torch.arange(len(table), device=table.device) + by).clamp(0, len(table) - 1)
        table[:] = table[rows].clone()
        yield


@contextmanager
def random_type(bge: BgeM3, seed: int = 0) -> Iterator[None]:
    """The token type row is one that no training has seen, as spread as ``initializer_range`` says."""
    row = bge.model.embeddings.token_type_embeddings.weight
    draws = torch.randn(row.shape, generator=torch.Generator().manual_seed(seed))
    with changed(row):
        row[:] = draws * bge.model.config.initializer_range
        yield


class Times(nn.Module):
    """What comes in, times a number."""

    def __init__(self, number: float) -> None:
        """``number`` is what everything is multiplied by."""
        super().__init__()
        self.number = number

    def forward(self, x: Tensor) -> Tensor:
        """``x`` of any shape, times the number."""
        return x * self.number


@contextmanager
def without_layer_norm(bge: BgeM3, times: float = 1) -> Iterator[None]:
    """The sum of the three rows goes on as it is, or ``times`` a number; the layers keep their own LayerNorms."""
    tables = bge.model.embeddings
    norm = tables.LayerNorm
    tables.LayerNorm = Times(times)
    try:
        yield
    finally:
        tables.LayerNorm = norm
