"""Lexical weights: by a case made by hand and by a plain loop."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers.lexical import lexical_weights


def test_by_hand():
    """The larger weight of a token counts, special tokens and negative scores do not."""
    hidden = torch.tensor([[[9.0], [1.0], [2.0], [-3.0], [9.0]], [[9.0], [4.0], [9.0], [9.0], [9.0]]])
    ids = torch.tensor([[0, 7, 7, 8, 2], [0, 3, 2, 1, 1]])
    found = lexical_weights(hidden, ids, torch.tensor([[1.0]]), torch.tensor([0.5]))
    assert found == [{7: 2.5}, {}]
    assert lexical_weights(hidden[:1], ids[:1], torch.tensor([[-1.0]]), torch.tensor([0.0])) == [{8: 3.0}]


def test_docstring_example():
    """What the documentation promises."""
    hidden, ids = torch.tensor([[[1.0], [2.0], [3.0]]]), torch.tensor([[0, 9, 9]])
    assert lexical_weights(hidden, ids, torch.tensor([[1.0]]), torch.tensor([0.5])) == [{9: 3.5}]


@given(st.integers(0, 999), st.integers(1, 3), st.integers(1, 6))
def test_by_a_plain_loop(seed, texts, length):
    """Any batch: one product a token, the greatest kept."""
    chance = torch.Generator().manual_seed(seed)
    hidden, weight = torch.randn(texts, length, 4, generator=chance), torch.randn(1, 4, generator=chance)
    ids, bias = torch.randint(0, 9, (texts, length), generator=chance), torch.randn(1, generator=chance)
    for row, found in enumerate(lexical_weights(hidden, ids, weight, bias)):
        for number in range(9):
            scores = [float(hidden[row, t] @ weight[0] + bias) for t in range(length) if ids[row, t] == number]
            best = max(scores, default=0.0)
            assert found.get(number, 0.0) == pytest.approx(max(best, 0.0) if number > 3 else 0.0, abs=1e-5)


def test_hidden_states_in_half_precision():
    """The layer follows the model's precision."""
    hidden = torch.ones(1, 1, 4, dtype=torch.float16)
    assert lexical_weights(hidden, torch.tensor([[5]]), torch.ones(1, 4), torch.zeros(1)) == [{5: 4.0}]


def test_shapes_that_do_not_fit():
    """Broadcasting would give a plausible number."""
    with pytest.raises(ValueError, match=r"need hidden \(B, T, H\)"):
        lexical_weights(torch.ones(1, 2, 4), torch.ones(1, 2), torch.ones(4, 4), torch.ones(4))
    with pytest.raises(ValueError, match=r"ids \(B, T\)"):
        lexical_weights(torch.ones(1, 2, 4), torch.ones(1, 3), torch.ones(1, 4), torch.ones(1))
