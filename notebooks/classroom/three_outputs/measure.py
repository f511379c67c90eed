"""What page 08 measures: scores of all pairs by each output, differences by kind of question, bytes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from classroom.passages import Question
from classroom.retrieval import mrr, paired_interval
from helpers.checkpoint.recorded import recorded_figures
from helpers.lexical import lexical_score
from helpers.pipeline import Outputs

KINDS = ("name", "paraphrase", "long", "plain", "cross")
RECORDED = ("What is BGE M3?", "lite_ref_0")  # question, and the figure that holds its passage's weights


def lexical_matrix(asked: Sequence[dict[int, float]], found: Sequence[dict[int, float]]) -> Tensor:
    """``lexical_score`` of every question with every passage, ``(n, m)``.

    >>> lexical_matrix([{5: 0.5}, {9: 1.0}], [{5: 0.5, 7: 1.0}]).tolist()
    [[0.25], [0.0]]
    """
    return torch.tensor([[lexical_score(one, other) for other in found] for one in asked])


def max_sim_matrix(asked: Sequence[Tensor], found: Sequence[Tensor]) -> Tensor:
    """``max_sim`` of every question ``(Tq, H)`` with every passage ``(Tp, H)``, all rows of length 1: ``(n, m)``.

    The tokens of all questions lie in one matrix, which meets one passage after the other.

    >>> max_sim_matrix([torch.eye(2)], [torch.eye(2)[:1], torch.eye(2)]).tolist()
    [[0.5, 1.0]]
    """
    rows = torch.cat(list(asked))  # (all Tq, H)
    best = torch.stack([(passage @ rows.T).amax(dim=0) for passage in found])  # (m, all Tq)
    return torch.stack([part.mean(dim=1) for part in best.split([len(question) for question in asked], dim=1)])


def of_kind(questions: Sequence[Question], kind: str) -> Tensor:
    """The numbers of the questions of a kind; of all for ``"all"``."""
    return torch.tensor([number for number, question in enumerate(questions) if kind in ("all", question.kind)])


def by_kind(questions: Sequence[Question], ranks: Tensor) -> list[float]:
    """MRR of the questions of each of ``KINDS``, then of all; ``ranks`` is ``(n,)``."""
    return [mrr(ranks[of_kind(questions, kind)]) for kind in (*KINDS, "all")]


def gaps(questions: Sequence[Question], one: Tensor, other: Tensor) -> list[tuple[str, float, float, float]]:
    """For each of ``KINDS`` and for all how far ``one`` is ahead of ``other``: kind, mean, low and high.

    Both are ranks ``(n,)`` on the same questions; compared are reciprocal ranks, question by question, with the
    paired 95 % interval of ``classroom.retrieval``.
    """
    rows = []
    for kind in (*KINDS, "all"):
        some = of_kind(questions, kind)
        here, there = 1 / one[some], 1 / other[some]  # (k,)
        rows.append((kind, (here - there).mean().item(), *paired_interval(here, there)))
    return rows


def bytes_each(outputs: Outputs, size: int) -> dict[str, float]:
    """Mean bytes of a text in each output, were its vectors ``size`` numbers long: 2 a number, 4 an id.

    >>> outputs = Outputs(torch.eye(2)[:1], [{5: 0.5, 9: 0.1}], [torch.eye(2)])
    >>> bytes_each(outputs, 1024)
    {'dense': 2048.0, 'lexical': 12.0, 'multi-vector': 4096.0}
    """
    texts = len(outputs.lexical)
    pieces = sum(map(len, outputs.lexical)) / texts
    tokens = sum(map(len, outputs.multi_vector)) / texts
    return {"dense": 2.0 * size, "lexical": 6 * pieces, "multi-vector": 2 * size * tokens}


def recorded_pair() -> tuple[dict[int, float], dict[int, float], float]:
    """bge-m3's recorded lexical weights, id → weight, of a question and a passage, and their recorded score.

    The weights come from one source, the score from another; ``recorded_bge_m3.json`` names both.

    >>> question, passage, score = recorded_pair()
    >>> len(question), len(passage), round(score, 5)
    (7, 24, 0.19554)
    """
    recorded = recorded_figures()
    figures = {figure["id"]: figure["checks"][0] for figure in recorded["figures"] if "checks" in figure}
    question, passage = recorded["lexical_weights"]["texts"][RECORDED[0]], figures[RECORDED[1]]
    scores = figures["lexical_scores_readme"]
    score = scores["expected"][scores["inputs"].index([RECORDED[0], passage["inputs"][0][0]])]
    weights = ({int(number): weight for number, weight in one.items()} for one in (question, passage["expected"][0]))
    return *weights, score
