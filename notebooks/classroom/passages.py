"""The course's questions, each with the passage that answers it and three near ones that do not."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

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
    """Where the table lies: beside this module, in ``data``."""
    return Path(__file__).parent / "data" / "passages.tsv"


def load_questions() -> list[Question]:
    """Every question in file order.

    Raises FileNotFoundError when the table is missing and ValueError when it is damaged.

    >>> load_questions()[0].topic
    'animals'
    """
    path = questions_path()
    if not path.is_file():
        raise FileNotFoundError(f"no passages at {path}: run from a full checkout of the repository")
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)) or [[]]
    if tuple(header) != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise ValueError(f"{path} should have the columns {', '.join(COLUMNS)} in every line")
    return [Question(*row[:6], near=tuple(row[6:])) for row in rows]


def all_passages(questions: list[Question]) -> list[str]:
    """Every passage of the questions: the right ones in their order, then the near ones."""
    return [question.passage for question in questions] + [text for question in questions for text in question.near]
