"""The encoder page's widget over its whole input range, and its figures."""

import re
import warnings

import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS
from matplotlib.figure import Figure

from classroom.encoder import figures, widgets
from classroom.style import use_style

TYPED = [*TEXTS, "<script>alert(1)</script>", "$x$ costs $5 & <b>", "👩‍💻🐛", "\n", FULL * 2]


@pytest.fixture(autouse=True)
def strict():
    """The page's style, and any warning (a glyph no font has, a cut text) is a failure."""
    use_style()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def drawn(figure):
    """Draw a figure to the end: missing glyphs and bad mathtext show only then."""
    assert isinstance(figure, Figure)
    assert len(widgets.png(figure)) > 1000
    return figure


@pytest.mark.parametrize("text", TYPED)
def test_any_text_can_be_looked_at(mini, text):
    """Empty, emoji, markup, too long: a picture and a caption that says what was left out."""
    seen = widgets.look(mini, text)
    length = len(seen.tokens)
    assert 2 <= length <= widgets.SHOWN and seen.maps.shape[2:] == (length, length)
    assert length + seen.cut == len(mini.tokenizer(text)["input_ids"])
    drawn(widgets.picture(seen, 1, 1))
    told = widgets.told(seen, 1, 1)
    assert ("left out" in told) == (seen.cut > 0)
    assert re.sub(r"</?code>", "", told).count("<") == 0  # the reader's text cannot open a tag
    assert "nan" not in told


def test_every_layer_and_head(mini):
    """The picture must be that layer and head, not a neighbour."""
    seen, walk = widgets.look(mini, TEXTS[0]), mini.walk([TEXTS[0]])
    for layer, maps in enumerate(walk.attentions, 1):
        for head in range(1, maps.shape[1] + 1):
            torch.testing.assert_close(widgets.chosen(seen, layer, head), maps[0, head - 1])
            figure = widgets.picture(seen, layer, head)
            assert figure.axes[0].get_title(loc="left") == f"layer {layer}, head {head}"
            shown = np.asarray(figure.axes[0].images[0].get_array())
            np.testing.assert_allclose(shown, maps[0, head - 1].numpy())
            assert f"{len(seen.tokens)} tokens" in widgets.told(seen, layer, head)
    drawn(figure)


@pytest.mark.parametrize(("layer", "head"), [(0, 1), (1, 0), (7, 1), (1, 13), (-1, 1)])
def test_no_such_layer_or_head(mini, layer, head):
    """Counting from 0 would silently show the last head."""
    with pytest.raises(IndexError, match="from 1"):
        widgets.chosen(widgets.look(mini, "a"), layer, head)


def test_caption_by_hand():
    """Entropy, share and firmest look of a map one can check on paper."""
    seen = widgets.Look(["<s>", "<i>"], torch.tensor([[[[0.5, 0.5], [0.0, 1.0]]]]), 3)
    told = widgets.told(seen, 1, 1)
    assert "2 tokens. Entropy 50% of" in told and ": 25% (even would be 50%)" in told
    assert "<code>&lt;i&gt;</code> → <code>&lt;i&gt;</code>, 100%" in told and "last 3 tokens" in told


def test_panel_moves(mini):
    """Every control changes the picture; invalid text is told, and the old picture stays."""
    panel = widgets.panel(mini)
    text, sliders, caption, image = panel.children
    layer, head = sliders.children
    config = mini.model.config
    sizes = config.num_hidden_layers, config.num_attention_heads
    assert (layer.min, layer.max, head.min, head.max) == (1, sizes[0], 1, sizes[1])
    seen = [(image.value, caption.value)]
    for control, value in ((layer, sizes[0]), (head, sizes[1]), (text, "你好，world"), (text, "")):
        control.value = value
        assert image.value != seen[-1][0] and caption.value != seen[-1][1]
        seen.append((image.value, caption.value))
    text.value = "half \ud800"
    assert image.value == seen[-1][0] and "surrogate" in caption.value


def test_figures(mini):
    """The page's other figures draw at the sizes of mini and of the real model."""
    rng = np.random.default_rng(0)
    for layers, heads in ((1, 2), (24, 16)):
        maps = rng.random((layers, heads, 5, 5))
        chosen = figures.spread(layers), figures.spread(heads)
        grid = drawn(figures.attention_grid(maps, ["<s>", "$a$", "打", "🐛", "</s>"], *chosen))
        assert len(grid.axes) == len(chosen[0]) * len(chosen[1])
        names = [str(head) for head in range(heads)]
        drawn(figures.layer_heatmap(rng.random((layers, heads)), names, "title", "head", "share"))
        drawn(figures.curves(range(layers + 1), {"打": range(layers + 1), "b": [1] * (layers + 1)}, "t", "x", "y"))
    drawn(figures.curves([64, 128], {"a": [1, 10], "b": [2, 4]}, "t", "x", "y", log=True))
    assert figures.spread(24) == [0, 8, 15, 23] and figures.spread(2) == [0, 1]
