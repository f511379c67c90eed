"""What an ablation does: the vectors change, by hand and by library alike, and afterwards the weights are as before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import torch
from torch import Tensor

from classroom.ablations import (
    Off,
    equal_positions,
    even_attention,
    switched_off,
    without_attention,
    without_feed_forward,
    without_head,
    without_layer,
)
from helpers import BgeM3
from helpers.encoder import attention, linear, merge_heads, split_heads
from helpers.normalization import l2_normalize

Ablation = Callable[[BgeM3], AbstractContextManager[None]]
ABLATIONS: dict[str, Ablation] = {
    "even_attention": lambda bge: even_attention(bge.model),
    "even_attention of one layer": lambda bge: even_attention(bge.model, range(1, 2)),
    "equal_positions": lambda bge: equal_positions(bge.model),
    "without_head": lambda bge: without_head(bge.model, 1, 0),
    "without_head, several": lambda bge: without_head(bge.model, 1, 0, 5, 11),
    "without_attention": lambda bge: without_attention(bge.model, 3),
    "without_feed_forward": lambda bge: without_feed_forward(bge.model, 3),
    "switched_off": lambda bge: switched_off(bge.model, Off(((0, 1), (5, 2)), (1,), (2,), (3, 4), True)),
    "without_layer": lambda bge: without_layer(bge.model, 2),
    "without_layer, the last": lambda bge: without_layer(bge.model, len(bge.model.encoder.layer) - 1),
}
TEXTS = ["The dog bites the man.", "狗咬人。", "Rain turned to snow over night in the old town by the river."]


def weights(bge: BgeM3) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in bge.model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("name", ABLATIONS)
def test_walk_and_encode_feel_it_alike(mini: BgeM3, name: str) -> None:
    intact = torch.as_tensor(mini.encode(TEXTS))
    with ABLATIONS[name](mini):
        by_hand, by_library = mini.walk(TEXTS).vectors, torch.as_tensor(mini.encode(TEXTS))
    torch.testing.assert_close(by_hand, by_library, atol=1e-5, rtol=0)
    assert ((by_hand - intact).norm(dim=-1) > 1e-3).all(), "some text did not feel it"
    assert torch.equal(torch.as_tensor(mini.encode(TEXTS)), intact)


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("name", ABLATIONS)
def test_weights_come_back_bit_for_bit(mini: BgeM3, name: str, raises: bool) -> None:
    """Also when the block raises, whose error comes through."""
    before = weights(mini)
    layers = list(mini.model.encoder.layer)
    if raises:
        with pytest.raises(KeyError, match="mine"), ABLATIONS[name](mini):
            assert not same(weights(mini), before)
            raise KeyError("mine")
    else:
        with ABLATIONS[name](mini):
            assert not same(weights(mini), before)
    assert same(weights(mini), before)
    assert list(mini.model.encoder.layer) == layers
    assert all(value.requires_grad for value in mini.model.parameters()), "no weight may come back frozen"


def test_ablations_can_be_nested(mini: BgeM3) -> None:
    before = weights(mini)
    with equal_positions(mini.model), even_attention(mini.model), without_layer(mini.model, 0):
        assert len(mini.walk(TEXTS).attentions) == len(mini.model.encoder.layer) < mini.model.config.num_hidden_layers
    assert same(weights(mini), before)


def test_even_attention_gives_maps_of_one_over_t(mini: BgeM3) -> None:
    """1/T on the T real tokens of each text, 0 on padding, in every head of every layer, or of the layers named."""
    with even_attention(mini.model):
        walk = mini.walk(TEXTS)
    with even_attention(mini.model, range(1, 3)):
        some = mini.walk(TEXTS)
    intact = mini.walk(TEXTS)
    even = (walk.mask / walk.mask.sum(dim=1, keepdim=True))[:, None, None, :]  # (B, 1, 1, T)
    assert len(set(walk.mask.sum(dim=1).tolist())) == 3
    for layer, found in enumerate(walk.attentions):
        torch.testing.assert_close(found, even.expand_as(found), atol=1e-7, rtol=0)
        is_even = torch.allclose(some.attentions[layer], even.expand_as(found), atol=1e-7)
        assert is_even == (layer in (1, 2))
    assert not torch.allclose(intact.attentions[1], even.expand_as(found), atol=1e-2)


def test_equal_positions_make_reordered_texts_equal(mini: BgeM3) -> None:
    """The same pieces in another order, in both languages: one vector; with positions, two."""
    pairs = [("dog bites man", "man bites dog"), ("猫 追 狗", "狗 追 猫")]
    for pair in pairs:
        rows = mini.tokenizer(list(pair))["input_ids"]
        assert rows[0] != rows[1] and sorted(rows[0]) == sorted(rows[1])
        apart = mini.walk(pair).vectors
        with equal_positions(mini.model):
            walk = mini.walk(pair)
        torch.testing.assert_close(walk.vectors[0], walk.vectors[1], atol=1e-5, rtol=0)
        assert (apart[0] - apart[1]).norm() > 1e-3
        first = mini.model.embeddings.position_embeddings.weight[10]
        assert torch.equal(walk.position, first.expand_as(walk.position))


@pytest.mark.parametrize("head", [0, 3])
def test_without_head_equals_dropping_its_context_by_hand(mini: BgeM3, head: int) -> None:
    """In the last layer: the head's part of the context set to 0, then projection, residual and the rest."""
    last = len(mini.model.encoder.layer) - 1
    layer, walk = mini.model.encoder.layer[last], mini.walk(TEXTS)
    hidden = walk.hidden_states[last]
    part, out = layer.attention.self, layer.attention.output
    with torch.inference_mode():
        q, k, v = (split_heads(linear(hidden, p), part.num_attention_heads) for p in (part.query, part.key, part.value))
        context, _ = attention(q, k, v, walk.mask)
        context[:, head] = 0
        attended = out.LayerNorm(hidden + linear(merge_heads(context), out.dense))
        wanted = l2_normalize(layer.output(layer.intermediate(attended), attended)[:, 0])
    with without_head(mini.model, last, head):
        found = mini.walk(TEXTS).vectors
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    assert (found - walk.vectors).norm(dim=-1).min() > 1e-3


def test_without_attention_and_feed_forward_by_hand(mini: BgeM3) -> None:
    """Residual and LayerNorm stay: without attention LN(x), then feed-forward; without feed-forward LN of its input."""
    last = len(mini.model.encoder.layer) - 1
    layer, walk = mini.model.encoder.layer[last], mini.walk(TEXTS)
    hidden, allowed = walk.hidden_states[last], walk.mask.bool()[:, None, None, :]
    with torch.inference_mode():
        lonely = layer.attention.output.LayerNorm(hidden)
        blind = l2_normalize(layer.output(layer.intermediate(lonely), lonely)[:, 0])
        plain = l2_normalize(layer.output.LayerNorm(layer.attention(hidden, attention_mask=allowed)[0])[:, 0])
    with without_attention(mini.model, last):
        torch.testing.assert_close(mini.walk(TEXTS).vectors, blind, atol=1e-5, rtol=0)
    with without_feed_forward(mini.model, last):
        torch.testing.assert_close(mini.walk(TEXTS).vectors, plain, atol=1e-5, rtol=0)


def test_a_board_is_its_switches_nested(mini: BgeM3) -> None:
    """Layers keep their numbers whichever are skipped; without switches nothing happens."""
    off = Off(heads=((1, 0), (1, 4), (5, 2)), attention=[0], feed_forward={2}, layers=(3, 1))
    with switched_off(mini.model, off):
        found = mini.walk(TEXTS).vectors
    with (
        without_head(mini.model, 5, 2),
        without_attention(mini.model, 0),
        without_feed_forward(mini.model, 2),
        without_layer(mini.model, 3),
        without_layer(mini.model, 1),
    ):
        assert torch.equal(mini.walk(TEXTS).vectors, found)
    before = mini.walk(TEXTS).vectors
    with switched_off(mini.model, Off()):
        assert torch.equal(mini.walk(TEXTS).vectors, before)
    assert off.first == 0 and Off().first is None and Off(positions=True).first == 0 and Off(layers=(4, 2)).first == 2


@pytest.mark.parametrize("off", [Off(heads=((0, 12),)), Off(attention=(6,)), Off(feed_forward=(-1,)), Off(layers=(9,))])
def test_a_board_of_parts_that_are_not_there(mini: BgeM3, off: Off) -> None:
    before = weights(mini)
    with pytest.raises(ValueError, match="this model has layers 0–5"), switched_off(mini.model, off):
        pass
    assert same(weights(mini), before)


def test_without_layer_hands_on_what_comes_in(mini: BgeM3) -> None:
    """Without the last layer the vector is that of the hidden state below; without layer 1, layer 2 reads layer 0."""
    last = len(mini.model.encoder.layer) - 1
    walk = mini.walk(TEXTS)
    with without_layer(mini.model, last):
        cut = mini.walk(TEXTS)
    torch.testing.assert_close(cut.vectors, l2_normalize(walk.hidden_states[last][:, 0]), atol=1e-6, rtol=0)
    with without_layer(mini.model, 1):
        skipped = mini.walk(TEXTS)
    assert len(skipped.hidden_states) == len(walk.hidden_states) - 1
    torch.testing.assert_close(skipped.hidden_states[1], walk.hidden_states[1])
    assert not torch.allclose(skipped.hidden_states[2], walk.hidden_states[2], atol=1e-2)


@pytest.mark.parametrize("layer", [-1, 99])
def test_a_layer_that_is_not_there(mini: BgeM3, layer: int) -> None:
    top = len(mini.model.encoder.layer) - 1
    with pytest.raises(ValueError, match=f"layer {layer}.*layers 0–{top}"), without_layer(mini.model, layer):
        pass
    with pytest.raises(ValueError, match=f"layer {layer}, head 0.*layers 0–{top}"), without_head(mini.model, layer, 0):
        pass
    assert len(mini.model.encoder.layer) == top + 1


@pytest.mark.parametrize("head", [-1, 99])
def test_a_head_that_is_not_there(mini: BgeM3, head: int) -> None:
    top = mini.model.config.num_attention_heads - 1
    with pytest.raises(ValueError, match=f"head {head}.*heads 0–{top}"), without_head(mini.model, 0, head):
        pass
