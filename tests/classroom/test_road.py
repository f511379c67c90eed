"""The travelling drawing: real numbers, every part, six layers and twenty-four, no box, nothing too small."""

import dataclasses
import itertools
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import FancyBboxPatch, Rectangle

from classroom.road import PARTS, TEXT, WIDTH, chosen_layers, draw_road
from classroom.style import BLUE, png, use_style


@pytest.fixture(autouse=True)
def style():
    """The notebooks' look; matplotlib warns of a glyph that it lacks, and a warning fails."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        use_style()
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def deep(mini):
    """A model of 24 layers, random weights, that reads mini-m3's ids."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    config = XLMRobertaConfig(
        vocab_size=mini.model.config.vocab_size, hidden_size=32, num_hidden_layers=24, num_attention_heads=4,
        intermediate_size=32, max_position_embeddings=34, type_vocab_size=1, layer_norm_eps=1e-5,
    )  # fmt: skip
    torch.manual_seed(0)
    return dataclasses.replace(mini, model=XLMRobertaModel(config, add_pooling_layer=False).eval())


def texts(figure):
    """All that is written in a drawing."""
    return [text.get_text() for text in figure.axes[0].texts]


KINDS = [{}, *({"lit": part} for part in PARTS), *({"part": part} for part in PARTS)]


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_every_kind_can_be_drawn(mini, deep, options, caplog):
    """No warning, nothing on a log (a font that is not there), no label under 9 points, inside the page."""
    for bge in (mini, deep):
        figure = draw_road(bge, **options)
        assert png(figure).startswith(b"\x89PNG") and not caplog.records
        written = [text for text in figure.axes[0].texts if text.get_text()]
        assert min(text.get_fontsize() for text in written) >= 9
        boxes = [text.get_window_extent() for text in written]
        page = figure.bbox
        assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
        crossing = [(a, b) for a, b in itertools.combinations(boxes, 2) if shared(a, b) > 4]
        assert not crossing, "labels over labels"


def shared(one, other):
    """The smaller side of what two boxes share, in pixels."""
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return min(wide, high)


def test_the_numbers_are_the_models(mini):
    """Pieces, ids, weights, lengths and the first numbers of the vector stand there as the walk gives them."""
    walk = mini.walk([TEXT])
    whole = texts(draw_road(mini))
    assert TEXT in whole
    for token, number in zip(walk.tokens[0], walk.ids[0].tolist(), strict=True):
        assert token in whole and str(number) in whole
    assert f"length {walk.pooled.norm():.2f}" in whole
    assert any(label.startswith(f"[{walk.vectors[0, 0]:+.3f}".replace("-", "−")) for label in whole)
    weights = walk.attentions[-1][0].mean(dim=0)[0]
    alone = texts(draw_road(mini, part="encoder"))
    for weight in weights.tolist():
        assert f"{weight:.0%}" in alone
    half = walk.vectors.shape[-1] // 2
    sides = [f"{side.norm():.2f}" for side in (walk.vectors[0, :half], walk.vectors[0, half:])]
    assert f"length 1 = √({sides[0]}² + {sides[1]}²)" in texts(draw_road(mini, part="normalization"))


def test_the_bars_are_the_rows(mini):
    """The bars of a row have the signs and the proportions of its numbers, but for those cut at the top."""
    walk = mini.walk([TEXT])
    bars = [each for each in draw_road(mini, part="embedding_layers").axes[0].collections
            if isinstance(each, LineCollection)]  # fmt: skip
    rows = [array[0] for array in (walk.word, walk.position, walk.token_type)]  # (T, H)
    rows = torch.cat([*rows, sum(rows), walk.hidden_states[0][0]])[:, :16].double().numpy()
    assert len(bars) == len(rows)
    heights = np.array([[end[1] - start[1] for start, end in each.get_segments()] for each in bars])
    whole = np.abs(heights) < np.abs(heights).max() * 0.999
    for part in (slice(0, -8), slice(-8, None)):  # LayerNorm's output has a scale of its own
        seen = whole[part] & (np.abs(rows[part]) > 1e-4)
        ratio = heights[part][seen] / rows[part][seen]
        assert seen.mean() > 0.8
        assert ratio.min() > 0 and ratio.std() < 1e-6 * ratio.mean()


@pytest.mark.parametrize("part", PARTS)
def test_one_part_is_lit(mini, part):
    """It has the frame and the words for it; a veil lies over each of the others; alone there is neither."""
    axes = draw_road(mini, lit=part).axes[0]
    framed = [p for p in axes.patches if isinstance(p, FancyBboxPatch) and p.get_linewidth() == 3]
    assert [matplotlib.colors.to_hex(p.get_edgecolor()).upper() for p in framed] == [BLUE]
    veils = [p for p in axes.patches if type(p) is Rectangle and p.get_facecolor() == (1, 1, 1, 0.6)]
    assert len(veils) == len(PARTS) - 1
    bottom = framed[0].get_y()
    assert all(abs(veil.get_y() - bottom) > 0.1 for veil in veils)
    title = next(
        text for text in axes.texts if text.get_text() == part.replace("_", " ").replace("encoder", "encoder stack")
    )
    assert bottom < title.get_position()[1] < bottom + framed[0].get_height()
    assert "you are here" in texts(axes.figure)
    assert "you are here" not in [*texts(draw_road(mini)), *texts(draw_road(mini, part=part))]


def test_a_deep_model_shows_few_layers_and_says_which(deep):
    """Six of 24, the first and the last among them."""
    assert chosen_layers(24) == [1, 6, 10, 15, 19, 24] and chosen_layers(1) == [1] and chosen_layers(7)[-1] == 7
    written = texts(draw_road(deep, part="encoder"))
    assert [label for label in written if label.startswith("layer ")] == [f"layer {n}" for n in chosen_layers(24)]
    assert any("1, 6, 10, 15, 19, 24" in label and "of 24" in label for label in written)
    assert draw_road(deep).get_size_inches()[0] == WIDTH


def test_what_cannot_be_drawn(mini):
    """A part there is not is answered with those there are; lit and part at once with the reason."""
    for options in ({"lit": "pool"}, {"part": "stack"}, {"lit": ""}):
        with pytest.raises(ValueError, match="choose tokenization"):
            draw_road(mini, **options)
    with pytest.raises(ValueError, match="not both"):
        draw_road(mini, lit="pooling", part="pooling")
