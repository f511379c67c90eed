"""A small search index over the course's sentences: storage, thresholds and calibrated scores.

Everything here works on unit vectors, float32 ``(n, H)``, and on plain cosines; nothing draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.normalization import l2_normalize

if TYPE_CHECKING:
    from classroom.sentences import Sentence
    from helpers.pipeline import BgeM3

STORAGES = ("float32", "float16", "int8")
LANGUAGES = ("both", "English", "中文")


def quantize(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Vectors ``(n, H)`` as int8 codes ``(n, H)`` and one float32 scale each ``(n, 1)``: vector ≈ codes · scale.

    >>> quantize(torch.tensor([[0.6, -0.8]]))  # the scale is 0.8 / 127
    (tensor([[  95, -127]], dtype=torch.int8), tensor([[0.0063]]))
    """
    scale = vectors.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127  # (n, 1)
    return (vectors / scale).round().to(torch.int8), scale


def stored(vectors: Tensor, storage: str) -> Tensor:
    """What is left of the vectors ``(n, H)`` after they were stored as float32, float16 or int8."""
    if storage not in STORAGES:
        raise ValueError(f"storage={storage!r} is unknown; choose {', '.join(STORAGES)}")
    if storage == "int8":
        codes, scale = quantize(vectors)
        return codes.float() * scale
    return vectors.to(getattr(torch, storage)).float()


def bytes_each(width: int, storage: str) -> int:
    """Bytes of one stored vector of ``width`` numbers; int8 needs 4 more for its scale."""
    return {"float32": 4 * width, "float16": 2 * width, "int8": width + 4}[storage]


def area_under_curve(related: Tensor, unrelated: Tensor) -> float:
    """The chance that a related pair scores above an unrelated one: 0.5 is guessing, 1 is perfect."""
    above = (related[:, None] > unrelated).double() + 0.5 * (related[:, None] == unrelated)  # (n, m)
    return above.mean().item()


def calibrate(scores: Tensor, labels: Tensor, steps: int = 50) -> tuple[float, float]:
    """Slope and offset of ``P(related) = sigmoid(slope · cosine + offset)``, related and unrelated weighing alike.

    Logistic regression by Newton's method (Platt 1999); a tiny ridge keeps separable scores finite.
    """
    x = torch.stack([scores.double(), torch.ones(len(scores), dtype=torch.float64)], dim=1)  # (n, 2)
    y = labels.double()  # (n,), 1 = related
    weight = torch.where(labels.bool(), 0.5 / y.sum(), 0.5 / (1 - y).sum())  # (n,)
    ridge, answer = 1e-4 * torch.eye(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for _ in range(steps):
        p = torch.sigmoid(x @ answer)  # (n,)
        slope = x.T @ (weight * (p - y)) + ridge @ answer  # (2,)
        bend = (x.T * (weight * p * (1 - p))) @ x + ridge  # (2, 2)
        step = torch.linalg.solve(bend, slope)
        answer = answer - step * min(1.0, 5.0 / step.norm().item()) if step.norm() > 0 else answer
    return answer[0].item(), answer[1].item()


@dataclass(frozen=True)
class Index:
    """The course's sentences with their unit vectors, and what is needed to say how much a score means."""

    texts: list[str]
    languages: list[str]
    topics: list[str]
    vectors: Tensor  # (n, H)
    unrelated: Tensor  # sorted cosines of sentences of different topics
    slope: float
    offset: float

    def probability(self, cosine: float) -> float:
        """P(related) for a pair drawn from as many related as unrelated ones."""
        return torch.sigmoid(torch.tensor(self.slope * cosine + self.offset)).item()

    def above(self, cosine: float) -> float:
        """The share of unrelated pairs that score lower than this."""
        place = torch.searchsorted(self.unrelated, torch.tensor(cosine, dtype=self.unrelated.dtype))
        return place.item() / len(self.unrelated)


@dataclass(frozen=True)
class Hit:
    """One result: its place in the index and its cosine to the query."""

    number: int
    cosine: float


def build_index(bge: BgeM3, sentences: Sequence[Sentence]) -> Index:
    """Encode every English and Chinese sentence; learn from their pairs what a score means."""
    texts = [s.english for s in sentences] + [s.chinese for s in sentences]
    vectors = bge.encode(texts, progress=False)  # (2n, H)
    scores = vectors[: len(sentences)] @ vectors[len(sentences) :].T  # (n, n)
    topics = [s.topic for s in sentences]
    other = torch.tensor([[a != b for b in topics] for a in topics])  # (n, n)
    unrelated = scores[other].sort().values
    labels = torch.cat([torch.ones(len(sentences)), torch.zeros(len(unrelated))])
    slope, offset = calibrate(torch.cat([scores.diagonal(), unrelated]), labels)
    languages = ["English"] * len(sentences) + ["中文"] * len(sentences)
    return Index(texts, languages, topics * 2, vectors, unrelated, slope, offset)


def search(index: Index, query: Tensor, k: int, language: str = "both", storage: str = "float32") -> list[Hit]:
    """The ``k`` best sentences for a query vector ``(H,)``, best first; fewer if the index holds fewer."""
    if language not in LANGUAGES:
        raise ValueError(f"language={language!r} is unknown; choose {', '.join(LANGUAGES)}")
    scores = stored(index.vectors, storage) @ l2_normalize(query.float())  # (n,)
    allowed = torch.tensor([language in ("both", own) for own in index.languages])  # (n,)
    scores = scores.masked_fill(~allowed, float("-inf"))
    best = scores.topk(min(k, int(allowed.sum())))
    return [Hit(number, score) for number, score in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
