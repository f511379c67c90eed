"""Makes twins of natural sentences: translations in which exactly two people occur change them for one another.

``I saw him. 我看见他了。`` becomes ``He saw me. 他看见我了。``. A pair is used where the exchange is plain:
both languages name the same two people once, and the English verb keeps its form. What it simplifies: the case of
"you" and of names is guessed from the word in front, and a wrong guess leaves an odd sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from helpers.mini_m3.training.near_misses import Twins, listed

# person: as a subject, as an object, in Chinese, third person singular or not
PEOPLE = (
    ("I", "me", "我", False), ("you", "you", "你", False), ("he", "him", "他", True), ("she", "her", "她", True),
    ("we", "us", "我们", False), ("they", "them", "他们", False), ("Tom", "Tom", "汤姆", True),
    ("Mary", "Mary", "玛丽", True),
)  # fmt: skip
BY_ENGLISH = {form.lower(): number for number, person in enumerate(PEOPLE) for form in person[:2]}
BY_CHINESE = {person[2]: number for number, person in enumerate(PEOPLE)}
ENGLISH = re.compile(rf"\b(?:{'|'.join(BY_ENGLISH)})\b(?!['’-])", re.IGNORECASE)
CHINESE = re.compile("[我你他]们|她们|汤姆|玛丽|[我你他她您]")
SUBJECT, OBJECT = ({person[side].lower() for person in PEOPLE if person[0] != person[1]} for side in (0, 1))
# A person after one of these is a subject …
OPENS_CLAUSE = listed(
    "that if when because what where who how why as than think thinks thought know knows knew hope hoped say said "
    "says before after until do did can could will would should may must whether believe wish while since wonder "
    "which have had sure afraid glad thing everything didn't don't until"
)
# … and a verb that keeps its form whoever does it.
SAME_FOR_ALL = listed(
    "will would can could should must may might did had saw told gave knew thought said went came made took got "
    "left found let kept met wrote sent bought brought taught felt heard lost ran paid won lent caught hit beat "
    "hurt led sold spoke stood understood began became never didn't won't can't couldn't wouldn't shouldn't mustn't "
    "cannot hadn't threw stole held"
)
BE = {"am", "are", "is", "was", "were", "been", "aren't", "isn't", "wasn't", "weren't"}


def neighbours(text: str, found: re.Match) -> tuple[str, str]:
    """The words before and behind a match, in lower case; empty at the ends and across punctuation."""
    before = re.search(r"([\w'’]+) $", text[: found.start()])
    behind = re.match(r" ([\w'’]+)", text[found.end() :])
    return (before[1].lower() if before else "", behind[1].lower().replace("’", "'") if behind else "")


def is_subject(text: str, found: re.Match, first: bool) -> bool:
    """Whether the person at ``found`` does something, by its form or by the word in front."""
    word = found[0].lower()
    if word in SUBJECT or word in OBJECT:
        return word in SUBJECT
    before, _ = neighbours(text, found)
    return before in OPENS_CLAUSE or (first and not before)


def keeps_form(text: str, found: re.Match, same_number: bool) -> bool:
    """Whether the verb of the subject at ``found`` stays right with the other person."""
    before, behind = neighbours(text, found)
    if behind in BE or before in BE or ("'" in before + behind and behind not in SAME_FOR_ALL):
        return False
    return same_number or behind in SAME_FOR_ALL or behind.endswith("ed") or before in SAME_FOR_ALL


def exchange_english(text: str) -> tuple[set[int], str] | None:
    """The two people of a sentence, and the sentence with them exchanged; None where that is not plain."""
    found = list(ENGLISH.finditer(text))
    if len(found) != 2:
        return None
    people = [BY_ENGLISH[match[0].lower()] for match in found]
    subject = [is_subject(text, match, first) for match, first in zip(found, (True, False), strict=True)]
    same_number = PEOPLE[people[0]][3] == PEOPLE[people[1]][3]
    for match, does in zip(found, subject, strict=True):
        if does and not keeps_form(text, match, same_number):
            return None
        if match[0].lower() == "her" and neighbours(text, match)[1]:  # her book
            return None
    other = [PEOPLE[people[1 - side]][0 if subject[side] else 1] for side in (0, 1)]
    made = text[: found[0].start()] + other[0] + text[found[0].end() : found[1].start()] + other[1]
    made += text[found[1].end() :]
    starts = found[0].start() == 0
    if starts:
        made = made[0].upper() + made[1:]
    return set(people), made


def exchange_chinese(text: str) -> tuple[set[int], str] | None:
    """The same for Chinese, where nothing else changes."""
    found = list(CHINESE.finditer(text))
    if len(found) != 2 or any(match[0] not in BY_CHINESE for match in found):
        return None
    first, second = found
    if any(text[match.end() : match.end() + 1] == "的" for match in found):
        return None
    made = text[: first.start()] + second[0] + text[first.end() : second.start()] + first[0] + text[second.end() :]
    return {BY_CHINESE[first[0]], BY_CHINESE[second[0]]}, made


def natural_twins(lines: Iterable[Sequence[str]]) -> list[Twins]:
    """The twins of those ``(english, chinese)`` lines that have one.

    >>> natural_twins([("I saw him.", "我看见他了。"), ("It rains.", "下雨了。")])[0].english_twin
    'He saw me.'
    """
    made = []
    for english, chinese in lines:
        changed, exchanged = exchange_english(english), exchange_chinese(chinese)
        if changed and exchanged and len(changed[0]) == 2 and changed[0] == exchanged[0]:
            made.append(Twins("order", english, chinese, changed[1], exchanged[1]))
    return made
