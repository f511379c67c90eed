"""Checks of page 02's exercises: one-hot lookup, position ids, LayerNorm, the whole stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from classroom.exercises import Case, judge
from helpers.embedding_layers import layer_norm, position_ids
from helpers.embedding_layers import lookup as right_lookup

# a vocabulary small enough to read, with two scripts and a row for padding
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁I", "▁like", "▁Python", "我", "喜欢", "编程", "。"]


def ids_of(*texts: str) -> Tensor:
    """Ids ``(B, T)`` of texts written as pieces with spaces, with ``<s>``, ``</s>`` and padding on the right."""
    rows = [[0, *(PIECES.index(piece) for piece in text.split()), 2] for text in texts]
    longest = max(map(len, rows))
    return torch.tensor([row + [1] * (longest - len(row)) for row in rows])


BATCHES = {
    "one text": ids_of("▁I ▁like ▁Python"),
    "padded batch": ids_of("▁I ▁like ▁Python", "我", "喜欢 编程 。"),
    "one token": torch.tensor([[0]]),
    "mixed scripts": ids_of("我 喜欢 ▁Python 编程 。", "▁I ▁like 编程"),
}


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers that are the same at every call."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def lookup(function: Callable[[Tensor, Tensor], Any]) -> bool:
    """Exercise 1: ``function(ids (B, T), table (V, H))`` → ``(B, T, H)``, by a product with one-hot rows."""
    table = numbers(len(PIECES), 5)
    hint = "row i of the answer is row ids[i] of the table; keep batch and token dimensions as they are"
    return judge(function, [Case(name, (ids, table), right_lookup(table, ids), hint) for name, ids in BATCHES.items()])


def positions(function: Callable[[Tensor, int], Any]) -> bool:
    """Exercise 2: ``function(ids (B, T), padding_idx)`` → position ids ``(B, T)``."""
    left = ids_of("我", "▁I ▁like ▁Python").flip(1)  # (2, 5); flipping puts the padding on the left
    cases = [
        Case(name, (ids, 1), position_ids(ids, 1), "the first real token gets padding_idx + 1, padding padding_idx")
        for name, ids in BATCHES.items()
    ]
    cases.append(Case("padding on the left", (left, 1), position_ids(left, 1), "count the real tokens, not columns"))
    other = torch.tensor([[4, 5, 0, 0], [4, 5, 6, 7]])
    hint = "use padding_idx, both to find the padding and to start counting"
    return judge(function, [*cases, Case("another padding id", (other, 0), position_ids(other, 0), hint)])


def norm(function: Callable[[Tensor, Tensor, Tensor, float], Any]) -> bool:
    """Exercise 3: ``function(x (…, H), gain (H,), bias (H,), eps)`` → ``(…, H)``."""
    ones, zeros = torch.ones(4), torch.zeros(4)
    gain, bias = numbers(6, seed=1), numbers(6, seed=2)
    table = numbers(len(PIECES), 6, seed=3)
    paper = torch.tensor([1.0, 1.0, 5.0, 5.0])
    small = torch.tensor([[1.0, 1.0, 5.0, 5.0]]) * 1e-3
    cases = [
        Case("on paper", (paper, ones, zeros, 0.0), torch.tensor([-1.0, -1.0, 1.0, 1.0]),
             "mean 3, variance 4: divide by H, not by H − 1"),
        Case("small numbers", (small, ones, zeros, 1e-5), layer_norm(small, ones, zeros, 1e-5),
             "eps is added to the variance, under the root"),
        Case("constant vector", (torch.full((4,), 7.0), ones, ones, 1e-5), torch.ones(4),
             "the variance is 0, so eps alone keeps the division finite; what is left is the bias"),
    ]  # fmt: skip
    hint = "mean and variance belong to each token alone (last dimension, keepdim=True); then gain, then bias"
    for name, ids in BATCHES.items():
        x = table[ids] * 3 + 1  # (B, T, 6)
        cases.append(Case(name, (x, gain, bias, 1e-5), layer_norm(x, gain, bias, 1e-5), hint))
    return judge(function, cases)


def stage(function: Callable[[Tensor, Mapping[str, Tensor], float, int], Any]) -> bool:
    """Exercise 4: the whole stage, ``function(ids, tables, eps, padding_idx)`` → ``(B, T, H)``.

    ``tables`` maps ``word``, ``position``, ``type``, ``gain`` and ``bias`` to their tensors.
    """
    tables = {
        "word": numbers(len(PIECES), 6, seed=4), "position": numbers(12, 6, seed=5), "type": numbers(1, 6, seed=6),
        "gain": numbers(6, seed=7), "bias": numbers(6, seed=8),
    }  # fmt: skip
    cases = []
    left = ids_of("我", "▁I ▁like ▁Python").flip(1)  # (2, 5)
    for name, ids in {**BATCHES, "padding on the left": left}.items():
        summed = tables["word"][ids] + tables["position"][position_ids(ids)] + tables["type"][0]  # (B, T, 6)
        hint = "three rows for each token (word, position from padding_idx + 1, type 0), one sum, one LayerNorm"
        expected = layer_norm(summed, tables["gain"], tables["bias"], 1e-5)
        cases.append(Case(name, (ids, tables, 1e-5, 1), expected, hint))
    return judge(function, cases)
