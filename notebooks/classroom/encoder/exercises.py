"""Checks of the encoder page's exercises: softmax, split, attend, layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from classroom.exercises import Case, judge
from helpers import encoder
from helpers.pipeline import BgeM3, Walk

MIXED = ["我喜欢用Python编程。", "Which planet is red?", "дом 家 home"]
LOWEST = torch.finfo(torch.float32).min


@cache
def mini() -> BgeM3:
    """The embedded checkpoint, so that the cases do not depend on which model the page runs."""
    return BgeM3.from_checkpoint("mini", device="cpu")


@cache
def walked() -> Walk:
    """Three texts of mixed scripts and unlike lengths on their way through mini-m3; hand out clones only."""
    return mini().walk(MIXED)


def random(*shape: int) -> Tensor:
    """Normal random numbers, the same at every call, leaving torch's own generator alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def padded(*lengths: int) -> Tensor:
    """A mask ``(B, T)`` with so many real tokens in each row."""
    return (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()


def softmax(function: Callable[[Tensor], Tensor]) -> bool:
    """``softmax(x)``, ``(…, T)`` → ``(…, T)``: weights along the last dimension, also for large scores."""
    basic = "exp(x) divided by its sum along the last dimension (keepdim=True)"
    large = "exp(1000) is inf: take each row's greatest score away first"
    questions = [
        ("four scores", torch.tensor([2.0, 0.0, 1.0, 0.0]), basic),
        ("a whole map", random(2, 3, 5, 5), basic + "; each row sums to 1, not the whole"),
        ("one token", torch.tensor([[7.0]]), "a single key gets all the weight"),
        ("large scores", torch.tensor([[1000.0, 999.0]]), large),
        ("padded batch", torch.tensor([[2.0, 0.0, LOWEST], [1.0, LOWEST, LOWEST]]), "a hidden key gets exactly 0"),
        ("very low scores", torch.tensor([[-1000.0, -1000.0]]), "exp(-1000) is 0: take the greatest score away first"),
        ("mixed scripts", walked().attentions[0].clone(), basic),
    ]
    return judge(function, [Case(name, (x,), torch.softmax(x, dim=-1), hint) for name, x, hint in questions])


def split(function: Callable[[Tensor, int], Tensor]) -> bool:
    """``split(x, heads)``, ``(B, T, H)`` → ``(B, A, T, D)``: head a holds columns a·D to (a + 1)·D."""
    order = "cut the last dimension into (A, D) first, then bring A before T (transpose); reshape alone mixes tokens"
    heads = mini().model.config.num_attention_heads
    questions = [
        ("counting numbers", torch.arange(24.0).reshape(1, 3, 8), 2, order),
        ("padded batch", random(3, 5, 12), 4, order),
        ("one token", random(1, 1, 6), 3, "T may be 1"),
        ("one head", random(2, 3, 4), 1, "A may be 1"),
        ("mixed scripts", walked().hidden_states[0].clone(), heads, order),
    ]
    return judge(function, [Case(n, (x, a), encoder.split_heads(x, a), hint) for n, x, a, hint in questions])


def attend(function: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> bool:
    """``attend(query, key, value, mask)``: three ``(B, A, T, D)`` and ``(B, T)`` → the context ``(B, A, T, D)``."""
    layer = mini().model.encoder.layer[0].attention.self
    walk = walked()
    with torch.no_grad():
        parts = [encoder.linear(walk.hidden_states[0], part) for part in (layer.query, layer.key, layer.value)]
    real = [encoder.split_heads(part, layer.num_attention_heads) for part in parts]
    keys = "padding is hidden as a key, in columns: mask[:, None, None, :], before the softmax"
    questions = [
        ("no padding", (*random(3, 1, 1, 4, 9), padded(4)), "q kᵀ / √D, softmax over the last dimension, times v"),
        ("several heads", (*random(3, 2, 3, 4, 16), padded(4, 4)), "D is the size of a head, the last dimension"),
        ("padded batch", (*(random(3, 2, 2, 5, 4) * 3), padded(5, 2)), keys),
        ("one token", (*random(3, 1, 2, 1, 4), padded(1)), "a single key gets weight 1: the answer is its value"),
        ("one real token of three", (*random(3, 2, 1, 3, 4), padded(3, 1)), keys),
        ("mixed scripts", (*real, walk.mask.clone()), keys),
    ]
    return judge(function, [Case(name, given, encoder.attention(*given)[0], hint) for name, given, hint in questions])


def layer(function: Callable[[Tensor, Tensor, torch.nn.Module], Tensor]) -> bool:
    """``layer(hidden, mask, module)``: ``(B, T, H)``, ``(B, T)`` and an ``XLMRobertaLayer`` → ``(B, T, H)``."""
    layers, walk = mini().model.encoder.layer, walked()
    wide = mini().model.config.hidden_size
    whole = "attention → + hidden → LayerNorm → feed-forward with exact gelu → + → LayerNorm (output.LayerNorm)"
    questions = [
        ("one text", (random(1, 6, wide), padded(6), layers[0]), whole),
        ("padded batch", (random(3, 7, wide), padded(7, 3, 1), layers[-1]), "hand the mask on to attention"),
        ("one token", (random(1, 1, wide), padded(1), layers[0]), whole),
        ("mixed scripts", (walk.hidden_states[0].clone(), walk.mask.clone(), layers[0]), whole),
    ]
    with torch.no_grad():
        cases = [Case(n, given, encoder.encoder_layer(*given)[0], hint, 2e-5) for n, given, hint in questions]
        return judge(function, cases)
