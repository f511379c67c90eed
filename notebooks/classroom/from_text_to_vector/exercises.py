"""Checks of page 00's exercises: count parameters, texts to vectors from memory, each text's nearest other.

Each function takes the reader's own and prints a verdict:

    from classroom.from_text_to_vector import exercises
    exercises.embed(your_function)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from classroom.exercises import Case, judge
from helpers.checkpoint.recorded import recorded_figures
from helpers.pipeline import BgeM3

POOLER = 1024 * 1024 + 1024  # in bge-m3's recorded count, and not in the vector's way


@lru_cache(maxsize=1)
def mini() -> BgeM3:
    """mini-m3, whatever model the page runs on."""
    return BgeM3.from_checkpoint("mini", device="cpu")


def parameters(function: Callable[[int, int, int, int, int], int]) -> bool:
    """``function(V, P, L, H, F) -> int``: all trained numbers of the printed model, a pooler not counted."""
    small = mini().model
    c, real = small.config, recorded_figures()["config"]
    sizes = ("vocab_size", "max_position_embeddings", "num_hidden_layers", "hidden_size", "intermediate_size")
    counted = sum(parameter.numel() for parameter in small.parameters())
    told = "three tables and a LayerNorm; then L times: 4 Linear(H, H), Linear(H, F), Linear(F, H), 2 LayerNorm"
    return judge(function, [
        Case("no layer at all", (10, 5, 0, 4, 16), 72, "(V + P + 1) rows of H numbers, and a LayerNorm has 2 H"),
        Case("one layer", (10, 5, 1, 4, 16), 316, "a Linear(a, b) has a · b numbers and b more, its bias"),
        Case("mini-m3", tuple(getattr(c, size) for size in sizes), counted, told),
        Case("bge-m3", tuple(real[size] for size in sizes), real["parameters"] - POOLER, told),
    ])  # fmt: skip


def embed(function: Callable[[Any, Any, list[str]], Tensor]) -> bool:
    """``function(tokenizer, model, texts) -> (n, H)``: the vectors of mini-m3, of length 1."""
    bge = mini()
    told = "tokenize with padding=True and return_tensors='pt', model(**batch), row 0 of the last hidden state, L2"
    cases = {
        "one text": ["什么是大型语言模型？"],
        "texts of different lengths": ["Hello", "什么是大型语言模型？", "The old dog sleeps beside the warm stove."],
        "an empty text beside another": ["", "Hello, world!"],
        "a text over the limit": ["语言 model " * 300],
    }
    hints = {
        "texts of different lengths": "give the model the mask, too: model(**batch), not model(ids)",
        "a text over the limit": "truncation=True cuts it",
    }
    right = {}
    for name, texts in cases.items():
        batch = bge.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        with torch.no_grad():
            hidden = bge.model(**batch).last_hidden_state  # (n, T, H)
        right[name] = torch.nn.functional.normalize(hidden[:, 0], dim=-1)
    tools = bge.tokenizer, bge.model
    return judge(function, [Case(n, (*tools, texts), right[n], hints.get(n, told)) for n, texts in cases.items()])


def nearest(function: Callable[[Tensor], Tensor]) -> bool:
    """``function(vectors (n, H)) -> (n,)``: for every row the number of the other row with the largest cosine."""
    paper = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-0.6, 0.8]])  # (4, 2), length 1
    made = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))  # (20, 8)
    made = torch.nn.functional.normalize(made, dim=-1)
    cosines = made @ made.T
    told = "vectors @ vectors.T has all cosines; the largest of a row is its own, so hide the diagonal first"
    return judge(function, [
        Case("two texts", (paper[:2],), torch.tensor([1, 0]), told),
        Case("four on paper", (paper,), torch.tensor([1, 0, 3, 2]), told),
        Case("all far from each other", (torch.tensor([[1.0, 0.0], [-1.0, 0.0]]),), torch.tensor([1, 0]),
             "a cosine may be −1: hide the diagonal with −∞, not with 0"),
        Case("twenty texts", (made,), cosines.fill_diagonal_(-torch.inf).argmax(dim=1), told),
    ])  # fmt: skip
