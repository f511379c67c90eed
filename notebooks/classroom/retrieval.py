"""How good is a search? Ranks, the usual figures made from them, and how sure these are.

Every measurement of the pages goes through ``ranks``, so there is one rule for ties: candidates that score like
the right one share the middle of their places with it. A model that gives every text one and the same vector
then gets rank (m + 1) / 2 of m, blind guessing's mean rank, and neither first place nor last.

Each question has one right answer. Sources: Voorhees 1999 (MRR, TREC-8 question answering); Järvelin & Kekäläinen
2002 (nDCG); Efron & Tibshirani 1993, section 13.3 (percentile bootstrap).
"""

from __future__ import annotations

import torch
from torch import Tensor

TIE = 1e-5  # cosines nearer than this are equal: batches of another size round differently


def ranks(scores: Tensor, own: Tensor | None = None, tie: float = TIE) -> Tensor:
    """The place of each question's right answer among its candidates, 1 is best: ``(n, m)`` → ``(n,)``, float64.

    ``own`` ``(n,)`` says which candidate is the right one; without it, candidate i is question i's. The place is
    1 + the number of candidates that score higher by more than ``tie`` + half the number of those within it.

    Raises ``ValueError`` for scores that are no matrix, and for a question without a right answer.

    >>> ranks(torch.tensor([[0.2, 0.9, 0.5], [0.9, 0.9, 0.1]])).tolist()
    [3.0, 1.5]
    """
    if scores.ndim != 2:
        raise ValueError(f"need scores (n, m), got {tuple(scores.shape)}")
    own = torch.arange(len(scores), device=scores.device) if own is None else own
    if len(own) != len(scores) or (len(own) and not 0 <= own.min() <= own.max() < scores.shape[1]):
        raise ValueError(f"{len(scores)} questions need a right answer each among {scores.shape[1]} candidates")
    right = scores.gather(1, own[:, None])  # (n, 1)
    higher = (scores > right + tie).sum(dim=1)  # (n,)
    tied = ((scores - right).abs() <= tie).sum(dim=1) - 1  # (n,), the right one left out
    return 1 + higher.double() + tied.double() / 2


def mrr(ranks: Tensor) -> float:
    """Mean reciprocal rank of ``ranks`` ``(n,)``: 1 for a first place, ½ for a second, on average.

    >>> round(mrr(torch.tensor([1.0, 2.0, 3.0])), 3)
    0.611
    """
    return (1 / ranks.double()).mean().item()


def recall_at(ranks: Tensor, k: int = 1) -> float:
    """The share of questions whose right answer is among the first ``k`` places.

    >>> recall_at(torch.tensor([1.0, 2.0, 5.0, 1.0]), k=1)
    0.5
    """
    return (ranks <= k).double().mean().item()


def ndcg_at(ranks: Tensor, k: int = 10) -> float:
    """Normalised discounted cumulative gain: 1 / log2(1 + rank) for a place among the first ``k``, else 0; the mean.

    With one right answer a question the best possible gain is 1, so nothing is left to normalise.

    >>> ndcg_at(torch.tensor([1.0, 3.0, 11.0]))
    0.5
    """
    gains = 1 / torch.log2(1 + ranks.double())  # (n,)
    return torch.where(ranks <= k, gains, 0.0).mean().item()


def interval(values: Tensor, draws: int = 2000, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of the mean of ``values`` ``(n,)``, one a question, over samples of n with replacement.

    The same seed always draws the same samples.

    >>> interval(torch.tensor([0.5, 0.5]))
    (0.5, 0.5)
    """
    generator = torch.Generator().manual_seed(seed)
    picks = torch.randint(len(values), (draws, len(values)), generator=generator)  # (draws, n)
    means = values.double().cpu()[picks].mean(dim=1)  # (draws,)
    edge = (1 - level) / 2
    low, high = torch.quantile(means, torch.tensor([edge, 1 - edge], dtype=torch.float64)).tolist()
    return low, high


def paired_interval(
    one: Tensor, other: Tensor, draws: int = 2000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """``interval`` of the mean difference of two methods on the same questions, ``(n,)`` each.

    Question by question: a hard one is often hard for both, and that must not count as doubt. If the whole interval
    lies above 0, luck in the choice of questions hardly explains that ``one`` is ahead.

    Raises ``ValueError`` if the two do not have one value a question.

    >>> paired_interval(torch.tensor([0.9, 0.5]), torch.tensor([0.8, 0.4]))[0] > 0
    True
    """
    if one.shape != other.shape:
        raise ValueError(f"need two values a question, got {tuple(one.shape)} and {tuple(other.shape)}")
    return interval(one.double() - other.double(), draws, level, seed)
