"""The encoder page's panel over its whole input range, its figures and its measurements."""

import math
import warnings

import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS
from matplotlib.figure import Figure

from classroom.ablations import even_attention
from classroom.encoder import figures, measure, widgets
from classroom.pooling.measure import blinded
from classroom.style import use_style
from helpers.encoder import linear, split_heads

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


def test_search_a_asks_questions_of_every_kind(mini):
    """Kinds have fixed places in the table: an evenly spread sample of a round number would leave some out."""
    questions = measure.passage_questions(mini)
    assert {question.kind for question in questions} == {"name", "paraphrase", "plain", "cross"}
    assert {question.language for question in questions} == {"en", "zh", "en-zh", "zh-en"}


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
    assert "<" not in told  # the reader's text cannot open a tag
    assert "nan" not in told


def test_every_layer_and_head(mini):
    """The picture must be that layer and head, not a neighbour."""
    seen, walk = widgets.look(mini, TEXTS[0]), mini.walk([TEXTS[0]])
    for layer, maps in enumerate(walk.attentions, 1):
        for head in range(1, maps.shape[1] + 1):
            torch.testing.assert_close(widgets.chosen(seen, layer, head), maps[0, head - 1])
            figure = widgets.picture(seen, layer, head)
            assert f"layer {layer}, head {head}" in figure.axes[0].get_title(loc="left")
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
    """Shares and firmest look of a map one can check on paper."""
    seen = widgets.Look(["<s>", "<i>"], torch.tensor([[[[0.5, 0.5], [0.0, 1.0]]]]), 3)
    told = widgets.told(seen, 1, 1)
    assert "2 tokens. To &lt;s&gt;: 25%; to &lt;/s&gt;: 75%; an even share is 50%." in told
    assert "&lt;i&gt; → &lt;i&gt;, 100%" in told and "last 3 tokens" in told


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
    """The page's figures draw at the sizes of mini and of the real model, with awkward tokens."""
    walk = mini.walk(["$a$ 打 🐛"])
    figure = drawn(figures.habit_maps(walk, {"previous": (1, 2, 0.9), "ends": (2, 1, 0.5)}))
    images = [image for axes in figure.axes[:2] for image in axes.images]
    assert {image.get_clim() for image in images} == {(0, 1)}  # one scale for both
    np.testing.assert_allclose(np.asarray(images[0].get_array()), walk.attentions[0][0, 1].numpy())
    drawn(figures.saturation([4, 16], [0.5, 0.9], [0.2, 0.2]))
    drawn(figures.gelu_curve(torch.linspace(-4, 4, 9), torch.linspace(-4, 4, 9)))
    for layers in ([1], [1, 6, 10, 15, 19, 24]):
        rows = [(0.1, 0.05, 0.2)] * len(layers)
        drawn(figures.spared({"even": rows, "blind": rows}, layers))


def test_attention_on_paper():
    """The numbers drawn are the ones of softmax(q k / √D) v; the padding's weight is 0."""
    query, keys = torch.tensor([2.0, 0, 0, 2]), torch.tensor([[1.0, 0, 0, 1], [0, 1, 1, 0], [2, 0, 0, 2]])
    values = torch.tensor([[10.0, 0, 0, 0], [0, 10, 0, 0], [99, 99, 99, 99]])
    figure = drawn(figures.on_paper(query, keys, values, torch.tensor([1, 1, 0])))
    shown = [text.get_text() for text in figure.axes[0].texts]
    share = math.e**2 / (math.e**2 + 1)
    assert {"−∞", f"{share:.2f}", "[99 99 99 99]"} <= set(shown)
    assert shown[-1].endswith(f"[{figures.number(10 * share)} {figures.number(10 - 10 * share)} 0 0]")


@pytest.mark.parametrize("seed", [0, 1])
def test_random_stack(seed):
    """LayerNorm keeps the gradient; without it all hangs on the weights; without a residual tokens merge."""
    names = {(False, False): "neither", (True, False): "residual", (False, True): "norm", (True, True): "both"}
    for times, explodes in ((0.5, False), (1, False), (2, True)):
        stacks = {name: measure.random_stack(*build, times, seed=seed) for build, name in names.items()}
        left = {name: (gradient[0] / gradient[-1]).item() for name, (gradient, _) in stacks.items()}
        assert all(0.5 < left[name] < 60 for name in ("norm", "both"))
        assert left["neither"] > 1e40 if explodes else left["neither"] < 1e-15
        assert left["residual"] < 2 if times < 1 else left["residual"] > 1e4
        unlike = {name: tokens for name, (_, tokens) in stacks.items()}
        assert unlike["norm"][5] < 1e-6 < 0.005 < unlike["both"][5]
        if times == 1:
            assert unlike["neither"][-1] < 1e-12 < 0.03 < unlike["both"][-1]
            drawn(figures.random_stacks(stacks))
    assert measure.difference(torch.eye(3)[None]).item() == pytest.approx(1)
    assert measure.difference(torch.ones(1, 3, 4).double() * 1e-40).item() < 1e-6


def test_habits_and_values(mini):
    """The heads found really look there, and the values' lengths are those of the library's own matrix."""
    walk = mini.walk([TEXTS[0]])
    habits = measure.habits(mini)
    layer, head, share = habits["ends"]
    seen = walk.attentions[layer - 1][0, head - 1]  # (T, T)
    assert share > 0.8 and seen[1:-1, [0, -1]].sum(dim=1).mean() > 0.8
    layer, head, share = habits["previous"]
    assert share > 0.5 and walk.attentions[layer - 1][0, head - 1].diagonal(offset=-1).mean() > 0.5
    own, size = mini.model.encoder.layer[1].attention.self, 384 // 12
    with torch.no_grad():
        values = own.value(walk.hidden_states[1])[0, :, 2 * size : 3 * size]  # (T, D)
    torch.testing.assert_close(measure.value_lengths(mini, walk, 2, 3), values.norm(dim=1))


def test_looks_of_start(mini):
    """Shares sum to 1; of mini-m3 it is known that the last layer looks most, and that the two ends become one."""
    looks, alike = measure.looks_of_start(mini)
    torch.testing.assert_close(looks.sum(dim=1), torch.ones(6))
    assert int(looks[:, 2].argmax()) == 5 and alike[0] < 0.5 and alike[-1] > 0.99


def test_fired(mini):
    """The strongest token of a text, padding left out, as the library's own modules say."""
    texts = ["Snow falls.", "The snow on the mountain melts in late spring."]
    strength = measure.fired(mini, texts, 2)
    walk, layer = mini.walk([texts[0]]), mini.model.encoder.layer[1]
    with torch.no_grad():
        inner = layer.intermediate(layer.attention(walk.hidden_states[1])[0])  # (1, T, F)
    torch.testing.assert_close(strength[0], inner[0].amax(dim=0), atol=1e-4, rtol=1e-4)


def test_topic_neuron():
    """The neuron that separates, and the topic it stands for."""
    strength = torch.tensor([[0.0, 5.0, 1.0], [0.2, 5.1, 0.0], [0.1, 0.0, 1.0], [0.0, 0.1, 0.0]])
    assert measure.topic_neuron(strength, ["a", "a", "b", "b"]) == (1, "a")


def test_random_hits(mini):
    """Random directions, with as much choice, do not know a topic as the neuron does."""
    sentences = measure.load_sentences()
    hits = measure.random_hits(mini, sentences[::2], sentences[1::2], 3)
    assert len(hits) == 3 and max(hits) <= 5
    assert hits == measure.random_hits(mini, sentences[::2], sentences[1::2], 3)


def test_spoilt_layers(mini):
    """Each layer, in any order, is spoilt as it is by running the whole stack; nothing stays spoilt."""
    layers, before = [6, 1, 4], mini.encode(TEXTS, progress=False)
    vectors = measure.spoilt_layers(mini, TEXTS, layers)
    for place, layer in enumerate(layers):
        with even_attention(mini.model, range(layer - 1, layer)):
            even = mini.encode(TEXTS, progress=False)
        torch.testing.assert_close(vectors["even"][place], even, atol=1e-5, rtol=0)
        torch.testing.assert_close(vectors["blind"][place], blinded(mini, TEXTS, [layer]), atol=1e-5, rtol=0)
    assert torch.equal(mini.encode(TEXTS, progress=False), before)


def test_without_scale(mini):
    """Inside the block the scores are √D times as large; behind it everything is as before."""
    text = ["什么是大型语言模型？"]
    before = mini.walk(text)
    with measure.without_scale(mini):
        spoilt = mini.walk(text)
    assert torch.equal(mini.walk(text).vectors, before.vectors)
    part = mini.model.encoder.layer[0].attention.self
    with torch.no_grad():
        q, k = (
            split_heads(linear(before.hidden_states[0], p), part.num_attention_heads) for p in (part.query, part.key)
        )
    torch.testing.assert_close(spoilt.attentions[0], torch.softmax(q @ k.mT, dim=-1), atol=1e-5, rtol=1e-4)


def test_damage():
    """Nothing spoilt costs nothing; vectors turned around find the paraphrase last."""
    right = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    right[2:4] = right[:2]  # the paraphrases
    nothing = "lost 0.00 (0.00 to 0.00)"
    assert measure.damage(right, 3 * right) == f"cosine 1.00; MRR 1.00 → 1.00, {nothing}; right index 1.00"
    assert measure.damage(right, -right) == f"cosine -1.00; MRR 1.00 → 1.00, {nothing}; right index 0.25"
    away = right.clone()
    away[2:4] *= -1  # only the paraphrases turned around: last of four
    assert "MRR 1.00 → 0.25, lost 0.75 (0.75 to 0.75)" in measure.damage(right, away)
