"""Stage 2 against torch's own embedding and LayerNorm, and against the library's embedding module."""

import pytest
import torch
from conftest import TEXTS
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers.embedding_layers import embed, layer_norm, lookup, position_ids

SHAPES = st.lists(st.integers(1, 5), min_size=0, max_size=3)


@pytest.fixture(scope="module")
def batch(mini64):
    """Ids and mask of the awkward texts, as the library pads them."""
    made = mini64.tokenizer(TEXTS, padding=True, return_tensors="pt")
    return made["input_ids"], made["attention_mask"]


def test_examples():
    """What the documentation promises."""
    assert position_ids(torch.tensor([[0, 9, 2, 1, 1]])).tolist() == [[2, 3, 4, 1, 1]]
    assert layer_norm(torch.tensor([1.0, 3.0]), torch.ones(2), torch.zeros(2), 0.0).tolist() == [-1.0, 1.0]


def test_positions_are_the_librarys(mini64, batch):
    """Counting from 0 or 1 instead of 2, or counting padding, shifts every position."""
    ids, _ = batch
    expected = mini64.model.embeddings.create_position_ids_from_input_ids(ids, 1)
    assert torch.equal(position_ids(ids), expected)
    assert position_ids(ids).max() == mini64.model.config.max_position_embeddings - 1  # the longest text fits just so


@pytest.mark.parametrize("padding_idx", [0, 1, 5])
def test_positions_with_another_padding_id(padding_idx):
    """Real tokens start one above the padding id."""
    ids = torch.tensor([[7, 8, padding_idx]])
    assert position_ids(ids, padding_idx).tolist() == [[padding_idx + 1, padding_idx + 2, padding_idx]]


@given(SHAPES, st.integers(2, 9), st.floats(-50, 50), st.floats(0.1, 30), st.sampled_from([1e-12, 1e-5, 1e-1]))
def test_layer_norm_is_torchs(shape, width, mean, spread, eps):
    """Variance over H − 1, eps outside the root, or a wrong dimension."""
    torch.manual_seed(0)
    x = torch.randn(*shape, width, dtype=torch.float64) * spread + mean
    gain, bias = torch.randn(2, width, dtype=torch.float64)
    expected = nn.functional.layer_norm(x, (width,), gain, bias, eps)
    torch.testing.assert_close(layer_norm(x, gain, bias, eps), expected, rtol=1e-9, atol=1e-9)


def test_layer_norm_of_a_constant_vector():
    """Variance 0 must give the bias, not nan."""
    assert layer_norm(torch.full((4,), 7.0), torch.ones(4), torch.full((4,), 0.5), 1e-5).tolist() == [0.5] * 4


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 6))
def test_lookup_is_torchs_embedding_and_one_hot(rows, width, batch, length):
    """Rows must come back in the place of their ids."""
    torch.manual_seed(0)
    table, ids = torch.randn(rows, width), torch.randint(rows, (batch, length))
    assert torch.equal(lookup(table, ids), nn.functional.embedding(ids, table))
    assert torch.equal(lookup(table, ids), nn.functional.one_hot(ids, rows).float() @ table)


@pytest.mark.parametrize("bad", [-1, 5, 250_001])
def test_lookup_outside_the_table(bad):
    """−1 would silently read the last row; torch's own error does not say why."""
    with pytest.raises(IndexError, match=rf"id {bad} is outside this table of 5 rows; the ids come from another tok"):
        lookup(torch.zeros(5, 2), torch.tensor([[0, bad]]))


def test_embed_is_the_librarys(mini64, batch):
    """A forgotten part of the sum, or the wrong table."""
    ids, _ = batch
    layer, ours = mini64.model.embeddings, embed(ids, mini64.model)
    assert torch.equal(ours.word, layer.word_embeddings(ids))
    assert torch.equal(ours.position, layer.position_embeddings(ours.position_ids))
    assert torch.equal(ours.token_type, layer.token_type_embeddings(torch.zeros_like(ids)))
    torch.testing.assert_close(ours.summed, ours.word + ours.position + ours.token_type, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours.output, layer(input_ids=ids), rtol=0, atol=1e-12)


def test_padding_changes_nothing(mini64):
    """A text's embeddings must not depend on how much padding follows."""
    ids = torch.tensor([[0, 10, 11, 12, 2]])
    padded = torch.cat([ids, torch.ones(1, 7, dtype=torch.long)], dim=1)
    assert torch.equal(embed(padded, mini64.model).output[:, :5], embed(ids, mini64.model).output)


def test_ids_and_positions_outside_the_model(mini64):
    """Ids of the real tokenizer, or one token too many, must not reach memory beyond the tables."""
    with pytest.raises(IndexError, match=r"id 171815 is outside this table of [\d,]+ rows; the ids come from another"):
        embed(torch.tensor([[0, 171815, 2]]), mini64.model)
    with pytest.raises(IndexError, match=r"id 514 is outside this table of 514 rows; .* longer than the checkpoint's"):
        embed(torch.full((1, 513), 7), mini64.model)
