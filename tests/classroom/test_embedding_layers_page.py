"""Page 02's controls over their whole input range, its figures, and what the page says."""

import re
import warnings

import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS

from classroom.ablations import changed
from classroom.embedding_layers import exercises, figures, widgets
from classroom.style import show, use_style
from helpers.checkpoint.find import MINI
from helpers.embedding_layers import embed

AWKWARD = [*TEXTS, "<script>alert('x')</script>", "🙂", "<pad>", "a & b < c", "$x^2$", FULL * 2]


@pytest.mark.parametrize("number", [0, 1, widgets.SHUFFLES])
@pytest.mark.parametrize("text", AWKWARD)
def test_shuffle(mini, text, number):
    """Without positions no shuffle may move the vector, and the original order moves nothing at all."""
    result = widgets.shuffle(mini, text, number)
    assert result.change[False].abs().max() < 1e-5
    if number == 0:
        assert result.change[True].abs().max() < 1e-6
    assert sorted(result.tokens) == sorted(mini.tokenizer.convert_ids_to_tokens(widgets.pieces(mini, text)))
    assert len(result.tokens) == min(len(mini.tokenizer.tokenize(text)), widgets.WORDS)
    html = widgets.shuffle_words(mini, text, number)
    assert re.fullmatch(r"(</?(p|code|b|i)>|[^<>])*", html)


def test_shuffle_moves_the_vector_and_repeats(mini):
    """A shuffle that moves nothing with positions would show the reader a falsehood."""
    one, two = (widgets.shuffle(mini, "The cat chased the mouse.", 3) for _ in range(2))
    assert one.tokens == two.tokens and one.change[True].abs().max() > 1e-3
    assert one.cosine[True] < 0.9999 < 1 - 1e-5 < one.cosine[False]
    assert widgets.shuffled([5, 6, 7], 0) == [5, 6, 7]
    assert len({tuple(widgets.shuffled(list(range(8)), n)) for n in range(widgets.SHUFFLES + 1)}) == 21


def test_vector_is_the_models(mini):
    """The control must show the model's own vector, not one of its own."""
    text = "The cat chased the mouse."
    ids = mini.tokenizer(text, return_tensors="pt")["input_ids"]
    np.testing.assert_allclose(widgets.vector(mini, ids).numpy(), mini.encode([text], progress=False), atol=1e-5)


@pytest.mark.parametrize("text", ["", "🙂", "<script>", FULL])
def test_shuffle_figure(mini, text, tmp_path):
    """Flat panels (no piece, one piece) and the longest text draw without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert widgets.png(widgets.shuffle_figure(mini, text, 1))[:4] == b"\x89PNG"


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize(("number", "count"), [(0, 1), (1, 8), (12, 20), (999, 3)])
def test_neighbours(mini, text, number, count):
    """Any text, any slider: a table with that many rows, or a request to type something; never raw HTML."""
    html = widgets.neighbours(mini, text, number, count)
    some = bool(mini.tokenizer.tokenize(text))
    assert html.count("<tr>") == (count if some else 0) and ("type something" in html) == (not some)
    assert "nan" not in re.sub(r"<code>.*?</code>|<p>.*</p>", "", html)
    assert re.fullmatch(r"(</?(p|code|mark|i|table|tr|td|span)( style='[^']*')?>|[^<>])*", html)


def test_nearest(mini):
    """Itself left out, best first, cosines as numpy computes them."""
    table = mini.model.embeddings.word_embeddings.weight.detach().double().numpy()
    cat = mini.tokenizer.convert_tokens_to_ids("▁cat")
    found = widgets.nearest(mini, cat, 5)
    cosine = table @ table[cat] / np.linalg.norm(table, axis=1).clip(1e-12) / np.linalg.norm(table[cat])
    cosine[cat] = -2
    assert mini.tokenizer.convert_tokens_to_ids([name for name, _ in found]) == (-cosine).argsort()[:5].tolist()
    np.testing.assert_allclose([value for _, value in found], np.sort(cosine)[::-1][:5], atol=1e-6)
    with changed(mini.model.embeddings.word_embeddings.weight):
        mini.model.embeddings.word_embeddings.weight[1] = 0
        assert all(value == 0 for _, value in widgets.nearest(mini, 1, 3))  # no direction, no nan
    assert len(widgets.nearest(mini, cat, 10**9)) == len(table) - 1


def test_panel(mini):
    """Moving each control must change what is shown."""
    top, words, picture, bottom, table = widgets.panel(mini).children
    (text, number), (source, which, count) = top.children, bottom.children
    for control, value, shown in [
        (number, 5, words), (text, "我喜欢用Python进行编程。", words), (number, 0, picture), (number, 3, picture),
        (text, "", picture),
        (source, "音乐 <script>", table), (which, 2, table), (count, 20, table), (source, "", table),
    ]:  # fmt: skip
        before = shown.value
        control.value = value
        assert shown.value != before, control.description
    assert picture.value[:4] == b"\x89PNG"


def test_figures(capsys):
    """Drawn without a warning; what odd labels do to them is seen in test_style."""
    use_style()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        show(figures.damage_bars({"a": -0.2, "b": 1.0}, {"a": 0.0, "b": 1.0}), "bars of two mistakes")
        show(figures.parameter_shares({"x": {"word": 90, "rest": 10}}), "a bar of two parts")
        show(figures.layer_gaps([0.0, 1e-6], [1.0, 2.0]), "two lines over two layers")
        show(figures.shuffle_strip([1.0, 1.0], [0.9, 0.8]), "two rows of two marks")


def test_parameter_check_knows_the_model(mini, reference):
    """The expected numbers are those of the models, the recorded total with its pooler."""
    assert {key: mini.checkpoint.config[key] for key in exercises.MINI} == exercises.MINI
    assert {key: reference["config"][key] for key in exercises.REAL} == exercises.REAL
    assert sum(p.numel() for p in mini.model.parameters()) == 28_899_840
    assert reference["config"]["parameters"] == 566_705_152 + 1024 * 1024 + 1024


def test_a_second_token_type_is_random():
    """What the page says of ``type_vocab_size=2``: the library replaces the whole table by random rows."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    from helpers.checkpoint.load import quiet

    config = XLMRobertaConfig.from_pretrained(MINI, type_vocab_size=2)
    with quiet():
        grown, stored = (
            XLMRobertaModel.from_pretrained(
                MINI, config=c, add_pooling_layer=False, ignore_mismatched_sizes=True, dtype=torch.float32
            ).embeddings.token_type_embeddings.weight
            for c in (config, None)
        )
    assert grown.shape == (2, 384) and not torch.equal(grown[0], stored[0])
    assert 0.01 < grown.std() < 0.03


def test_without_positions_is_a_bag_of_words(mini64):
    """The theorem of section 4, in float64, on every token and layer."""
    from helpers.encoder import encode_stack

    torch.manual_seed(0)
    layer, ids = mini64.model.embeddings, torch.randint(4, 1000, (2, 12))
    order = torch.randperm(12)
    with torch.no_grad():
        blind = layer.LayerNorm(layer.word_embeddings(ids) + layer.token_type_embeddings.weight[0])
        for start, equal in ((blind, True), (embed(ids, mini64.model).output, None)):
            other = start[:, order] if equal else embed(ids[:, order], mini64.model).output
            plain, moved = (
                encode_stack(x, torch.ones_like(ids), mini64.model, attentions=False).hidden_states
                for x in (start, other)
            )
            gaps = [(m - p[:, order]).abs().max().item() for p, m in zip(plain, moved, strict=True)]
            assert max(gaps) < 1e-11 if equal else min(gaps) > 1e-3
