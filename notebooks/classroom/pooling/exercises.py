"""Checks of page 04's exercises: cls from either side, mean without special tokens, from parts, more <s>.

Each function takes the reader's own and prints a verdict:

    from classroom.pooling import exercises
    exercises.first_real(your_function)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from classroom.exercises import Case, judge
from helpers.pipeline import BgeM3

MIXED = ["你好, world!", "Ω и мир 👋", "こんにちは"]


@lru_cache(maxsize=1)
def mixed_scripts() -> tuple[Tensor, Tensor]:
    """mini-m3's last hidden state ``(3, T, H)`` and mask ``(3, T)`` of three texts in many scripts."""
    walk = BgeM3.from_checkpoint("mini", device="cpu").walk(MIXED)
    return walk.hidden_states[-1].clone(), walk.mask.clone()


def hidden_state(rows: list[int], longest: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A made-up hidden state ``(B, T, 4)`` and mask ``(B, T)``, padded on the right; padding holds large numbers."""
    mask = torch.tensor([[1] * row + [0] * (longest - row) for row in rows])  # (B, T)
    values = torch.randn(len(rows), longest, 4, generator=torch.Generator().manual_seed(seed))  # (B, T, 4)
    return torch.where(mask.bool()[..., None], values, torch.full_like(values, 50.0)), mask


def first_real(function: Callable[[Tensor, Tensor], Tensor]) -> bool:
    """``function(hidden (B, T, H), mask (B, T)) -> (B, H)``: each row's first real token, padding on either side."""
    right, mask = hidden_state([3, 5], 5)
    left, left_mask = right.flip(1), mask.flip(1)
    one, one_mask = hidden_state([1], 1)
    mixed, mixed_mask = mixed_scripts()
    start = "find the first 1 of each mask row, then take that position of hidden"
    return judge(function, [
        Case("padding on the right", (right, mask), right[:, 0], start),
        Case("one token", (one, one_mask), one[:, 0], start),
        Case("mixed scripts", (mixed, mixed_mask), mixed[:, 0], start),
        Case("padding on the left", (left, left_mask), torch.stack([left[0, 2], left[1, 0]]),
             "position 0 is padding here; mask.argmax(dim=1) is the position of the first 1"),
    ])  # fmt: skip


def mean_without_special(function: Callable[[Tensor, Tensor], Tensor]) -> bool:
    """``function(hidden (B, T, H), mask (B, T)) -> (B, H)``: the mean over neither ``<s>`` nor ``</s>`` nor padding.

    A row of ``<s></s>`` alone keeps ``<s>``'s vector.
    """

    def right(hidden: Tensor, mask: Tensor) -> Tensor:
        lengths = mask.sum(dim=1).tolist()
        rows = [h[1 : n - 1].mean(dim=0) if n > 2 else h[0] for h, n in zip(hidden, lengths, strict=True)]
        return torch.stack(rows)

    told = "set the mask to 0 at position 0 and at each row's last real position, mask.sum(dim=1) - 1"
    cases = {
        "no padding": (hidden_state([4, 4], 4), told),
        "one token between the special ones": (hidden_state([3], 3), told),
        "padded batch": (hidden_state([3, 6, 5], 6), "the last real position differs from row to row"),
        "mixed scripts": (mixed_scripts(), told),
        "empty text": (hidden_state([2, 5], 5), "nothing is left of <s></s> and 0 / 0 is nan: keep <s>'s vector"),
    }
    return judge(function, [Case(name, case, right(*case), hint) for name, (case, hint) in cases.items()])


def insert_cls(function: Callable[[list[int], int], list[int]]) -> bool:
    """``function(ids, every) -> ids`` with a further ``<s>`` (id 0) before every ``every``-th token."""

    def right(ids: list[int], every: int) -> list[int]:
        parts = [[0, *ids[place : place + every]] for place in range(1, len(ids), every)]
        return [number for part in parts for number in part]

    told = "walk over the tokens after the first <s> in steps of `every`; each step begins with a 0"
    cases = {
        "two steps": (([0, 5, 6, 7, 2], 2), told),
        "a text shorter than a step": (([0, 5, 2], 64), "its own <s> is enough: nothing is put in"),
        "steps that come out even": (([0, 5, 6, 7, 2], 4), "no <s> after the last token"),
        "many steps": (([0, *range(10, 40), 2], 7), told),
        "an <s> for every token": (([0, 5, 6, 2], 1), told),
    }
    return judge(function, [Case(name, case, right(*case), hint) for name, (case, hint) in cases.items()])
