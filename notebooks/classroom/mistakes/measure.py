"""What a mistake costs: one search, made right, made wrong on both sides, and made wrong where it bites.

The measure is the reciprocal rank of the right text, one a question; a mistake's loss has a paired interval.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from classroom.mistakes import exhibits
from classroom.mistakes.exhibits import EXHIBITS, Exhibit
from classroom.pairs import load_pairs
from classroom.passages import Question, load_questions
from classroom.retrieval import paired_interval, ranks
from classroom.sample import sample
from classroom.sentences import load_sentences
from classroom.words import words
from helpers.pipeline import BgeM3

W = words("mistakes")


@dataclass(frozen=True)
class Damage:
    """Reciprocal ranks ``(n,)`` of the same questions: as it should be, in one's own test, in use."""

    name: str
    right: Tensor
    test: Tensor  # the mistake on both sides: what one's own test shows
    use: Tensor  # where it bites most: one side right, after a restart, on long texts
    before: Tensor | None = None  # what ``use`` would be without the mistake, where that is not ``right``
    same: float | None = None  # mean cosine of a text's vector with its right one, where the mistake is in the vector

    @property
    def base(self) -> Tensor:
        """What the search in use would give without the mistake."""
        return self.right if self.before is None else self.before

    @property
    def silent(self) -> float:
        """The share of its MRR that one's own test keeps: 1 if nothing is to be seen there."""
        return min(1.0, (self.test.mean() / self.right.mean()).item())

    @property
    def harm(self) -> float:
        """The share of the search that is lost in use: 1 if nothing is found any more, never below 0."""
        return max(0.0, 1 - (self.use.mean() / self.base.mean()).item())

    @property
    def score(self) -> float:
        """Silent times harmful: 1 for a search that is gone while its test is green."""
        return self.silent * self.harm

    @property
    def lost(self) -> tuple[float, float, float]:
        """MRR lost in use, and its 95 % interval, question by question."""
        return (self.base - self.use).mean().item(), *paired_interval(self.base, self.use)

    def __str__(self) -> str:
        """The search as it should be, one's own test, the search in use, what that lost; the cosine where there is one.

        >>> one = torch.tensor([1.0, 0.5])
        >>> print(Damage("no_mask", one, one, one, same=1.0))
        forgotten mask: MRR
          as it should be       0.75
          your own test         0.75
          in use                0.75
          lost in use           0.00  [0.00, 0.00]
          cosine with itself    1.00
        """
        told, (lost, low, high) = W["room"], self.lost
        rows = [(told["right"], self.right.mean()), (told["test"], self.test.mean())]
        if self.before is not None:
            rows.append((told["before"], self.before.mean()))
        rows.append((told["use"], self.use.mean()))
        lines = [f"{title(self.name)}: MRR", *(f"  {name:<22}{value:.2f}" for name, value in rows)]
        spread = f"[{low:.2f}, {high:.2f}]"
        lines.append(f"  {told['lost']:<22}{lost:.2f}  {spread}")
        if self.same is not None:
            lines.append(f"  {told['same']:<22}{self.same:.2f}")
        return "\n".join(lines).replace("-0.00", "0.00")


def title(name: str) -> str:
    """What a mistake is called; one of the reader's own by the name it was given."""
    return W["mistakes"][name]["name"] if name in W["mistakes"] else name


def reciprocal(scores: Tensor) -> Tensor:
    """Reciprocal rank of the right text, one a question: scores ``(n, m)`` → ``(n,)``; text i answers question i."""
    return 1 / ranks(scores)


class Museum:
    """One search that every mistake has to go through, and the damage found so far.

    Chinese sentences look for their English translation and questions for their passage, in one index of all of
    these and as many near misses, which share the words and say something else.
    """

    def __init__(self, bge: BgeM3) -> None:
        sentences = sample(bge, load_sentences(), few=12, count=40)
        swaps = sample(bge, load_pairs("order"), few=8, count=30)
        asked = sample(bge, [q for q in load_questions() if q.kind in ("name", "plain", "paraphrase")], few=6, count=16)
        self.bge = bge
        self.questions = [s.chinese for s in sentences] + [p.chinese for p in swaps] + [q.question for q in asked]
        self.texts = [s.english for s in sentences] + [p.english for p in swaps] + [q.passage for q in asked]
        self.texts += [s.near_miss for s in sentences] + [p.english_twin for p in swaps] + [q.near[0] for q in asked]
        self.vectors = exhibits.right(bge, self.questions), exhibits.right(bge, self.texts)  # (n, H), (2n, H)
        self.right = reciprocal(self.vectors[0] @ self.vectors[1].T)  # (n,)
        self.found: dict[str, Damage] = {}

    def __repr__(self) -> str:
        return f"{len(self.questions)} searches among {len(self.texts)} texts, MRR {self.right.mean():.2f}"

    def keep(self, damage: Damage) -> Damage:
        """Remember a mistake's damage for the table at the end."""
        self.found[damage.name] = damage
        return damage

    def enter(self, name: str) -> Damage:
        """Make a mistake of ``EXHIBITS`` on both sides, as in one's own test, and on one; the worst counts as in use.

        Raises ``ValueError`` for a name that is none of them.
        """
        if name not in EXHIBITS:
            raise ValueError(f"{name!r} is no mistake of the museum; choose {', '.join(EXHIBITS)}")
        return self.keep(self.made(name, EXHIBITS[name]))

    def made(self, name: str, exhibit: Exhibit) -> Damage:
        """The damage of a mistake given as functions, under any name."""
        own, index = self.vectors  # (n, H), (2n, H)
        asked, stored = exhibit.questions(self.bge, self.questions), exhibit.texts(self.bge, self.texts)
        same = (stored * index).sum(dim=1).mean().item()
        test = reciprocal(asked @ stored.T)  # (n,)
        if exhibit.later is None:
            sides = [test, reciprocal(asked @ index.T), reciprocal(own @ stored.T)]  # (n,) each
        else:
            sides = [test, reciprocal(exhibit.later(self.bge, self.questions) @ stored.T)]
        return Damage(name, self.right, test, min(sides, key=lambda side: side.mean().item()), same=same)

    def threshold(self, least: float) -> Damage:
        """A limit copied from elsewhere: an answer that scores less is not shown. Ranks alone do not see it."""
        scores = self.vectors[0] @ self.vectors[1].T  # (n, 2n)
        shown = self.right * (scores.diagonal() >= least)  # (n,)
        return self.keep(Damage("threshold", self.right, self.right, shown))

    def half_normalized(self) -> Damage:
        """Raw dot products: in a test with all vectors raw, and in an index of which every second vector is raw."""
        raw = [exhibits.raw(self.bge, texts) for texts in (self.questions, self.texts)]  # (n, H), (2n, H)
        mixed = self.vectors[1].clone()  # (2n, H)
        mixed[1::2] = raw[1][1::2]
        test = reciprocal(raw[0] @ raw[1].T)
        return self.keep(Damage("half", self.right, test, reciprocal(self.vectors[0] @ mixed.T)))

    def distance_as_score(self) -> Damage:
        """A database returns distances, and the largest is taken for the best."""
        distances = torch.cdist(*self.vectors)  # (n, 2n)
        return self.keep(Damage("distance", self.right, reciprocal(distances), reciprocal(distances)))

    def rounded(self) -> Damage:
        """Vectors stored in float16, and the questions encoded one by one while the index was made in batches."""
        stored = self.vectors[1].half().float()  # (2n, H)
        alone = self.bge.encode(self.questions, batch_size=1, progress=False).half().float()  # (n, H)
        test = reciprocal(self.vectors[0].half().float() @ stored.T)
        same = (stored * self.vectors[1]).sum(dim=1).mean().item()
        return self.keep(Damage("rounded", self.right, test, reciprocal(alone @ stored.T), same=same))

    def truncated(self, limit: int = 128) -> Damage:
        """A limit of ``limit`` tokens: one's own short texts stay whole, documents lose what stands behind it.

        The passage that answers is a document's end, and stands behind the limit.
        """
        kinds = ("name", "plain")  # questions that use their passage's words
        asked = sample(
            self.bge, [q for q in load_questions() if q.language == "en" and q.kind in kinds], few=8, count=16
        )
        count = self.bge.tokenizer.tokenize
        openings = [opening(question, limit, lambda text: len(count(text))) for question in asked]
        documents = [f"{start} {question.passage}" for start, question in zip(openings, asked, strict=True)]
        ask = exhibits.right(self.bge, [question.question for question in asked])  # (n, H)
        whole, short = exhibits.right(self.bge, documents), self.cut(documents, limit)  # (n, H) each
        before, use = reciprocal(ask @ whole.T), reciprocal(ask @ short.T)  # (n,) each
        test = reciprocal(self.cut(self.questions, limit) @ self.cut(self.texts, limit).T)
        same = (whole * short).sum(dim=1).mean().item()
        return self.keep(Damage("truncated", self.right, test, use, before=before, same=same))

    def cut(self, texts: list[str], limit: int) -> Tensor:
        """Vectors of texts cut after ``limit`` tokens without a word, as most libraries do it ``(n, H)``."""
        tokenizer = self.bge.tokenizer
        rows = tokenizer(texts, truncation=True, max_length=limit, padding=False)["input_ids"]
        return exhibits.vectors(self.bge, rows)

    def ranking(self) -> list[Damage]:
        """All mistakes entered so far, the most silent and harmful first."""
        return sorted(self.found.values(), key=lambda damage: -damage.score)

    def table(self) -> str:
        """The printable table in Markdown, made of what was measured."""
        told = W["table"]
        head = [told[key] for key in ("place", "mistake", "wrote", "silent", "harm", "score", "same", "cure")]
        rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for place, damage in enumerate(self.ranking(), start=1):
            exhibit = W["mistakes"].get(damage.name, {})
            measured = [f"{value:.2f}" for value in (damage.silent, damage.harm, damage.score)]
            measured.append("–" if damage.same is None else f"{damage.same:.2f}".replace("-0.00", "0.00"))
            wrong, cure = exhibit.get("wrong", ""), exhibit.get("cure", "")
            cells = [str(place), title(damage.name), wrong and f"`{wrong}`", *measured, cure]
            rows.append("| " + " | ".join(cells) + " |")
        return "\n".join(rows)


def opening(question: Question, size: int, count: Callable[[str], int]) -> str:
    """Short passages on other topics than the question's, ``size`` tokens of them or a few more.

    ``count`` tells how many tokens a text has. The same question always gets the same ones.
    """
    short = [q for q in load_questions() if q.kind != "long" and q.language == question.language]
    others = [q.near[0] for q in short if q.topic != question.topic]
    parts: list[str] = []
    length = 0
    for text in random.Random(question.id).sample(others, len(others)):
        if length >= size:
            break
        parts.append(text)
        length += count(text)
    return " ".join(parts)
