"""Page 01's panels over their whole range, its figures, and the search that weighs its mistakes."""

import re
from html import unescape
from itertools import pairwise

import pytest
import torch
from conftest import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from transformers import AutoTokenizer

from classroom.tokenization import figures, measure
from classroom.tokenization.widgets import (
    LETTERS,
    ROWS,
    SHOWN,
    box,
    filled,
    first_word,
    kinds,
    panel,
    read,
    table,
    viterbi_panel,
)
from helpers import BGE_M3_TOKENIZER
from helpers.tokenization import tokenize
from helpers.unigram import Vocabulary, segment, text_pieces

MORE = [
    "<script>alert('x')</script>", "🐛🇨🇳👩‍💻", "a\n\nb", "语言 model " * 400, "\x00", "&amp;",
    '"><img src=x>', "x" * 300, "语" * 10_000,
]  # fmt: skip
HALF = "a\ud83d"


@pytest.fixture(scope="session")
def real():
    """bge-m3's own vocabulary."""
    return Vocabulary.of(AutoTokenizer.from_pretrained(BGE_M3_TOKENIZER))


def boxes(html: str) -> int:
    """How many token boxes a reading holds."""
    return html.count("<small>mask ")


@pytest.mark.parametrize("max_length", [3, 10, 60])
@pytest.mark.parametrize("text", [*TEXTS, *MORE], ids=range(len(TEXTS) + len(MORE)))
def test_reading_of_any_text(real, text, max_length):
    """Every control position answers, escapes what was typed, and counts like the tested tokenizer."""
    html = read(real, text, max_length)
    assert "<script" not in html and "<img" not in html
    rows = [len(text_pieces(line, real)) + 2 for line in text.split("\n")[:ROWS]]
    longest = min(max_length, max(rows))
    assert f"ids and mask ({len(rows)}, {longest:,})" in html
    lost = [max(0, row - max_length) for row in rows]
    assert [f"{number:,} lost" in html for number in lost if number] == [True] * sum(map(bool, lost))
    assert boxes(html) == sum(min(SHOWN, longest + number) for number in lost)


def test_reading_shows_what_the_model_gets(real):
    """Ids and mask in the boxes must be the tokenizer's own, padding included."""
    lines = ["ＢＧＥ　is ﬁne", "你好", ""]
    html = read(real, "\n".join(lines), 512)
    batch = tokenize(lines, real, 512)
    found = re.findall(r"<small>(\d+)</small><br><small>mask (\d)", html)
    assert [int(number) for number, _ in found] == batch.ids.flatten().tolist()
    assert [int(bit) for _, bit in found] == batch.mask.flatten().tolist()
    assert "cleaned: <code>BGE is fine</code>" in html


def test_half_a_surrogate_is_answered(real):
    """A browser can send one; the panels must say what is wrong instead of failing."""
    assert "surrogate" in read(real, HALF, 10)
    assert "surrogate" in filled(HALF, real, 2)
    text, step, shown = viterbi_panel(real).children
    text.value = HALF
    assert "surrogate" in shown.value and step.max == 1


def test_kinds(real):
    """The words under the boxes: what was cut, unknown or special."""
    row = ["<s>", "▁model", "龘", "<unk>", "</s>"]
    assert kinds(row, real, 512) == ["special", "piece", "unk", "unk", "special"]
    assert kinds(row, real, 3) == ["special", "piece", "cut", "cut", "special"]


@given(piece=st.text(max_size=5), kind=st.sampled_from(["piece", "special", "unk", "cut", "pad"]))
def test_box_escapes(piece, kind):
    """Whatever a piece holds, it is text and never markup."""
    html = box(piece, 7, kind, 0)
    inner = html.split('">', 2)[2].split("</span>")[0]
    assert "<" not in inner and unescape(inner) == piece


@pytest.mark.parametrize("step", [0, 1, LETTERS])
@pytest.mark.parametrize("text", [*TEXTS, *MORE], ids=range(len(TEXTS) + len(MORE)))
def test_the_table_of_any_text(real, text, step):
    """Each step answers, escapes what was typed, and shows as many sums as letters were read."""
    html = filled(text, real, step)
    assert "<script" not in html and "<img" not in html
    word = first_word(text, real)
    if not word:
        assert html == filled("", real, 0)
    else:
        sums = re.findall(r"<td[^>]*>([^<]+)</td>", html.partition("</tr>")[2].partition("</table>")[0])
        assert [value != "·" for value in sums] == [number < step for number in range(len(word))]


def cuts(word):
    """Every way to cut a word."""
    return [[word[:end], *rest] for end in range(1, len(word) + 1) for rest in cuts(word[end:])] if word else [[]]


@given(st.text(alphabet="lowest语言模型", min_size=1, max_size=7))
@settings(max_examples=40, deadline=None)
def test_n_best_and_table_are_brute_force(real, word):
    """Keeping too few ways at an inner place would lose a runner-up; the table's last sum is the best."""
    word, scores = "▁" + word, real.scores
    every = sorted((sum(scores[p] for p in way) for way in cuts(word) if all(p in scores for p in way)), reverse=True)
    found = measure.n_best(word, real, 6)
    assert [score for score, _ in found] == pytest.approx(every[:6])
    assert all("".join(way) == word for _, way in found)
    assert found[0][0] == pytest.approx(sum(scores[p] for p in segment(word, real)))
    assert table(word, real)[-1][0][0] == pytest.approx(every[0])


def test_second_cut(real):
    """The page's honest word, and a word that can be cut in one way only."""
    assert measure.second_cut("lowest a", real)[1:3] == [real.ids["▁low"], real.ids["est"]]
    assert measure.second_cut("", real) == [0, 2]


def test_panels_answer_their_controls(real):
    """Moving any control must change what is shown."""
    text, length, reading = panel(real).children
    word, step, shown = viterbi_panel(real).children
    for control, value, seen in [
        (length, 4, reading), (text, "<b>你好</b>", reading), (text, "", reading),
        (step, 7, shown), (word, "语言模型", shown), (step, 0, shown), (word, "", shown),
    ]:  # fmt: skip
        before = seen.value
        control.value = value
        assert seen.value != before


def test_the_slider_has_as_many_steps_as_letters(real):
    """A step without a letter would change nothing."""
    word, step, _ = viterbi_panel(real).children
    for text, letters in [("lowest", 7), ("苹果 and more", 3), ("x" * 99, LETTERS), ("", 1)]:
        word.value = text
        assert step.max == letters


def test_search_and_damage(mini):
    """Right ids search as ``encode`` does; ids of another list search no better than chance."""
    search = measure.Search(mini)
    count = len(search.own)
    assert search.candidates.shape[0] == 2 * count
    right = search.ranks_of_ids(search.rows)
    assert torch.equal(right, search.ranks(mini.encode(search.queries, progress=False)))
    wrong = search.ranks_of_ids([[i - 1 if i > 3 else i for i in row] for row in search.rows])
    assert right.mean() < wrong.mean()


def test_figures_are_drawn(real):
    """Figures of the page, on small and on awkward input."""
    batch = tokenize(["a 你好 $x$ 龘", ""], real, 12)
    rows = [ids[: len(tokens)] for tokens, ids in zip(batch.tokens, batch.ids.tolist(), strict=True)]
    drawn = [
        figures.pieces_figure(batch.tokens, rows, "pieces"),
        figures.lattice_figure("ab", [(0, 1, -1.0), (1, 2, -1.0), (0, 2, -1.5)], ["ab"], ["a", "b"], [0, -1, -1.5]),
        figures.lives_figure({"a": [-1.0, -2.0, -3.0], "b": [-1.0], "c": [-1.0, -2.0, -3.0]}),
        figures.batch_figure({"one": (batch.ids, batch.mask)}),
        figures.cost_figure({"English": 3, "Hindi": 9}),
        figures.damage_figure({"right": 0.6, "wrong": 0.1}),
    ]
    for figure in drawn:
        assert isinstance(figure, Figure)
        figure.canvas.draw()


@given(st.lists(st.floats(-9, 0), max_size=9).map(sorted))
def test_labels_are_spread(heights):
    """No two labels lie on one another, and none sinks."""
    moved = figures.spread(heights, 0.5)
    assert all(high - low >= 0.5 - 1e-9 for low, high in pairwise(moved))
    assert all(new >= old for new, old in zip(moved, heights, strict=True))
