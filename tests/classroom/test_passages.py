"""The two tables of questions and of minimal pairs: complete, free of repeats, and what their columns say."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from pathlib import Path

import pytest

from classroom import passages as module
from classroom.passages import Question, all_passages, load_questions
from classroom.sentences import load_sentences
from helpers import BgeM3
from helpers.mini_m3.training.near_misses import draw_twins

TOPICS = ["animals", "weather", "food", "travel", "programming", "models", "health", "money", "sport", "school"]
KINDS = {"name": 4, "paraphrase": 4, "long": 2, "plain": 2, "cross": 2}  # of each topic, half of them a language
LANGUAGES = {"en": 60, "zh": 60, "en-zh": 10, "zh-en": 10}
PAIR_COLUMNS = ["id", "kind", "english", "english_twin", "chinese", "chinese_twin"]
PAIR_KINDS = {"order": 60, "negation": 12, "number": 12, "antonym": 12, "tense": 12}  # at least
HAN = re.compile("[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def table() -> list[Question]:
    return load_questions()


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, str]]:
    text = (Path(module.__file__).parent / "data" / "minimal_pairs.tsv").read_text(encoding="utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines())
    assert header == PAIR_COLUMNS
    return [dict(zip(header, row, strict=True)) for row in rows]


def bare(text: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"\W", "", text.casefold())


def is_chinese(text: str) -> bool:
    return len(HAN.findall(text)) > len(text) / 4


# ---------------------------------------------------------------- passages.tsv


def test_enough_questions_of_every_topic_kind_and_language(table: list[Question]) -> None:
    assert len(table) >= 120
    assert list(dict.fromkeys(question.topic for question in table)) == TOPICS
    for topic in TOPICS:
        assert Counter(q.kind for q in table if q.topic == topic) == KINDS, topic
    assert Counter(question.language for question in table) == LANGUAGES
    assert {q.kind for q in table if "-" in q.language} == {"cross"} == {q.kind for q in table if q.kind == "cross"}
    assert all("-" in q.language for q in table if q.kind == "cross")


def test_every_field_is_filled_and_trimmed(table: list[Question]) -> None:
    for question in table:
        fields = [*dataclasses.astuple(question)[:6], *question.near]
        assert len(fields) == 9
        assert all(field and field == field.strip() and "  " not in field for field in fields), question.id
        assert re.fullmatch(rf"{question.topic}-q\d\d", question.id)


def test_no_text_serves_twice(table: list[Question]) -> None:
    for texts in ([q.id for q in table], [bare(q.question) for q in table], [bare(p) for p in all_passages(table)]):
        assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_texts_are_in_the_language_named(table: list[Question]) -> None:
    for question in table:
        asked, answered = (question.language.split("-") * 2)[:2]
        assert is_chinese(question.question) == (asked == "zh"), question.id
        for passage in (question.passage, *question.near):
            assert is_chinese(passage) == (answered == "zh"), question.id
    assert sum(question.question[-1] in "?？" for question in table) >= 0.9 * len(table), "few may be mere keywords"


def test_lengths_in_tokens(mini: BgeM3, table: list[Question]) -> None:
    """``long`` means 200 to 450 tokens, some of them more than 300; all others are shorter; nothing is ever cut."""
    count = {question.id: len(mini.tokenizer(question.passage)["input_ids"]) for question in table}
    long = [count[question.id] for question in table if question.kind == "long"]
    assert len(long) >= 20 and min(long) >= 200 and max(long) <= 450 and sum(n > 300 for n in long) >= 5
    assert max(count[question.id] for question in table if question.kind != "long") < 200
    assert max(len(mini.tokenizer(text)["input_ids"]) for text in all_passages(table)) <= 512


def test_near_passages_use_the_questions_words_as_well(table: list[Question]) -> None:
    """By words alone the right passage must not stand out: often a near one shares as many with the question."""

    def shared(question: Question, passage: str) -> int:
        find = HAN.findall if is_chinese(passage) else re.compile(r"[a-z]{4,}").findall
        return len(set(find(question.question.lower())) & set(find(passage.lower())))

    hard = [q for q in table if q.kind in ("paraphrase", "plain", "long")]
    as_many = [max(shared(q, near) for near in q.near) >= shared(q, q.passage) for q in hard]
    assert sum(as_many) / len(hard) > 0.5


def test_all_passages_are_the_right_ones_then_the_near_ones(table: list[Question]) -> None:
    found = all_passages(table)
    assert len(found) == 4 * len(table)
    assert found[: len(table)] == [question.passage for question in table]
    assert found[len(table) : len(table) + 3] == list(table[0].near) and found[-1] == table[-1].near[2]


def test_no_passage_is_a_sentence_of_the_course_or_of_training(table: list[Question]) -> None:
    """Nor holds one as a sentence: the training twins are drawn, so a large draw stands for them."""
    texts = all_passages(table) + [question.question for question in table]
    held = {bare(part) for text in texts for part in [text, *re.split(r"(?<=[.?!])\s|(?<=[。？！])", text)]} - {""}
    twins = draw_twins(6000, seed=11)
    trained = {bare(t) for twin in twins for t in (twin.english, twin.english_twin, twin.chinese, twin.chinese_twin)}
    course = {bare(text) for row in load_sentences() for text in (row.english, row.chinese, row.paraphrase)}
    assert len(trained) > 15_000 and len(course) > 600
    assert len(held) > 2000
    assert not held & (trained | course)


def test_missing_table_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "questions_path", lambda: tmp_path / "passages.tsv")
    with pytest.raises(FileNotFoundError, match="full checkout"):
        load_questions()


@pytest.mark.parametrize("text", ["", "id\ttopic\n", "\t".join(module.COLUMNS) + "\nfood-q01\tfood\tonly three\n"])
def test_damaged_table_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    path = tmp_path / "passages.tsv"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "questions_path", lambda: path)
    with pytest.raises(ValueError, match=r"should start with the columns id, topic|fields instead of 9"):
        load_questions()


# ---------------------------------------------------------------- minimal_pairs.tsv


def test_enough_pairs_of_every_kind(pairs: list[dict[str, str]]) -> None:
    counts = Counter(row["kind"] for row in pairs)
    assert counts.keys() == PAIR_KINDS.keys()
    assert all(counts[kind] >= least for kind, least in PAIR_KINDS.items()), counts
    assert all(re.fullmatch(rf"{row['kind']}-\d{{2,3}}", row["id"]) for row in pairs)


def test_no_pair_text_serves_twice(pairs: list[dict[str, str]]) -> None:
    texts = [row[column] for row in pairs for column in PAIR_COLUMNS[2:]] + [row["id"] for row in pairs]
    assert all(text and text == text.strip() for text in texts)
    assert [text for text, count in Counter(map(bare, texts)).items() if count > 1] == []
    course = {bare(text) for s in load_sentences() for text in (s.english, s.chinese, s.paraphrase, s.near_miss)}
    assert not course & set(map(bare, texts))


def test_each_side_is_in_its_language(pairs: list[dict[str, str]]) -> None:
    for row in pairs:
        assert not any(HAN.search(row[column]) for column in PAIR_COLUMNS[2:4]), row["id"]
        assert all(is_chinese(row[column]) for column in PAIR_COLUMNS[4:]), row["id"]


def english_words(text: str) -> Counter[str]:
    """Words in lower case; what follows another word's form ("is" and "are", "a" and "an", "'s") counts as one."""
    forms = {"are": "is", "an": "a"}
    return Counter(forms.get(word, word) for word in re.findall(r"\w+", text.lower()))


def test_order_twins_hold_the_same_words(pairs: list[dict[str, str]]) -> None:
    """Equal multisets of English words and of Chinese characters: nothing but the order tells them apart."""
    for row in [row for row in pairs if row["kind"] == "order"]:
        assert english_words(row["english"]) == english_words(row["english_twin"]), row["id"]
        assert Counter(row["chinese"]) == Counter(row["chinese_twin"]), row["id"]


def test_other_twins_differ_in_few_words(pairs: list[dict[str, str]]) -> None:
    """At least one and at most four of either."""
    for row in [row for row in pairs if row["kind"] != "order"]:
        one, other = english_words(row["english"]), english_words(row["english_twin"])
        assert one != other, row["id"]
        assert max((one - other).total(), (other - one).total()) <= 4, row["id"]
