"""The encoder page's widget over its whole input range, its figures, and its exercises: right, wrong and unsolved."""

import json
import math
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS
from matplotlib.figure import Figure
from torch.nn import functional

from classroom.encoder import exercises, figures, widgets
from classroom.style import use_style

PAGE = Path(__file__).parents[2] / "notebooks" / "03_encoder_stack.ipynb"
TYPED = [*TEXTS, "<script>alert(1)</script>", "$x$ costs $5 & <b>", "👩‍💻🐛", "\n", FULL * 2]
NAMES = {"softmax": "softmax", "split": "split", "attend": "attend_heads", "entropy": "entropy_of_heads"}
NAMES["layer"] = "my_layer"


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


@pytest.mark.parametrize(("layer", "head"), [(0, 1), (1, 0), (5, 1), (1, 5), (-1, 1)])
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
    assert (layer.min, layer.max, head.min, head.max) == (1, 4, 1, 4)
    seen = [(image.value, caption.value)]
    for control, value in ((layer, 4), (head, 4), (text, "你好，world"), (text, "")):
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


def page():
    """The notebook's cells as (kind, source)."""
    cells = json.loads(PAGE.read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def solutions():
    """The functions of the page's folded solutions, by name."""
    folded = next(source for kind, source in page() if kind == "markdown" and source.startswith("## Solutions"))
    names: dict = {"torch": torch}
    for block in re.findall(r"```python\n(.*?)```", folded, re.DOTALL):
        exec(block, names)
    return names


@pytest.mark.parametrize("name", NAMES)
def test_solutions_are_right(name, capsys):
    """What the page calls a solution passes its own check."""
    assert getattr(exercises, name)(solutions()[NAMES[name]]) is True
    said = capsys.readouterr().out
    assert said.startswith("✓") and "one token" in said and "padded batch" in said and "mixed scripts" in said


@pytest.mark.parametrize("name", NAMES)
def test_stubs_are_told_not_yet(name, capsys):
    """The page's own stub does not stop the notebook."""
    cell = next(s for kind, s in page() if kind == "code" and f"exercises.{name}({NAMES[name]})" in s)
    exec(cell, {"exercises": exercises})
    assert capsys.readouterr().out.startswith("… not yet")


def hide(scores, mask):
    """Scores with padding keys at the lowest number."""
    return scores.masked_fill(mask[:, None, None, :] == 0, torch.finfo(scores.dtype).min)


def entropy_of(weights, rows):
    """Entropy of the rows, its mean weighted by ``rows``."""
    return (torch.special.entr(weights).sum(-1) * rows).sum(-1) / rows.sum(-1)


def layer_with(hidden, mask, layer, gelu=functional.gelu, residual=1, pre=False, masked=True):
    """A layer with one thing spoilt."""
    own, out = layer.attention.self, layer.attention.output
    x = out.LayerNorm(hidden) if pre else hidden
    parts = (own.query(x), own.key(x), own.value(x))
    q, k, v = (part.unflatten(-1, (own.num_attention_heads, -1)).transpose(1, 2) for part in parts)
    allowed = mask.bool()[:, None, None, :] if masked else None
    context = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2).flatten(2)
    attended = residual * hidden + out.dense(context)
    if pre:
        return attended + layer.output.dense(gelu(layer.intermediate.dense(layer.output.LayerNorm(attended))))
    attended = out.LayerNorm(attended)
    return layer.output.LayerNorm(attended + layer.output.dense(gelu(layer.intermediate.dense(attended))))


WRONG = {
    "softmax": [
        lambda x: torch.exp(x) / torch.exp(x).sum(-1, keepdim=True),  # overflows
        lambda x: torch.softmax(x, dim=0),
        lambda x: torch.exp(x - x.max()) / torch.exp(x - x.max()).sum(),  # over everything
        lambda x: x / x.sum(-1, keepdim=True),
        lambda x: torch.log_softmax(x, -1),
    ],
    "split": [
        lambda x, heads: x.reshape(len(x), heads, x.shape[1], -1),  # mixes tokens
        lambda x, heads: x.reshape(*x.shape[:2], heads, -1),  # no transpose
        lambda x, heads: x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2),  # every A-th column
    ],
    "attend": [
        lambda q, k, v, m: torch.softmax(hide(q @ k.mT, m), -1) @ v,  # no scale
        lambda q, k, v, m: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v,  # no mask
        lambda q, k, v, m: torch.softmax(hide(q @ k.mT / q.shape[-1], m), -1) @ v,  # by D
        lambda q, k, v, m: torch.softmax(hide(q @ k.mT / q.shape[-1] ** 0.5, m), -2) @ v,
        lambda q, k, v, m: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) * m[:, None, None, :] @ v,  # mask after
        lambda q, k, v, m: torch.softmax(hide(q @ k.mT / (q.shape[1] * q.shape[3]) ** 0.5, m), -1) @ v,  # √H
    ],
    "entropy": [
        lambda w, m: torch.special.entr(w).sum(-1).mean(-1),  # counts padding rows
        lambda w, m: entropy_of(w, m[:, None, :]) / math.log(2),  # bits
        lambda w, m: -((w * w.log()).sum(-1) * m[:, None, :]).sum(-1) / m.sum(-1)[:, None],  # 0 · ln 0
        lambda w, m: (torch.special.entr(w).sum(-1) * m[:, None, :]).mean(-1),  # divides by T
    ],
    "layer": [
        lambda h, m, layer: layer_with(h, m, layer, pre=True),
        lambda h, m, layer: layer_with(h, m, layer, masked=False),
        lambda h, m, layer: layer_with(h, m, layer, residual=0),
        lambda h, m, layer: layer_with(h, m, layer, gelu=lambda x: functional.gelu(x, approximate="tanh")),
        lambda h, m, layer: layer_with(h, m, layer, gelu=torch.relu),
    ],
}


@pytest.mark.parametrize(("name", "number"), [(name, n) for name, wrong in WRONG.items() for n in range(len(wrong))])
def test_wrong_solutions_are_caught(name, number, capsys):
    """Each plausible mistake gets a hint, never a pass or a traceback."""
    assert getattr(exercises, name)(WRONG[name][number]) is False
    said = capsys.readouterr().out
    assert said.startswith("✗") and "Hint: " in said


def test_right_layer_is_not_called_wrong():
    """The spoiling helper itself is right when nothing is spoilt, so each wrong one fails for its own reason."""
    assert exercises.layer(layer_with)
    assert exercises.entropy(lambda w, m: entropy_of(w, m[:, None, :]))


def test_checks_leave_chance_alone():
    """A check that moves torch's generator would change the page's later numbers."""
    before = torch.get_rng_state()
    exercises.attend(lambda *_: None)
    assert torch.equal(before, torch.get_rng_state())
