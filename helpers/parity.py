"""The parity ladder: every stage of ``walk`` against the library's own value, with the largest error.

The library is asked for its hidden states and attention maps (``attn_implementation="eager"``: its fast
kernels never form the maps). Errors count over real tokens (padding positions hold numbers nobody reads),
and in units of the library's largest value where that is above 1 (for a map: of the hidden states it is made
from), since rounding grows with the numbers: such models often have a few dimensions far larger than the others.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.pipeline import BgeM3, Walk
from helpers.tokenization import own_copy

if TYPE_CHECKING:
    from transformers import XLMRobertaModel

A_LAYER = {torch.float32: 2.5e-6, torch.float64: 2.5e-13}


@dataclass(frozen=True)
class Rung:
    """One stage: its name, the shape compared, the largest error (``inf`` if shapes differ), the layers up to it."""

    stage: str
    shape: tuple[int, ...]
    error: float
    layers: int = 0


def tolerance(model: XLMRobertaModel, layers: int | None = None) -> float:
    """What rounding alone may add up to after so many layers (all): 2.5e-6 a layer in float32, 2.5e-13 in float64.

    1.5e-5 for mini-m3's 6 layers, 6e-5 for bge-m3's 24 (seen there, with random weights: 3.5e-6), in ``distance``'s
    units. Raises ``KeyError`` for 16-bit models, whose own kernels differ by more than a mistake would.

    >>> f"{tolerance(bge.model):.1e}"  # mini-m3 in float32
    '1.5e-05'
    """
    return A_LAYER[model.dtype] * max(1, model.config.num_hidden_layers if layers is None else layers)


def distance(ours: Tensor, theirs: Tensor, real: Tensor | None = None) -> float:
    """Largest difference, in units of the largest of ``theirs`` if that is above 1; ``inf`` for nan or other shapes.

    With ``real`` ``(B, T)`` over real tokens only.

    >>> distance(torch.tensor([0.5, 100.0]), torch.tensor([0.5, 200.0]))
    0.5
    """
    if ours.shape != theirs.shape:
        return float("inf")
    if real is not None:
        ours, theirs = ours[real], theirs[real]
    if not ours.numel():
        return 0.0
    return torch.nan_to_num((ours - theirs).abs(), nan=float("inf")).max().item() / loudest(theirs)


def loudest(values: Tensor) -> float:
    """The largest absolute value, 1 at the least: what rounding is measured in."""
    return max(1.0, values.abs().max().item())


def with_maps(model: XLMRobertaModel) -> XLMRobertaModel:
    """The same model, its weights shared, that forms its attention maps; the given one may be in use elsewhere."""
    weights = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    twin = copy.deepcopy(model, weights)  # what is in there already is not copied
    twin.set_attn_implementation("eager")
    return twin


@torch.no_grad()
def ladder(bge: BgeM3, texts: Sequence[str], walk: Walk | None = None) -> list[Rung]:
    """Compare a walk with the library, stage by stage, from ids to vectors.

    Give ``walk`` to check one already made (or spoilt on purpose), with CLS pooling and uncut but for the
    checkpoint's limit; one made without attention maps is compared without them. If its ids have another
    shape than the library's, no later stage can be compared and the ladder ends there.

    >>> max(rung.error for rung in ladder(bge, ["Hello"])) < 1e-5  # mini-m3 in float32
    True
    """
    walk = walk or bge.walk(texts)
    texts = walk.texts
    maps_too = bool(walk.attentions)
    model = with_maps(bge.model) if maps_too else bge.model
    options = dict(padding=True, padding_side="right", truncation=True, max_length=bge.max_length, return_tensors="pt")
    library = own_copy(bge.tokenizer)(texts, **options).to(model.device)
    out = model(**library, output_hidden_states=True, output_attentions=maps_too)
    real = library["attention_mask"].bool()  # (B, T)
    theirs = torch.nn.functional.normalize(out.last_hidden_state[:, 0], dim=-1)  # (B, H)
    rungs = [
        Rung("input ids", tuple(walk.ids.shape), distance(walk.ids, library["input_ids"])),
        Rung("attention mask", tuple(walk.mask.shape), distance(walk.mask, library["attention_mask"])),
    ]
    if walk.ids.shape != real.shape:
        return rungs
    embedded = walk.hidden_states[0]  # (B, T, H)
    rungs.append(Rung("embeddings", tuple(embedded.shape), distance(embedded, out.hidden_states[0], real)))
    depth = len(walk.hidden_states) - 1
    for number, ours in enumerate(walk.hidden_states[1:]):
        if maps_too:
            maps = walk.attentions[number]  # (B, A, T, T)
            rows = real[:, None, :].expand(maps.shape[:3])  # (B, A, T)
            error = distance(maps, out.attentions[number], rows) / loudest(out.hidden_states[number][real])
            rungs.append(Rung(f"layer {number + 1} attention", tuple(maps.shape), error, number + 1))
        error = distance(ours, out.hidden_states[number + 1], real)
        rungs.append(Rung(f"layer {number + 1} output", tuple(ours.shape), error, number + 1))
    rungs.append(Rung("pooling", tuple(walk.pooled.shape), distance(walk.pooled, out.last_hidden_state[:, 0]), depth))
    rungs.append(Rung("vectors", tuple(walk.vectors.shape), distance(walk.vectors, theirs), depth))
    return rungs
