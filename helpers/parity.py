"""The parity ladder: every stage of ``walk`` against the library's own value, with the largest error.

The library is asked for its hidden states and attention maps (``attn_implementation="eager"``: its fast
kernels never form the maps). Errors are absolute, over real tokens; padding positions hold numbers
nobody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.pipeline import BgeM3, Walk

if TYPE_CHECKING:
    from transformers import XLMRobertaModel

A_LAYER = {torch.float32: 2.5e-6, torch.float64: 2.5e-13}


@dataclass(frozen=True)
class Rung:
    """One stage: its name, the shape compared, and the largest absolute error."""

    stage: str
    shape: tuple[int, ...]
    error: float


def tolerance(model: XLMRobertaModel) -> float:
    """What rounding alone may add up to: 2.5e-6 a layer in float32, 2.5e-13 in float64.

    1e-5 for mini-m3's 4 layers, 6e-5 for bge-m3's 24 (seen there, with random weights: 1.2e-5). Raises
    ``KeyError`` for 16-bit models, whose own kernels differ by more than a mistake would.

    Example: ``tolerance(BgeM3.from_checkpoint("mini").model)`` → ``1e-5``.
    """
    return A_LAYER[model.dtype] * model.config.num_hidden_layers


def distance(ours: Tensor, theirs: Tensor, real: Tensor | None = None) -> float:
    """Largest absolute difference; with ``real`` ``(B, T)``, over real tokens only. nan counts as infinite."""
    if ours.shape != theirs.shape:
        raise ValueError(f"shapes differ: {tuple(ours.shape)} and {tuple(theirs.shape)}")
    gap = (ours - theirs).abs() if real is None else (ours - theirs).abs()[real]
    return torch.nan_to_num(gap, nan=float("inf")).max().item() if gap.numel() else 0.0


@torch.inference_mode()
def ladder(bge: BgeM3, texts: Sequence[str], walk: Walk | None = None) -> list[Rung]:
    """Compare a walk with the library, stage by stage, from ids to vectors.

    Give ``walk`` to check one already made (or spoilt on purpose); one made without attention maps is
    compared without them. With them the model's attention implementation is eager for the call.

    Example: ``max(rung.error for rung in ladder(bge, ["Hello"])) < 1e-5`` → ``True`` in float32.
    """
    walk = walk or bge.walk(texts)
    texts = walk.texts
    model, device = bge.model, bge.model.device
    options = dict(padding=True, truncation=True, max_length=bge.max_length, return_tensors="pt")
    library = bge.tokenizer(texts, **options).to(device)
    before = model.config._attn_implementation
    maps_too = bool(walk.attentions)
    model.set_attn_implementation("eager" if maps_too else before)
    try:
        out = model(**library, output_hidden_states=True, output_attentions=maps_too)
    finally:
        model.set_attn_implementation(before)
    real = library["attention_mask"].bool()  # (B, T)
    theirs = torch.nn.functional.normalize(out.last_hidden_state[:, 0], dim=-1)  # (B, H)
    rungs = [
        Rung("input ids", tuple(walk.ids.shape), distance(walk.ids, library["input_ids"])),
        Rung("attention mask", tuple(walk.mask.shape), distance(walk.mask, library["attention_mask"])),
        Rung("embeddings", tuple(walk.word.shape), distance(walk.hidden_states[0], out.hidden_states[0], real)),
    ]
    for number, ours in enumerate(walk.hidden_states[1:]):
        if maps_too:
            maps = walk.attentions[number]  # (B, A, T, T)
            rows = real[:, None, :].expand(maps.shape[:3])  # (B, A, T)
            error = distance(maps, out.attentions[number], rows)
            rungs.append(Rung(f"layer {number + 1} attention", tuple(maps.shape), error))
        error = distance(ours, out.hidden_states[number + 1], real)
        rungs.append(Rung(f"layer {number + 1} output", tuple(ours.shape), error))
    rungs.append(Rung("pooling", tuple(walk.pooled.shape), distance(walk.pooled, out.last_hidden_state[:, 0])))
    rungs.append(Rung("vectors", tuple(walk.vectors.shape), distance(walk.vectors, theirs)))
    return rungs
