"""The notebooks' own sentences: English, Chinese, a paraphrase and a near miss, in ten topics."""

from dataclasses import dataclass
from pathlib import Path

from classroom.tables import DATA, read_table

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
    """Where the sentence table lies."""
    return DATA / "sentences.tsv"


def load_sentences(topic: str | None = None) -> list[Sentence]:
    """Read the sentences in file order, all of them or one topic's.

    Raises FileNotFoundError when the table is missing, and ValueError for a damaged table or for a
    topic that it does not have.
    """
    rows = read_table(sentences_path(), COLUMNS)
    sentences = [Sentence(*row) for row in rows]
    if topic is None:
        return sentences
    topics = list(dict.fromkeys(sentence.topic for sentence in sentences))
    if topic not in topics:
        raise ValueError(f"unknown topic {topic!r}: choose one of {', '.join(topics)}")
    return [sentence for sentence in sentences if sentence.topic == topic]
