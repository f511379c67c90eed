"""Labels of figures: whatever a reader types, no box for a missing glyph, no formula, no warning."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

from classroom.embedding_layers import figures as embedding_layers
from classroom.encoder import figures as encoder
from classroom.figures import heatmap
from classroom.inside_the_stack import figures as inside_the_stack
from classroom.normalization import figures as normalization
from classroom.pooling import figures as pooling
from classroom.style import drawable, glyphs, png, use_style
from classroom.three_outputs import figures as three_outputs
from classroom.tokenization import figures as tokenization

ODD = ["▁개", "🙂👩‍💻", "$x$", "a\n\t\u200b\U000e0001", "猫\\alpha_2", "x" * 60]


@pytest.fixture(autouse=True)
def warnings_are_errors():
    """matplotlib only warns of a glyph that it lacks."""
    use_style()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_drawable():
    """The examples of the docstring, and what must stay as it is."""
    assert drawable("猫🙂") == "猫U+1F642" and drawable("tokenization", 6) == "token…"
    assert drawable("▁개\n") == "▁U+AC1CU+000A"
    assert drawable("▁hello, 世界 </s>", 17) == "▁hello, 世界 </s>"
    assert drawable("$x$", 3) == r"\$x\$", "cut before the signs are escaped"


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.none() | st.integers(1, 20))
@example("$\\frac{$", None)
def test_any_text_can_be_drawn(text, longest):
    """Every code can be drawn, the length holds, and matplotlib neither warns nor fails."""
    label = drawable(text, longest)
    bare = label.replace(r"\$", "$")
    assert {ord(c) for c in bare} <= glyphs()
    assert longest is None or len(bare) <= longest
    figure = Figure(figsize=(1, 1))
    figure.text(0, 0, label)
    png(figure)


def test_every_text_of_a_figure_is_drawn_as_it_stands():
    """Whoever wrote it: titles, ticks, legends, cells, and labels that were made drawable before."""
    words = "$5, not $10 🙂"
    figure = heatmap(np.eye(2), [words, drawable(words)], ["$x", "$\\frac{$"], words)
    (axes,) = figure.axes
    axes.plot([0], [0], label=words)
    axes.legend()
    axes.set_xlabel(f"{words}\n{words}")
    for _ in range(2):  # twice over is as once
        png(figure)
        costs = r"\$5, not \$10 U+1F642"
        numbers = {"", "0.00", "1.00"}
        shown = {text.get_text() for text in figure.findobj(Text)}
        assert shown == numbers | {costs, f"{costs}\n{costs}", r"\$x", r"\$\frac{\$"}


def test_logarithmic_numbers_stay_formulas():
    """As matplotlib makes them: 10 to a power."""
    figure = Figure()
    axes = figure.subplots()
    axes.semilogx([1e-9, 1e-4], [0, 1])
    axes.set_yticks([0, 1], ["$a", "b"])
    png(figure)
    numbers = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert r"$\mathdefault{10^{-6}}$" in numbers
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [r"\$a", "b"]


FIGURES = {
    "neighbours": lambda: embedding_layers.neighbour_bars("개", [(name, 0.5) for name in ODD], -0.1, 0.5),
    "lengths": lambda: embedding_layers.lengths(np.ones(6), np.full(6, 9.0), ODD),
    "attention": lambda: encoder.attention_map(np.full((6, 6), 1 / 6), ODD, 1, 1),
    "reading": lambda: pooling.reading_figure(np.arange(12.0).reshape(6, 2), ODD),
    "filling": lambda: pooling.filling_figure({"one": np.eye(6)}, ODD, ODD),
    "pieces": lambda: tokenization.pieces_figure([ODD], [range(6)], "title"),
    "lives": lambda: tokenization.lives_figure({odd: [-1.0, -2.0] for odd in ODD}),
    "lattice": lambda: tokenization.lattice_figure("▁개🙂$", [(0, 2, -1.0)], ["▁개", "🙂$"], ["▁", "개🙂$"], [0.0] * 5),
    "angle": lambda: normalization.angle_figure(0.5, (1.0, 2.0), ODD[:2]),
    "two maps": lambda: inside_the_stack.two_maps(torch.eye(6), torch.eye(6), ODD, 1, 1),
    "outputs": lambda: three_outputs.outputs_figure(ODD, np.ones(30), np.ones(6), np.ones((5, 30))),
    "pair": lambda: three_outputs.pair_figure(
        ODD, ODD, np.eye(6), np.ones(6), np.ones(6), np.eye(6, dtype=bool), {"dense": 0.5, "lexical": 0.5, "multi": 0.5}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_take_odd_labels(name):
    """Each figure that shows a reader's words, with words that the fonts lack."""
    assert png(FIGURES[name]())[:4] == b"\x89PNG"
