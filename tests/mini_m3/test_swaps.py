"""Twins of natural sentences: both languages exchange the same two people, or the line is left alone."""

from __future__ import annotations

import pytest

from helpers.mini_m3.training.swaps import natural_twins


@pytest.mark.parametrize(
    ("english", "chinese", "english_twin", "chinese_twin"),
    [
        ("I saw him.", "我看见他了。", "He saw me.", "他看见我了。"),
        ("What do you think I want?", "你认为我想要什么？", "What do I think you want?", "我认为你想要什么？"),
        ("Tom has a present for Mary.", "汤姆有礼物给玛丽。", "Mary has a present for Tom.", "玛丽有礼物给汤姆。"),
        ("Yesterday they helped us.", "昨天他们帮了我们。", "Yesterday we helped them.", "昨天我们帮了他们。"),
        ("Can I bring Tom?", "我可以带上汤姆吗？", "Can Tom bring me?", "汤姆可以带上我吗？"),
    ],
)
def test_people_change_places(english: str, chinese: str, english_twin: str, chinese_twin: str) -> None:
    """With the right case, and a capital letter in front."""
    (twins,) = natural_twins([(english, chinese)])
    assert (twins.kind, twins.english, twins.chinese) == ("order", english, chinese)
    assert (twins.english_twin, twins.chinese_twin) == (english_twin, chinese_twin)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("It rains.", "下雨了。"),  # nobody
        ("I know.", "我知道。"),  # one person
        ("I saw him and her.", "我看见他和她。"),  # three
        ("I saw him.", "我看见她了。"),  # other people in the other language
        ("I like her book.", "我喜欢她的书。"),  # owns it
        ("She likes me.", "她喜欢我。"),  # I likes her
        ("I am taller than Tom.", "我比汤姆高。"),  # Tom am
        ("I told myself: I can.", "我告诉我自己。"),  # one person twice
        ("You know you can.", "您知道您能。"),  # no single name for them
    ],
)
def test_what_is_not_plain_is_left_alone(english: str, chinese: str) -> None:
    assert natural_twins([(english, chinese)]) == []
