"""Page 04: its vectors, its figures, its live controls over their whole range."""

import re

import matplotlib
import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS
from matplotlib.figure import Figure

from classroom.pooling import figures, widgets
from classroom.pooling.measure import all_vectors
from classroom.sentences import load_sentences
from classroom.style import use_style
from helpers.pooling import POOLINGS
from helpers.tokenization import TruncationWarning

SENTENCES = load_sentences()
TOPICS = sorted({sentence.topic for sentence in SENTENCES})


pytestmark = pytest.mark.filterwarnings("error:Glyph")  # a missing Chinese character would be drawn as a box


@pytest.fixture(autouse=True)
def style():
    """The notebooks' own look, and the old one back."""
    with matplotlib.rc_context():
        use_style()
        yield


def test_vectors_of_every_pooling_and_layer(mini):
    """The last layer's are what ``encode`` gives, whatever the batches; layer 0 of cls is one vector for all."""
    texts = ["你好", "Hello, world!", "", "a b c d e f g"]
    vectors = all_vectors(mini, texts, batch_size=2)
    assert vectors.shape == (3, mini.model.config.num_hidden_layers + 1, 4, mini.model.config.hidden_size)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(vectors.shape[:3]))
    for kind, how in enumerate(POOLINGS):
        same = mini.encode(texts, pooling=how, progress=False)
        torch.testing.assert_close(vectors[kind, -1], same, atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors[0, 0], vectors[0, 0, :1].expand(4, -1))


def test_vectors_of_a_text_too_long(mini):
    """It is cut with a warning, not an IndexError."""
    with pytest.warns(TruncationWarning):
        assert all_vectors(mini, [FULL * 2]).isfinite().all()


def test_figures():
    """Each is a figure that can be drawn, also from the smallest input and from tokens with a dollar."""
    hidden = np.arange(6.0).reshape(3, 2)
    made = [
        figures.reading_figure(hidden, ["<s>", "$x_{", "a token that is far too long"]),
        figures.reading_figure(hidden[:1, :1], ["<s>"]),
        figures.drift_figure([0, 1], {"cls": [1, 1], "mean": [1, 0.5]}),
        figures.interval_figure(["cls"], [0.5], [(0.4, 0.6)], "MRR", "one"),
        figures.interval_figure(["cls", "max"], [0.1, -0.1], [(0, 0.2), (-0.2, 0)], "difference", "two", zero=True),
        figures.picks_figure(["<s>", "狗$", "</s>"], [0.5, 0.5, 0.0], "picks"),
    ]
    for figure in made:
        assert widgets.png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("pooling", POOLINGS)
def test_matrix_over_every_layer(mini, pooling):
    """All poolings × layers, on one topic: a figure whose title says what it shows."""
    few = widgets.of_topic(SENTENCES, TOPICS[0])
    for layer in range(mini.model.config.num_hidden_layers + 1):
        figure = widgets.matrix_figure(mini, few, pooling, layer)
        title = figure.axes[0].get_title(loc="left")
        assert isinstance(figure, Figure)
        assert title.startswith(f"{pooling} of {widgets.layer_name(layer)}: ")
        assert "0 of 5 found" in title or (pooling, layer) != ("cls", 0)
    assert "0 of 5 found" not in title  # the last layer finds some


@pytest.mark.parametrize("topic", TOPICS)
def test_matrix_of_every_topic(mini, topic):
    """Every topic fills the picture, and can be drawn."""
    few = widgets.of_topic(SENTENCES, topic)
    assert len(few) == widgets.SHOWN
    assert widgets.png(widgets.matrix_figure(mini, few, "cls", mini.model.config.num_hidden_layers)).startswith(
        b"\x89PNG"
    )


def test_matrix_refuses(mini):
    """A pooling, layer or topic there is not is named with the choices; one sentence alone is fine."""
    few = widgets.of_topic(SENTENCES, TOPICS[0])
    with pytest.raises(ValueError, match="choose cls, mean, max"):
        widgets.matrix_figure(mini, few, "sum", 0)
    for layer in (-1, mini.model.config.num_hidden_layers + 1):
        with pytest.raises(ValueError, match="is out of range"):
            widgets.matrix_figure(mini, few, "cls", layer)
    with pytest.raises(ValueError, match=f"choose {TOPICS[0]}"):
        widgets.of_topic(SENTENCES, "no such topic")
    assert "no others" in widgets.matrix_figure(mini, few[:1], "cls", 0).axes[0].get_title(loc="left")


@pytest.mark.parametrize("text", [*TEXTS, "<script>alert(1)</script>", "a & b", FULL * 3], ids=lambda t: repr(t[:20]))
def test_picks_of_any_text(mini, text):
    """Shares add up to 1; the answer is HTML with nothing of the text left raw."""
    for layer in (0, mini.model.config.num_hidden_layers):
        tokens, shares = widgets.max_shares(mini, text, layer)
        assert len(tokens) == len(shares) <= widgets.LONGEST
        assert shares.sum() == pytest.approx(1)
        html = widgets.picks_html(mini, text, layer)
        assert "<script" not in html and "&lt;s&gt;" in html
        assert set(re.findall(r"</?(\w+)", html)) == {"p", "table", "tr", "td", "code", "div"}
        assert ("tokens only" in html) == (len(tokens) == widgets.LONGEST)


def test_picks_of_no_text(mini):
    """Half a surrogate pair is answered in words."""
    assert "surrogate" in widgets.picks_html(mini, "\ud83d", 0)


def test_panel_answers(mini):
    """Each control, moved once, changes its picture or its table."""
    panel = widgets.panel(mini)
    (pooling, layer, topic), picture, text, picks = panel.children[0].children, *panel.children[1:]
    for control, value in ((pooling, "max"), (layer, 1), (topic, topic.options[-1])):
        before = picture.value
        control.value = value
        assert picture.value != before
    before = picks.value
    text.value = "<b>bold</b>"
    assert picks.value != before and "<b>" not in picks.value
