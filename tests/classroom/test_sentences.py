"""The notebooks' sentence table: complete, free of repeats, and loaded with clear errors."""

import dataclasses
import re
from collections import Counter
from pathlib import Path

import pytest

from classroom import sentences as module
from classroom.sentences import Sentence, load_sentences

TOPICS = ["animals", "weather", "food", "travel", "programming", "models", "health", "money", "sport", "school"]
HAN = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = ("english", "paraphrase", "near_miss")


@pytest.fixture(scope="module")
def table() -> list[Sentence]:
    return load_sentences()


def test_enough_pairs_in_ten_topics(table: list[Sentence]) -> None:
    counts = Counter(sentence.topic for sentence in table)
    assert len(table) >= 200
    assert list(counts) == TOPICS
    assert min(counts.values()) >= 15


def test_every_field_is_filled_and_trimmed(table: list[Sentence]) -> None:
    for sentence in table:
        fields = dataclasses.astuple(sentence)
        assert len(fields) == 6
        assert all(field and field == field.strip() for field in fields), sentence


@pytest.mark.parametrize("column", ["id", "english", "chinese", "paraphrase", "near_miss"])
def test_no_repeats_within_a_column(table: list[Sentence], column: str) -> None:
    counts = Counter(getattr(sentence, column) for sentence in table)
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_english_text_serves_twice(table: list[Sentence]) -> None:
    counts = Counter(getattr(sentence, column) for sentence in table for column in ENGLISH)
    assert [text for text, count in counts.items() if count > 1] == []


def test_ids_carry_the_topic(table: list[Sentence]) -> None:
    for sentence in table:
        assert re.fullmatch(rf"{sentence.topic}-\d\d", sentence.id)


def test_scripts_and_lengths(table: list[Sentence]) -> None:
    for sentence in table:
        assert HAN.search(sentence.chinese), sentence
        for column in ENGLISH:
            text = getattr(sentence, column)
            assert text.isascii(), text
            assert 5 <= len(text.split()) <= 16, text


@pytest.mark.parametrize("topic", TOPICS)
def test_one_topic_is_that_part_of_the_table(table: list[Sentence], topic: str) -> None:
    assert load_sentences(topic) == [sentence for sentence in table if sentence.topic == topic]


def test_unknown_topic_lists_the_topics() -> None:
    with pytest.raises(ValueError, match="unknown topic 'astronomy'") as error:
        load_sentences("astronomy")
    assert all(topic in str(error.value) for topic in TOPICS)


def test_missing_table_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "sentences_path", lambda: tmp_path / "sentences.tsv")
    with pytest.raises(FileNotFoundError, match="git checkout"):
        load_sentences()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "should start with the columns"),
        ("id\ttopic\n", "should start with the columns"),
        ("\t".join(module.COLUMNS) + "\nfood-01\tfood\tOnly three fields here.\n", "line 2: 3 fields instead of 6"),
    ],
)
def test_damaged_table_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sentences.tsv"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "sentences_path", lambda: path)
    with pytest.raises(ValueError, match=message):
        load_sentences()
