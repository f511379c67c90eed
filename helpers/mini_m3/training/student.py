"""The student: some of the teacher's layers, bge-m3's three outputs, and its forward pass for training."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import XLMRobertaModel

from helpers.tokenization import pad

LAYERS = (0, 2, 4, 6, 8, 11)  # the teacher's, in its order
EPS = 1e-5  # bge-m3's; the teacher's LayerNorms have 1e-12


@dataclass
class Student:
    """The encoder and the two linear layers of the lexical and the multi-vector output."""

    encoder: XLMRobertaModel
    sparse: nn.Linear  # H → 1
    colbert: nn.Linear  # H → H

    def modules(self) -> dict[str, nn.Module]:
        """The three by name."""
        return {"encoder": self.encoder, "sparse": self.sparse, "colbert": self.colbert}


def new_student(teacher: XLMRobertaModel, layers: Sequence[int] = LAYERS, seed: int = 0) -> Student:
    """A student that starts from the teacher's layers; its multi-vector layer starts as the identity, and its lexical
    layer with one weight for every piece.

    The word rows stay as they are: few of them occur in the training texts, and all were learned together.
    """
    torch.manual_seed(seed)
    encoder = copy.deepcopy(teacher)
    encoder.set_attn_implementation("eager")  # on a CPU the fused kernel's backward pass takes seven times as long
    encoder.encoder.layer = nn.ModuleList(encoder.encoder.layer[number] for number in layers)
    encoder.config.num_hidden_layers, encoder.config.layer_norm_eps = len(layers), EPS
    for module in encoder.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = EPS
    encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    hidden = encoder.config.hidden_size
    sparse, colbert = nn.Linear(hidden, 1), nn.Linear(hidden, hidden)
    nn.init.zeros_(sparse.weight)
    nn.init.constant_(sparse.bias, 0.3)
    nn.init.eye_(colbert.weight)
    nn.init.zeros_(colbert.bias)
    return Student(encoder.eval(), sparse, colbert)  # eval: no dropout; gradients flow all the same


def last_row(encoder: XLMRobertaModel, hidden: Tensor, hiding: Tensor) -> Tensor:
    """The last layer for ``<s>`` alone, ``(B, H)``: the same numbers as the whole layer's, a sixth less work."""
    last = encoder.encoder.layer[-1]
    attend, first = last.attention.self, hidden[:, :1]

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(-1, (attend.num_attention_heads, -1)).transpose(1, 2)

    query, key, value = heads(attend.query(first)), heads(attend.key(hidden)), heads(attend.value(hidden))
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + hiding  # (B, A, 1, T)
    context = scores.softmax(-1) @ value  # (B, A, 1, H/A)
    row = last.attention.output(context.transpose(1, 2).flatten(-2), first)
    return last.output(last.intermediate(row), row)[:, 0]


def hidden_states(encoder: XLMRobertaModel, ids: Tensor, mask: Tensor, layers: int) -> tuple[Tensor, Tensor]:
    """The hidden states ``(B, T, H)`` after the first ``layers`` layers, and what hides padding from attention."""
    hiding = torch.where(mask.bool(), 0.0, torch.finfo(torch.float32).min)[:, None, None, :]  # (B, 1, 1, T)
    hidden = encoder.embeddings(ids)
    for layer in encoder.encoder.layer[:layers]:
        hidden = layer(hidden, hiding)
    return hidden, hiding


def batches_of(rows: Sequence[list[int]], tokens: int) -> list[list[int]]:
    """Row numbers by length, in batches of about ``tokens`` padded tokens."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    batches: list[list[int]] = [[]]
    for number in order:
        if batches[-1] and (len(batches[-1]) + 1) * len(rows[number]) > tokens:
            batches.append([])
        batches[-1].append(number)
    return batches


def dense(student: Student, rows: Sequence[list[int]], tokens: int = 2048) -> Tensor:
    """Unit [CLS] vectors ``(B, H)`` of input ids."""
    batches = batches_of(rows, tokens)
    found = []
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for batch in batches:
            ids, mask = pad([rows[number] for number in batch])
            hidden, hiding = hidden_states(student.encoder, ids, mask, len(student.encoder.encoder.layer) - 1)
            found.append(last_row(student.encoder, hidden, hiding))
    back = torch.argsort(torch.tensor([number for batch in batches for number in batch]))
    return F.normalize(torch.cat(found).float(), dim=-1)[back]


@dataclass
class Outputs:
    """bge-m3's three outputs of a batch, as training needs them."""

    ids: Tensor  # (B, T)
    dense: Tensor  # (B, H), length 1
    weights: Tensor  # (B, T), 0 where there is no weight to have
    vectors: Tensor  # (B, T - 1, H), length 1, 0 at padding


def outputs(student: Student, rows: Sequence[list[int]], special: int = 4) -> Outputs:
    """All three outputs from one forward pass; ids below ``special`` have no lexical weight."""
    ids, mask = pad(list(rows))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden, _ = hidden_states(student.encoder, ids, mask, len(student.encoder.encoder.layer))
    hidden = hidden.float()
    weights = torch.relu(student.sparse(hidden)).squeeze(-1) * (ids >= special)
    vectors = F.normalize(student.colbert(hidden[:, 1:]), dim=-1) * mask[:, 1:, None]
    return Outputs(ids, F.normalize(hidden[:, 0], dim=-1), weights, vectors)
