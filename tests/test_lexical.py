"""Lexical weights: by a case made by hand, by a plain loop, and every way the layer's file can be wrong."""

import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import CheckpointError
from helpers.lexical import lexical_weights, load_linear


def save(path, **state):
    """A linear layer as FlagEmbedding keeps it."""
    torch.save(state, path)
    return path


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


def test_half_precision_file_is_read_as_float32(tmp_path):
    """bge-m3 keeps both layers in float16."""
    path = save(tmp_path / "sparse_linear.pt", weight=torch.ones(1, 4).half(), bias=torch.zeros(1).half())
    weight, bias = load_linear(path, 1, 4)
    assert (weight.dtype, bias.dtype) == (torch.float32, torch.float32)
    hidden = torch.ones(1, 1, 4, dtype=torch.float16)
    assert lexical_weights(hidden, torch.tensor([[5]]), weight, bias) == [{5: 4.0}]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "cannot be read"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_bytes(pickle.dumps(print, protocol=2)), "cannot be read"),
        (lambda path: save(path, weight=torch.ones(1, 4)), "cannot be read"),
        (lambda path: save(path, weight=torch.ones(1, 5), bias=torch.ones(1)), "belongs to another model"),
        (lambda path: save(path, weight=torch.ones(1, 4), bias=torch.ones(2)), "belongs to another model"),
    ],
)
def test_a_wrong_file(tmp_path, spoil, told):
    """One error that names the file and says what to do."""
    path = save(tmp_path / "sparse_linear.pt", weight=torch.ones(1, 4), bias=torch.zeros(1))
    spoil(path)
    with pytest.raises(CheckpointError, match=told) as caught:
        load_linear(path, 1, 4)
    assert str(path) in str(caught.value) and "python -m helpers download" in str(caught.value)


def test_shapes_that_do_not_fit():
    """Broadcasting would give a plausible number."""
    with pytest.raises(ValueError, match=r"need hidden \(B, T, H\)"):
        lexical_weights(torch.ones(1, 2, 4), torch.ones(1, 2), torch.ones(4, 4), torch.ones(4))
    with pytest.raises(ValueError, match=r"ids \(B, T\)"):
        lexical_weights(torch.ones(1, 2, 4), torch.ones(1, 3), torch.ones(1, 4), torch.ones(1))
