"""The ladder: every stage equals the library's on awkward texts and random models, and a broken stage is found."""

import copy
import dataclasses

import pytest
import torch
from conftest import FULL, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import XLMRobertaConfig, XLMRobertaModel

from helpers import ladder
from helpers.embedding_layers import embed
from helpers.encoder import encode_stack
from helpers.parity import distance, tolerance
from helpers.tokenization import pad
from helpers.unigram import text_pieces

BATCHES = [[text for text in TEXTS if text != FULL], [FULL, "a"], ["a"], [""]]
HEAD = ["input ids", "attention mask", "embeddings"]


@pytest.mark.parametrize("texts", BATCHES, ids=["awkward", "longest", "one token", "empty"])
def test_float32(mini, texts):
    """What a reader runs: every rung below what rounding explains."""
    rungs = ladder(mini, texts)
    assert {rung.stage: rung.error for rung in rungs if not rung.error < tolerance(mini.model, rung.layers)} == {}


@pytest.mark.parametrize("texts", BATCHES, ids=["awkward", "longest", "one token", "empty"])
def test_float64(mini64, texts):
    """Where rounding cannot hide a mistake: every rung below 1e-12, all stages there, in order."""
    rungs = ladder(mini64, texts)
    layers = mini64.model.config.num_hidden_layers
    inner = [f"layer {n} {part}" for n in range(1, layers + 1) for part in ("attention", "output")]
    assert [rung.stage for rung in rungs] == [*HEAD, *inner, "pooling", "vectors"]
    assert {rung.stage: rung.error for rung in rungs if not rung.error < 1e-12} == {}
    assert {rung.shape[0] for rung in rungs} == {len(texts)}
    assert [rung.layers for rung in rungs] == [0, 0, 0, *sorted([*range(1, layers + 1)] * 2), layers, layers]


def test_a_dimension_far_larger_than_all_others(mini):
    """Rounding grows with the numbers; an absolute limit would call a right walk wrong."""
    model = copy.deepcopy(mini.model)
    with torch.no_grad():
        model.encoder.layer[0].output.LayerNorm.weight[7] *= 100
    loud = dataclasses.replace(mini, model=model)
    texts = [text for text in TEXTS if text != FULL]
    walk = loud.walk(texts)
    assert walk.hidden_states[1].abs().max() > 100
    assert {r.stage: r.error for r in ladder(loud, texts, walk) if not r.error < tolerance(model)} == {}


def test_ids_of_another_length(mini, monkeypatch):
    """A piece lost is named as wrong ids, and the ladder ends: nothing later can be compared."""
    monkeypatch.setattr("helpers.tokenization.text_pieces", lambda text, vocabulary: text_pieces(text, vocabulary)[1:])
    rungs = ladder(mini, ["Hello there", "a b c d e f"])
    assert [(rung.stage, rung.error) for rung in rungs] == [(stage, float("inf")) for stage in HEAD[:2]]


def test_without_maps(mini64):
    """The same rungs but for the maps, and a spoilt layer is still found where it is."""
    walk = mini64.walk(["你好", "Hello there"], attentions=False)
    stages = [rung.stage for rung in ladder(mini64, walk.texts, walk)]
    outputs = [f"layer {n} output" for n in range(1, mini64.model.config.num_hidden_layers + 1)]
    assert stages == [*HEAD, *outputs, "pooling", "vectors"]
    assert {r.stage: r.error for r in ladder(mini64, walk.texts, walk) if not r.error < 1e-12} == {}
    states = [state.clone() for state in walk.hidden_states]
    states[3][0, 1] += 1e-9
    rungs = ladder(mini64, walk.texts, dataclasses.replace(walk, hidden_states=tuple(states)))
    assert [rung.stage for rung in rungs if not rung.error < 1e-12] == ["layer 3 output"]


def test_ladder_leaves_everything_as_it_was(mini):
    """Switching to eager attention must not outlive the call; a generator is read once."""
    before = mini.model.config._attn_implementation, mini.encode(["x"]).tolist()
    assert len(ladder(mini, (text for text in ["a", "b c d"]))) == 5 + 2 * mini.model.config.num_hidden_layers
    assert (mini.model.config._attn_implementation, mini.encode(["x"]).tolist()) == before
    assert before[0] != "eager"
    assert not mini.model.training


def test_tolerance_grows_with_depth(mini, mini64):
    """A limit for 6 layers refuses a right walk through 24; one for 24 lets a mistake through in 6."""
    assert (tolerance(mini.model), tolerance(mini64.model)) == (pytest.approx(1.5e-5), pytest.approx(1.5e-12))
    deep = XLMRobertaModel(XLMRobertaConfig(vocab_size=4, hidden_size=2, num_attention_heads=1, num_hidden_layers=24))
    assert tolerance(deep) == pytest.approx(6e-5)
    assert [tolerance(deep, n) for n in (0, 1, 12)] == [pytest.approx(n) for n in (2.5e-6, 2.5e-6, 3e-5)]
    with pytest.raises(KeyError):
        tolerance(deep.half())


def all_real(rows):
    """Padding that the mask calls real."""
    ids, mask = pad(rows)
    return ids, torch.ones_like(mask)


def shifted(ids, padding_idx=1):
    """Positions that start one too late."""
    real = ids.ne(padding_idx).long()
    return torch.cumsum(real, dim=1) * real + padding_idx + real


SABOTAGE = {
    "input ids": ("helpers.tokenization.piece_id", lambda piece, vocabulary: vocabulary.ids[piece] ^ (piece == ".")),
    "attention mask": ("helpers.tokenization.pad", all_real),
    "embeddings": ("helpers.embedding_layers.position_ids", shifted),
    "layer 1 attention": ("helpers.encoder.math.sqrt", lambda number: number**0.49),
    "layer 1 output": ("helpers.encoder.gelu", lambda x: torch.nn.functional.gelu(x, approximate="tanh")),
    "pooling": ("helpers.pipeline.pool", lambda hidden, mask, how: hidden.mean(dim=1)),
    "vectors": ("helpers.pipeline.l2_normalize", lambda x: x / x.norm(p=1, dim=-1, keepdim=True)),
}


@pytest.mark.parametrize("stage", SABOTAGE)
def test_a_broken_stage_is_found_where_it_is(mini64, monkeypatch, stage):
    """A ladder that passes a broken stage, or blames another one, proves nothing."""
    texts = ["I like <mask>.", "模型 needs a longer sentence."]
    name, broken = SABOTAGE[stage]
    with monkeypatch.context() as patch:
        patch.setattr(name, broken)
        walk = mini64.walk(texts)
    wrong = [rung.stage for rung in ladder(mini64, texts, walk) if not rung.error < 1e-12]
    assert wrong[0] == stage
    assert "vectors" in wrong


@pytest.mark.parametrize("number", range(7))
def test_a_spoilt_hidden_state_is_found_in_its_layer(mini64, number):
    """Each layer is compared with its own counterpart, nan included."""
    walk = mini64.walk(["你好", "Hello there"])
    for junk in (1e-9, float("nan"), float("inf")):
        states = [state.clone() for state in walk.hidden_states]
        states[number][0, 1, 3] += junk
        rungs = ladder(mini64, walk.texts, dataclasses.replace(walk, hidden_states=tuple(states)))
        expected = f"layer {number} output" if number else "embeddings"
        assert [rung.stage for rung in rungs if not rung.error < 1e-12] == [expected]


def test_distance():
    """nan and another shape are no agreement; padding does not count; large numbers may differ by more."""
    one, real = torch.zeros(2, 2, 3), torch.tensor([[1, 1], [1, 0]]).bool()
    spoilt = one.clone()
    spoilt[1, 1] = 7.0
    assert distance(spoilt, one) == 7.0
    assert distance(one, spoilt) == 1.0
    assert distance(torch.tensor([0.5, 100.0]), torch.tensor([0.5, 200.0])) == 0.5
    assert distance(one, spoilt, real) == 0.0
    assert distance(one, one + float("nan")) == float("inf")
    assert distance(one, one[0]) == float("inf")


@st.composite
def models(draw):
    """A random XLM-RoBERTa in float64, weights large enough that every part matters, and a padded batch."""
    heads, size, length = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(1, 9))
    config = XLMRobertaConfig(
        vocab_size=draw(st.integers(4, 40)), hidden_size=max(heads * size, 2 * heads), num_attention_heads=heads,
        num_hidden_layers=draw(st.integers(1, 3)), intermediate_size=draw(st.integers(1, 20)),
        max_position_embeddings=length + 2 + draw(st.integers(0, 3)), type_vocab_size=draw(st.integers(1, 2)),
        layer_norm_eps=draw(st.sampled_from([1e-5, 1e-2])), attn_implementation="eager",
    )  # fmt: skip
    torch.manual_seed(draw(st.integers(0, 999)))
    model = XLMRobertaModel(config, add_pooling_layer=False).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    reals = torch.tensor(draw(st.lists(st.integers(1, length), min_size=1, max_size=4)))
    mask = (torch.arange(int(reals.max())) < reals[:, None]).long()
    ids = torch.randint(2, config.vocab_size, mask.shape).where(mask.bool(), torch.ones_like(mask))
    return model, ids, mask


@given(models())
@settings(max_examples=20)
def test_any_xlm_roberta(made):
    """Nothing may hold for the sizes of bge-m3 only."""
    model, ids, mask = made
    with torch.inference_mode():
        out = model(input_ids=ids, attention_mask=mask, output_hidden_states=True, output_attentions=True)
        encoded = encode_stack(embed(ids, model).output, mask, model)
    real = mask.bool()
    for ours, theirs in zip(encoded.hidden_states, out.hidden_states, strict=True):
        assert distance(ours, theirs, real) < 1e-12
    for ours, theirs in zip(encoded.attentions, out.attentions, strict=True):
        assert distance(ours, theirs, real[:, None].expand(ours.shape[:3])) < 1e-12
        assert (ours.masked_select(~real[:, None, None]) == 0).all()  # padding columns: exactly 0
