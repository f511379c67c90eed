"""What others recorded from the real bge-m3, and whether loaded weights give these numbers.

The figures are in ``recorded_bge_m3.json``, each with its source. A fine-tuned model has the same shape and the same
files as bge-m3, and nothing recorded may be claimed of it: one text tells them apart. Two limits: in bfloat16 a model
that was fine-tuned by very little passes too, and a copy that was *stored* in 16 bit does not pass in float32.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, XLMRobertaModel

FIGURES = Path(__file__).parent / "recorded_bge_m3.json"
# Recorded to eight places; rounding differs between processors, and in 16 bit it adds up over 24 layers.
LIMITS = {torch.float16: 1e-3, torch.bfloat16: 5e-3}


def recorded_figures() -> dict[str, Any]:
    """The recorded figures: ``config``, ``walkthrough``, ``published_similarities``, ``lexical_weights``, ``figures``.

    >>> recorded_figures()["config"]["hidden_size"]
    1024
    """
    figures: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


@torch.inference_mode()
def is_bge_m3(model: XLMRobertaModel, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Does the model, in any precision on any device, turn the first text of ``walkthrough`` into bge-m3's numbers?

    >>> is_bge_m3(bge.model, bge.tokenizer)  # mini-m3
    False
    """
    if model.config.hidden_size != 1024:
        return False
    walkthrough = recorded_figures()["walkthrough"]
    numbers = torch.tensor(walkthrough["embedding_head"]["0"])
    batch = tokenizer(walkthrough["sentences"][:1], return_tensors="pt").to(model.device)
    hidden = model(**batch).last_hidden_state  # (1, T, H)
    vector = torch.nn.functional.normalize(hidden[0, 0].float(), dim=0).cpu()  # (H,)
    gap = (vector[: len(numbers)] - numbers).abs().max()
    return bool(gap < LIMITS.get(model.dtype, 1e-4))  # nan is not below it either
