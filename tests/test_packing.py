"""Packing: batches that hold every text once within their limits, and the library's own numbers without padding."""

import itertools
import math

import pytest
import torch
from conftest import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from test_parity import models

from helpers.packing import attend, batches, packed_states


@given(
    st.lists(st.integers(1, 30), max_size=40),
    st.one_of(st.integers(1, 60), st.just(math.inf)),
    st.one_of(st.integers(1, 9), st.just(math.inf)),
)
def test_batches(lengths, tokens, texts):
    """Every text once, longest first, nothing over the limits but a text that is too long by itself."""
    found = list(batches(lengths, tokens, texts))
    assert sorted(number for batch in found for number in batch) == list(range(len(lengths)))
    in_order = [lengths[number] for batch in found for number in batch]
    assert in_order == sorted(lengths, reverse=True)
    for batch in found:
        assert 1 <= len(batch) <= texts
        assert sum(lengths[number] for number in batch) <= tokens or len(batch) == 1
    for batch, following in itertools.pairwise(found):  # none is closed early
        assert len(batch) == texts or sum(lengths[n] for n in [*batch, following[0]]) > tokens


@given(models())
@settings(max_examples=20)
def test_any_xlm_roberta(made):
    """Texts of any lengths side by side: the library's hidden states of each, padded with its mask."""
    model, ids, mask = made
    rows = sorted((row[real.bool()].tolist() for row, real in zip(ids, mask, strict=True)), key=len)
    with torch.no_grad():
        for some, hidden in packed_states(rows, model):
            assert hidden.shape == (*some.shape, model.config.hidden_size)
            alone = torch.cat([model(input_ids=row[None]).last_hidden_state for row in some])
            torch.testing.assert_close(hidden, alone, atol=1e-11, rtol=0)
        padded = model(input_ids=ids, attention_mask=mask).last_hidden_state
        in_order = sorted(zip(padded, mask, strict=True), key=lambda pair: int(pair[1].sum()))
        packed = [text for _, hidden in packed_states(rows, model) for text in hidden]
        for ours, (theirs, real) in zip(packed, in_order, strict=True):
            torch.testing.assert_close(ours, theirs[real.bool()], atol=1e-11, rtol=0)


def test_order_and_shapes(mini):
    """The rows come back in the order given, one tensor for each stretch of one length, with their ids."""
    rows = [[0, 8, 9, 2], [0, 8, 2], [0, 9, 2], [0, 2]]
    with torch.no_grad():
        states = packed_states(rows, mini.model)
    size = mini.model.config.hidden_size
    assert [hidden.shape for _, hidden in states] == [(1, 4, size), (2, 3, size), (1, 2, size)]
    assert [row for ids, _ in states for row in ids.tolist()] == rows


def test_more_tokens_than_positions(mini):
    """A batch is longer than the longest text: positions start anew with every text."""
    rows = [[0, *range(10, 110), 2]] * 7  # 714 tokens; mini-m3 has 514 positions
    with torch.no_grad():
        ((_, hidden),) = packed_states(rows, mini.model)
        ((_, alone),) = packed_states(rows[:1], mini.model)
    torch.testing.assert_close(hidden, alone.expand_as(hidden), atol=1e-5, rtol=0)


def test_attention_keeps_texts_apart():
    """A token of the other text changes nothing."""
    query, key, value = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(0))
    before = attend(query, key, value, texts=2, heads=2)
    key[3:] += 1
    value[3:] += 1
    after = attend(query, key, value, texts=2, heads=2)
    assert torch.equal(before[:3], after[:3]) and not torch.equal(before[3:], after[3:])


@pytest.mark.parametrize("length", [1, 2, 8])
def test_nothing_is_computed_for_padding(mini, length):
    """As many tokens go through a layer as the texts have."""
    seen = []
    hook = mini.model.encoder.layer[0].intermediate.register_forward_hook(lambda _, given, out: seen.append(len(out)))
    try:
        mini.encode([text[:length] for text in TEXTS], tokens_per_batch=50, progress=False)
    finally:
        hook.remove()
    assert max(seen) <= 50
    assert sum(seen) == sum(map(len, mini.tokenizer([text[:length] for text in TEXTS])["input_ids"]))
