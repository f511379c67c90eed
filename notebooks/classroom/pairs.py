"""Minimal pairs: a sentence and its twin of nearly the same words and another meaning, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from classroom.tables import DATA, read_table

COLUMNS = ("id", "kind", "english", "english_twin", "chinese", "chinese_twin")


@dataclass(frozen=True)
class Pair:
    """One row of the table. ``kind``: ``order`` (the same words), ``negation``, ``number``, ``antonym``, ``tense``."""

    id: str
    kind: str
    english: str
    english_twin: str
    chinese: str
    chinese_twin: str


def pairs_path() -> Path:
    """Where the table lies."""
    return DATA / "minimal_pairs.tsv"


def load_pairs(kind: str = "order") -> list[Pair]:
    """The pairs of one kind in file order. Raises as ``read_table`` does.

    >>> len(load_pairs()), load_pairs()[0].english
    (100, 'Brazil knocked Croatia out of the cup last night.')
    """
    return [pair for row in read_table(pairs_path(), COLUMNS) if (pair := Pair(*row)).kind == kind]
