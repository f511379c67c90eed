"""Training twins: every kind, seeded, two meanings told by both languages, and nothing of what is held out."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from pathlib import Path

import pytest

from helpers.mini_m3.training import near_misses
from helpers.mini_m3.training.near_misses import SHARED, Twins, Verb, Word, draw_twins

DATA = Path(__file__).parents[2] / "notebooks" / "classroom" / "data"
HAN = re.compile("[\u4e00-\u9fff]")
# What a held-out sentence may exchange and training too: adjectives, colours, numbers. All other tables are closed.
OPEN = {
    "PERSON_ADJECTIVES", "THING_ADJECTIVES", "COLOURS", "MATERIALS", "ORDINALS", "FRACTIONS", "OFTEN", "SUBJECTS",
    "PERSON_COMPARED", "THING_COMPARED", "PLACE_COMPARED", "ANIMAL_COMPARED", "EVEN_AS", "WAYS", "JUDGEMENTS",
    "PERSON_STATES", "PAST_TIMES", "FUTURE_TIMES", "PAST_PLACES", "WEEKDAYS", "MONTHS",
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> list[Twins]:
    return draw_twins(6000, seed=5)


def texts_of(twins: Twins) -> tuple[str, str, str, str]:
    return twins.english, twins.english_twin, twins.chinese, twins.chinese_twin


def table(name: str) -> list[list[str]]:
    """The rows of one of the course's tables."""
    return [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()[1:]]


def test_all_kinds_are_drawn_by_their_weights(drawn: list[Twins]) -> None:
    counts = Counter(twins.kind for twins in drawn)
    assert {kind: round(100 * count / len(drawn) / 5) * 5 for kind, count in counts.items()} == near_misses.WEIGHTS


def test_the_same_seed_draws_the_same_twins(drawn: list[Twins]) -> None:
    assert draw_twins(200, seed=5)[:20] == draw_twins(200, seed=5)[:20]
    assert draw_twins(200, seed=5) != draw_twins(200, seed=6)
    assert len(set(drawn)) > 0.99 * len(drawn)


def test_twins_differ_in_both_languages(drawn: list[Twins]) -> None:
    """A twin that says the same would be trained away from itself."""
    for twins in drawn:
        english, english_twin, chinese, chinese_twin = texts_of(twins)
        assert english != english_twin and chinese != chinese_twin, twins
        assert not HAN.search(english + english_twin) and HAN.search(chinese) and HAN.search(chinese_twin), twins


def test_sentences_are_whole(drawn: list[Twins]) -> None:
    """A capital and a full stop, no slot or bracket left, no two blanks, a question in both languages or in none."""
    for twins in drawn:
        for text in texts_of(twins):
            assert text == text.strip() and not re.search(r"[{}\[\]|]|  |None", text), twins
        assert all(text[0] == text[0].upper() and text[-1] in ".?" for text in texts_of(twins)[:2]), twins
        assert len({text[-1].translate({0xFF1F: "?", 0x3002: "."}) for text in texts_of(twins)}) == 1, twins


def test_order_twins_exchange_words_and_add_none(drawn: list[Twins]) -> None:
    """What a bag of characters sees is the same in most; English forms ("is", "are") may follow their subject."""
    order = [twins for twins in drawn if twins.kind == "order"]
    same = [Counter(twins.chinese) == Counter(twins.chinese_twin) for twins in order]
    assert sum(same) > 0.95 * len(same)


@pytest.mark.parametrize("name", ["minimal_pairs.tsv", "sentences.tsv", "passages.tsv"])
def test_no_sentence_is_one_of_the_courses(drawn: list[Twins], name: str) -> None:
    def bare(text: str) -> str:
        return re.sub(r"\W", "", text.casefold())

    course = {bare(cell) for row in table(name) for cell in row[2:]}
    assert len(course) > 300
    assert not course & {bare(text) for twins in drawn for text in texts_of(twins)}


# ---------------------------------------------------------------- what the held-out "order" rows exchange


def closed_words() -> list[Word | Verb]:
    """Every noun, name and verb of the lexicon."""
    tables = {
        name: value
        for name, value in vars(near_misses).items()
        if isinstance(value, tuple) and value and isinstance(value[0], Word | Verb)
    }
    assert set(tables) > OPEN and len(tables) > 50
    return [word for name, value in tables.items() if name not in OPEN for word in value]


def english_forms(word: Word | Verb) -> set[str]:
    forms = (word.base, word.third, word.past, word.done, word.ing) if isinstance(word, Verb) else (word.en, word.many)
    return {form.casefold() for form in forms}


def exchanged(text: str, twin: str) -> set[str]:
    """The words that stand elsewhere in the twin, without possessive endings.

    Of two words that changed places a comparison may keep either, so both texts are read from both ends.
    """
    one, other = (re.findall(r"\w+", re.sub("'s\\b", "", side.casefold())) for side in (text, twin))
    moved: set[str] = set()
    for left, right in ((one, other), (one[::-1], other[::-1])):
        for step, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            moved |= set(left[a:b] + right[c:d]) if step != "equal" else set()
    return moved


def test_exchanged_english_words_of_the_held_out_rows_are_not_in_the_lexicon() -> None:
    rows = [row for row in table("minimal_pairs.tsv") if row[1] == "order"]
    known = {form: word.en for word in closed_words() for form in english_forms(word)}
    shared = {form for word in closed_words() if word.en in SHARED for form in english_forms(word)}
    assert exchanged("The dog bit Tom's cat.", "Tom's cat bit the dog.") >= {"dog", "tom", "cat"}
    for row in rows:
        assert not exchanged(row[2], row[3]) & known.keys() - shared, row


def test_no_chinese_noun_or_name_of_the_lexicon_is_in_a_held_out_row() -> None:
    """Words of two characters and more; a single one is part of too many others."""
    nouns = {word.zh for word in closed_words() if isinstance(word, Word) and len(word.zh) > 1} - set(SHARED)
    for row in [row for row in table("minimal_pairs.tsv") if row[1] == "order"]:
        assert not [noun for noun in nouns if noun in row[4]], row
