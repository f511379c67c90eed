"""The course's questions, each with the passage that answers it and three near ones that do not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from classroom.tables import DATA, read_table

COLUMNS = ("id", "topic", "kind", "language", "question", "passage", "near_1", "near_2", "near_3")


@dataclass(frozen=True)
class Question:
    """One row of the table.

    ``kind`` says what finds the passage: ``name`` (a rare name or number), ``paraphrase`` (other words than the
    question's), ``long`` (200 tokens and more), ``plain``, ``cross`` (the passage is in the other language).
    ``language`` is ``en``, ``zh``, ``en-zh`` (English question, Chinese passages) or ``zh-en``.
    """

    id: str
    topic: str
    kind: str
    language: str
    question: str
    passage: str
    near: tuple[str, str, str]  # same topic, same words, no answer


def questions_path() -> Path:
    """Where the table lies."""
    return DATA / "passages.tsv"


def load_questions() -> list[Question]:
    """Every question in file order.

    Raises as ``read_table`` does.

    >>> load_questions()[0].topic
    'animals'
    """
    rows = read_table(questions_path(), COLUMNS)
    return [Question(*row[:6], near=tuple(row[6:])) for row in rows]


def all_passages(questions: list[Question]) -> list[str]:
    """Every passage of the questions: the right ones in their order, then the near ones."""
    return [question.passage for question in questions] + [text for question in questions for text in question.near]
