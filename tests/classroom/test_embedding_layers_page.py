"""Page 02's control over its whole input range, its figures, and the changes that its experiments make."""

import re
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS

from classroom.ablations import changed, equal_positions, even_attention
from classroom.embedding_layers import figures, measure, widgets
from classroom.style import show, use_style
from helpers.checkpoint.find import MINI
from helpers.embedding_layers import embed, position_ids
from helpers.encoder import encode_stack
from helpers.normalization import l2_normalize

AWKWARD = [*TEXTS, "<script>alert('x')</script>", "🙂", "<pad>", "a & b < c", "$x^2$", FULL * 2, "字" * 10_000]


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize(("number", "count"), [(0, 1), (1, 8), (12, 20), (999, 3)])
def test_neighbours(mini, text, number, count):
    """Any text, any slider: a table with that many rows, or a request to type something; never raw HTML."""
    html = widgets.neighbours(mini, text, number, count)
    some = bool(mini.tokenizer.tokenize(text))
    assert html.count("<tr>") == (count if some else 0) and ("type something" in html) == (not some)
    assert "nan" not in re.sub(r"<code>.*?</code>|<p>.*</p>", "", html)
    assert re.fullmatch(r"(</?(p|code|mark|i|table|tr|td|span)( style='[^']*')?>|[^<>])*", html)


def test_neighbours_says_what_it_cannot_read(mini):
    """Half a character, an unknown one, and a text that is cut."""
    assert "half a character" in widgets.neighbours(mini, "a\ud800", 1, 3)
    assert "nothing in the vocabulary" in widgets.neighbours(mini, "ꙮ", 99, 3)
    assert f"first {widgets.PIECES} pieces" in widgets.neighbours(mini, "cat " * 100, 1, 3)
    assert "<p><i>" not in widgets.neighbours(mini, "cat", 1, 3)


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
    top, table = widgets.panel(mini).children
    text, which, count = top.children
    for control, value in [
        (text, "音乐 <script>"), (which, 2), (count, 20), (text, "a\ud800"), (text, "猫"), (text, ""),
    ]:  # fmt: skip
        before = table.value
        control.value = value
        assert table.value != before, control.description


def test_figures(capsys):
    """Drawn without a warning, also where all numbers are equal."""
    use_style()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        show(figures.neighbour_bars("$x$", [("猫", 0.5), ("🙂", -0.1)], 0.1, 0.4), "bars of two neighbour rows")
        show(figures.margin_dots(np.array([0.1, -0.2]), np.zeros(2)), "two rows of two dots")
        show(figures.position_map(np.eye(8)), "a map of eight rows")
        show(figures.lengths(np.array([2.0, 1.0]), np.array([9.0, 9.0]), ["<s>", "猫"]), "two pairs of marks")


def test_stories_and_sample(mini):
    """All of both on mini-m3."""
    assert len(measure.stories(mini)) == 100 and {row.kind for row in measure.stories(mini)} == {"order"}
    assert len(measure.sentences(mini)) == 220


def test_margins_and_ranks_see_a_change(mini, monkeypatch):
    """The few texts taken here: right way round, tied without positions, and ranked by their own cosines."""
    few, rows = measure.stories(mini)[:6], measure.sentences(mini)[:5]
    monkeypatch.setattr(measure, "stories", lambda bge: few)
    monkeypatch.setattr(measure, "sentences", lambda bge: rows)
    chinese, right, swapped = (
        mini.encode([getattr(row, k) for row in few]) for k in ("chinese", "english", "english_twin")
    )
    torch.testing.assert_close(measure.margins(mini), (chinese * right).sum(1) - (chinese * swapped).sum(1))
    with equal_positions(mini.model, row=10):
        assert measure.counts(measure.margins(mini)).startswith("0 of 6 right, 6 tied")
    index = measure.index(mini)
    assert index.shape == (10, mini.model.config.hidden_size)
    torch.testing.assert_close(index[5], mini.encode([rows[0].near_miss])[0], atol=1e-5, rtol=0)
    assert measure.ranks(mini, index).max() < measure.ranks(mini, index.flip(0)).max()


@pytest.mark.parametrize("by", [-2, 100])
def test_positions_moved_reads_other_rows(mini, by):
    """As adding to every position does, and afterwards the table is as before."""
    text = "The cat chased the mouse."
    ids = mini.tokenizer(text, return_tensors="pt")["input_ids"]
    before = mini.model.embeddings.position_embeddings.weight.detach().clone()
    with torch.no_grad():
        wanted = mini.model(ids, position_ids=position_ids(ids) + by).last_hidden_state[:, 0]
    with measure.positions_moved(mini, by):
        found = mini.encode([text])
    torch.testing.assert_close(found, l2_normalize(wanted), atol=1e-5, rtol=0)
    assert torch.equal(mini.model.embeddings.position_embeddings.weight, before)


def test_layer_norm_and_type_come_back(mini):
    """Both are felt inside the block, and only there, also when it raises."""
    texts = ["The cat chased the mouse."]
    intact = mini.encode(texts)
    three = partial(measure.without_layer_norm, times=3)
    for change in (measure.without_layer_norm, three, measure.random_type):
        with pytest.raises(KeyError), change(mini):
            assert (mini.encode(texts) - intact).abs().max() > 1e-3
            raise KeyError
        assert torch.equal(mini.encode(texts), intact)


def test_without_layer_norm_is_the_sum_times_a_number(mini):
    """What the first layer then gets, from the walk's parts; and it looks around more evenly."""
    walk = mini.walk(["The cat chased the mouse."])
    intact = measure.evenness(mini)
    for times in (1, 3):
        with measure.without_layer_norm(mini, times):
            start = mini.model.embeddings(walk.ids)
            assert measure.evenness(mini) > intact + 0.01
        torch.testing.assert_close(start, times * (walk.word + walk.position + walk.token_type), atol=1e-6, rtol=0)


def test_evenness(mini):
    """As numpy computes it from the walk's maps of one sentence, and 1 if every map is even."""
    row = measure.sentences(mini)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "sentences", lambda bge: [row])
        maps = mini.walk([row.english]).attentions[0].double().numpy()
        entropy = -(maps * np.log(maps.clip(1e-30))).sum(axis=-1).mean()
        assert measure.evenness(mini) == pytest.approx(entropy / np.log(maps.shape[-1]), abs=1e-5)
        with even_attention(mini.model):
            assert measure.evenness(mini) == pytest.approx(1, abs=1e-5)


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


def test_without_positions_the_encoder_is_equivariant(mini64):
    """The theorem of section 3, in float64, on every token and layer."""
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
