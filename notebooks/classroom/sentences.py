"""The notebooks' own sentences: English, Chinese, a paraphrase and a near miss, in ten topics."""

import csv
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("id", "topic", "english", "chinese", "paraphrase_en", "near_miss_en")


@dataclass(frozen=True)
class Sentence:
    """One row of the sentence table.

    `paraphrase` says what `english` says in other words; `near_miss` keeps most of its words but
    means something else. Comparing the two shows whether a vector follows meaning or wording.
    """

    id: str
    topic: str
    english: str
    chinese: str
    paraphrase: str
    near_miss: str


def sentences_path() -> Path:
    """Where the sentence table lies: beside this module, in ``data``."""
    return Path(__file__).parent / "data" / "sentences.tsv"


def load_sentences(topic: str | None = None) -> list[Sentence]:
    """Read the sentences in file order, all of them or one topic's.

    Raises FileNotFoundError when the table is missing, and ValueError for a damaged table or for a
    topic that it does not have.
    """
    path = sentences_path()
    if not path.is_file():
        raise FileNotFoundError(
            f"no sentence table at {path}: run from a full checkout of the repository "
            "(the file is part of it; `git checkout -- notebooks/classroom/data/sentences.tsv` brings it back)"
        )
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)) or [[]]
    if tuple(header) != COLUMNS:
        raise ValueError(f"{path} should start with the columns {', '.join(COLUMNS)}, not {', '.join(header)}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(COLUMNS):
            raise ValueError(f"{path}, line {number}: {len(row)} fields instead of {len(COLUMNS)}")
    sentences = [Sentence(*row) for row in rows]
    if topic is None:
        return sentences
    topics = list(dict.fromkeys(sentence.topic for sentence in sentences))
    if topic not in topics:
        raise ValueError(f"unknown topic {topic!r}: choose one of {', '.join(topics)}")
    return [sentence for sentence in sentences if sentence.topic == topic]
