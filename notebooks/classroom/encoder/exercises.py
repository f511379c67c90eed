"""Checks of the encoder page's exercises: softmax, split, attend, layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import torch
from torch import Tensor
from transformers import XLMRobertaConfig
from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaLayer

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


@cache
def small_layer() -> XLMRobertaLayer:
    """A layer of two heads of four random numbers each, at once at hand, leaving torch's own generator alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return XLMRobertaLayer(XLMRobertaConfig(hidden_size=8, num_attention_heads=2, intermediate_size=16)).eval()


def padded(*lengths: int) -> Tensor:
    """A mask ``(B, T)`` with so many real tokens in each row."""
    return (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()


def softmax(function: Callable[[Tensor], Tensor]) -> bool:
    """``softmax(x)``, ``(…, T)`` → ``(…, T)``: weights along the last dimension, also for large scores."""
    basic = "exp(x) divided by its sum along the last dimension (keepdim=True)"
    large = "exp(1000) is inf: take each row's greatest score away first"
    low = "exp(-1000) is 0: take the greatest score away first"

    def questions() -> Iterator[tuple[str, Tensor, str]]:
        yield "four scores", torch.tensor([2.0, 0.0, 1.0, 0.0]), basic
        yield "a whole map", random(2, 3, 5, 5), basic + "; each row sums to 1, not the whole"
        yield "one token", torch.tensor([[7.0]]), "a single key gets all the weight"
        yield "large scores", torch.tensor([[1000.0, 999.0]]), large
        yield "padded batch", torch.tensor([[2.0, 0.0, LOWEST], [1.0, LOWEST, LOWEST]]), "a hidden key gets exactly 0"
        yield "very low scores", torch.tensor([[-1000.0, -1000.0]]), low
        yield "mixed scripts", walked().attentions[0].clone(), basic

    return judge(function, (Case(name, (x,), torch.softmax(x, dim=-1), hint) for name, x, hint in questions()))


def split(function: Callable[[Tensor, int], Tensor]) -> bool:
    """``split(x, heads)``, ``(B, T, H)`` → ``(B, A, T, D)``: head a holds columns a·D to (a + 1)·D."""
    order = "cut the last dimension into (A, D) first, then bring A before T (transpose); reshape alone mixes tokens"

    def questions() -> Iterator[tuple[str, Tensor, int, str]]:
        yield "counting numbers", torch.arange(24.0).reshape(1, 3, 8), 2, order
        yield "padded batch", random(3, 5, 12), 4, order
        yield "one token", random(1, 1, 6), 3, "T may be 1"
        yield "one head", random(2, 3, 4), 1, "A may be 1"
        yield "mixed scripts", walked().hidden_states[0].clone(), mini().model.config.num_attention_heads, order

    return judge(function, (Case(n, (x, a), encoder.split_heads(x, a), hint) for n, x, a, hint in questions()))


def attend(function: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> bool:
    """``attend(query, key, value, mask)``: three ``(B, A, T, D)`` and ``(B, T)`` → the context ``(B, A, T, D)``."""
    keys = "padding is hidden as a key, in columns: mask[:, None, None, :], before the softmax"

    def questions() -> Iterator[tuple[str, tuple[Tensor, ...], str]]:
        yield "no padding", (*random(3, 1, 1, 4, 9), padded(4)), "q kᵀ / √D, softmax over the last dimension, times v"
        yield "several heads", (*random(3, 2, 3, 4, 16), padded(4, 4)), "D is the size of a head, the last dimension"
        yield "padded batch", (*(random(3, 2, 2, 5, 4) * 3), padded(5, 2)), keys
        yield "one token", (*random(3, 1, 2, 1, 4), padded(1)), "a single key gets weight 1: the answer is its value"
        yield "one real token of three", (*random(3, 2, 1, 3, 4), padded(3, 1)), keys
        yield "mixed scripts", (*heads_of_mini(), walked().mask.clone()), keys

    return judge(function, (Case(name, given, encoder.attention(*given)[0], hint) for name, given, hint in questions()))


@torch.no_grad()
def heads_of_mini() -> list[Tensor]:
    """Queries, keys and values of mini-m3's first layer for ``walked``, ``(B, A, T, D)`` each."""
    part = mini().model.encoder.layer[0].attention.self
    rows = [encoder.linear(walked().hidden_states[0], linear) for linear in (part.query, part.key, part.value)]
    return [encoder.split_heads(row, part.num_attention_heads) for row in rows]


def layer(function: Callable[[Tensor, Tensor, torch.nn.Module], Tensor]) -> bool:
    """``layer(hidden, mask, module)``: ``(B, T, H)``, ``(B, T)`` and an ``XLMRobertaLayer`` → ``(B, T, H)``."""
    whole = "attention → + hidden → LayerNorm → feed-forward with exact gelu → + → LayerNorm (output.LayerNorm)"

    def questions() -> Iterator[tuple[str, tuple[Tensor, Tensor, torch.nn.Module], str]]:
        yield "one text", (random(1, 6, 8), padded(6), small_layer()), whole
        layers, walk = mini().model.encoder.layer, walked()
        wide = mini().model.config.hidden_size
        yield "padded batch", (random(3, 7, wide), padded(7, 3, 1), layers[-1]), "hand the mask on to attention"
        yield "one token", (random(1, 1, wide), padded(1), layers[0]), whole
        yield "mixed scripts", (walk.hidden_states[0].clone(), walk.mask.clone(), layers[0]), whole

    with torch.no_grad():
        cases = (Case(n, given, encoder.encoder_layer(*given)[0], hint, 2e-5) for n, given, hint in questions())
        return judge(function, cases)
