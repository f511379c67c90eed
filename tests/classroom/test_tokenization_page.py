"""Page 01's widgets over their whole range, and its figures."""

import re
from html import unescape

import pytest
import torch
from conftest import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from classroom.tokenization import figures
from classroom.tokenization.widgets import ROWS, SHOWN, box, candidates, chances, kinds, n_best, panel, read
from helpers.tokenization import piece_id, tokenize
from helpers.unigram import segment, text_pieces

MORE = [
    "<script>alert('x')</script>", "🐛🇨🇳👩‍💻", "a\n\nb", "语言 model " * 400, "\x00", "&amp;",
    '"><img src=x>', "x" * 300,
]  # fmt: skip


def boxes(html: str) -> int:
    """How many token boxes a reading holds."""
    return html.count("<small>mask ")


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("max_length", [3, 10, 512])
@pytest.mark.parametrize("text", [*TEXTS, *MORE], ids=range(len(TEXTS) + len(MORE)))
def test_reading_of_any_text(mini, text, max_length, side):
    """Every control position answers, escapes what was typed, and counts like the tested tokenizer."""
    html = read(mini, text, max_length, side)
    assert "<script" not in html and "<img" not in html
    rows = [len(text_pieces(line, mini.vocabulary)) + 2 for line in text.split("\n")[:ROWS]]
    longest = min(max_length, max(rows))
    assert f"ids and mask ({len(rows)}, {longest:,})" in html
    lost = [max(0, row - max_length) for row in rows]
    assert [f"{number:,} lost" in html for number in lost if number] == [True] * sum(map(bool, lost))
    assert boxes(html) == sum(min(SHOWN, longest + number) for number in lost)


def test_reading_shows_what_the_model_gets(mini):
    """Ids and mask in the boxes must be the tokenizer's own, padding included."""
    lines = ["ＢＧＥ　is ﬁne", "你好", ""]
    html = read(mini, "\n".join(lines), 512)
    batch = tokenize(lines, mini.vocabulary, 512)
    found = re.findall(r"<small>(\d+)</small><br><small>mask (\d)", html)
    assert [int(number) for number, _ in found] == batch.ids.flatten().tolist()
    assert [int(bit) for _, bit in found] == batch.mask.flatten().tolist()
    assert "cleaned: <code>BGE is fine</code>" in html


def test_left_padding_comes_first(mini):
    """The side control must move the padding and nothing else."""
    right, left = (read(mini, "你好\nI like programming", 512, side) for side in ("right", "left"))
    assert boxes(right) == boxes(left) and right != left
    assert left.index("&lt;pad&gt;") < left.index("&lt;s&gt;") < right.index("&lt;pad&gt;")


def test_half_a_surrogate_is_answered(mini):
    """A browser can send one; the panel must say what is wrong instead of failing."""
    assert "surrogate" in read(mini, "a\ud83d", 10)
    assert "surrogate" in candidates(mini, "a\ud83d", 0.3)


def test_kinds(mini):
    """The words under the boxes: what was cut, unknown or special."""
    row = ["<s>", "▁model", "龘", "<unk>", "</s>"]
    assert kinds(row, mini.vocabulary, 512) == ["special", "piece", "unk", "unk", "special"]
    assert kinds(row, mini.vocabulary, 3) == ["special", "piece", "cut", "cut", "special"]


@given(piece=st.text(max_size=5), kind=st.sampled_from(["piece", "special", "unk", "cut", "pad"]))
def test_box_escapes(piece, kind):
    """Whatever a piece holds, it is text and never markup."""
    html = box(piece, 7, kind, 0)
    inner = html.split('">', 2)[2].split("</span>")[0]
    assert "<" not in inner and unescape(inner) == piece


@pytest.mark.parametrize("alpha", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("text", [*TEXTS, *MORE], ids=range(len(TEXTS) + len(MORE)))
def test_candidates_of_any_text(mini, text, alpha):
    """The second tool answers every word, with chances that make a whole."""
    html = candidates(mini, text, alpha)
    assert "<script" not in html and "<img" not in html
    told = [float(share) for share in re.findall(r"<code> *([\d.]+)%", html)]
    assert "no word yet" in html or sum(told) == pytest.approx(100, abs=0.5)


def cuts(word):
    """Every way to cut a word."""
    return [[word[:end], *rest] for end in range(1, len(word) + 1) for rest in cuts(word[end:])] if word else [[]]


@given(st.text(alphabet="lowest语言模型", min_size=1, max_size=7))
@settings(max_examples=40)
def test_n_best_is_brute_force(mini, word):
    """Keeping too few ways at an inner place would lose a runner-up."""
    word, scores = "▁" + word, mini.vocabulary.scores
    every = sorted((sum(scores[p] for p in way) for way in cuts(word) if all(p in scores for p in way)), reverse=True)
    found = n_best(word, mini.vocabulary, 6)
    assert [score for score, _ in found] == pytest.approx(every[:6])
    assert all("".join(way) == word for _, way in found)
    assert found[0][0] == pytest.approx(sum(scores[p] for p in segment(word, mini.vocabulary)))


def test_chances():
    """Alpha 0 draws all alike, a large alpha the best; far scores do not overflow."""
    assert chances([-1.0, -5.0], 0) == [0.5, 0.5]
    assert chances([-1.0, -5.0], 50)[0] == pytest.approx(1)
    assert chances([-1e4, -2e4], 1) == pytest.approx([1, 0])


def test_panel_answers_its_controls(mini):
    """Moving any control must change what is shown."""
    text, length, side, reading, word, alpha, found = panel(mini).children
    for control, value, shown in [
        (side, "left", reading), (length, 4, reading), (side, "right", reading), (text, "<b>你好</b>", reading),
        (word, "语言模型", found), (alpha, 1.5, found), (text, "", reading), (word, "", found),
    ]:  # fmt: skip
        before = shown.value
        control.value = value
        assert shown.value != before
    assert (length.min, length.max) == (3, mini.max_length)


def test_figures_are_drawn(mini):
    """Figures of the page, on small and on awkward input."""
    row = ["<s>", *text_pieces("a 你好 $x$ 龘", mini.vocabulary), "</s>"]
    numbers = [piece_id(piece, mini.vocabulary) for piece in row]
    batch = tokenize(["你好", ""], mini.vocabulary, 9)
    drawn = [
        figures.pieces_figure([row, ["<s>", "</s>"]], [numbers, [0, 2]], "pieces"),
        figures.lattice_figure("ab", [(0, 1, -1.0), (1, 2, -1.0), (0, 2, -1.5)], ["ab"], "lattice"),
        figures.batch_figure({"one": (batch.ids.numpy(), batch.mask.numpy())}),
        figures.cost_figure(["English", "Hindi"], [3, 9], [False, True], "cost"),
        figures.damage_figure(
            ["a", "b"], torch.tensor([[0.1, 0.0], [-0.3, 1.0]]).numpy(), torch.ones(2, 2).numpy(), "d"
        ),
        figures.lines_figure([2, 4], {"x": [0.1, 0.2], "y": [-0.1, 1.0]}, "tokens", "lines"),
    ]
    for figure in drawn:
        assert isinstance(figure, Figure)
        figure.canvas.draw()
