"""What page 07 measures: cosines by the kind of pair, thresholds, probabilities, and vectors in fewer bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from classroom.passages import Question, load_questions
from classroom.pooling.measure import last_vectors
from classroom.retrieval import interval, mrr, paired_interval, ranks
from classroom.sample import sample
from classroom.sentences import Sentence, load_sentences
from classroom.words import words
from helpers.checkpoint.recorded import recorded_figures
from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3

W = words("scores")
LEVELS = 255  # steps between the 256 codes of one byte


@dataclass(frozen=True)
class Course:
    """The course's n sentences and m questions with their unit vectors ``(n, H)`` and ``(m, H)``, on the CPU."""

    sentences: list[Sentence]
    questions: list[Question]
    english: Tensor
    chinese: Tensor
    paraphrase: Tensor
    near_miss: Tensor
    asked: Tensor
    right: Tensor  # the passage that answers
    near: Tensor  # one of the same topic and words that does not
    asked_max: Tensor  # questions and passages once more, (m, H) and (2m, H), by max pooling: another model
    passages_max: Tensor

    def pairs(self, same: bool, topic: str = "", half: int | None = None) -> Tensor:
        """Cosines of two English sentences, each pair once: of one topic, or of two.

        ``topic``: both of this topic. ``half`` 0 or 1: both with an even, or both with an odd number.
        """
        topics = [sentence.topic for sentence in self.sentences]
        kept = torch.tensor([[(a == b) == same and topic in ("", a) for b in topics] for a in topics])  # (n, n)
        kept &= torch.ones_like(kept).triu(1)
        if half is not None:
            chosen = torch.arange(len(topics)) % 2 == half
            kept &= chosen[:, None] & chosen
        return (self.english @ self.english.T)[kept]

    def strangers(self, asked: Tensor | None = None, passages: Tensor | None = None) -> Tensor:
        """Cosines of every question with the right passages of the other topics; other vectors if given."""
        topics = [question.topic for question in self.questions]
        other = torch.tensor([[a != b for b in topics] for a in topics])  # (m, m)
        asked = self.asked if asked is None else asked
        passages = self.right if passages is None else passages
        return (asked @ passages[: len(topics)].T)[other]


def passages_of(questions: Sequence[Question]) -> list[str]:
    """The right passages in order, then one near passage for each."""
    return [q.passage for q in questions] + [q.near[0] for q in questions]


def encode_course(bge: BgeM3) -> Course:
    """Encode the sentences with their variants, the questions and two passages for each; few where ``bge`` is large."""
    sentences = sample(bge, load_sentences(), few=55)
    questions = sample(bge, load_questions(), few=40)

    def encode(texts: list[str]) -> Tensor:
        return bge.encode(texts, progress=False).float().cpu()

    asked, _, asked_max = last_vectors(bge, [q.question for q in questions])  # (m, H) each
    passages, _, passages_max = last_vectors(bge, passages_of(questions))  # (2m, H) each
    return Course(
        sentences,
        questions,
        encode([s.english for s in sentences]),
        encode([s.chinese for s in sentences]),
        encode([s.paraphrase for s in sentences]),
        encode([s.near_miss for s in sentences]),
        asked,
        passages[: len(questions)],
        passages[len(questions) :],
        asked_max,
        passages_max,
    )


def five_kinds(course: Course) -> dict[str, Tensor]:
    """The cosines ``(count,)`` of five kinds of pairs, from strangers to translations."""
    names = W["kinds"]
    return {
        names["different"]: course.pairs(same=False),
        names["same"]: course.pairs(same=True),
        names["passage"]: (course.asked * course.right).sum(dim=1),
        names["paraphrase"]: (course.english * course.paraphrase).sum(dim=1),
        names["translation"]: (course.english * course.chinese).sum(dim=1),
    }


def beats(one: Tensor, other: Tensor) -> float:
    """How often a score of ``one`` ``(n,)`` is above one of ``other`` ``(m,)``, over all n · m; a tie counts half.

    Also called AUC, the area under the ROC curve: 0.5 is a coin.

    >>> beats(torch.tensor([0.9, 0.5]), torch.tensor([0.6, 0.1]))
    0.75
    """
    wins = (one[:, None] > other).double() + 0.5 * (one[:, None] == other)  # (n, m)
    return wins.mean().item()


def spread_of_threshold(wrong: Tensor, share: float, counts: Sequence[int], draws: int = 2000) -> Tensor:
    """Where the threshold lands if chosen on ``count`` wrong pairs only: 2.5, 50, 97.5 % of ``draws``, ``(c, 3)``.

    The threshold is the score that ``share`` of the pairs drawn from ``wrong`` ``(n,)`` pass. Always the same draws.
    """
    generator = torch.Generator().manual_seed(0)
    rows = []
    for count in counts:
        drawn = wrong[torch.randint(len(wrong), (draws, count), generator=generator)]  # (draws, count)
        rows.append(drawn.quantile(1 - share, dim=1).quantile(torch.tensor([0.025, 0.5, 0.975])))
    return torch.stack(rows)


def calibrate(right: Tensor, wrong: Tensor) -> tuple[float, float]:
    """Slope and offset of ``P(right) = sigmoid(slope · cosine + offset)``, right and wrong pairs weighing alike.

    Logistic regression by Newton's method (Platt 1999); a tiny ridge keeps scores finite that can be parted wholly.

    >>> slope, offset = calibrate(torch.tensor([0.6, 0.7, 0.8]), torch.tensor([0.2, 0.3, 0.4]))
    >>> abs(slope * 0.5 + offset) < 0.1  # halfway it is undecided
    True
    """
    scores = torch.cat([right, wrong]).double()
    x = torch.stack([scores, torch.ones_like(scores)], dim=1)  # (n, 2)
    y = torch.cat([torch.ones(len(right)), torch.zeros(len(wrong))]).double()  # (n,)
    weight = torch.where(y > 0, 0.5 / len(right), 0.5 / len(wrong))  # (n,)
    ridge, answer = 1e-4 * torch.eye(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for _ in range(50):
        chance = torch.sigmoid(x @ answer)  # (n,)
        slope = x.T @ (weight * (chance - y)) + ridge @ answer  # (2,)
        bend = (x.T * (weight * chance * (1 - chance))) @ x + ridge  # (2, 2)
        step = torch.linalg.solve(bend, slope)  # (2,)
        answer = answer - step * min(1.0, 5.0 / max(step.norm().item(), 1e-12))
        if step.norm() < 1e-9:
            break
    return answer[0].item(), answer[1].item()


def chance_band(right: Tensor, wrong: Tensor, cosines: Tensor, count: int, draws: int = 200) -> Tensor:
    """The calibrated chance at ``cosines`` ``(c,)`` from ``count`` pairs of each sort: 2.5, 50, 97.5 %, ``(3, c)``."""
    generator = torch.Generator().manual_seed(0)
    curves = []
    for _ in range(draws):
        some = [scores[torch.randint(len(scores), (count,), generator=generator)] for scores in (right, wrong)]
        slope, offset = calibrate(*some)
        curves.append(torch.sigmoid(slope * cosines.double() + offset))
    return torch.stack(curves).quantile(torch.tensor([0.025, 0.5, 0.975], dtype=torch.float64), dim=0)


class Kept(NamedTuple):
    """Pairs that got about the same promise: the mean promise, the share that was right, its interval, how many."""

    promised: float
    happened: float
    low: float
    high: float
    count: int


def reliability(right: Tensor, wrong: Tensor, slope: float, offset: float, least: int = 5) -> list[Kept]:
    """Is a promise kept? As many wrong as right pairs, in five bins of promise; bins of fewer than ``least`` left out.

    Of the longer of the two an even sample is taken.
    """
    count = min(len(right), len(wrong))
    scores = torch.cat([s[torch.arange(count) * len(s) // count] for s in (right, wrong)]).double()  # (2 count,)
    truth = torch.cat([torch.ones(count), torch.zeros(count)])  # (2 count,)
    promise = torch.sigmoid(slope * scores + offset)
    bins = (promise * 5).floor().clamp(max=4)
    rows = []
    for number in range(5):
        inside = bins == number
        if inside.sum() >= least:
            happened = truth[inside]
            low, high = interval(happened)
            rows.append(Kept(promise[inside].mean().item(), happened.mean().item(), low, high, len(happened)))
    return rows


def ranges(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Smallest and largest number of every dimension: ``(n, H)`` → ``(H,)``, ``(H,)``."""
    return vectors.amin(dim=0), vectors.amax(dim=0)


def to_int8(vectors: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Codes from −128 (``low``) to 127 (``high``), a scale for every dimension: ``(n, H)`` → int8 ``(n, H)``.

    What lies outside its range gets the code at the end of it.

    >>> to_int8(torch.tensor([[0.0, 0.1, 0.6]]), torch.tensor([0.0]), torch.tensor([0.51]))
    tensor([[-128,  -78,  127]], dtype=torch.int8)
    """
    step = ((high - low) / LEVELS).clamp_min(1e-12)  # (H,): a dimension may be the same for all
    return (((vectors - low) / step).round().clamp(0, LEVELS) - 128).to(torch.int8)


def from_int8(codes: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The numbers that int8 codes ``(n, H)`` stand for."""
    return low + (codes.float() + 128) * ((high - low) / LEVELS).clamp_min(1e-12)


def to_bits(vectors: Tensor) -> np.ndarray:
    """One bit a number, 1 where it is above 0, eight of them a byte: ``(n, H)`` → uint8 ``(n, ⌈H/8⌉)``.

    >>> to_bits(torch.tensor([[0.3, -0.1, 0.2, -0.5, -0.1, 0.0, 0.7, -0.2]]))
    array([[162]], dtype=uint8)
    """
    return np.packbits((vectors > 0).numpy(), axis=1)


def from_bits(packed: np.ndarray, width: int) -> Tensor:
    """Unit vectors of +1/√H and −1/√H, ``(n, H)``, from bits packed by ``to_bits``; ``width`` is H."""
    bits = np.unpackbits(packed, axis=1, count=width).astype(np.float32)  # (n, H)
    return torch.from_numpy(2 * bits - 1) / width**0.5


def bytes_each(width: int) -> dict[str, float]:
    """Bytes of one vector of ``width`` numbers, by the way it is kept."""
    return {name: bits * width / 8 for name, bits in {"float32": 32, "float16": 16, "int8": 8, "1 bit": 1}.items()}


def rescored(rough: Tensor, exact: Tensor, k: int) -> Tensor:
    """Scores ``(n, m)`` of a two-step search: the best ``k`` by ``rough`` get their ``exact`` score, above all.

    >>> rescored(torch.tensor([[0.9, 0.8, 0.1]]), torch.tensor([[0.5, 0.7, 0.9]]), 2)[0].argmax().item()
    1
    """
    best = rough.topk(min(k, rough.shape[1]), dim=1).indices  # (n, k)
    return (rough - 10).scatter(1, best, exact.gather(1, best))  # cosines lie within 1 of 0


class Loss(NamedTuple):
    """What a rough copy does to a search: MRR, its difference with interval, how many right answers changed place."""

    mrr: float
    difference: float
    low: float
    high: float
    changed: int
    count: int


def rank_loss(rough: Tensor, exact: Tensor) -> Loss:
    """Compare scores ``(n, m)`` of a rough copy with exact ones; the right answer of row i is column i.

    >>> rank_loss(torch.eye(3), torch.eye(3))
    Loss(mrr=1.0, difference=0.0, low=0.0, high=0.0, changed=0, count=3)
    """
    one, other = ranks(rough), ranks(exact)
    low, high = paired_interval(1 / one, 1 / other)
    return Loss(mrr(one), mrr(one) - mrr(other), low, high, int((one != other).sum()), len(one))


def storage_losses(queries: Tensor, index: Tensor) -> dict[str, Loss]:
    """Five ways to keep an index ``(m, H)``, searched with ``queries`` ``(n, H)`` whose right answers are its first n.

    float16; int8 with a range for every dimension; 1 bit with float queries, with queries of 1 bit too, and with the
    20 best scored again in float.
    """
    exact, width = queries @ index.T, index.shape[1]  # (n, m)
    low, high = ranges(index)
    bits = from_bits(to_bits(index), width)  # (m, H)
    rough = {
        "float16": queries @ index.half().float().T,
        "int8": queries @ from_int8(to_int8(index, low, high), low, high).T,
        "1 bit": queries @ bits.T,
        "1 bit, queries too": from_bits(to_bits(queries), width) @ bits.T,
        "1 bit, 20 in float": rescored(queries @ bits.T, exact, 20),
    }
    return {name: rank_loss(scores, exact) for name, scores in rough.items()}


class Recorded(NamedTuple):
    """A pair whose cosine in the real bge-m3 somebody published."""

    question: str
    text: str
    cosine: float
    right: bool


def recorded_pairs() -> list[Recorded]:
    """Questions with right and wrong passages from three sources, best score first; all in ``recorded_bge_m3.json``."""
    figures = {figure["id"]: figure for figure in recorded_figures()["figures"]}
    rows = []
    wanted = {"readme_dense_fp32": (0, 3), "sentence_transformers_planets": (1,), "capital_us": (0,)}
    for name, right in wanted.items():
        check = figures[name]["checks"][0]
        for number, (pair, cosine) in enumerate(zip(check["inputs"], check["expected"], strict=True)):
            rows.append(Recorded(*pair, cosine, number in right))
    return sorted(rows, key=lambda row: -row.cosine)


def recorded_scale() -> dict[str, float]:
    """The counts of ``score_scale_22_tasks``: bge-m3 over 22 retrieval tasks."""
    figures = {figure["id"]: figure for figure in recorded_figures()["figures"]}
    return figures["score_scale_22_tasks"]["outputs"]


def recorded_vector() -> Tensor:
    """The one published full vector of the real bge-m3, “why is the sky blue?”, scaled to length 1: ``(1024,)``."""
    figures = {figure["id"]: figure for figure in recorded_figures()["figures"]}
    return l2_normalize(torch.tensor(figures["why_is_the_sky_blue_full"]["checks"][0]["expected"][0]))
