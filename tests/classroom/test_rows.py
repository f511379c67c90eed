"""Rows of ids through the layers: every row's own state, in its place."""

import torch
from conftest import TEXTS

from classroom.rows import first_states


def test_first_states_are_what_encode_divides(mini, monkeypatch):
    """Over several batches, of rows in any order and of equal length."""
    monkeypatch.setattr("helpers.devices.CPU_TOKENS", 40)
    rows = mini.tokenizer(TEXTS)["input_ids"]
    right = mini.encode(TEXTS, normalize=False, progress=False)
    torch.testing.assert_close(first_states(mini, rows), right, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(first_states(mini, rows[::-1]), right.flip(0), atol=1e-4, rtol=1e-4)
    assert not first_states(mini, rows).requires_grad
