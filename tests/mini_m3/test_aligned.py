"""Words that translate each other are found by counting, and change places on both sides at once."""

from __future__ import annotations

import random
from itertools import permutations

from helpers.checkpoint.find import MINI
from helpers.mini_m3.training.aligned import aligned_twins, dictionary, exchange
from helpers.mini_m3.training.vocabulary import real_tokenizer

VERBS = {"saw": "看见", "helped": "帮助", "heard": "听到", "left": "离开", "found": "找到", "met": "遇见"}
NOUNS = {"teacher": "老师", "doctor": "医生", "dog": "狗", "train": "火车", "girl": "女孩", "house": "房子"}


def lines() -> list[tuple[str, str]]:
    """Every noun sees every other one, in a seeded order."""
    verbs = list(VERBS.items()) * 5
    made = []
    for (verb, chinese), (a, b) in zip(verbs, permutations(NOUNS, 2), strict=True):
        made += [(f"The {a} {verb} the {b}.", f"{NOUNS[a]}{chinese}{NOUNS[b]}。")]
        made += [(f"The {b} {verb} the {a}.", f"{NOUNS[b]}{chinese}{NOUNS[a]}。")]
    random.Random(0).shuffle(made)
    return made


def test_dictionary_is_counted_from_what_occurs_together() -> None:
    sides = [
        (english[:-1].lower().split(), [NOUNS[w] for w in english[:-1].split() if w in NOUNS]) for english, _ in lines()
    ]
    found = dictionary(sides)
    for word, piece in NOUNS.items():
        assert piece in found[word]


def test_twins_are_the_other_lines() -> None:
    """Each twin of "a saw b" is the line "b saw a", on both sides; a sentence alone has no dictionary and no twin."""
    twins = aligned_twins(lines(), real_tokenizer(MINI / "tokenizer.json"))
    right = {english: chinese for english, chinese in lines()}
    whole = [t for t in twins if right.get(t.english_twin) == t.chinese_twin]
    assert len(whole) > len(lines()) // 5 and all(t.english != t.english_twin for t in twins)
    assert aligned_twins(lines()[:1], real_tokenizer(MINI / "tokenizer.json")) == []


def test_exchange_takes_whole_words_in_any_case() -> None:
    assert exchange("Tea is teasing; I like tea.", "tea", "like") == "like is teasing; I tea like."
    assert exchange("老师看见医生。", "老师", "医生") == "医生看见老师。"
