"""Stage 3 against torch's own attention, gelu and linear layers, and against the library's modules."""

import weakref

import pytest
import torch
from conftest import TEXTS
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers.encoder import (
    attention,
    encode_stack,
    encoder_layer,
    feed_forward,
    gelu,
    linear,
    merge_heads,
    self_attention,
    split_heads,
)  # fmt: skip

SIZES = st.integers(1, 4)


def close(ours, theirs, atol=1e-12):
    """The same shape, type and values to ``atol``."""
    torch.testing.assert_close(ours, theirs, rtol=0, atol=atol)


@pytest.fixture(scope="module")
def states(mini64):
    """A hidden state ``(3, 9, H)`` of the right width, with a mask of 9, 4 and 1 real tokens."""
    torch.manual_seed(1)
    hidden = torch.randn(3, 9, mini64.model.config.hidden_size, dtype=torch.float64)
    return hidden, (torch.arange(9) < torch.tensor([[9], [4], [1]])).long()


@given(SIZES, SIZES, SIZES, SIZES)
def test_heads_split_and_merge(batch, length, heads, size):
    """A head must hold neighbouring columns, and merging must undo splitting."""
    x = torch.arange(batch * length * heads * size).reshape(batch, length, heads * size)
    split = split_heads(x, heads)
    assert split.shape == (batch, heads, length, size)
    assert all(torch.equal(split[:, a], x[..., a * size : (a + 1) * size]) for a in range(heads))
    assert torch.equal(merge_heads(split), x)


@given(SIZES, SIZES, st.integers(1, 7), SIZES, st.data())
def test_attention_is_torchs(batch, heads, length, size, data):
    """A wrong scale, mask direction or softmax dimension."""
    torch.manual_seed(0)
    query, key, value = torch.randn(3, batch, heads, length, size, dtype=torch.float64) * 3
    reals = torch.tensor(data.draw(st.lists(st.integers(1, length), min_size=batch, max_size=batch)))
    mask = (torch.arange(length) < reals[:, None]).long()
    context, weights = attention(query, key, value, mask)
    allowed = mask.bool()[:, None, None, :]
    close(context, nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed))
    close(weights.sum(dim=-1), torch.ones(batch, heads, length, dtype=torch.float64))
    assert (weights[(~allowed).expand_as(weights)] == 0).all()  # exactly


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_attention_to_padding_is_exactly_zero(dtype):
    """Even where the padding's raw score is enormous, and in half precision."""
    query = torch.ones(1, 1, 2, 4, dtype=dtype)
    key = torch.tensor([1.0, 60.0], dtype=dtype)[None, None, :, None].expand(1, 1, 2, 4)
    _, weights = attention(query, key, key, torch.tensor([[1, 0]]))
    assert weights[0, 0].tolist() == [[1, 0], [1, 0]]
    assert weights.dtype == dtype


def test_gelu_is_exact():
    """The tanh approximation is off by up to 5e-4."""
    x = torch.linspace(-9, 9, 2001, dtype=torch.float64)
    close(gelu(x), nn.functional.gelu(x))
    assert (gelu(x) - nn.functional.gelu(x, approximate="tanh")).abs().max() > 1e-4
    close(gelu(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([-0.1587, 0.0, 0.8413]), atol=5e-5)  # its example


@given(st.lists(SIZES, max_size=3), SIZES, SIZES)
def test_linear_is_torchs(shape, wide, narrow):
    """A forgotten transpose or bias."""
    layer = nn.Linear(wide, narrow, dtype=torch.float64)
    x = torch.randn(*shape, wide, dtype=torch.float64)
    close(linear(x, layer), layer(x))


@torch.inference_mode()
def test_parts_of_a_layer_are_the_librarys(mini64, states):
    """Residual, LayerNorm or projection of the wrong part."""
    hidden, mask = states
    allowed = mask.bool()[:, None, None, :]
    for layer in mini64.model.encoder.layer:
        attended, weights = self_attention(hidden, mask, layer)
        close(attended, layer.attention(hidden, attention_mask=allowed)[0])
        close(feed_forward(attended, layer), layer.output(layer.intermediate(attended), attended))
        output, again = encoder_layer(hidden, mask, layer)
        close(output, feed_forward(attended, layer))
        assert torch.equal(weights, again)
        assert weights.shape == (3, mini64.model.config.num_attention_heads, 9, 9)


@torch.inference_mode()
def test_stack_is_the_librarys(mini64):
    """Layers in the wrong order, or one left out."""
    batch = mini64.tokenizer(TEXTS[:9], padding=True, return_tensors="pt")
    out = mini64.model(**batch, output_hidden_states=True)
    ours = encode_stack(out.hidden_states[0], batch["attention_mask"], mini64.model)
    assert len(ours.hidden_states) == len(out.hidden_states) == len(ours.attentions) + 1
    real = batch["attention_mask"].bool()
    for mine, theirs in zip(ours.hidden_states, out.hidden_states, strict=True):
        close(mine[real], theirs[real])


@torch.inference_mode()
def test_attentions_can_be_dropped(mini64, states):
    """For long texts the maps are gigabytes; without them the states must stay the same."""
    with_maps, without = (encode_stack(*states, mini64.model, attentions=kept) for kept in (True, False))
    assert without.attentions == ()
    assert all(map(torch.equal, with_maps.hidden_states, without.hidden_states))


@torch.inference_mode()
def test_padding_changes_nothing(mini64, states):
    """What stands in padding positions must not leak into real ones, whatever it is."""
    hidden, mask = states
    other = torch.where(mask.bool()[..., None], hidden, torch.full_like(hidden, 50.0))
    real, alone = mask.bool(), encode_stack(hidden[1:2, :4], mask[1:2, :4], mini64.model)
    one, two = (encode_stack(x, mask, mini64.model).hidden_states[-1] for x in (hidden, other))
    assert torch.equal(one[real], two[real])
    close(one[1:2, :4], alone.hidden_states[-1])


def test_maps_are_let_go(mini, monkeypatch):
    """Without maps only one is alive at a time; a second one is 4 GB at 8,192 tokens of bge-m3."""
    alive, seen = [], []

    def watched(hidden, mask, layer):
        seen.append(sum(reference() is not None for reference in alive))
        hidden, weights = encoder_layer(hidden, mask, layer)
        alive.append(weakref.ref(weights))
        return hidden, weights

    monkeypatch.setattr("helpers.encoder.encoder_layer", watched)
    with torch.inference_mode():
        hidden = torch.randn(1, 5, mini.model.config.hidden_size)
        encode_stack(hidden, torch.ones(1, 5), mini.model, attentions=False)
    assert seen == [0] * mini.model.config.num_hidden_layers
